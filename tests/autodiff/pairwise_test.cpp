// Log-densities of mixtures at all samples: float against double where float is hard, gradients
// where terms underflow, weights, threads, errors. The registry has the ordinary cases.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "autodiff/error.hpp"
#include "autodiff/instruction_set.hpp"
#include "autodiff/ops.hpp"
#include "autodiff/threads.hpp"
#include "tests/catch.hpp"

using namespace nelbo;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

struct Case {
  Tensor z, mean, log_variance;  // f64; all numbers are floats
};

/// z near `spread` times the components' standard deviations from random ones of them.
Case draw(std::int64_t samples, std::int64_t n, std::int64_t d, double location, double distance,
          double log_sigma_low, double log_sigma_high, double spread) {
  std::mt19937_64 random(7);
  std::normal_distribution<double> normal;
  std::uniform_real_distribution<double> uniform;
  Case c{Tensor({samples, d}, DType::f64), Tensor({n, d}, DType::f64), Tensor({n, d}, DType::f64)};
  double *z = c.z.data_as<double>(), *m = c.mean.data_as<double>();
  double* v = c.log_variance.data_as<double>();
  for (std::int64_t i = 0; i < n * d; ++i) {
    m[i] = float(location + distance * normal(random));
    v[i] = float(2 * (log_sigma_low + (log_sigma_high - log_sigma_low) * uniform(random)));
  }
  for (std::int64_t i = 0; i < samples * d; ++i) {
    const std::int64_t k = i % (n * d);
    z[i] = float(m[k] + spread * std::exp(v[k] / 2) * normal(random));
  }
  return c;
}

/// log sum_n w prod_{d in [begin, end)} N(z_d), in double.
double log_density(const Case& c, std::int64_t i, std::int64_t begin, std::int64_t end, double w) {
  const std::int64_t n = c.mean.shape()[0], d = c.mean.shape()[1];
  const double* z = c.z.data_as<double>() + i * d;
  std::vector<double> terms;
  double top = -infinity;
  for (std::int64_t k = 0; k < n; ++k) {
    double t = w;
    for (std::int64_t j = begin; j < end; ++j) {
      const double v = c.log_variance.data_as<double>()[k * d + j];
      const double e = z[j] - c.mean.data_as<double>()[k * d + j];
      t -= 0.5 * (e * e * std::exp(-v) + v + std::log(2 * M_PI));
    }
    terms.push_back(t);
    top = std::max(top, t);
  }
  double sum = 0;
  for (double t : terms) sum += std::exp(t - top);
  return top + std::log(sum);
}

/// Largest |value - reference| / max(1, |reference|) of joint density and marginals.
double worst_error(const Case& c, DType dtype) {
  const std::int64_t samples = c.z.shape()[0], n = c.mean.shape()[0], d = c.mean.shape()[1];
  const double w = -std::log(double(n));
  Tape tape;
  Recording recording(tape);
  const PairwiseLogProb q =
      pairwise_normal_log_prob(tape.leaf(c.z.cast(dtype)), tape.leaf(c.mean.cast(dtype)),
                               tape.leaf(c.log_variance.cast(dtype)), {w}, {true, true});
  const std::vector<double> joint = q.joint.value().values();
  const std::vector<double> marginals = q.marginals.value().values();
  double worst = 0;
  const auto compare = [&](double value, double expected) {
    const double error = std::fabs(value - expected) / std::max(1.0, std::fabs(expected));
    worst = std::isnan(error) ? infinity : std::max(worst, error);
  };
  for (std::int64_t i = 0; i < samples; ++i) {
    compare(joint[i], log_density(c, i, 0, d, w));
    for (std::int64_t j = 0; j < d; ++j) {
      compare(marginals[i * d + j], log_density(c, i, j, j + 1, w));
    }
  }
  return worst;
}

struct Gradients {
  Tensor z, mean, log_variance;
};

/// Of <cotangent, joint> + <cotangent, marginals>, with cotangents that follow from the index.
Gradients gradients(const Case& c, DType dtype, const PairwiseWeights& w, bool composed) {
  Tape tape;
  Recording recording(tape);
  const Var z = tape.leaf(c.z.cast(dtype), true), mean = tape.leaf(c.mean.cast(dtype), true);
  const Var v = tape.leaf(c.log_variance.cast(dtype), true);
  const std::int64_t samples = z.shape()[0], d = z.shape()[1];
  Var joint, marginals;
  if (composed) {
    const Var t =
        -0.5 * (square(reshape(z, {samples, 1, d}) - mean) * exp(-v) + v + std::log(2 * M_PI));
    joint = logsumexp(sum(t, -1) + w.other, -1);
    marginals = logsumexp(t + w.other, -2);
  } else {
    const PairwiseLogProb q = pairwise_normal_log_prob(z, mean, v, w, {true, true});
    joint = q.joint;
    marginals = q.marginals;
  }
  const auto cotangent = [&](const Shape& shape) {
    Tensor t(shape, DType::f64);
    for (std::int64_t i = 0; i < t.size(); ++i) t.data_as<double>()[i] = float(std::sin(i + 1.0));
    return t.cast(dtype);
  };
  const Tensor cj = cotangent(joint.shape()), cm = cotangent(marginals.shape());
  tape.backward(std::array<Root, 2>{{{joint, &cj}, {marginals, &cm}}}, leaf_group, nullptr);
  return {tape.adjoint(z).cast(DType::f64), tape.adjoint(mean).cast(DType::f64),
          tape.adjoint(v).cast(DType::f64)};
}

/// Largest |a - b| over the largest |b|.
double distance(const Tensor& a, const Tensor& b) {
  double worst = 0, largest = 0;
  for (std::int64_t i = 0; i < a.size(); ++i) {
    const double x = a.data_as<double>()[i], y = b.data_as<double>()[i];
    worst = std::isnan(x - y) ? infinity : std::max(worst, std::fabs(x - y));
    largest = std::max(largest, std::fabs(y));
  }
  return worst / largest;
}

struct Named {
  const char* name;
  Case c;
};

std::vector<Named> hard_cases() {
  return {
      {"ordinary", draw(37, 50, 5, 0, 1, -1, 0, 1)},
      {"far apart: all terms but one underflow", draw(37, 50, 5, 0, 1000, -1, 0, 1)},
      {"far apart: all terms underflow", draw(37, 50, 5, 0, 1000, -1, 0, 500)},
      {"nearly equal, far from the origin", draw(37, 50, 5, 1000, 1e-3, -7, -6.5, 1)},
      {"equal", draw(37, 3000, 2, 0.3, 0, -0.3, -0.3, 1)},
      {"sigma from 1e-4 to 1e4", draw(37, 50, 5, 0, 1, -9.2, 9.2, 1)},
      {"sigma from 1e-4 to 1e4, samples anywhere", draw(37, 50, 5, 0, 100, -9.2, 9.2, 30)},
      {"sigma 1e-4", draw(37, 50, 5, 1, 1, -9.2, -9.2, 3)},
      {"sigma 1e4", draw(37, 50, 5, 0, 1e4, 9.2, 9.2, 1)},
      {"many components", draw(5, 20000, 3, 0, 1, -2, 0, 1)},
  };
}

}  // namespace

TEST_CASE("pairwise: float agrees with plain loops in double to 1e-5", "[pairwise][isa]") {
  for (const std::string& isa : supported_isas()) {
    select_isa(isa);
    for (const auto& [name, c] : hard_cases()) {
      INFO(isa << ": " << name);
      CHECK(worst_error(c, DType::f32) <= 1e-5);
      CHECK(worst_error(c, DType::f64) <= 1e-12);
    }
  }
  select_isa(supported_isas().back());
}

TEST_CASE("pairwise: gradients where terms underflow agree with the composed definition",
          "[pairwise][isa]") {
  for (const std::string& isa : supported_isas()) {
    select_isa(isa);
    for (const auto& [name, c] : hard_cases()) {
      INFO(isa << ": " << name);
      const PairwiseWeights w{-std::log(double(c.mean.shape()[0]))};
      const Gradients expected = gradients(c, DType::f64, w, true);
      const Gradients f64 = gradients(c, DType::f64, w, false);
      CHECK(distance(f64.z, expected.z) <= 1e-10);
      CHECK(distance(f64.mean, expected.mean) <= 1e-10);
      CHECK(distance(f64.log_variance, expected.log_variance) <= 1e-10);
    }
    const Case c = draw(37, 50, 5, 0, 1, -1, 0, 1);
    const Gradients f32 = gradients(c, DType::f32, {-4}, false);
    const Gradients f64 = gradients(c, DType::f64, {-4}, false);
    CHECK(distance(f32.z, f64.z) <= 1e-5);
    CHECK(distance(f32.mean, f64.mean) <= 1e-5);
    CHECK(distance(f32.log_variance, f64.log_variance) <= 1e-5);
  }
  select_isa(supported_isas().back());
}

TEST_CASE("pairwise: a density of 0 has value -infinity and no gradient", "[pairwise][isa]") {
  for (const std::string& isa : supported_isas()) {
    select_isa(isa);
    INFO(isa);
    // (z - mean)^2 / sigma^2 is beyond float for component 0 alone, then for both.
    for (const double second : {0.0, 1e30}) {
      Tape tape;
      Recording recording(tape);
      const Var z = tape.leaf(Tensor::of({1}, {1, 1}), true);
      const Var mean = tape.leaf(Tensor::of({1e30, second}, {2, 1}), true);
      const Var v = tape.leaf(Tensor::of({0, 0}, {2, 1}), true);
      const PairwiseLogProb q = pairwise_normal_log_prob(z, mean, v, {0}, {true, true});
      const double expected = second == 0 ? -0.5 - 0.5 * std::log(2 * M_PI) : -infinity;
      tape.backward(q.joint);
      if (second == 0) {
        CHECK(std::fabs(q.joint.item() - expected) <= 1e-6);
        CHECK(std::fabs(tape.adjoint(z).item() + 1) <= 1e-6);
      } else {
        CHECK(q.joint.item() == expected);
        CHECK(q.marginals.item() == expected);
        CHECK(tape.adjoint(z).item() == 0);
      }
      CHECK(tape.adjoint(mean).values()[0] == 0);
      CHECK(tape.adjoint(v).values()[0] == 0);
    }
    Tape tape;
    Recording recording(tape);
    const PairwiseLogProb q = pairwise_normal_log_prob(
        tape.leaf(Tensor::of({std::nan(""), 0}, {2, 1})), tape.leaf(Tensor::of({0, 1}, {2, 1})),
        tape.leaf(Tensor({2, 1})), {0});
    CHECK(std::isnan(q.joint.value().values()[0]));
    CHECK(std::isfinite(q.joint.value().values()[1]));
  }
  select_isa(supported_isas().back());
}

TEST_CASE("pairwise: weights that exclude and stand in", "[pairwise]") {
  const std::int64_t n = 21, d = 3;
  const Case c = draw(2 * n, n, d, 0, 1, -1, 0, 1);
  const auto joint = [&](const PairwiseWeights& w) {
    Tape tape;
    Recording recording(tape);
    return pairwise_normal_log_prob(reshape(tape.leaf(c.z), {2, n, d}), tape.leaf(c.mean),
                                    tape.leaf(c.log_variance), w)
        .joint.value()
        .values();
  };
  // The component alone, from the density of a single normal.
  std::vector<double> single;
  {
    Tape tape;
    Recording recording(tape);
    single = normal_log_prob(reshape(tape.leaf(c.z), {2, n, d}), tape.leaf(c.mean),
                             tape.leaf(c.log_variance))
                 .value()
                 .values();
  }
  const std::vector<double> own = joint({-infinity, 0}), all = joint({0});
  const std::vector<double> others = joint({0, -infinity}), next = joint({-infinity, -infinity, 0});
  const std::vector<double> neither = joint({0, -infinity, -infinity});
  for (std::size_t i = 0; i < own.size(); ++i) {
    CHECK(std::fabs(own[i] - single[i]) <= 1e-12);
    CHECK(std::fabs(std::log(std::exp(own[i]) + std::exp(others[i])) - all[i]) <= 1e-12);
    CHECK(std::fabs(std::log(std::exp(next[i]) + std::exp(neither[i])) - others[i]) <= 1e-12);
  }
}

TEST_CASE("pairwise: results are the same bits on any number of threads", "[pairwise][threads]") {
  const Case c = draw(1100, 1100, 5, 0, 1, -1, 0, 1);
  const PairwiseWeights w{-3, -1, -2};
  const auto run = [&](std::size_t threads) {
    set_num_threads(threads);
    Tape tape;
    Recording recording(tape);
    const Var z = tape.leaf(c.z.cast(DType::f32), true);
    const Var mean = tape.leaf(c.mean.cast(DType::f32), true);
    const Var v = tape.leaf(c.log_variance.cast(DType::f32), true);
    const PairwiseLogProb q =
        pairwise_normal_log_prob(z, mean, v, w, {true, true, {{4, 1}, {0, 2}}});
    const Var total = sum(q.joint) + sum(square(q.marginals)) + sum(q.groups);
    tape.backward(total);
    std::vector<std::vector<double>> all;
    for (const Tensor& t : {q.joint.value(), q.marginals.value(), q.groups.value(), tape.adjoint(z),
                            tape.adjoint(mean), tape.adjoint(v)}) {
      all.push_back(t.values());
    }
    return all;
  };
  const std::size_t before = num_threads();
  const auto one = run(1);
  for (const std::size_t threads : {2, 7}) CHECK(run(threads) == one);
  set_num_threads(before);
}

TEST_CASE("pairwise: only what is asked for is returned, nothing of size S B N is kept",
          "[pairwise]") {
  const std::int64_t n = 3000, d = 3;
  const Case c = draw(n, n, d, 0, 1, -1, 0, 1);
  Tape tape;
  Recording recording(tape);
  const PairwiseLogProb q = pairwise_normal_log_prob(
      tape.leaf(c.z.cast(DType::f32), true), tape.leaf(c.mean.cast(DType::f32), true),
      tape.leaf(c.log_variance.cast(DType::f32), true), {0}, {false, true});
  CHECK_THROWS_AS(q.joint.shape(), Error);
  CHECK_THROWS_AS(q.groups.shape(), Error);
  tape.backward(sum(q.marginals));
  CHECK(tape.bytes() < std::size_t(4 * 40 * n * d));  // 36 MB were needed for one number a pair
}

TEST_CASE("pairwise: wrong operands are refused by name", "[pairwise]") {
  Tape tape;
  Recording recording(tape);
  const auto zeros = [&](const Shape& shape) { return tape.leaf(Tensor(shape)); };
  const auto refused = [&](const Shape& z, const Shape& mean, const Shape& v,
                           const PairwiseWeights& w, const PairwiseRequest& request,
                           const std::string& message) {
    INFO(message);
    CHECK_THROWS_WITH(pairwise_normal_log_prob(zeros(z), zeros(mean), zeros(v), w, request),
                      tests::contains("pairwise_normal_log_prob") && tests::contains(message));
  };
  refused({3}, {4, 3}, {4, 3}, {0}, {}, "[3]");
  refused({2, 3}, {4, 5}, {4, 5}, {0}, {}, "[4, 5]");
  refused({2, 3}, {4, 3}, {3}, {0}, {}, "[N, D]");
  refused({2, 3}, {0, 3}, {0, 3}, {0}, {}, "no components");
  refused({2, 0}, {4, 0}, {4, 0}, {0}, {}, "no dimensions");
  refused({2, 3}, {4, 3}, {4, 3}, {0, 1}, {}, "4 and 2");
  refused({1, 3}, {1, 3}, {1, 3}, {0, -infinity}, {}, "batch of at least 2");
  refused({2, 3}, {2, 3}, {2, 3}, {0, -infinity, -infinity}, {}, "-infinity");
  refused({2, 3}, {4, 3}, {4, 3}, {-infinity}, {}, "-infinity");
  refused({2, 3}, {4, 3}, {4, 3}, {std::nan("")}, {}, "nan");
  refused({2, 3}, {4, 3}, {4, 3}, {infinity}, {}, "inf");
  refused({2, 3}, {4, 3}, {4, 3}, {0}, {false}, "nothing is asked for");
  refused({2, 3}, {4, 3}, {4, 3}, {0}, {true, true, {{}}}, "empty group");
  refused({2, 3}, {4, 3}, {4, 3}, {0}, {true, true, {{3}}}, "between 0 and 2");
  refused({2, 3}, {4, 3}, {4, 3}, {0}, {true, true, {{-1}}}, "between 0 and 2");
  refused({2, 3}, {4, 3}, {4, 3}, {0}, {true, true, {{0, 1}, {1}}}, "twice");
}
