#include "apps/reports/mean_text.hpp"

#include <fmt/format.h>

#include <cmath>

namespace nelbo {

std::string number_text(double value, int digits) {
  return std::isnan(value) ? "-" : fmt::format("{:.{}g}", value, digits);
}

std::string fixed_text(double value, int decimals) {
  return std::isnan(value) ? "-" : fmt::format("{:.{}f}", value, decimals);
}

std::string mean_text(const MeanAndError& estimate, int digits) {
  const auto [value, error] = estimate;
  if (std::isnan(value)) return "-";
  if (std::isnan(error)) return number_text(value) + " +- -";
  if (error == 0) return number_text(value);
  // As many decimals as leave `digits` of the error, where that is no string of zeros.
  const double decimals = digits - 1 - std::floor(std::log10(error));
  if (decimals >= 0 && decimals <= 5 && std::abs(value) < 1e5) {
    return fmt::format("{0:.{2}f} +- {1:.{2}f}", value, error, int(decimals));
  }
  return fmt::format("{:.3g} +- {:.{}g}", value, error, digits);
}

std::string mean_column(const MeanAndError& estimate, int width) {
  const auto [value, error] = estimate;
  const std::string mean = fmt::format("{:>{}}", fixed_text(value, 4), width);
  if (error == 0) return mean + std::string(12, ' ');
  return fmt::format("{} +- {:<8}", mean, fixed_text(error, 4));
}

std::string counted(std::uint64_t count, const std::string& noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

}  // namespace nelbo
