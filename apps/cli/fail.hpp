#pragma once
#include <fmt/format.h>

#include <string>
#include <utility>

#include "autodiff/error.hpp"
#include "lab/files/one_line.hpp"

namespace nelbo {

/// Throws Error "<file>: <reason>" as one line; what a file holds may stand in the reason.
template <class... Args>
[[noreturn]] void fail(const std::string& file, fmt::format_string<Args...> reason,
                       Args&&... args) {
  throw Error(data::one_line(file + ": " + fmt::format(reason, std::forward<Args>(args)...)));
}

}  // namespace nelbo
