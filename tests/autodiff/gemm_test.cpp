#include "autodiff/gemm.hpp"

#include <Eigen/Core>
#include <cmath>
#include <cstring>
#include <limits>
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

/// How a matrix lies in memory.
enum class Layout { rows, columns, scattered };

/// A random m x n matrix in a buffer whose other elements are NaN.
template <class T>
class Matrix {
 public:
  Matrix(int64_t m, int64_t n, Layout layout, unsigned seed) : m_(m), n_(n) {
    const int64_t gap = 3;
    if (layout == Layout::rows) row_ = n + gap;
    if (layout == Layout::columns) col_ = m + gap;
    if (layout == Layout::scattered) {
      col_ = 2;
      row_ = 2 * n + gap;
    }
    const int64_t size = m * n == 0 ? 0 : (m - 1) * row_ + (n - 1) * col_ + 1;
    data_.assign(static_cast<std::size_t>(size), std::numeric_limits<T>::quiet_NaN());
    std::mt19937 generator(seed);
    std::uniform_real_distribution<double> uniform(-1, 1);
    for (int64_t i = 0; i < m; ++i) {
      for (int64_t j = 0; j < n; ++j) at(i, j) = static_cast<T>(uniform(generator));
    }
  }
  T& at(int64_t i, int64_t j) { return data_[static_cast<std::size_t>(i * row_ + j * col_)]; }
  MatrixView<T> view() const { return {data_.data(), row_, col_}; }
  Eigen::MatrixXd to_eigen() {
    Eigen::MatrixXd copy(m_, n_);
    for (int64_t i = 0; i < m_; ++i) {
      for (int64_t j = 0; j < n_; ++j) copy(i, j) = static_cast<double>(at(i, j));
    }
    return copy;
  }

 private:
  int64_t m_, n_, row_ = 1, col_ = 1;
  std::vector<T> data_;
};

double activate(Activation activation, double x) {
  switch (activation) {
    case Activation::identity:
      return x;
    case Activation::relu:
      return x > 0 ? x : 0;
    case Activation::tanh:
      return std::tanh(x);
    case Activation::sigmoid:
      return 1 / (1 + std::exp(-x));
    case Activation::softplus:
      return std::log1p(std::exp(-std::abs(x))) + std::max(x, 0.0);
    case Activation::elu:
      return x > 0 ? x : std::expm1(x);
    case Activation::silu:
      return x / (1 + std::exp(-x));
    case Activation::gelu:
      return x * 0.5 * std::erfc(-x * std::sqrt(0.5));
    case Activation::leaky_relu:
      return x > 0 ? x : 0.01 * x;
  }
  return 0;
}

struct Options {
  Layout a = Layout::rows, b = Layout::rows;
  bool accumulate = false, bias = false;
  Activation activation = Activation::identity;
};

/// The largest |C - reference| in units of its rounding error bound; 2 means wrong. Infinity if
/// anything outside C was written.
template <class T>
double error_of(int64_t m, int64_t n, int64_t k, const Options& options) {
  Matrix<T> a(m, k, options.a, 1), b(k, n, options.b, 2), bias(1, n, Layout::rows, 3);
  const int64_t ldc = n + 5;
  const T canary = T(12345);
  std::vector<T> c(static_cast<std::size_t>(m * ldc + 7), canary), before = c;
  for (int64_t i = 0; i < m; ++i) {
    for (int64_t j = 0; j < n; ++j) {
      // Without accumulation what C held must not matter, not even NaN.
      const double old = 0.1 * static_cast<double>(i - j);
      c[static_cast<std::size_t>(i * ldc + j)] =
          options.accumulate ? static_cast<T>(old) : std::numeric_limits<T>::quiet_NaN();
    }
  }
  before = c;
  gemm<T>(m, n, k, a.view(), b.view(), c.data(), ldc, options.accumulate,
          {options.bias ? bias.view().data : nullptr, options.activation});

  const Eigen::MatrixXd left = a.to_eigen(), right = b.to_eigen();
  const Eigen::MatrixXd sum = left * right;
  const Eigen::MatrixXd size = left.cwiseAbs() * right.cwiseAbs();
  const double epsilon = std::numeric_limits<T>::epsilon();
  double worst = 0;
  for (int64_t i = 0; i < m; ++i) {
    for (int64_t j = 0; j < ldc; ++j) {
      const std::size_t at = static_cast<std::size_t>(i * ldc + j);
      if (j >= n) {
        if (c[at] != canary) return std::numeric_limits<double>::infinity();
        continue;
      }
      double x = sum(i, j), bound = size(i, j) + 2;
      if (options.accumulate) {
        x += static_cast<double>(before[at]);
        bound += std::abs(static_cast<double>(before[at]));
      }
      if (options.bias) x += static_cast<double>(bias.at(0, j));
      const double y = activate(options.activation, x);
      // Random signs: errors of k terms grow like sqrt(k). Activations have slopes up to 1.13.
      bound *= epsilon * (2 + std::sqrt(static_cast<double>(k)));
      const double error = std::abs(static_cast<double>(c[at]) - y) / bound;
      if (!(error <= worst)) worst = error;  // NaN is an error too
    }
  }
  for (std::size_t i = static_cast<std::size_t>(m * ldc); i < c.size(); ++i) {
    if (c[i] != canary) return std::numeric_limits<double>::infinity();
  }
  return worst;
}

template <class T>
std::vector<T> product_bits(int64_t m, int64_t n, int64_t k, std::size_t threads) {
  set_num_threads(threads);
  Matrix<T> a(m, k, Layout::rows, 4), b(k, n, Layout::columns, 5), bias(1, n, Layout::rows, 6);
  std::vector<T> c(static_cast<std::size_t>(m * n));
  gemm<T>(m, n, k, a.view(), b.view(), c.data(), n, false, {bias.view().data, Activation::tanh});
  return c;
}

class ThreadCount {
 public:
  ThreadCount() : before_(num_threads()) {}
  ~ThreadCount() { set_num_threads(before_); }

 private:
  std::size_t before_;
};

}  // namespace

TEMPLATE_TEST_CASE("gemm: every size around the borders of tiles, every layout", "", float,
                   double) {
  under_each_isa([] {
    for (const int64_t m : {0, 1, 2, 3, 4, 5, 6, 7, 9, 11, 12, 13, 14, 15, 27, 29}) {
      for (const int64_t n :
           {0, 1, 3, 4, 5, 8, 9, 15, 16, 17, 20, 24, 25, 31, 32, 33, 41, 64, 65}) {
        for (const int64_t k : {0, 1, 2, 3, 4, 5, 17}) {
          for (const Layout a : {Layout::rows, Layout::columns}) {
            for (const Layout b : {Layout::rows, Layout::columns}) {
              for (const bool accumulate : {false, true}) {
                const double error = error_of<TestType>(m, n, k, {a, b, accumulate, m % 2 == 0});
                if (!(error < 1)) {
                  CAPTURE(m, n, k, int(a), int(b), accumulate);
                  CHECK(error < 1);
                }
              }
            }
          }
        }
      }
    }
    CHECK(true);
  });
}

TEMPLATE_TEST_CASE("gemm: several blocks of k, packed operands, many pieces", "", float, double) {
  under_each_isa([] {
    struct Size {
      int64_t m, n, k;
    };
    for (const Size s :
         {Size{171, 130, 70}, Size{31, 100, 1300}, Size{100, 64, 513}, Size{66, 97, 512},
          Size{4100, 70, 9}, Size{13, 4130, 40}, Size{9, 11, 9000}, Size{300, 210, 255}}) {
      for (const Layout a : {Layout::rows, Layout::columns, Layout::scattered}) {
        for (const Layout b : {Layout::rows, Layout::columns, Layout::scattered}) {
          CAPTURE(s.m, s.n, s.k, int(a), int(b));
          CHECK(error_of<TestType>(s.m, s.n, s.k, {a, b, true, true, Activation::sigmoid}) < 1);
        }
      }
    }
  });
}

TEMPLATE_TEST_CASE("gemm: rows a multiple of 4 KiB apart", "", float, double) {
  under_each_isa([] {
    const int64_t m = 40, n = 30, k = 2048;
    std::vector<TestType> a(m * k, TestType(0.5)), b(k * n, TestType(0.25)), c(m * n);
    gemm<TestType>(m, n, k, row_major(a.data(), k), row_major(b.data(), n), c.data(), n);
    for (const TestType x : c) CHECK(x == TestType(256));
  });
}

TEMPLATE_TEST_CASE("gemm: bias and activation", "", float, double) {
  using enum Activation;
  under_each_isa([] {
    for (const Activation f :
         {identity, relu, tanh, sigmoid, softplus, elu, silu, gelu, leaky_relu}) {
      for (const int64_t k : {0, 3, 600}) {
        for (const bool accumulate : {false, true}) {
          CAPTURE(int(f), k, accumulate);
          CHECK(error_of<TestType>(20, 45, k, {Layout::rows, Layout::rows, accumulate, true, f}) <
                1);
          CHECK(error_of<TestType>(5, 7, k, {Layout::rows, Layout::rows, accumulate, false, f}) <
                1);
        }
      }
    }
  });
}

TEMPLATE_TEST_CASE("gemm: NaN and infinity stay in their rows and columns", "", float, double) {
  under_each_isa([] {
    using T = TestType;
    const T nan = std::numeric_limits<T>::quiet_NaN(), inf = std::numeric_limits<T>::infinity();
    const int64_t m = 33, n = 71, k = 19;
    std::vector<T> a(m * k, T(1)), b(k * n, T(1)), c(m * n);
    a[14 * k + 3] = nan;
    a[2 * k + 5] = inf;
    b[7 * n + 70] = nan;
    b[7 * n + 32] = -inf;
    for (const Activation f : {Activation::identity, Activation::relu}) {
      gemm<T>(m, n, k, row_major(a.data(), k), row_major(b.data(), n), c.data(), n, false,
              {nullptr, f});
      for (int64_t i = 0; i < m; ++i) {
        for (int64_t j = 0; j < n; ++j) {
          const T x = c[static_cast<std::size_t>(i * n + j)];
          CAPTURE(i, j, x);
          if (i == 14 || j == 70 || (i == 2 && j == 32)) {
            CHECK(std::isnan(x));
          } else if (j == 32) {
            CHECK(x == (f == Activation::relu ? T(0) : -inf));
          } else {
            CHECK(x == (i == 2 ? inf : T(k)));
          }
        }
      }
    }
  });
}

TEMPLATE_TEST_CASE("gemm: the same bits on 1, 2 and 7 threads", "[threads]", float, double) {
  const ThreadCount restored;
  under_each_isa([] {
    struct Size {
      int64_t m, n, k;
    };
    // Large; a single panel; a single row of tiles; so small that k is sliced.
    for (const Size s :
         {Size{200, 300, 700}, Size{700, 24, 300}, Size{12, 900, 400}, Size{10, 20, 9000}}) {
      CAPTURE(s.m, s.n, s.k);
      const std::vector<TestType> one = product_bits<TestType>(s.m, s.n, s.k, 1);
      CHECK(same_bits(one, product_bits<TestType>(s.m, s.n, s.k, 2)));
      CHECK(same_bits(one, product_bits<TestType>(s.m, s.n, s.k, 7)));
    }
  });
}

TEST_CASE("gemm: a large product is shared by threads", "[threads]") {
  const ThreadCount restored;
  const std::vector<float> one = product_bits<float>(500, 400, 600, 1);
  reset_workers_seen();
  // On a busy machine a second thread may come too late for any single product.
  for (int i = 0; i < 500 && workers_seen() < 2; ++i) {
    CHECK(same_bits(one, product_bits<float>(500, 400, 600, 7)));
  }
  CHECK(workers_seen() >= 2);
}

TEMPLATE_TEST_CASE("gemm_batched: every product, with shared operands and without", "[threads]",
                   float, double) {
  const ThreadCount restored;
  using T = TestType;
  under_each_isa([] {
    for (const int64_t m : {3, 40, 180}) {
      const int64_t count = 9, n = 37, k = 25;
      for (const int64_t share_a : {0, 1}) {
        Matrix<T> a(count * m, k, Layout::rows, 7), b(count * k, n, Layout::rows, 8);
        const MatrixView<T> av = a.view(), bv = b.view();
        const int64_t a_step = share_a ? 0 : m * av.row_stride, b_step = k * bv.row_stride;
        std::vector<T> expected(count * m * n), c(count * m * n);
        for (int64_t i = 0; i < count; ++i) {
          gemm<T>(m, n, k, {av.data + i * a_step, av.row_stride, 1},
                  {bv.data + i * b_step, bv.row_stride, 1}, expected.data() + i * m * n, n);
        }
        for (const std::size_t threads : {1, 2, 7}) {
          set_num_threads(threads);
          std::fill(c.begin(), c.end(), T(0));
          gemm_batched<T>(count, m, n, k, av, a_step, bv, b_step, c.data(), n, m * n);
          CHECK(same_bits(expected, c));
        }
      }
    }
  });
  gemm_batched<T>(0, 3, 3, 3, {nullptr, 3, 1}, 9, {nullptr, 3, 1}, 9, nullptr, 3, 9);
}

TEST_CASE("gemm: no allocation once a shape has run", "[threads]") {
  const ThreadCount restored;
  set_num_threads(1);
  Matrix<float> a(200, 600, Layout::rows, 1), b(600, 90, Layout::rows, 2);
  std::vector<float> c(200 * 90);
  const auto run = [&] {
    gemm<float>(200, 90, 600, a.view(), b.view(), c.data(), 90);
    gemm<float>(8, 9, 600, a.view(), b.view(), c.data(), 9);
  };
  run();
  const std::size_t before = tests::allocations();
  run();
  CHECK(tests::allocations() == before);
}
