// What the registry's small samples do not reach: work that is cut into chunks, conventions at
// kinks, and gradients where values are infinite.
#include <cmath>
#include <limits>
#include <vector>

#include "autodiff/ops.hpp"
#include "autodiff/threads.hpp"
#include "tests/catch.hpp"

using namespace nelbo;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();

Tensor wave(const Shape& shape, double frequency) {
  Tensor t(shape, DType::f64);
  for (std::int64_t i = 0; i < t.size(); ++i) {
    t.data_as<double>()[i] = float(std::sin(frequency * double(i) + 0.3));
  }
  return t;
}

/// Gradient of the sum of f at x.
std::vector<double> gradient(Var (*f)(Var), std::vector<double> x) {
  Tape tape;
  Recording recording(tape);
  const Var leaf = tape.leaf(Tensor::of(x, {std::int64_t(x.size())}, DType::f64), true);
  tape.backward(f(leaf));
  return tape.adjoint(leaf).values();
}

struct Result {
  std::vector<double> value, da, db;
};

/// a * b and both gradients for the cotangent a * b itself.
Result product(const Tensor& a, const Tensor& b, DType dtype) {
  Tape tape;
  Recording recording(tape);
  const Var x = tape.leaf(a.cast(dtype), true), y = tape.leaf(b.cast(dtype), true);
  const Var z = x * y;
  const Tensor cotangent = z.value();
  const Root root{z, &cotangent};
  tape.backward({&root, 1}, leaf_group, nullptr);
  return {z.value().values(), tape.adjoint(x).values(), tape.adjoint(y).values()};
}

}  // namespace

TEST_CASE("products of large operands that broadcast agree with plain loops", "[elementwise]") {
  const Shape full{130, 300};
  for (const Shape& other : {Shape{300}, Shape{130, 1}, Shape{1}, Shape{130, 300}, Shape{}}) {
    INFO(other.text());
    const Tensor a = wave(full, 0.37), b = wave(other, 0.11);
    const Strides steps = broadcast_strides(other, b.strides(), full);
    std::vector<double> value(full.size()), da(full.size()), db(other.size(), 0);
    for (std::int64_t i = 0; i < 130; ++i) {
      for (std::int64_t j = 0; j < 300; ++j) {
        const std::int64_t at = i * 300 + j, from = i * steps[0] + j * steps[1];
        const double x = a.data_as<double>()[at], y = b.data_as<double>()[from];
        value[at] = x * y;
        da[at] = x * y * y;
        db[from] += x * y * x;
      }
    }
    for (DType dtype : {DType::f32, DType::f64}) {
      const Result r = product(a, b, dtype);
      const double tolerance = dtype == DType::f32 ? 1e-6 : 1e-14;
      for (std::size_t i = 0; i < value.size(); i += 7) {
        CHECK(std::fabs(r.value[i] - value[i]) <= tolerance);
        CHECK(std::fabs(r.da[i] - da[i]) <= tolerance);
      }
      for (std::size_t i = 0; i < db.size(); ++i) {
        CHECK(std::fabs(r.db[i] - db[i]) <= tolerance * std::max(1.0, std::fabs(db[i])));
      }
    }
  }
}

TEST_CASE("broadcast gradients and reductions have the same bits on 1, 2 and 7 threads",
          "[threads]") {
  const Tensor a = wave({700, 130}, 0.37), b = wave({130}, 0.11), column = wave({700, 1}, 0.7);
  const auto run = [&] {
    Tape tape;
    Recording recording(tape);
    const Var x = tape.leaf(a.cast(DType::f32), true), y = tape.leaf(b.cast(DType::f32), true);
    const Var z = tape.leaf(column.cast(DType::f32), true);
    const Var product = tanh(x * y + z);
    const Var loss = sum(softmax(product, 0) * product) + mean(logsumexp(product)) +
                     sum(variance(product, 0)) + max(product) + sum(product);
    tape.backward(loss);
    std::vector<double> all{loss.item()};
    for (Var leaf : {x, y, z}) {
      for (double g : tape.adjoint(leaf).values()) all.push_back(g);
    }
    return all;
  };
  const std::size_t before = num_threads();
  set_num_threads(1);
  const std::vector<double> one = run();
  for (std::size_t threads : {2, 7}) {
    set_num_threads(threads);
    CHECK(run() == one);
  }
  set_num_threads(before);
}

TEST_CASE("long reductions agree with sums in long double", "[reduce]") {
  for (const Shape& shape : {Shape{100000}, Shape{3000, 13}, Shape{40, 1030}, Shape{1, 70000, 2}}) {
    INFO(shape.text());
    const Tensor x = wave(shape, 0.01);
    const int axis = shape.rank() == 3 ? 1 : 0;
    const std::int64_t width = shape.rank() == 1 ? 1 : shape[-1], rows = x.size() / width;
    Tape tape;
    Recording recording(tape);
    const Var v = tape.leaf(x.cast(DType::f32));
    const std::vector<double> total = sum(v, axis).value().values();
    const std::vector<double> largest = max(v, axis).value().values();
    const std::vector<double> lse = logsumexp(v, axis).value().values();
    const std::vector<double> spread = variance(v, axis).value().values();
    for (std::int64_t c = 0; c < width; c += 5) {
      long double s = 0, e = 0, square = 0;
      double m = -inf;
      for (std::int64_t r = 0; r < rows; ++r) {
        const double value = x.data_as<double>()[r * width + c];
        s += value;
        e += std::exp((long double)(value));
        m = std::max(m, value);
      }
      for (std::int64_t r = 0; r < rows; ++r) {
        const long double d = x.data_as<double>()[r * width + c] - s / rows;
        square += d * d;
      }
      // The absolute sum bounds what rounding to float can do.
      CHECK(std::fabs(total[c] - double(s)) <= 1e-7 * double(rows) * 0.2 + 1e-6);
      CHECK(largest[c] == m);
      CHECK(std::fabs(lse[c] - double(std::log(e))) <= 2e-6);
      CHECK(std::fabs(spread[c] - double(square / rows)) <= 1e-6);
    }
  }
}

TEST_CASE("conventions at kinks", "[elementwise]") {
  CHECK(gradient(relu, {0, 1, -1}) == std::vector<double>{0, 1, 0});
  CHECK(gradient(abs, {0, 2, -2}) == std::vector<double>{0, 1, -1});
  CHECK(gradient([](Var x) { return leaky_relu(x, 0.25); }, {0, 1, -1}) ==
        std::vector<double>{0.25, 1, 0.25});
  CHECK(gradient([](Var x) { return clamp(x, -1, 1); }, {-1, 1, 2, -3, 0}) ==
        std::vector<double>{1, 1, 0, 0, 1});
  CHECK(gradient([](Var x) { return maximum(x, 0.0); }, {0, 1, -1}) ==
        std::vector<double>{0.5, 1, 0});
  CHECK(gradient([](Var x) { return minimum(x, 0.0); }, {0, 1, -1}) ==
        std::vector<double>{0.5, 0, 1});
  CHECK(gradient([](Var x) { return max(x); }, {3, 1, 3, 2}) ==
        std::vector<double>{0.5, 0, 0.5, 0});
}

TEST_CASE("gradients where values are infinite", "[elementwise]") {
  CHECK(gradient([](Var x) { return logsumexp(x); }, {-inf, -inf}) == std::vector<double>{0, 0});
  CHECK(gradient([](Var x) { return logsumexp(x); }, {-inf, 4}) == std::vector<double>{0, 1});
  CHECK(gradient([](Var x) { return logsumexp(x); }, {inf, 4, inf}) ==
        std::vector<double>{0.5, 0, 0.5});
  CHECK(gradient([](Var x) { return logmeanexp(x); }, {1000, 1000}) ==
        std::vector<double>{0.5, 0.5});
  CHECK(gradient([](Var x) { return silu(x); }, {-inf, inf}) == std::vector<double>{0, 1});
  CHECK(gradient([](Var x) { return gelu(x); }, {-inf, inf}) == std::vector<double>{0, 1});
  // Only what was taken gets a gradient.
  CHECK(gradient([](Var x) { return where(greater(x, 0.0), 2 * x, 0.0); }, {-inf, 3}) ==
        std::vector<double>{0, 2});
}

TEST_CASE("numbers beside variables and constant powers", "[elementwise]") {
  Tape tape;
  Recording recording(tape);
  const Var x = tape.leaf(Tensor::of({2, -3}, {2}, DType::f64));
  const auto equals = [](Var v, std::vector<double> expected) {
    return v.value().values() == expected && v.dtype() == DType::f64;
  };
  CHECK(equals(1 + x * 2 - 3, {2, -8}));
  CHECK(equals((6 - x) / 2, {2, 4.5}));
  CHECK(equals(6 / x + 0.5, {3.5, -1.5}));
  CHECK(equals(-(2 * x), {-4, 6}));
  CHECK(equals(pow(x, 2), {4, 9}));
  CHECK(equals(pow(x, 3), {8, -27}));
  CHECK(equals(where(less(x, 0.0), 1.0, x), {2, 1}));
}

TEST_CASE("shape errors name the operator and both shapes", "[elementwise]") {
  Tape tape;
  Recording recording(tape);
  const Var a = tape.leaf({2, 3}), b = tape.leaf({4});
  CHECK_THROWS_WITH(a + b,
                    tests::contains("add") && tests::contains("[2, 3]") && tests::contains("[4]"));
  CHECK_THROWS_WITH(sum(a, 2), tests::contains("sum") && tests::contains("[2, 3]"));
  CHECK_THROWS_WITH(mean(a, {0, -2}), tests::contains("mean") && tests::contains("twice"));
  CHECK_THROWS_WITH(a * tape.leaf({2, 3}, DType::f64),
                    tests::contains("multiply") && tests::contains("f64"));
}
