#include "lab/data/scaling.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "autodiff/error.hpp"
#include "autodiff/number_of.hpp"
#include "autodiff/setting_error.hpp"
#include "lab/files/one_line.hpp"

namespace nelbo::data {

Scaling::Scaling(std::vector<double> own_mean, std::vector<double> own_deviation)
    : mean(std::move(own_mean)), deviation(std::move(own_deviation)) {
  const auto finite = [](double value) { return std::isfinite(value); };
  const auto positive = [](double value) { return std::isfinite(value) && value > 0; };
  if (!deviation.empty() && mean.size() == deviation.size() &&
      std::all_of(mean.begin(), mean.end(), finite) &&
      std::all_of(deviation.begin(), deviation.end(), positive)) {
    return;
  }
  throw Error("standard scaling needs as many finite means as deviations above 0");
}

std::string Scaling::text() const {
  if (standard()) return "standard";
  return divisor == 1 ? "none" : fmt::format("{}", divisor);
}

double Scaling::log_volume() const {
  double sum = 0;
  for (const double one : deviation) sum += std::log(one);
  return sum;
}

std::vector<double> Scaling::log_deviations() const {
  std::vector<double> all;
  for (const double one : deviation) all.push_back(std::log(one));
  return all;
}

void Scaling::restore(float* x) const {
  for (std::size_t d = 0; d < deviation.size(); ++d) {
    x[d] = float(double(x[d]) * deviation[d] + mean[d]);
  }
}

void check_scale(const std::string& word) {
  if (!word.empty() && word != "standard") scale_divisor(word);
}

double scale_divisor(const std::string& word) {
  if (word == "none") return 1;
  const auto value = number_of<double>(word);
  if (value && *value > 0 && std::isfinite(*value)) return *value;
  throw SettingError(
      "scale", one_line("'" + word + "' is none of none, 255, standard and a number above 0"));
}

}  // namespace nelbo::data
