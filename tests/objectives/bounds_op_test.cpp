// bound_value on the tape.
#include "objectives/bounds/bound_op.hpp"

#include <cmath>

#include "autodiff/error.hpp"
#include "autodiff/ops.hpp"
#include "autodiff/threads.hpp"
#include "tests/catch.hpp"
#include "tests/models/support.hpp"
#include "tests/objectives/bounds_support.hpp"

using namespace nelbo;
using namespace nelbo::tests;

namespace {

Tensor log_weights(std::int64_t samples, std::int64_t batch, DType dtype = DType::f64) {
  Tensor f({samples, batch}, DType::f64);
  const std::vector<double> x = normal(std::size_t(samples * batch), 3);
  std::copy(x.begin(), x.end(), f.data_as<double>());
  return f.cast(dtype);
}

}  // namespace

TEST_CASE("bound_value: values, a and h are those of the bound, datum by datum") {
  for (const Bound& bound : all_bounds(5)) {
    INFO(bound.text());
    const Tensor f = log_weights(bound.samples(), 7);
    Tape tape;
    Recording recording(tape);
    const BoundVars of = bound_with_coefficients(bound, tape.leaf(f));
    for (std::int64_t b = 0; b < 7; ++b) {
      std::vector<double> column;
      for (std::int64_t s = 0; s < bound.samples(); ++s) column.push_back(f.at({s, b}));
      const Evaluated expected = evaluate(bound, column);
      CHECK(of.value.value().at({b}) == expected.value);
      for (std::int64_t s = 0; s < bound.samples(); ++s) {
        CHECK(of.a.value().at({s, b}) == expected.a[std::size_t(s)]);
        CHECK(of.h.value().at({s, b}) == expected.h[std::size_t(s)]);
      }
    }
  }
}

TEST_CASE("bound_value: the vjp is that of finite differences, also where f is used twice") {
  for (const Bound& bound : all_bounds(3)) {
    INFO(bound.text());
    const Tensor weight = log_weights(1, 4).reshape({4});
    check_gradient(
        [&](const std::vector<Var>& in) {
          return sum(bound_value(bound, in[0]) * in[0].tape().leaf(weight)) + sum(in[0]) * 0.5;
        },
        {log_weights(bound.samples(), 4)});
  }
}

TEST_CASE("bound_value: iw agrees with the fused logmeanexp") {
  const Tensor f = log_weights(50, 20, DType::f32);
  Tape tape;
  Recording recording(tape);
  const Var x = tape.leaf(f, true), y = tape.leaf(f, true);
  const Var ours = bound_value(bounds::iw(50), x), fused = logmeanexp(y, 0);
  for (std::int64_t b = 0; b < 20; ++b) {
    CHECK(ours.value().at({b}) == Approx(fused.value().at({b})).epsilon(1e-6));
  }
  tape.backward(sum(ours) + sum(fused));
  for (std::size_t i = 0; i < 1000; ++i) {
    CHECK(tape.adjoint(x).values()[i] ==
          Approx(tape.adjoint(y).values()[i]).epsilon(1e-5).margin(1e-12));
  }
}

TEST_CASE("bound_value: replay is fresh, and no number depends on the threads") {
  const Bound bound = bounds::miwae(5, 20);
  const auto run = [&](const Tensor& f, bool replay) {
    Tape tape({.mode = replay ? Tape::Mode::replay : Tape::Mode::eager});
    Var x, value;
    {
      Recording recording(tape);
      x = tape.leaf(f, true);
      value = bound_value(bound, x);
      tape.keep(value);
    }
    if (replay) {
      for (std::int64_t i = 0; i < f.size(); ++i) tape.data(x).data_as<float>()[i] = -3;
      tape.forward();
      std::copy_n(f.data_as<float>(), f.size(), tape.data(x).data_as<float>());
      tape.forward();
    }
    const Tensor ones = Tensor::full(value.shape(), 1, DType::f32);
    const Root root{value, &ones};
    tape.backward({&root, 1}, leaf_group, nullptr);
    std::vector<double> all = value.value().values();
    const std::vector<double> gradient = tape.adjoint(x).values();
    all.insert(all.end(), gradient.begin(), gradient.end());
    return all;
  };
  const Tensor f = log_weights(100, 33, DType::f32);
  set_num_threads(1);
  const std::vector<double> one = run(f, false);
  CHECK(run(f, true) == one);
  set_num_threads(7);
  CHECK(run(f, false) == one);
  CHECK(run(f, true) == one);
  set_num_threads(2);
}

TEST_CASE("bound_value: a and h are data, and shapes that do not fit are refused") {
  Tape tape;
  Recording recording(tape);
  const Bound bound = bounds::iw(3);
  const Var f = tape.leaf(log_weights(3, 2), true);
  const BoundVars of = bound_with_coefficients(bound, f);
  CHECK(tape.differentiable(of.value));
  CHECK_FALSE(tape.differentiable(of.a));
  CHECK_FALSE(tape.differentiable(of.h));
  CHECK_THROWS_WITH(bound_value(bounds::iw(4), f), contains("[3, 2] for iw(m=4)"));
  CHECK_THROWS_WITH(bound_value(bound, reshape(f, {6})), contains("expected [S, B] with S = 3"));
  CHECK(bound_value(bound, tape.leaf({3, 0}, DType::f64)).shape() == Shape{0});
}
