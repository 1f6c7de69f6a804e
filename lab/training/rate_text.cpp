#include "lab/training/rate_text.hpp"

#include <fmt/format.h>

#include <cmath>

#include "autodiff/number_of.hpp"

namespace nelbo {

RateText::RateText(const std::string& given) : text(given) {
  if (const auto value = number()) text = written(*value);
}

std::string RateText::written(double value) { return fmt::format("{}", value); }

std::optional<double> RateText::number() const {
  const auto value = number_of<double>(text);
  return value && std::isfinite(*value) ? value : std::nullopt;
}

}  // namespace nelbo
