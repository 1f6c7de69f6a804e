#include "apps/reports/plot_axis.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace nelbo {

std::vector<double> log_ticks(double low, double high) {
  const int first = int(std::floor(std::log10(low))), last = int(std::floor(std::log10(high)));
  const int stride = std::max(1, (last - first + 7) / 8);
  const auto ticks_with = [&](const std::vector<double>& multiples) {
    std::vector<double> ticks;
    for (int power = first; power <= last; ++power) {
      if (power % stride != 0) continue;
      for (const double multiple : multiples) {
        const double tick = multiple * std::pow(10.0, power);
        if (tick >= low * (1 - 1e-9) && tick <= high * (1 + 1e-9)) ticks.push_back(tick);
      }
    }
    return ticks;
  };
  for (const std::vector<double>& multiples :
       {std::vector<double>{1}, std::vector<double>{1, 2, 5}}) {
    std::vector<double> ticks = ticks_with(multiples);
    if (ticks.size() >= 3) return ticks;
  }
  return ticks_with({1, 2, 3, 4, 5, 6, 7, 8, 9});
}

std::vector<double> linear_ticks(double low, double high, double least_step) {
  constexpr double most = 8;  // intervals
  const double wanted = (high - low) / most;
  const double power = std::pow(10.0, std::floor(std::log10(wanted)));
  double step = 10 * power;
  for (const double multiple : {5, 2, 1}) {
    if (multiple * power >= wanted * (1 - 1e-9)) step = multiple * power;
  }
  step = std::max(step, least_step);
  std::vector<double> ticks;
  const double first = std::ceil(low / step - 1e-9), last = std::floor(high / step + 1e-9);
  // Where rounding of the values hides the step there are no ticks to tell apart.
  if (!(last - first <= most + 1) || first + 1 == first) return ticks;
  for (double multiple = first; multiple <= last; ++multiple) {
    ticks.push_back(multiple == 0 ? 0.0 : multiple * step);
  }
  return ticks;
}

std::string tick_text(double value) {
  const std::string sign = value < 0 ? "\xE2\x88\x92" : "";
  const double size = std::abs(value);
  if (size == 0) return "0";
  if (size >= 0.999e-2 && size < 1e5) return sign + fmt::format("{:.6g}", size);
  const double power = std::floor(std::log10(size) + 1e-9);
  const double lead = std::round(size / std::pow(10, power) * 1e3) / 1e3;
  return fmt::format("{}{}10<tspan dy=\"-4\" font-size=\"8\">{}</tspan>", sign,
                     lead == 1 ? "" : fmt::format("{}\xC2\xB7", lead), power);
}

bool PlotAxis::drawable(double value) const {
  return std::isfinite(value) && (scale_ == Scale::linear || value > 0);
}

void PlotAxis::include(double value) {
  if (!drawable(value)) return;
  low_ = std::min(low_, value);
  high_ = std::max(high_, value);
}

void PlotAxis::widen(double margin) {
  if (empty()) {
    low_ = 1;
    high_ = 10;
  }
  if (scale_ == Scale::log) {
    const double factor =
        std::max(std::sqrt(std::max(1.0, 2 / (high_ / low_))), std::pow(high_ / low_, margin));
    low_ /= factor;
    high_ *= factor;
    return;
  }
  // What does not differ but by rounding is shown in the middle of a range of its own size.
  const double size = std::max({std::abs(low_), std::abs(high_), 1e-300});
  const bool flat = high_ - low_ < 1e-6 * size;
  const double by = flat ? (size > 1e-290 ? 0.05 * size : 1) : margin * (high_ - low_);
  low_ -= by;
  high_ += by;
}

double PlotAxis::share_beyond(double value) const {
  if (scale_ == Scale::linear) return (value - low_) / (high_ - low_);
  return std::log(value / low_) / std::log(high_ / low_);
}

double PlotAxis::share(double value) const {
  if (value <= low_) return 0;  // also what has no logarithm, which a bar may reach to
  return std::min(1.0, share_beyond(value));
}

std::vector<double> PlotAxis::ticks() const {
  return scale_ == Scale::log ? log_ticks(low_, high_) : linear_ticks(low_, high_);
}

std::vector<std::string> PlotAxis::tick_texts(const std::vector<double>& ticks) const {
  std::vector<std::string> texts;
  std::size_t decimals = 0;
  bool powers = false;  // of ten, which have decimals of their own
  for (const double tick : ticks) {
    texts.push_back(tick_text(tick));
    const std::size_t point = texts.back().find('.');
    if (point != std::string::npos) decimals = std::max(decimals, texts.back().size() - point - 1);
    powers |= texts.back().find('<') != std::string::npos;
  }
  if (scale_ == Scale::log || powers) return texts;
  for (std::string& text : texts) {
    const std::size_t point = text.find('.');
    const std::size_t has = point == std::string::npos ? 0 : text.size() - point - 1;
    if (has == 0 && decimals > 0) text += '.';
    text.append(decimals - has, '0');
  }
  return texts;
}

}  // namespace nelbo
