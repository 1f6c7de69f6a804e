#include "models/worlds/rainforth_theory.hpp"

#include <limits>
#include <numbers>
#include <string>

#include "autodiff/error.hpp"

namespace nelbo {

/// The density proportional to r^k Q: y is normal in every coordinate.
struct RainforthTheory::Tilted {
  double normaliser;      // P_k
  double mean, variance;  // of y

  double first() const { return normaliser * mean; }                       // E_Q r^k y
  double second() const { return normaliser * (variance + mean * mean); }  // E_Q r^k y^2
};

/// What an estimator weights is level + slope y.
struct RainforthTheory::Statistic {
  double level, slope;

  double first(const Tilted& t) const { return level * t.normaliser + slope * t.first(); }
  double second(const Tilted& t) const {
    return level * level * t.normaliser + 2 * level * slope * t.first() +
           slope * slope * t.second();
  }
};

RainforthTheory::RainforthTheory(const RainforthConfig& config) : config_(checked(config)) {}

double RainforthTheory::log_evidence() const {
  // x ~ N(mu, 2 I), and x - mu = 2 residual.
  const double rho = config_.residual;
  return -double(config_.dimensions) * (rho * rho + std::log(4 * std::numbers::pi) / 2);
}

double RainforthTheory::gap() const {
  // E log r = 1/2 log 2 s^2 - E y^2 + 1/2, with E y^2 = delta^2 + s^2.
  const double s2 = config_.variance, delta = config_.delta;
  return double(config_.dimensions) * (delta * delta + s2 - 0.5 - std::log(2 * s2) / 2);
}

std::optional<RainforthTheory::Tilted> RainforthTheory::tilted(int k) const {
  // log r = 1/2 log 2 s^2 - y^2 + e^2 / 2 of y = delta + s e, so that r^k N(e; 0, 1) is normal with
  // precision 1 + k (2 s^2 - 1) in e.
  const double s2 = config_.variance, delta = config_.delta;
  const double precision = 1 + k * (2 * s2 - 1);
  if (!(precision > 0)) return std::nullopt;
  const double log_moment = (k * std::log(2 * s2) - std::log(precision)) / 2 - k * delta * delta +
                            2 * k * k * s2 * delta * delta / precision;
  const double normaliser = std::exp(double(config_.dimensions) * log_moment);
  if (!std::isfinite(normaliser)) return std::nullopt;
  return Tilted{normaliser, (1 - k) * delta / precision, s2 / precision};
}

double RainforthTheory::weight_moment(int k) const {
  const auto t = tilted(k);
  return t ? t->normaliser : std::numeric_limits<double>::infinity();
}

RainforthTheory::Statistic RainforthTheory::statistic(ToyEstimator estimator,
                                                      ToyGroup group) const {
  const double s2 = config_.variance, delta = config_.delta;
  if (group == ToyGroup::theta) return {config_.residual, 1};  // z - mu
  switch (estimator) {
    case ToyEstimator::reparam:
      return {0, -2};  // log Q(z|x) is constant in b at fixed noise
    case ToyEstimator::wake:
      return {-delta / s2, 1 / s2};
    default:
      return {-delta / s2, 1 / s2 - 2};  // d log r / dz: the sum of the two above
  }
}

std::optional<ToyGradient> RainforthTheory::gradient(ToyEstimator estimator, ToyGroup group,
                                                     std::int64_t m, std::int64_t k) const {
  if (m < 1 || k < 1) {
    throw Error("Rainforth toy: m = " + std::to_string(m) + " and k = " + std::to_string(k) +
                " must be at least 1");
  }
  const double copies = double(k), draws = double(m);
  const Statistic t = statistic(estimator, group);
  if (m == 1) {
    return ToyGradient{t.level + t.slope * config_.delta,
                       t.slope * t.slope * config_.variance / copies, true};
  }
  const auto two = tilted(2);
  if (!two) return std::nullopt;
  if (estimator == ToyEstimator::dreg && group == ToyGroup::phi) {
    // A / B^2 / m of the averages A of r^2 t and B of r.
    const auto three = tilted(3), four = tilted(4);
    if (!three || !four) return std::nullopt;
    const double tau = t.first(*two);
    const double spread =
        t.second(*four) - 4 * tau * t.first(*three) + 4 * tau * tau * two->normaliser - tau * tau;
    return ToyGradient{tau / draws, spread / (draws * draws * draws * copies), false};
  }
  // A / B of the averages A of r t and B of r, with E r y = 0.
  return ToyGradient{t.level - t.slope * two->first() / draws,
                     t.slope * t.slope * two->second() / (draws * copies), false};
}

std::optional<double> RainforthTheory::slope_in_m(ToyEstimator estimator, ToyGroup group) const {
  const auto far = gradient(estimator, group, std::int64_t{1} << 40);
  if (!far || far->mean == 0 || far->variance == 0) return std::nullopt;
  if (estimator == ToyEstimator::dreg && group == ToyGroup::phi) return 0.5;  // m^-1 / m^-3/2
  return statistic(estimator, group).level == 0 ? -0.5 : 0.5;  // m^-1 or 1, over m^-1/2
}

}  // namespace nelbo
