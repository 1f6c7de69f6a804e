// What the laboratory says of arrays alone.
#include <fmt/format.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "apps/cli/print_json.hpp"
#include "apps/disentangle/show.hpp"
#include "autodiff/error.hpp"
#include "autodiff/ops/pairwise_ops.hpp"
#include "autodiff/threads.hpp"
#include "lab/data/factors.hpp"
#include "lab/evaluation/disentanglement/evaluation.hpp"
#include "lab/evaluation/disentanglement/make_points.hpp"
#include "lab/evaluation/disentanglement/read_codes.hpp"
#include "lab/statistics/importance_diagnostics.hpp"
#include "python/src/arrays.hpp"
#include "python/src/computing.hpp"
#include "python/src/laboratory.hpp"

namespace nelbo::python {
namespace {

/// A table [N, K] of finite numbers; [N] is one column.
struct Columns {
  std::size_t rows = 0, columns = 1;
  std::vector<double> values;
};

Columns columns_of(nb::handle given, const char* name) {
  const AnyArray array = array_of(given);
  if (array.ndim() < 1 || array.ndim() > 2 || array.size() == 0) {
    throw Error(std::string("disentangle: '") + name + "' must be an array [N, K]");
  }
  Columns table{array.shape(0), array.ndim() == 2 ? array.shape(1) : 1, doubles_of(array)};
  for (std::size_t i = 0; i < table.values.size(); ++i) {
    if (std::fabs(table.values[i]) <= 1e100) continue;
    throw Error(fmt::format("disentangle: '{}' is {} in row {}, column {}; leave such points out",
                            name, table.values[i], i / table.columns, i % table.columns));
  }
  return table;
}

disentanglement::Dialect dialect_of(const std::string& like) {
  if (like == "nelbo") return disentanglement::Dialect::nelbo;
  if (like == "disentanglement_lib") return disentanglement::Dialect::disentanglement_lib;
  if (like == "chen") return disentanglement::Dialect::chen;
  throw Error("disentangle: like='" + like + "' is none of nelbo, disentanglement_lib, chen");
}

disentanglement::PointsRead points_of(nb::handle codes, nb::handle factors, nb::handle log_variance,
                                      std::vector<std::string> names) {
  Columns of = columns_of(codes, "codes");
  const Columns made_by = columns_of(factors, "factors");
  if (made_by.rows != of.rows) {
    throw Error(fmt::format("disentangle: {} codes and {} factors: they must have as many rows",
                            of.rows, made_by.rows));
  }
  if (names.empty()) names = data::factor_names_of(made_by.columns);
  if (names.size() != made_by.columns) {
    throw Error(
        fmt::format("disentangle: {} factor_names for {} factors", names.size(), made_by.columns));
  }
  disentanglement::PointsRead all;
  all.points.dimensions = of.columns;
  all.points.codes = std::move(of.values);
  if (!log_variance.is_none()) {
    Columns spread = columns_of(log_variance, "log_variance");
    if (spread.values.size() != all.points.codes.size()) {
      throw Error("disentangle: 'log_variance' must have the shape of 'codes'");
    }
    all.points.log_variances = std::move(spread.values);
  }
  for (std::size_t k = 0; k < made_by.columns; ++k) {
    std::vector<double> values;
    for (std::size_t n = 0; n < made_by.rows; ++n) {
      values.push_back(made_by.values[n * made_by.columns + k]);
    }
    all.points.factors.push_back(disentanglement::make_factor(names[k], std::move(values)));
  }
  disentanglement::drop_constant_factors(all, "disentangle");
  return all;
}

/// The JSON of `nelbo disentangle --codes`, and notes.
nb::tuple disentangle(nb::object codes, nb::object factors, nb::object log_variance,
                      std::vector<std::string> names, const std::string& like, std::size_t samples,
                      std::uint64_t seed) {
  disentanglement::PointsRead read = points_of(codes, factors, log_variance, std::move(names));
  const disentanglement::EvaluationOptions options{
      .like = dialect_of(like), .samples = samples, .seed = seed};
  nlohmann::ordered_json object{{"of", "arrays"}, {"like", like}};
  {
    const Computing computing;
    for (const std::string& rare : disentanglement::rare_values(read.points)) {
      read.notes.push_back("few points: " + rare + "; what is said of them is noisy");
    }
    object.update(to_json(disentanglement::evaluate(read.points, options)));
  }
  object.update({{"seed", seed}, {"threads", num_threads()}});
  return nb::make_tuple(json_text(object), read.notes);
}

nb::tuple pareto_k(nb::object log_weights) {
  const std::vector<double> all = doubles_of(array_of(log_weights));
  if (all.empty()) throw Error("pareto_k: no log-weights");
  ImportanceWeights weights(all.size());
  for (const double f : all) {
    if (std::isnan(f)) throw Error("pareto_k: a log-weight is NaN");
    weights.add(f);
  }
  const ParetoTail tail = weights.pareto_tail();
  return nb::make_tuple(tail.k, pareto_k_limit(all.size()), weights.log_mean(),
                        tail.smoothed_log_mean, weights.effective_sample_size());
}

/// log 1/N sum_n N(z; mean_n, exp(log_variance_n)) of z [.., D], streamed.
nb::object aggregate_log_prob(nb::object z, nb::object mean, nb::object log_variance) {
  const AnyArray at = array_of(z), means = array_of(mean), spreads = array_of(log_variance);
  const DType dtype = dtype_of_array(at) == DType::f64 ? DType::f64 : DType::f32;
  const Tensor x = tensor_of(at, dtype), m = tensor_of(means, dtype), s = tensor_of(spreads, dtype);
  if (m.shape().rank() != 2 || !(m.shape() == s.shape()) || x.shape().rank() < 1 ||
      x.shape()[-1] != m.shape()[1] || m.shape()[0] == 0) {
    throw Error("aggregate_log_prob: z " + x.shape().text() + ", mean " + m.shape().text() +
                " and log_variance " + s.shape().text() + "; they are [..., D], [N, D] and [N, D]");
  }
  const std::int64_t count = m.shape()[0], d = m.shape()[1];
  Tensor found;
  {
    const Computing computing;
    Tape tape(Tape::Options{.mode = Tape::Mode::replay, .gradients = false});
    const Recording recording(tape);
    const Var points = tape.leaf(x.contiguous().reshape({x.size() / d, d}));
    const Var density =
        pairwise_normal_log_prob(points, tape.leaf(m.contiguous()), tape.leaf(s.contiguous()),
                                 {.other = -std::log(double(count))})
            .joint;
    tape.keep(density);
    tape.forward();
    const Tensor value = density.value();
    found = Tensor(value.shape(), value.dtype());
    found.copy_from(value);
  }
  Shape shape;
  for (int axis = 0; axis + 1 < x.shape().rank(); ++axis) shape.push_back(x.shape()[axis]);
  return numpy_of(found.reshape(shape), true);
}

}  // namespace

void bind_numbers(nb::module_& module) {
  module.def("disentangle", &disentangle, nb::arg("codes"), nb::arg("factors"),
             nb::arg("log_variance").none(), nb::arg("factor_names"), nb::arg("like"),
             nb::arg("samples"), nb::arg("seed"),
             nb::sig("def disentangle(codes: object, factors: object, log_variance: object, "
                     "factor_names: list[str], like: str, samples: int, seed: int) -> "
                     "tuple[str, list[str]]"));
  module.def("pareto_k", &pareto_k, nb::arg("log_weights"),
             nb::sig("def pareto_k(log_weights: object) -> "
                     "tuple[float, float, float, float, float]"));
  module.def("aggregate_log_prob", &aggregate_log_prob, nb::arg("z"), nb::arg("mean"),
             nb::arg("log_variance"),
             nb::sig("def aggregate_log_prob(z: object, mean: object, log_variance: object) -> "
                     "numpy.typing.NDArray[typing.Any]"));
}

}  // namespace nelbo::python
