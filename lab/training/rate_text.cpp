#include "lab/training/rate_text.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

namespace nelbo {

RateText::RateText(const std::string& given) : text(given) {
  if (const auto value = number()) text = written(*value);
}

std::string RateText::written(double value) { return fmt::format("{}", value); }

std::optional<double> RateText::number() const {
  double value = 0;
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || at != end || !std::isfinite(value)) return std::nullopt;
  return value;
}

}  // namespace nelbo
