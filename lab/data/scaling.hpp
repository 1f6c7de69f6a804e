#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace nelbo::data {

/// How stored values become what a model sees: value / divisor, or with `standard` scaling
/// (value - mean) / deviation, feature by feature. A divisor chooses the unit of the data: densities
/// are of value / divisor. Standard scaling is no change of units, and densities stay those of the
/// stored values (log_volume).
struct Scaling {
  double divisor = 1;
  std::vector<double> mean, deviation;  ///< [X], of standard scaling; else empty

  Scaling(double divisor = 1) : divisor(divisor) {}  // NOLINT: implicit
  /// Throws Error unless both are as long and finite, and the deviations above 0.
  Scaling(std::vector<double> mean, std::vector<double> deviation);

  bool standard() const { return !deviation.empty(); }
  bool operator==(const Scaling&) const = default;
  /// As a configuration writes it: "none", "255", "0.5", "standard".
  std::string text() const;
  /// sum_i ln deviation_i, nats: what a density of the stored values lacks beside that of what the
  /// model sees. 0 of a divisor.
  double log_volume() const;
  /// Its terms, [X]; empty of a divisor.
  std::vector<double> log_deviations() const;
  /// Brings a row x [X] that a model made back to the units of the data.
  void restore(float* x) const;
};

/// Throws SettingError unless `word` is none, standard, a finite number above 0 or empty.
void check_scale(const std::string& word);
/// The divisor that a word names: 1 for none, or the number. Throws SettingError for another.
double scale_divisor(const std::string& word);

}  // namespace nelbo::data
