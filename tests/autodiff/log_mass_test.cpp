// Log-masses of counts and the continuous Bernoulli's constant against arithmetic of 50 digits, on every
// instruction set.
#include <algorithm>
#include <cmath>

#include "autodiff/ops.hpp"
#include "tests/autodiff/each_isa.hpp"
#include "tests/autodiff/log_mass_tables.hpp"

using namespace nelbo;
using namespace nelbo::tests;

namespace {

/// f of the first `arguments` columns of a table, and its derivatives by these: [value, d_1, ..] per row.
template <class F>
std::vector<std::vector<double>> evaluate(const std::vector<std::vector<double>>& table,
                                          std::size_t arguments, DType dtype, F f) {
  const std::int64_t n = std::int64_t(table.size());
  Tape tape;
  const Recording recording(tape);
  std::vector<Var> x;
  for (std::size_t k = 0; k < arguments; ++k) {
    std::vector<double> values;
    for (const auto& row : table) values.push_back(row[k]);
    x.push_back(tape.leaf(Tensor::of(values, {n}, dtype), true));
  }
  const Var y = f(x);
  tape.backward(y);
  std::vector<std::vector<double>> all(table.size(), y.value().values());
  const std::vector<double> values = y.value().values();
  for (std::size_t i = 0; i < table.size(); ++i) {
    all[i] = {values[i]};
    for (const Var& one : x) all[i].push_back(tape.adjoint(one).values()[i]);
  }
  return all;
}

void check(double actual, double expected, double tolerance) {
  CHECK(std::fabs(actual - expected) <= tolerance * std::max(1.0, std::fabs(expected)));
}

}  // namespace

// Relative to max(1, |value|). The derivative by the log-mean, about x - m, has the rounding of log x, x times
// as large, of which log-masses have the square. In float the arguments are rounded to float first, which moves a log-mass by
// (x - m) times as much: those of counts up to 40 are held to 2e-5.
TEST_CASE("counts: log-masses and derivatives up to r = 1e8 and x = 1e8, 50 digits",
          "[accuracy][isa]") {
  under_each_isa([] {
    const auto negative = evaluate(negative_binomial_table, 3, DType::f64, [](const auto& x) {
      return negative_binomial_log_mass(x[0], x[1], x[2]);
    });
    for (std::size_t i = 0; i < negative.size(); ++i) {
      const std::vector<double>& row = negative_binomial_table[i];
      INFO("x " << row[0] << ", log m " << row[1] << ", log r " << row[2]);
      check(negative[i][0], row[3], 1e-12);
      check(negative[i][2], row[4], 1e-11 + 1e-14 * row[0]);
      check(negative[i][3], row[5], 1e-12);
    }
    const auto poisson = evaluate(poisson_table, 2, DType::f64,
                                  [](const auto& x) { return poisson_log_mass(x[0], x[1]); });
    for (std::size_t i = 0; i < poisson.size(); ++i) {
      const std::vector<double>& row = poisson_table[i];
      INFO("x " << row[0] << ", log rate " << row[1]);
      check(poisson[i][0], row[2], 2e-11);
      check(poisson[i][2], row[3], 1e-11 + 1e-14 * row[0]);
    }
  });
}

TEST_CASE("counts: log-masses in float", "[accuracy][isa]") {
  std::vector<std::vector<double>> table;
  for (const auto& row : negative_binomial_table) {
    if (row[0] <= 40 && row[1] < 6) table.push_back(row);
  }
  under_each_isa([&] {
    const auto in_float = evaluate(table, 3, DType::f32, [](const auto& x) {
      return negative_binomial_log_mass(x[0], x[1], x[2]);
    });
    for (std::size_t i = 0; i < table.size(); ++i) {
      INFO("x " << table[i][0] << ", log m " << table[i][1] << ", log r " << table[i][2]);
      check(in_float[i][0], table[i][3], 2e-5);
      check(in_float[i][2], table[i][4], 5e-5);
      check(in_float[i][3], table[i][5], 2e-5);
    }
  });
}

TEST_CASE("continuous Bernoulli: the constant, its mean and slope by series near 0",
          "[accuracy][isa]") {
  under_each_isa([] {
    for (const auto& [dtype, tolerance] : {std::pair{DType::f64, 2e-15}, {DType::f32, 1e-6}}) {
      const auto value = evaluate(log_expm1_ratio_table, 1, dtype,
                                  [](const auto& x) { return log_expm1_ratio(x[0]); });
      const auto mean = evaluate(log_expm1_ratio_table, 1, dtype,
                                 [](const auto& x) { return tilted_uniform_mean(x[0]); });
      for (std::size_t i = 0; i < value.size(); ++i) {
        const std::vector<double>& row = log_expm1_ratio_table[i];
        INFO("logit " << row[0] << " in " << name_of(dtype));
        check(value[i][0], row[1], tolerance);
        // Relative: the constant of a small logit is half of it.
        if (dtype == DType::f64)
          CHECK(std::fabs(value[i][0] - row[1]) <= 1e-14 * std::fabs(row[1]));
        check(value[i][1], row[2], tolerance);
        check(mean[i][0], row[2], tolerance);
        check(mean[i][1], row[3], tolerance);
      }
    }
  });
}
