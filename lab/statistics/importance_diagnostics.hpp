#pragma once
// How far importance weights w_s = exp f_s, s = 1 .. S, can be trusted: their effective number, and
// the shape of their tail. Log-weights are in nats; only their differences matter.
#include <cstddef>
#include <span>
#include <vector>

namespace nelbo {

/// A generalised Pareto distribution of exceedances x >= 0, P(X > x) = (1 + shape x / scale)^(-1 /
/// shape). Moments of order 1 / shape and above are infinite.
struct GeneralizedPareto {
  double shape;
  double scale;
};

/// Fits it to exceedances in ascending order, by Zhang and Stephens (2009): a posterior mean on a
/// grid of the profile likelihood. The shape is the raw estimate. Throws Error for fewer than two
/// numbers, negative ones, or none that is positive.
GeneralizedPareto fit_generalized_pareto(std::span<const double> exceedances);

/// Number of the largest of `count` ratios that are taken for the tail: min(count / 5, 3
/// sqrt(count)); Vehtari et al. (2024), "Pareto smoothed importance sampling".
std::size_t pareto_tail_length(std::size_t count);

/// From how many log-weights on there is a k-hat: a tail of 5.
constexpr std::size_t least_for_pareto_k = 25;

/// k-hat above this: the variance of the weights is infinite, the standard error of their mean
/// means nothing and bounds close more slowly than 1 / m.
constexpr double pareto_k_of_infinite_variance = 0.5;

/// k-hat above this: the estimate from `count` weights is not to be trusted, whatever its standard
/// error says: min(1 - 1 / log10 count, 0.7) (Vehtari et al. 2024).
double pareto_k_limit(std::size_t count);

/// How many weights of this shape it takes for an estimate that can be trusted, 10^(1 / (1 - max(0,
/// k))); infinite from k = 1 on, where the weights have no mean.
double sample_size_for(double pareto_k);

/// The tail of weights, as the generalised Pareto distribution that fits it sees it.
struct ParetoTail {
  double k;  // k-hat
  /// log (1/S) sum_s w_s, nats, with the tail's weights replaced by that distribution's quantiles
  /// at (i - 1/2) / M, none above the largest weight: less spread, and a small bias downward.
  double smoothed_log_mean;
};

/// Log-weights, one after the other, in memory that does not grow with their number but for the
/// tail of 3 sqrt(S).
class ImportanceWeights {
 public:
  /// `count` log-weights will come; the tail is kept from least_for_pareto_k of them on.
  explicit ImportanceWeights(std::size_t count);

  void add(double f);
  /// Starts anew, without allocation.
  void clear();
  std::size_t size() const { return size_; }

  /// log (1/S) sum_s w_s, nats: IW_S of Zheng eqs (39)-(40). -infinity if all f are.
  double log_mean() const;
  /// (sum w)^2 / sum w^2, between 1 and S; 0 if no weight is positive.
  double effective_sample_size() const;
  /// k-hat, the shape of a generalised Pareto distribution fitted to the excess of the largest
  /// ratios over the next one, drawn towards 1/2 as if by ten more observations (Vehtari et al.
  /// 2024). 0 if the largest are all alike. NaN for fewer than least_for_pareto_k numbers, and
  /// where more than half of the largest are ties, as of codes that are finitely many: no density
  /// has any.
  double pareto_k() const { return pareto_tail().k; }
  /// The same with the smoothed mean: log_mean() where k-hat is 0, NaN where it is.
  ParetoTail pareto_tail() const;

 private:
  /// The tail in ascending order above its cut-off, less the largest; empty where there is no
  /// k-hat.
  std::vector<double> sorted_tail() const;

  std::size_t count_;
  std::size_t size_ = 0;
  double largest_;
  double sum_ = 0;             // of exp(f - largest)
  double squares_ = 0;         // of its squares
  std::vector<double> tail_;   // min-heap of the largest f, one more than the tail
  std::size_t tail_size_ = 0;  // with the cut-off; 0: none is kept
};

}  // namespace nelbo
