#include "lab/evaluation/disentanglement/model_points.hpp"

#include <algorithm>
#include <cmath>

#include "autodiff/error.hpp"
#include "lab/evaluation/disentanglement/make_points.hpp"
#include "lab/evaluation/inference.hpp"
#include "lab/files/one_line.hpp"

namespace nelbo::disentanglement {
namespace {

/// One number for every variable of means [N, D], or [N, L] beside a label: [N, L]. Of a one-hot row the most
/// probable class, of a point on a circle its angle.
void append_numbers(std::vector<double>& to, const Tensor& means, const CodeSpace& codes) {
  const std::int64_t rows = means.shape()[0], width = means.shape()[1];
  const float* row = means.data_as<float>();
  for (std::int64_t i = 0; i < rows; ++i, row += width) {
    for (std::int64_t l = 0; l < codes.variables; ++l) {
      const CodeSpace& own = codes.of(l);
      const float* const at = row + codes.first(l);
      to.push_back(own.kind == CodeSpace::Kind::one_hot
                       ? double(std::max_element(at, at + own.classes) - at)
                   : own.kind == CodeSpace::Kind::circle ? std::atan2(double(at[1]), double(at[0]))
                                                         : double(*at));
    }
  }
}

void append(std::vector<double>& to, const Tensor& values) {
  const float* const from = values.data_as<float>();
  to.insert(to.end(), from, from + values.size());
}

void add_codes(Points& points, const Model& model, const Examples& examples) {
  const Encoded q = encode(model, examples);
  if (const auto row = row_not_finite(q.mean)) {
    throw Error("the code of example " + std::to_string(*row) + " of split '" +
                examples.split().name + "' is not finite");
  }
  append_numbers(points.codes, q.mean, model.codes());
  append(points.log_variances, q.log_variance);
}

/// Factor k of all splits, in units of its own where the data say them.
std::vector<double> values_of(std::size_t k, std::size_t factors,
                              const std::vector<Examples>& splits) {
  const bool in_units = std::all_of(splits.begin(), splits.end(), [](const Examples& examples) {
    return !examples.split().factor_values.empty();
  });
  std::vector<double> values;
  for (const Examples& examples : splits) {
    const data::Split& split = examples.split();
    for (std::size_t i = k; i < split.factors.size(); i += factors) {
      values.push_back(in_units ? split.factor_values[i] : double(split.factors[i]));
    }
  }
  return values;
}

}  // namespace

Points codes_of(const Model& model, const std::vector<Examples>& splits) {
  Points points;
  points.dimensions = std::size_t(model.codes().variables);
  for (const Examples& examples : splits) add_codes(points, model, examples);
  return points;
}

PointsRead factors_of(const Model& model, const data::Dataset& data,
                      const std::vector<Examples>& splits) {
  for (const Examples& examples : splits) {
    if (!examples.split().factors.empty()) continue;
    throw Error(data::one_line(
        data.spec + " (" + examples.split().name +
        "): has no factors; sprites have, and an NPZ with 'factors' [N, K] beside its images"));
  }
  PointsRead all;
  all.points.dimensions = std::size_t(model.codes().variables);
  for (std::size_t k = 0; k < data.factor_names.size(); ++k) {
    all.points.factors.push_back(
        make_factor(data.factor_names[k], values_of(k, data.factor_names.size(), splits)));
  }
  drop_constant_factors(all, data.spec);
  return all;
}

PointsRead points_of(const Model& model, const data::Dataset& data,
                     const std::vector<Examples>& splits) {
  PointsRead all = factors_of(model, data, splits);
  for (const Examples& examples : splits) add_codes(all.points, model, examples);
  return all;
}

}  // namespace nelbo::disentanglement
