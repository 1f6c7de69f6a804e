#include "autodiff/number_of.hpp"

#include <charconv>
#include <cstdint>

namespace nelbo {

template <class T>
std::optional<T> number_of(std::string_view text) {
  T value = 0;
  const char* const last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, value);
  if (error != std::errc{} || end != last) return std::nullopt;
  return value;
}

template std::optional<int> number_of(std::string_view);
template std::optional<std::int64_t> number_of(std::string_view);
template std::optional<std::size_t> number_of(std::string_view);
template std::optional<double> number_of(std::string_view);

}  // namespace nelbo
