#include "models/likelihoods/categorical_pixels_likelihood.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "autodiff/error.hpp"
#include "autodiff/ops/elementwise_ops.hpp"
#include "autodiff/ops/reduce_ops.hpp"
#include "autodiff/ops/shape_ops.hpp"
#include "models/distributions/categorical.hpp"
#include "models/likelihoods/moments_of.hpp"

namespace nelbo {

CategoricalPixelsLikelihood::CategoricalPixelsLikelihood(std::int64_t classes, bool pixels)
    : classes_(classes), pixels_(pixels) {
  if (classes >= 2) return;
  throw Error("likelihood categorical_pixels: " + std::to_string(classes) +
              " classes; there must be at least 2");
}

std::string CategoricalPixelsLikelihood::text() const {
  const std::string name = "categorical_pixels";
  return pixels_ ? name : name + ":" + std::to_string(classes_);
}

Support CategoricalPixelsLikelihood::support() const {
  if (pixels_) return {.least = 0, .greatest = 1, .levels = true};
  return {.least = 0, .greatest = double(classes_ - 1), .whole = true};
}

Var CategoricalPixelsLikelihood::logits(Var output) const {
  const Shape& shape = output.shape();
  return reshape(output, {shape[0], shape[1], classes_, shape[2] / classes_});
}

Var CategoricalPixelsLikelihood::class_numbers(DType dtype) const {
  Tensor numbers({classes_, 1}, dtype);
  for (std::int64_t k = 0; k < classes_; ++k) numbers.set({k, 0}, double(k));
  return Tape::current().leaf(numbers);
}

Var CategoricalPixelsLikelihood::log_prob(Var output, Var x) const {
  const Var of_classes = logits(output);
  const Var number = reshape(x * top(), {x.shape()[0], 1, x.shape()[1]});
  const Var shown = less(abs(number - class_numbers(output.dtype())), 0.5);
  const Var logit = sum(where(shown, of_classes, 0.0), -2);
  return sum(logit - logsumexp(of_classes, -2), -1);
}

Var CategoricalPixelsLikelihood::mean(Var output) const {
  return sum(softmax(logits(output), -2) * class_numbers(output.dtype()), -2) / top();
}

Var CategoricalPixelsLikelihood::sample(Var output, Var noise) const {
  const Categorical classes{contiguous(transpose(logits(stop(output)), -2, -1))};
  return stop(classes.sample(noise) / top());
}

void CategoricalPixelsLikelihood::add_statistics(double x, double* sums) const {
  sums[std::clamp<std::int64_t>(std::lround(top() * x), 0, classes_ - 1)] += 1;
}

Tensor CategoricalPixelsLikelihood::output_start(const DataMoments& moments) const {
  constexpr double equal = 0.001;
  const std::vector<double> shares = statistics_of(*this, moments);
  const std::size_t k = std::size_t(classes_), n = shares.size() / k;
  std::vector<double> start(shares.size());
  for (std::size_t i = 0; i < shares.size(); ++i) {
    start[i % k * n + i / k] = std::log((1 - equal) * shares[i] + equal / double(k));
  }
  return vector_of(start);
}

}  // namespace nelbo
