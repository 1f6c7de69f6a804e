#pragma once
#include <fmt/format.h>

#include <string>
#include <utility>

#include "autodiff/error.hpp"
#include "lab/files/one_line.hpp"

namespace nelbo::data {

/// Throws nelbo::Error "<file>: <reason>" as exactly one printable line.
template <class... Args>
[[noreturn]] void fail(const std::string& file, fmt::format_string<Args...> reason,
                       Args&&... args) {
  throw Error(one_line(file + ": " + fmt::format(reason, std::forward<Args>(args)...)));
}

}  // namespace nelbo::data
