#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace nelbo {

/// "nell, div": one after the other with `between` between them.
std::string joined(std::span<const std::string> words, std::string_view between);
std::string joined(std::span<const std::int64_t> numbers, std::string_view between);
std::string joined(std::span<const std::uint64_t> numbers, std::string_view between);

}  // namespace nelbo
