// Flows against their numerical Jacobians: log-determinants, inverses, pushed scores, and the identity
// that they start at.
#include <cmath>
#include <utility>
#include <vector>

#include "models/posteriors/posterior_family.hpp"
#include "models/vae.hpp"
#include "tests/catch.hpp"
#include "tests/models/flow_subjects.hpp"

using namespace nelbo;
using namespace nelbo::tests;

namespace {

/// df_i/dz_j of every code by fourth-order differences, in column D those of log |det J|:
/// [S, B] matrices [D + 1, D].
std::vector<Matrix> numerical_jacobians(const FlowCase& c) {
  const std::int64_t d = c.z.shape()[-1], codes = c.z.size() / d;
  std::vector<Matrix> all(std::size_t(codes),
                          Matrix(std::size_t(d + 1), std::vector<double>(std::size_t(d), 0)));
  const double h = 1e-4;
  for (std::int64_t j = 0; j < d; ++j) {
    for (const auto& [step, weight] :
         {std::pair{h, 8.0}, std::pair{-h, -8.0}, std::pair{2 * h, -1.0}, std::pair{-2 * h, 1.0}}) {
      const Tensor moved(c.z.shape(), DType::f64);
      moved.copy_from(c.z);
      for (std::int64_t n = 0; n < codes; ++n) moved.data_as<double>()[n * d + j] += step;
      const std::vector<double> y = c.values(moved).values();
      for (std::int64_t n = 0; n < codes; ++n) {
        for (std::int64_t i = 0; i <= d; ++i) {
          all[std::size_t(n)][std::size_t(i)][std::size_t(j)] +=
              weight * y[std::size_t(n * (d + 1) + i)] / (12 * h);
        }
      }
    }
  }
  return all;
}

}  // namespace

TEST_CASE(
    "The log-determinant of a flow is that of its numerical Jacobian, and its score follows") {
  for (const FlowSubject& subject : flow_subjects()) {
    const FlowCase c(subject);
    CAPTURE(subject.name, subject.dimensions, subject.context);
    const std::int64_t d = subject.dimensions;
    const Tensor score = numbers(c.z.shape(), 72);
    Tape tape;
    const Recording recording(tape);
    const Transformed to = c.forward(tape.leaf(c.z));
    const std::vector<double> log_det = to.log_det.value().contiguous().values();
    const std::vector<double> pushed =
        to.push_score(tape.leaf(score)).value().contiguous().values();
    const std::vector<Matrix> jacobians = numerical_jacobians(c);
    for (std::size_t n = 0; n < jacobians.size(); ++n) {
      const Matrix& j = jacobians[n];
      const auto size = std::size_t(d);
      Matrix transposed(size, std::vector<double>(size, 0));
      std::vector<double> expected(size, 0);
      for (std::size_t i = 0; i < std::size_t(d); ++i) {
        for (std::size_t k = 0; k < std::size_t(d); ++k) transposed[i][k] = j[k][i];
        expected[i] = score.values()[n * std::size_t(d) + i] - j[std::size_t(d)][i];
      }
      CHECK(log_det[n] == Approx(eliminate(transposed, expected)).margin(1e-8));
      for (std::size_t i = 0; i < std::size_t(d); ++i) {
        CHECK(pushed[n * std::size_t(d) + i] == Approx(expected[i]).epsilon(1e-7).margin(1e-7));
      }
    }
  }
}

TEST_CASE("The inverse of a flow brings its codes back") {
  for (const FlowSubject& subject : flow_subjects()) {
    const FlowCase c(subject);
    CAPTURE(subject.name, subject.dimensions, subject.context);
    Tape tape;
    const Recording recording(tape);
    const Var y = c.forward(tape.leaf(c.z)).z;
    if (subject.name == "planar") {
      CHECK_THROWS_WITH(c.flow->inverse(y, c.recorded_context()),
                        contains("planar flow has no formula"));
      continue;
    }
    const std::vector<double> back =
        c.flow->inverse(y, c.recorded_context()).value().contiguous().values();
    for (std::size_t i = 0; i < back.size(); ++i) {
      CHECK(back[i] == Approx(c.z.values()[i]).margin(1e-10));
    }
  }
}

TEST_CASE("Gradients pass through flows and their inverses") {
  for (const FlowSubject& subject : flow_subjects()) {
    if (subject.dimensions == 5) continue;
    const FlowCase c(subject);
    CAPTURE(subject.name, subject.dimensions, subject.context);
    std::vector<Tensor> inputs{c.z};
    if (c.context) inputs.push_back(*c.context);
    const auto context = [](const std::vector<Var>& in) {
      return in.size() > 1 ? std::optional<Var>(in[1]) : std::nullopt;
    };
    check_gradient(
        [&](const std::vector<Var>& in) {
          const Transformed to = c.flow->forward(in[0], context(in));
          return weighted_sum(to.z) + weighted_sum(to.log_det);
        },
        inputs, 1e-6);
    if (subject.name == "planar") continue;
    check_gradient(
        [&](const std::vector<Var>& in) {
          return weighted_sum(c.flow->inverse(in[0], context(in)));
        },
        inputs, 1e-6);
  }
}

TEST_CASE(
    "A flow starts as the identity, bit for bit, and planar steps keep their determinant above 0") {
  for (FlowSubject subject : flow_subjects()) {
    FlowCase c(subject, 0);
    if (subject.name == "planar") c.context = Tensor(c.context->shape(), DType::f64);
    CAPTURE(subject.name, subject.dimensions, subject.context);
    Tape tape;
    const Recording recording(tape);
    const Transformed to = c.forward(tape.leaf(c.z));
    CHECK(to.z.value().contiguous().values() == c.z.contiguous().values());
    for (const double log_det : to.log_det.value().contiguous().values()) CHECK(log_det == 0);
  }
  // Steps that would fold the space: v against w, as far as one likes.
  for (FlowSubject subject : flow_subjects()) {
    if (subject.name != "planar") continue;
    FlowCase c(subject, 0.8);
    for (std::int64_t i = 0; i < c.context->size(); ++i) c.context->data_as<double>()[i] *= 30;
    for (const double value : c.values(c.z).values()) CHECK(std::isfinite(value));
  }
}
