#pragma once
#include <optional>
#include <string_view>

namespace nelbo {

/// The number that is the whole of `text`, as C++ writes it, without a plus sign: nothing where it is
/// none, or too large for a T. "inf" and "nan" are numbers. Of int, std::int64_t, std::size_t and double.
template <class T>
std::optional<T> number_of(std::string_view text);

}  // namespace nelbo
