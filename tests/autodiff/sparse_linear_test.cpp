#include "autodiff/internal/sparse_linear.hpp"

#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <new>
#include <random>
#include <string>
#include <vector>

#include "autodiff/instruction_set.hpp"
#include "autodiff/kernels/dispatch.hpp"
#include "autodiff/threads.hpp"
#include "tests/autodiff/allocations.hpp"
#include "tests/autodiff/each_isa.hpp"
#include "tests/catch.hpp"

using namespace nelbo;
using nelbo::tests::same_bits;
using nelbo::tests::under_each_isa;
using std::int64_t;

namespace {

template <class T>
std::vector<T> random_values(int64_t n, unsigned seed) {
  std::mt19937 generator(seed);
  std::uniform_real_distribution<double> uniform(-1, 1);
  std::vector<T> values(static_cast<std::size_t>(n));
  for (T& v : values) v = static_cast<T>(uniform(generator));
  return values;
}

/// Values of which `density` are not zero; a quarter of the zeros are negative ones.
template <class T>
std::vector<T> sparse_values(int64_t n, double density, unsigned seed) {
  std::vector<T> values = random_values<T>(n, seed);
  std::mt19937 generator(seed + 1);
  std::uniform_real_distribution<double> uniform(0, 1);
  for (T& v : values) {
    const double u = uniform(generator);
    if (u > density) v = u > 0.75 ? T(-0.0) : T(0);
  }
  return values;
}

/// The index over memory of exactly the size that it asks for.
template <class T>
class Indexed {
 public:
  Indexed(int64_t rows, int64_t columns)
      : memory_(::operator new (SparseRows<T>::bytes(rows, columns), std::align_val_t{64})),
        rows(memory_.get(), rows, columns) {}

 private:
  struct Free {
    void operator()(void* p) const { ::operator delete (p, std::align_val_t{64}); }
  };
  std::unique_ptr<void, Free> memory_;

 public:
  SparseRows<T> rows;
};

struct Size {
  int64_t batch, in, out;
};

/// The largest error of forward and weight_gradient, as a share of their rounding error bounds.
template <class T>
double error_of(Size s, double density, bool accumulate, Activation activation) {
  const std::vector<T> x = sparse_values<T>(s.batch * s.in, density, 1);
  const std::vector<T> w = random_values<T>(s.in * s.out, 2), bias = random_values<T>(s.out, 3);
  const std::vector<T> dy = random_values<T>(s.batch * s.out, 4);
  std::vector<T> y(static_cast<std::size_t>(s.batch * s.out), std::numeric_limits<T>::quiet_NaN());
  std::vector<T> dw = random_values<T>(s.in * s.out, 5);
  const std::vector<T> before = dw;

  Indexed<T> index(s.batch, s.in);
  index.rows.index(x.data());
  index.rows.forward(s.out, w.data(), y.data(), {bias.data(), activation});
  index.rows.weight_gradient(s.out, dy.data(), dw.data(), accumulate);

  const double epsilon = std::numeric_limits<T>::epsilon();
  double worst = 0;
  const auto note = [&](double got, double expected, double bound) {
    const double error = std::abs(got - expected) / (epsilon * bound);
    if (!(error <= worst)) worst = error;
  };
  for (int64_t b = 0; b < s.batch; ++b) {
    for (int64_t j = 0; j < s.out; ++j) {
      double sum = bias[j], size = 8;
      for (int64_t p = 0; p < s.in; ++p) {
        const double term = double(x[b * s.in + p]) * double(w[p * s.out + j]);
        sum += term;
        size += std::abs(term);
      }
      if (activation == Activation::tanh) sum = std::tanh(sum);
      note(y[b * s.out + j], sum, size * 8);
    }
  }
  for (int64_t p = 0; p < s.in; ++p) {
    for (int64_t j = 0; j < s.out; ++j) {
      double sum = accumulate ? double(before[p * s.out + j]) : 0, size = 8;
      for (int64_t b = 0; b < s.batch; ++b) {
        const double term = double(x[b * s.in + p]) * double(dy[b * s.out + j]);
        sum += term;
        size += std::abs(term);
      }
      note(dw[p * s.out + j], sum, size * 8);
    }
  }
  return worst;
}

}  // namespace

TEMPLATE_TEST_CASE("sparse linear: forward and weight gradient are the dense products", "", float,
                   double) {
  under_each_isa([] {
    // 37 and 200 columns: no multiple of a register; 64 x 70 x 300: copied columns.
    for (const Size s : {Size{1, 1, 1}, Size{3, 5, 2}, Size{7, 64, 16}, Size{9, 65, 37},
                         Size{200, 70, 300}, Size{20, 784, 200}, Size{5, 129, 1}}) {
      for (const double density : {0.0, 0.05, 0.2, 0.6, 1.0}) {
        for (const bool accumulate : {false, true}) {
          CAPTURE(s.batch, s.in, s.out, density, accumulate);
          CHECK(error_of<TestType>(s, density, accumulate,
                                   accumulate ? Activation::tanh : Activation::identity) < 1);
        }
      }
    }
  });
}

TEMPLATE_TEST_CASE("sparse linear: no rows, no columns, no outputs", "", float, double) {
  under_each_isa([] {
    using T = TestType;
    const std::vector<T> w(12, T(1)), bias{T(1), T(2), T(3)};
    std::vector<T> y(6, T(9)), dw(12, T(9));
    Indexed<T> no_columns(2, 0);
    no_columns.rows.index(w.data());
    no_columns.rows.forward(3, w.data(), y.data(), {bias.data(), Activation::identity});
    CHECK(y == std::vector<T>{1, 2, 3, 1, 2, 3});
    Indexed<T> no_rows(0, 4);
    no_rows.rows.index(w.data());
    no_rows.rows.forward(3, w.data(), y.data(), {});
    no_rows.rows.weight_gradient(3, y.data(), dw.data(), true);
    CHECK(dw == std::vector<T>(12, T(9)));
    no_rows.rows.weight_gradient(3, y.data(), dw.data(), false);
    CHECK(dw == std::vector<T>(12, T(0)));
    Indexed<T> some(2, 4);
    some.rows.index(w.data());
    some.rows.forward(0, w.data(), nullptr, {});
  });
}

TEMPLATE_TEST_CASE("sparse linear: counting decides, and the index can be renewed", "", float,
                   double) {
  using T = TestType;
  const int64_t batch = 30, in = 100;
  Indexed<T> index(batch, in);
  for (const double density : {0.1, 0.9, 0.2}) {
    const std::vector<T> x = sparse_values<T>(batch * in, density, 6);
    int64_t expected = 0;
    for (const T v : x) expected += v != T(0);
    index.rows.index(x.data());
    CHECK(index.rows.nonzeros() == expected);
    CHECK(index.rows.sparse() == (density < 0.5));
    // Gradient first, forward second, and again: each finds the lists that it needs.
    const std::vector<T> ones(in, T(1));
    std::vector<T> sums(batch), column_sums(in);
    for (int i = 0; i < 2; ++i) {
      index.rows.weight_gradient(1, ones.data(), column_sums.data(), false);
      index.rows.forward(1, ones.data(), sums.data(), {});
      double by_rows = 0, by_columns = 0, total = 0;
      for (const T v : x) total += double(v);
      for (const T v : sums) by_rows += double(v);
      for (const T v : column_sums) by_columns += double(v);
      CHECK(by_rows == Approx(total).epsilon(1e-4).margin(1e-3));
      CHECK(by_columns == Approx(total).epsilon(1e-4).margin(1e-3));
    }
  }
}

TEMPLATE_TEST_CASE("sparse linear: NaN and infinity of x reach the result", "", float, double) {
  under_each_isa([] {
    using T = TestType;
    const T nan = std::numeric_limits<T>::quiet_NaN(), inf = std::numeric_limits<T>::infinity();
    const int64_t batch = 4, in = 80, out = 19;
    std::vector<T> x(batch * in, T(0)), w(in * out, T(2)), y(batch * out);
    x[0 * in + 70] = nan;
    x[1 * in + 3] = inf;
    x[2 * in + 4] = T(1);
    w[5 * out + 6] = nan;  // met by zeros only
    Indexed<T> index(batch, in);
    index.rows.index(x.data());
    REQUIRE(index.rows.sparse());
    index.rows.forward(out, w.data(), y.data(), {});
    for (int64_t j = 0; j < out; ++j) {
      CHECK(std::isnan(y[0 * out + j]));
      CHECK(y[1 * out + j] == inf);
      CHECK(y[2 * out + j] == T(2));
      CHECK(y[3 * out + j] == T(0));
    }
  });
}

TEMPLATE_TEST_CASE("sparse linear: the same bits on 1, 2 and 7 threads", "[threads]", float,
                   double) {
  using T = TestType;
  const std::size_t before = num_threads();
  const int64_t batch = 150, in = 700, out = 333;
  const std::vector<T> x = sparse_values<T>(batch * in, 0.13, 7);
  const std::vector<T> w = random_values<T>(in * out, 8), dy = random_values<T>(batch * out, 9);
  under_each_isa([&] {
    Indexed<T> index(batch, in);
    const auto results = [&](std::size_t threads) {
      set_num_threads(threads);
      std::vector<T> result(static_cast<std::size_t>((batch + in) * out));
      index.rows.index(x.data());
      index.rows.forward(out, w.data(), result.data(), {nullptr, Activation::softplus});
      index.rows.weight_gradient(out, dy.data(), result.data() + batch * out, false);
      return result;
    };
    const std::vector<T> one = results(1);
    CHECK(same_bits(one, results(2)));
    CHECK(same_bits(one, results(7)));
  });
  set_num_threads(before);
}

// In a process of its own: workers that go to rest allocate when they like.
TEMPLATE_TEST_CASE("sparse linear: no allocation once a step has been made", "", float, double) {
  using T = TestType;
  const std::size_t before = num_threads();
  set_num_threads(1);
  const int64_t batch = 150, in = 700, out = 333;
  const std::vector<T> x = sparse_values<T>(batch * in, 0.13, 7);
  const std::vector<T> w = random_values<T>(in * out, 8), dy = random_values<T>(batch * out, 9);
  under_each_isa([&] {
    Indexed<T> index(batch, in);
    std::vector<T> y(batch * out), dw(in * out);
    const auto step = [&] {
      index.rows.index(x.data());
      index.rows.forward(out, w.data(), y.data(), {});
      index.rows.weight_gradient(out, dy.data(), dw.data(), false);
    };
    step();
    const std::size_t allocated = tests::allocations();
    step();
    CHECK(tests::allocations() == allocated);
  });
  set_num_threads(before);
}
