#pragma once
#include <fmt/format.h>

#include <string>
#include <utility>

#include "autodiff/error.hpp"

namespace nelbo::data {

/// Names come out of files: a line break or an escape sequence in one must not reach the terminal.
std::string one_line(std::string text);

/// Throws nelbo::Error "<file>: <reason>" as exactly one printable line.
template <class... Args>
[[noreturn]] void fail(const std::string& file, fmt::format_string<Args...> reason,
                       Args&&... args) {
  throw Error(one_line(file + ": " + fmt::format(reason, std::forward<Args>(args)...)));
}

}  // namespace nelbo::data
