#include "autodiff/joined.hpp"

namespace nelbo {
namespace {

template <class T, class Text>
std::string all_of(std::span<const T> parts, std::string_view between, const Text& text_of) {
  std::string text;
  for (const T& part : parts) {
    if (&part != parts.data()) text += between;
    text += text_of(part);
  }
  return text;
}

}  // namespace

std::string joined(std::span<const std::string> words, std::string_view between) {
  return all_of(words, between, [](const std::string& word) -> const std::string& { return word; });
}

std::string joined(std::span<const std::int64_t> numbers, std::string_view between) {
  return all_of(numbers, between, [](std::int64_t number) { return std::to_string(number); });
}

std::string joined(std::span<const std::uint64_t> numbers, std::string_view between) {
  return all_of(numbers, between, [](std::uint64_t number) { return std::to_string(number); });
}

}  // namespace nelbo
