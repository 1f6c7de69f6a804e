#pragma once
// Every flow, away from the identity, in double, and the algebra of small matrices.
#include <cmath>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "models/flows/masked_affine_flow.hpp"
#include "models/flows/planar_flow.hpp"
#include "models/flows/triangular_flow.hpp"
#include "tests/models/support.hpp"

namespace nelbo::tests {

/// Moves every parameter of a store to numbers of [-scale, scale).
inline void scatter(const ParameterStore& store, double scale) {
  unsigned seed = 1;
  for (const ParameterStore::Entry& entry : store.entries()) {
    store.tensor(entry.name).copy_from(numbers(entry.shape, ++seed, scale).cast(store.dtype()));
  }
}

using Matrix = std::vector<std::vector<double>>;

/// Leaves x with a x = b in b, by elimination with row pivots; returns log |det a|.
inline double eliminate(Matrix a, std::vector<double>& b) {
  const std::size_t n = b.size();
  double log_det = 0;
  for (std::size_t k = 0; k < n; ++k) {
    std::size_t pivot = k;
    for (std::size_t i = k; i < n; ++i) {
      if (std::fabs(a[i][k]) > std::fabs(a[pivot][k])) pivot = i;
    }
    std::swap(a[k], a[pivot]);
    std::swap(b[k], b[pivot]);
    log_det += std::log(std::fabs(a[k][k]));
    for (std::size_t i = k + 1; i < n; ++i) {
      const double factor = a[i][k] / a[k][k];
      for (std::size_t j = k; j < n; ++j) a[i][j] -= factor * a[k][j];
      b[i] -= factor * b[k];
    }
  }
  for (std::size_t k = n; k-- > 0;) {
    for (std::size_t j = k + 1; j < n; ++j) b[k] -= a[k][j] * b[j];
    b[k] /= a[k][k];
  }
  return log_det;
}

struct FlowSubject {
  std::string name;
  std::function<std::shared_ptr<const Flow>(ParameterStore&)> make;
  std::int64_t dimensions, context;
};

inline std::vector<FlowSubject> flow_subjects() {
  std::vector<FlowSubject> all;
  const auto masked = [&](const std::string& name, const CodeOrder& order, std::int64_t context) {
    all.push_back({name,
                   [=](ParameterStore& store) {
                     return std::make_shared<MaskedAffineFlow>(store, "f", "phi", order, context);
                   },
                   order.dimensions(), context});
  };
  for (const std::int64_t d : {1, 2, 5}) {
    for (const bool other : {false, true}) {
      for (const std::int64_t context : {0, 3}) {
        masked("autoregressive", autoregressive_order(d, other), context);
        masked("coupling", coupling_order(d, other), context);
      }
    }
    const std::int64_t columns = PlanarFlow::columns(d);
    all.push_back({"planar",
                   [=](ParameterStore& store) {
                     return std::make_shared<PlanarFlow>(store, "f", "phi", d, 2);
                   },
                   d, columns + 3});
    all.push_back({"triangular",
                   [=](ParameterStore& store) {
                     return std::make_shared<TriangularFlow>(store, "f", "phi", d);
                   },
                   d, 0});
  }
  return all;
}

/// A flow with a context of B data, on codes of S draws.
struct FlowCase {
  static constexpr std::int64_t S = 3, B = 4;

  explicit FlowCase(const FlowSubject& subject, double scale = 0.8)
      : flow(subject.make(store)), z(numbers({S, B, subject.dimensions}, 70, 2)) {
    if (subject.context > 0) context = numbers({B, subject.context}, 71, 1.5);
    store.freeze(3);
    if (scale > 0) scatter(store, scale);
  }
  std::optional<Var> recorded_context() const {
    if (!context) return std::nullopt;
    return Tape::current().leaf(*context);
  }
  Transformed forward(Var z) const { return flow->forward(z, recorded_context()); }
  /// f(z), log |det J| in rows behind: [S, B, D + 1].
  Tensor values(const Tensor& codes) const {
    Tape tape;
    const Recording recording(tape);
    const Transformed to = forward(tape.leaf(codes));
    // A copy: the tape and its memory end here.
    return concatenate({to.z, reshape(to.log_det, {S, B, 1})}, -1).value().cast(DType::f64);
  }

  ParameterStore store{DType::f64};
  std::shared_ptr<const Flow> flow;
  Tensor z;
  std::optional<Tensor> context;
};

}  // namespace nelbo::tests
