#include "lab/statistics/learners/linear_classifier.hpp"

#include <algorithm>
#include <cmath>

#include "lab/statistics/learners/newton.hpp"

namespace nelbo::learners {
namespace {

/// A loss of a margin with its derivatives; the squared hinge's second is Clarke's generalised one.
struct Cost {
  double value, slope, curvature;
};

Cost cost_of(MarginLoss loss, double margin) {
  if (loss == MarginLoss::squared_hinge) {
    const double missing = std::max(0.0, 1 - margin);
    return {missing * missing, -2 * missing, missing > 0 ? 2.0 : 0.0};
  }
  const double e = std::exp(-std::abs(margin));
  const double wrong = (margin > 0 ? e : 1) / (1 + e);  // P(the other class)
  return {std::max(0.0, -margin) + std::log1p(e), -wrong, wrong * (1 - wrong)};
}

class MarginObjective final : public NewtonObjective {
 public:
  MarginObjective(TableView x, std::span<const double> signs, std::span<const double> costs,
                  MarginLoss loss)
      : x_(x), signs_(signs), costs_(costs), loss_(loss), at_(x.rows()) {}

  std::size_t size() const override { return x_.columns() + 1; }

  double value(std::span<const double> w) override {
    const std::vector<double> scores = decisions(x_, w);
    double sum = 0;
    for (const double weight : w) sum += weight * weight / 2;
    for (std::size_t n = 0; n < at_.size(); ++n) {
      at_[n] = cost_of(loss_, signs_[n] * scores[n]);
      sum += costs_[n] * at_[n].value;
    }
    return sum;
  }

  void gradient(std::span<const double> w, std::span<double> g) override {
    std::copy(w.begin(), w.end(), g.begin());
    for (std::size_t n = 0; n < at_.size(); ++n) {
      const double factor = costs_[n] * signs_[n] * at_[n].slope;
      if (factor == 0) continue;
      for (std::size_t d = 0; d < x_.columns(); ++d) g[d] += factor * x_(n, d);
      g[x_.columns()] += factor;
    }
  }

  void hessian(std::span<double> h) override {
    const std::size_t p = size();
    std::vector<double> row(p, 1.0);
    for (std::size_t n = 0; n < at_.size(); ++n) {
      const double factor = costs_[n] * at_[n].curvature;
      if (factor == 0) continue;
      std::copy(x_.row(n).begin(), x_.row(n).end(), row.begin());
      for (std::size_t a = 0; a < p; ++a) {
        for (std::size_t b = 0; b <= a; ++b) h[a * p + b] += factor * row[a] * row[b];
      }
    }
    for (std::size_t a = 0; a < p; ++a) {
      h[a * p + a] += 1;
      for (std::size_t b = 0; b < a; ++b) h[b * p + a] = h[a * p + b];
    }
  }

  void hessian_times(std::span<const double> v, std::span<double> product) override {
    const std::vector<double> along = decisions(x_, v);
    std::copy(v.begin(), v.end(), product.begin());
    for (std::size_t n = 0; n < at_.size(); ++n) {
      const double factor = costs_[n] * at_[n].curvature * along[n];
      for (std::size_t d = 0; d < x_.columns(); ++d) product[d] += factor * x_(n, d);
      product[x_.columns()] += factor;
    }
  }

 private:
  TableView x_;
  std::span<const double> signs_, costs_;
  MarginLoss loss_;
  std::vector<Cost> at_;  // [N], of the last weights
};

}  // namespace

std::vector<double> decisions(TableView x, std::span<const double> weights) {
  std::vector<double> result(x.rows(), weights.back());
  for (std::size_t n = 0; n < x.rows(); ++n) {
    for (std::size_t d = 0; d < x.columns(); ++d) result[n] += weights[d] * x(n, d);
  }
  return result;
}

std::vector<double> fit_linear_classifier(TableView x, std::span<const double> signs,
                                          std::span<const double> costs, MarginLoss loss) {
  std::vector<double> weights(x.columns() + 1, 0.0);
  double total = 0;
  for (const double cost : costs) total += cost;
  MarginObjective objective(x, signs, costs, loss);
  minimise_by_newton(objective, weights, 1e-8 * std::max(1.0, total));
  return weights;
}

}  // namespace nelbo::learners
