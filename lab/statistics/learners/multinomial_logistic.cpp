#include "lab/statistics/learners/multinomial_logistic.hpp"

#include <algorithm>
#include <cmath>

#include "autodiff/array_math.hpp"
#include "autodiff/gemm.hpp"

namespace nelbo::learners {
namespace {

/// [N, D + 1]: a column of ones behind the features.
std::vector<double> with_ones(TableView x) {
  std::vector<double> result;
  result.reserve(x.rows() * (x.columns() + 1));
  for (std::size_t n = 0; n < x.rows(); ++n) {
    result.insert(result.end(), x.row(n).begin(), x.row(n).end());
    result.push_back(1);
  }
  return result;
}

/// Scores [N, K] become log-probabilities.
void log_softmax(std::span<double> scores, std::size_t classes) {
  std::vector<double> exponentials(scores.size());
  for (std::size_t i = 0; i < scores.size(); i += classes) {
    const double most = *std::max_element(&scores[i], &scores[i] + classes);
    for (std::size_t k = 0; k < classes; ++k) scores[i + k] -= most;
  }
  exp_of(scores.data(), exponentials.data(), scores.size());
  for (std::size_t i = 0; i < scores.size(); i += classes) {
    double sum = 0;
    for (std::size_t k = 0; k < classes; ++k) sum += exponentials[i + k];
    const double log_sum = std::log(sum);
    for (std::size_t k = 0; k < classes; ++k) scores[i + k] -= log_sum;
  }
}

/// The objective / C over weights [D + 1, K], its derivatives in the order of the weights.
class CrossEntropy final : public NewtonObjective {
 public:
  CrossEntropy(TableView x, std::span<const std::int32_t> labels, std::size_t classes, double c)
      : x_(with_ones(x)),
        labels_(labels),
        rows_(x.rows()),
        columns_(x.columns() + 1),
        classes_(classes),
        penalty_(1 / c),
        log_probabilities_(rows_ * classes),
        probabilities_(rows_ * classes) {}

  std::size_t size() const override { return columns_ * classes_; }

  double value(std::span<const double> w) override {
    log_probabilities_ = times(w);
    log_softmax(log_probabilities_, classes_);
    double loss = 0, squares = 0;
    for (std::size_t n = 0; n < rows_; ++n) {
      loss -= log_probabilities_[n * classes_ + std::size_t(labels_[n])];
    }
    for (std::size_t i = 0; i < free_from(); ++i) squares += w[i] * w[i];
    return loss + penalty_ / 2 * squares;
  }

  void gradient(std::span<const double> w, std::span<double> g) override {
    exp_of(log_probabilities_.data(), probabilities_.data(), probabilities_.size());
    std::vector<double> residuals = probabilities_;
    for (std::size_t n = 0; n < rows_; ++n) {
      residuals[n * classes_ + std::size_t(labels_[n])] -= 1;
    }
    sum_rows(residuals, g);
    for (std::size_t i = 0; i < free_from(); ++i) g[i] += penalty_ * w[i];
  }

  /// sum_n x_a x_b p_i (delta_ij - p_j), as one product: pairs (a, b) of features by pairs (i, j) of
  /// classes, summed over the points.
  void hessian(std::span<double> h) override {
    const std::size_t feature_pairs = columns_ * (columns_ + 1) / 2;
    const std::size_t class_pairs = classes_ * (classes_ + 1) / 2;
    std::vector<double> sums(feature_pairs * class_pairs, 0.0);
    std::vector<double> left(chunk * feature_pairs), right(chunk * class_pairs);
    for (std::size_t first = 0; first < rows_; first += chunk) {
      const std::size_t count = std::min(chunk, rows_ - first);
      for (std::size_t n = 0; n < count; ++n) pair_features(first + n, &left[n * feature_pairs]);
      for (std::size_t n = 0; n < count; ++n) pair_classes(first + n, &right[n * class_pairs]);
      gemm<double>(std::int64_t(feature_pairs), std::int64_t(class_pairs), std::int64_t(count),
                   transposed(left.data(), std::int64_t(feature_pairs)),
                   row_major(right.data(), std::int64_t(class_pairs)), sums.data(),
                   std::int64_t(class_pairs), true);
    }
    spread(sums, h);
    for (std::size_t i = 0; i < size(); ++i) h[i * size() + i] += ridge(i);
  }

  /// x' (p (u - p . u)) with u = x v.
  void hessian_times(std::span<const double> v, std::span<double> product) override {
    std::vector<double> along = times(v);
    for (std::size_t n = 0; n < rows_; ++n) {
      const double* p = &probabilities_[n * classes_];
      double* u = &along[n * classes_];
      double mean = 0;
      for (std::size_t k = 0; k < classes_; ++k) mean += p[k] * u[k];
      for (std::size_t k = 0; k < classes_; ++k) u[k] = p[k] * (u[k] - mean);
    }
    sum_rows(along, product);
    for (std::size_t i = 0; i < size(); ++i) product[i] += ridge(i) * v[i];
  }

 private:
  static constexpr std::size_t chunk = 1024;

  std::size_t free_from() const { return (columns_ - 1) * classes_; }

  /// The penalty; the intercepts have none and are free up to a shift, which this pins.
  double ridge(std::size_t i) const { return i < free_from() ? penalty_ : 1e-9 * double(rows_); }

  /// x w, [N, K].
  std::vector<double> times(std::span<const double> w) const {
    std::vector<double> scores(rows_ * classes_);
    gemm<double>(std::int64_t(rows_), std::int64_t(classes_), std::int64_t(columns_),
                 row_major(x_.data(), std::int64_t(columns_)),
                 row_major(w.data(), std::int64_t(classes_)), scores.data(),
                 std::int64_t(classes_));
    return scores;
  }

  /// x' of what points say, [N, K].
  void sum_rows(std::span<const double> of, std::span<double> sums) const {
    gemm<double>(std::int64_t(columns_), std::int64_t(classes_), std::int64_t(rows_),
                 transposed(x_.data(), std::int64_t(columns_)),
                 row_major(of.data(), std::int64_t(classes_)), sums.data(), std::int64_t(classes_));
  }

  void pair_features(std::size_t n, double* out) const {
    const double* x = &x_[n * columns_];
    for (std::size_t a = 0; a < columns_; ++a) {
      for (std::size_t b = 0; b <= a; ++b) *out++ = x[a] * x[b];
    }
  }

  void pair_classes(std::size_t n, double* out) const {
    const double* p = &probabilities_[n * classes_];
    for (std::size_t i = 0; i < classes_; ++i) {
      for (std::size_t j = 0; j < i; ++j) *out++ = -p[i] * p[j];
      *out++ = p[i] * (1 - p[i]);
    }
  }

  void spread(std::span<const double> sums, std::span<double> h) const {
    const double* sum = sums.data();
    for (std::size_t a = 0; a < columns_; ++a) {
      for (std::size_t b = 0; b <= a; ++b) {
        for (std::size_t i = 0; i < classes_; ++i) {
          for (std::size_t j = 0; j <= i; ++j) {
            const double value = *sum++;
            const auto at = [&](std::size_t c, std::size_t d, std::size_t k, std::size_t l) {
              h[(c * classes_ + k) * size() + d * classes_ + l] = value;
            };
            at(a, b, i, j), at(a, b, j, i), at(b, a, i, j), at(b, a, j, i);
          }
        }
      }
    }
  }

  std::vector<double> x_;  // [N, D + 1]
  std::span<const std::int32_t> labels_;
  std::size_t rows_, columns_, classes_;
  double penalty_;
  std::vector<double> log_probabilities_, probabilities_;  // [N, K]
};

}  // namespace

std::vector<double> MultinomialLogistic::probabilities(TableView x) const {
  const std::vector<double> rows = with_ones(x);
  std::vector<double> result(x.rows() * classes);
  gemm<double>(std::int64_t(x.rows()), std::int64_t(classes), std::int64_t(features + 1),
               row_major(rows.data(), std::int64_t(features + 1)),
               row_major(weights.data(), std::int64_t(classes)), result.data(),
               std::int64_t(classes));
  log_softmax(result, classes);
  exp_of(result.data(), result.data(), result.size());
  return result;
}

std::vector<std::int32_t> most_probable(std::span<const double> probabilities,
                                        std::size_t classes) {
  std::vector<std::int32_t> result(probabilities.size() / classes);
  for (std::size_t n = 0; n < result.size(); ++n) {
    const double* p = &probabilities[n * classes];
    result[n] = std::int32_t(std::max_element(p, p + classes) - p);
  }
  return result;
}

MultinomialLogistic fit_multinomial_logistic(TableView x, std::span<const std::int32_t> labels,
                                             std::size_t classes, const LogisticOptions& options) {
  MultinomialLogistic result{x.columns(), classes,
                             std::vector<double>((x.columns() + 1) * classes, 0.0)};
  CrossEntropy objective(x, labels, classes, options.inverse_penalty);
  minimise_by_newton(objective, result.weights, options.tolerance * double(x.rows()),
                     options.factorised);
  return result;
}

}  // namespace nelbo::learners
