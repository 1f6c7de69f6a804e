#include "lab/data/preprocessing.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>

#include "autodiff/setting_error.hpp"
#include "lab/files/one_line.hpp"

namespace nelbo::data {

std::string PixelSize::text() const { return fmt::format("{}x{}", height, width); }

PixelSize parse_size(const std::string& setting, const std::string& text, std::int64_t most) {
  PixelSize size;
  const char* const end = text.data() + text.size();
  const auto read = [&](const char* from, std::int64_t& side) {
    const auto [next, error] = std::from_chars(from, end, side);
    return error == std::errc{} && side >= 1 && side <= most ? next : nullptr;
  };
  const char* const middle = read(text.data(), size.height);
  if (middle != nullptr && middle != end && *middle == 'x' && read(middle + 1, size.width) == end)
    return size;
  throw SettingError(setting, one_line(fmt::format("'{}' is no height and width of 1 to {} pixels, "
                                                   "as in 28x28",
                                                   text, most)));
}

std::string Preprocessing::text() const {
  std::vector<std::string> steps;
  if (crop) steps.push_back("crop " + crop->text());
  if (resize) steps.push_back("resize " + resize->text());
  if (channels != 0) steps.push_back(fmt::format("channels {}", channels));
  if (invert) steps.push_back(greatest ? fmt::format("invert {} - x", *greatest) : "invert");
  return fmt::format("{}", fmt::join(steps, ", "));
}

}  // namespace nelbo::data
