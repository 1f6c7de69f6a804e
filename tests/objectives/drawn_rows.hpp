#pragma once
// A model's Draw of rows of data, and how far means over its samples are from what they should be.
#include <cmath>
#include <memory>
#include <string>

#include "autodiff/random.hpp"
#include "objectives/draw/draw.hpp"
#include "objectives/estimators/choice.hpp"
#include "objectives/language/read_estimators.hpp"

namespace nelbo::tests {

/// `samples` codes of each row [B, ..] that the model is shown, in float64, of fixed normal noise; with an
/// estimator means over codes are taken as it does.
struct DrawnRows {
  DrawnRows(const Model& model, int samples, const Tensor& rows, const std::string& estimator = "")
      : recording(tape) {
    const Tensor normal({samples, rows.shape()[0], model.codes().dimensions()}, DType::f64);
    fill_normal(normal.data_as<double>(), {.stream = {5, StreamId::noise},
                                           .draws = std::size_t(samples),
                                           .batch = std::size_t(rows.shape()[0]),
                                           .dimensions = std::size_t(normal.shape()[2])});
    std::shared_ptr<const Estimation> estimation;
    if (!estimator.empty()) estimation = parse_estimators(estimator).estimation(true);
    draw = std::make_unique<Draw>(model, model.batch(tape.leaf(rows)), tape.leaf(normal),
                                  Population{}, nullptr, estimation);
  }
  Tape tape;
  Recording recording;
  std::unique_ptr<Draw> draw;
};

/// The z-score of the mean of `values` [S, B] of datum b against `exact`.
inline double z_score(const Tensor& values, int b, double exact) {
  const std::int64_t n = values.shape()[0];
  double mean = 0, squares = 0;
  for (std::int64_t s = 0; s < n; ++s) mean += values.at({s, b}) / double(n);
  for (std::int64_t s = 0; s < n; ++s) squares += std::pow(values.at({s, b}) - mean, 2);
  return (mean - exact) / std::sqrt(squares / double(n - 1) / double(n));
}

}  // namespace nelbo::tests
