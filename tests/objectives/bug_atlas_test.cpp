// Bugs of other programs that compute these quantities, one regression test each. A test computes
// the right number in plain loops, the wrong one as the bug gives it, and wants ours to be the
// first and unlike the second. Those of bounds are in bug_atlas_bounds_test.cpp, those of named
// objectives in bug_atlas_parameters_test.cpp, those that need a trainer or data in
// tests/lab/bug_atlas_test.cpp.
//
// No test, because nelbo has no such part (yet):
//   5   (but for its samples, below) the mutual information gap permutes a view instead of
//       transposing and counts the shape factor: the metric is not here
//   19  FactorVAE's metric counts pruned dimensions as active: the metric is not here
//   23  reweighted wake-sleep without mini-batches: the estimator is not here
#include <cmath>
#include <limits>
#include <numbers>

#include "objectives/draw/draw.hpp"
#include "objectives/terms/aggregate_terms.hpp"
#include "objectives/terms/terms.hpp"
#include "tests/catch.hpp"
#include "tests/objectives/linear_vae.hpp"
#include "tests/objectives/vae_fixture.hpp"

using namespace nelbo;
using nelbo::tests::LinearVae;
using nelbo::tests::VaeFixture;

namespace {

Approx near(double x) { return Approx(x).epsilon(1e-10).margin(1e-10); }

using Weights = std::vector<std::vector<double>>;  // [b][n]: of posterior n for the sample of b

/// Minibatch stratified sampling of Chen et al. (2018), appendix C.2: a sample's own posterior 1/N,
/// the others 1/M, M = B - 1, but for one, which stands in for all that are missing.
Weights stratified(int B, double N) {
  const double M = B - 1;
  Weights w(B, std::vector<double>(B, 1 / M));
  for (int b = 0; b < B; ++b) {
    w[b][b] = 1 / N;
    w[b][(b + 1) % B] = (N - M) / (N * M);
  }
  return w;
}

/// The same as it is copied from program to program: W.view(-1)[::M+1] = 1/N, W.view(-1)[1::M+1] =
/// the stand-in's weight, W[M-1, 0] too. The stride is that of a column.
Weights stratified_by_column(int B, double N) {
  const int M = B - 1;
  std::vector<double> flat(B * B, 1.0 / M);
  for (int i = 0; i < B * B; i += M + 1) flat[i] = 1 / N;
  for (int i = 1; i < B * B; i += M + 1) flat[i] = (N - M) / (N * M);
  flat[(M - 1) * B] = (N - M) / (N * M);
  Weights w(B, std::vector<double>(B));
  for (int i = 0; i < B * B; ++i) w[i / B][i % B] = flat[i];
  return w;
}

struct Decomposition {
  double mi = 0, tc = 0;
};

/// I_enc and TC of one sample per datum in plain loops, with log-density of posterior n and
/// dimension d at the sample of b: log_q(b, n, d). The joint may be given weights of its own.
template <class LogQ>
Decomposition decompose(int B, int D, const Weights& joint_weights, const Weights& weights,
                        const LogQ& log_q) {
  Decomposition sum;
  for (int b = 0; b < B; ++b) {
    double joint = 0, product = 0, own = 0;
    std::vector<double> marginal(D);
    for (int n = 0; n < B; ++n) {
      double log_density = 0;
      for (int d = 0; d < D; ++d) {
        log_density += log_q(b, n, d);
        marginal[d] += weights[b][n] * std::exp(log_q(b, n, d));
      }
      joint += joint_weights[b][n] * std::exp(log_density);
      if (n == b) own = log_density;
    }
    for (int d = 0; d < D; ++d) product += std::log(marginal[d]);
    sum.mi += (own - std::log(joint)) / B;
    sum.tc += (std::log(joint) - product) / B;
  }
  return sum;
}

/// I_enc over all N data, of one sample for each of the B data order[0 .. B - 1], D = 2.
template <class LogQ>
double mi_of_all(int B, std::uint32_t N, const std::vector<std::uint32_t>& order,
                 const LogQ& log_q) {
  double mi = 0;
  for (int b = 0; b < B; ++b) {
    double density = 0;
    for (std::uint32_t n = 0; n < N; ++n) {
      density += std::exp(log_q(b, n, 0) + log_q(b, n, 1)) / N;
    }
    mi += (log_q(b, order[b], 0) + log_q(b, order[b], 1) - std::log(density)) / B;
  }
  return mi;
}

/// Of numbers that are 0 on average if a claim is right.
struct Statistics {
  double sum = 0, squares = 0, count = 0;
  void add(double v) { sum += v, squares += v * v, ++count; }
  double mean() const { return sum / count; }
  double z() const { return mean() / std::sqrt((squares / count - mean() * mean()) / (count - 1)); }
};

Weights equal_weights(int B, double weight) { return Weights(B, std::vector<double>(B, weight)); }

}  // namespace

TEST_CASE("bug 1: the mss weight of a sample's own posterior is on the diagonal, not in a column") {
  constexpr int B = 8, D = 3;
  constexpr double N = 400;
  VaeFixture f(1, B, D);
  Draw draw(*f.model, f.x, f.noise, {.size = std::int64_t(N)});
  const auto log_q = [&](int b, int n, int d) { return f.log_q(draw, 0, b, n, d); };
  const Weights own = stratified(B, N), column = stratified_by_column(B, N);
  const Decomposition right = decompose(B, D, own, own, log_q);
  const Decomposition wrong = decompose(B, D, column, column, log_q);
  CHECK(mi(Scheme::mss)(draw).item() == near(right.mi));
  CHECK(tc(Scheme::mss)(draw).item() == near(right.tc));
  CHECK(std::abs(right.mi - wrong.mi) > 0.05);
}

TEST_CASE("bug 1: mss and strat err upwards, where the column's weights err downwards as naive") {
  // Codes N(x, 1/2) of 400 data x ~ N(0, I), D = 2: I_enc = ln 3 over the data's distribution. At
  // the same samples the scheme `full` has no bias: the differences are the biases.
  constexpr int N = 400, B = 8, D = 2, batches = 1500;
  LinearVae vae(D);
  vae.set_variance(0.5);
  Tensor data({N, D}, DType::f64);
  fill_normal(data.data_as<double>(), {.stream = {4, StreamId::data}, .batch = N, .dimensions = D});
  Tape tape({.mode = Tape::Mode::replay});
  Recording recording(tape);
  const Var x = tape.leaf({B, D}, DType::f64), noise = tape.leaf({1, B, D}, DType::f64);
  Draw draw(*vae.model, x, noise, {.size = N});
  const Var mss = mi(Scheme::mss)(draw), strat = mi(Scheme::strat)(draw);
  const Var naive = mi(Scheme::naive)(draw), z = draw.z();
  const Weights column = stratified_by_column(B, N);

  Statistics of_mss, of_strat, of_naive, of_column;
  std::vector<std::uint32_t> order(N);
  for (int step = 0; step < batches; ++step) {
    fill_permutation(order.data(), N, {4, StreamId::shuffle}, step);
    for (int b = 0; b < B; ++b) {
      for (int d = 0; d < D; ++d) {
        tape.data(x).set({b, d}, data.at({std::int64_t(order[b]), d}));
      }
    }
    fill_normal(
        tape.data(noise).data_as<double>(),
        {.stream = {4, StreamId::noise}, .step = std::uint64_t(step), .batch = B, .dimensions = D});
    tape.forward();
    const std::vector<double> code = z.value().values();
    const double* point = data.data_as<double>();
    const auto log_q = [&](int b, std::uint32_t n, int d) {
      const double r = code[b * D + d] - point[n * D + d];
      return -0.5 * (std::log(2 * std::numbers::pi * 0.5) + r * r / 0.5);
    };
    const double full = mi_of_all(B, N, order, log_q);
    const double wrong = decompose(B, D, column, column, [&](int b, int n, int d) {
                           return log_q(b, order[n], d);
                         }).mi;
    of_mss.add(mss.item() - full);
    of_strat.add(strat.item() - full);
    of_naive.add(naive.item() - full);
    of_column.add(wrong - full);
  }
  CAPTURE(of_mss.mean(), of_mss.z(), of_strat.mean(), of_naive.mean(), of_column.mean(),
          of_column.z());
  CHECK(of_mss.z() > 5);
  CHECK(of_strat.z() > 5);
  CHECK(of_naive.z() < -5);
  CHECK(of_column.z() < -5);
  CHECK(of_strat.mean() == Approx(0.297).margin(0.06));
  CHECK(of_column.mean() == Approx(-0.222).margin(0.06));
}

TEST_CASE("bug 2: the weights enter the joint once, not once for every dimension") {
  constexpr int B = 16, D = 10;
  constexpr double N = 737280;  // dSprites
  VaeFixture f(1, B, D);
  Draw draw(*f.model, f.x, f.noise, {.size = std::int64_t(N)});
  const auto log_q = [&](int b, int n, int d) { return f.log_q(draw, 0, b, n, d); };
  const Weights once = stratified(B, N);
  Weights powers = once;  // log W added before the sum over d
  for (auto& row : powers) {
    for (double& w : row) w = std::pow(w, D);
  }
  const Decomposition right = decompose(B, D, once, once, log_q);
  const Decomposition wrong = decompose(B, D, powers, once, log_q);
  CHECK(mi(Scheme::mss)(draw).item() == near(right.mi));
  CHECK(tc(Scheme::mss)(draw).item() == near(right.tc));
  // A sample's own posterior is 1/N of the aggregate: I_enc <= ln N whatever the codes.
  CHECK(mi(Scheme::mss)(draw).item() < std::log(N));
  CHECK(wrong.mi > std::log(N));
  CHECK(wrong.tc < right.tc - 20);
}

TEST_CASE("bug 3: TC holds its constants: that of correlated codes is the closed form") {
  // Codes of data with correlation 0.8 and variance 1/2 about them: C = [[1.5, 0.8], [0.8, 1.5]].
  constexpr int N = 2000, D = 2;
  LinearVae vae(D);
  vae.set_variance(0.5);
  Tape tape;
  Recording recording(tape);
  Tensor x({N, D}, DType::f64), noise({1, N, D}, DType::f64);
  fill_normal(x.data_as<double>(), {.stream = {6, StreamId::data}, .batch = N, .dimensions = D});
  fill_normal(noise.data_as<double>(),
              {.stream = {6, StreamId::noise}, .batch = N, .dimensions = D});
  for (int n = 0; n < N; ++n) x.set({n, 1}, 0.8 * x.at({n, 0}) + 0.6 * x.at({n, 1}));
  Draw draw(*vae.model, tape.leaf(x), tape.leaf(noise), {.size = N});
  const Term term = tc(Scheme::full);
  const double exact = -0.5 * std::log(1 - std::pow(0.8 / 1.5, 2));
  const double ours = term(draw).item();
  double squares = 0;
  for (const double v : term.per_datum(draw)->value().values()) squares += (v - ours) * (v - ours);
  const double error = std::sqrt(squares / N / (N - 1));
  CAPTURE(ours, exact, (ours - exact) / error);
  CHECK(std::abs(ours - exact) < 4 * error);
  // Without 1/N inside its logarithms the joint gains ln N and each marginal as much.
  const double wrong = ours - (D - 1) * std::log(double(N));
  CHECK(std::abs(wrong - exact) > 100 * error);

  // Every scheme whose weights add up to 1 keeps them: unlike mws, whose add up to 1/N.
  VaeFixture f(1, 8, 10);
  Draw few(*f.model, f.x, f.noise, {.size = 1000});
  const auto log_q = [&](int b, int n, int d) { return f.log_q(few, 0, b, n, d); };
  const Weights counted = equal_weights(8, 1.0 / 8), none = equal_weights(8, 1);
  const double right = decompose(8, 10, counted, counted, log_q).tc;
  const double without = decompose(8, 10, none, none, log_q).tc;
  CHECK(tc(Scheme::naive)(few).item() == near(right));
  CHECK(without == Approx(right - 9 * std::log(8.0)));
  CHECK(tc(Scheme::mws)(few).item() == near(right + 9 * std::log(1000.0)));
}

TEST_CASE(
    "bug 5, in part: mutual information is that of samples of the codes, not of their means") {
  constexpr int B = 8, D = 3;
  VaeFixture f(1, B, D);
  Draw draw(*f.model, f.x, f.noise, {.size = B});
  const Tensor mean = draw.posterior().diagonal("a test").mean.value();
  const Tensor log_variance = draw.posterior().diagonal("a test").log_variance.value();
  const Weights all = equal_weights(B, 1.0 / B);
  const double right =
      decompose(B, D, all, all, [&](int b, int n, int d) { return f.log_q(draw, 0, b, n, d); }).mi;
  const double wrong = decompose(B, D, all, all, [&](int b, int n, int d) {
                         const double r = mean.at({b, d}) - mean.at({n, d});
                         const double v = log_variance.at({n, d});
                         return -0.5 * (std::log(2 * std::numbers::pi) + v + r * r * std::exp(-v));
                       }).mi;
  CHECK(mi(Scheme::full)(draw).item() == near(right));
  CHECK(std::abs(wrong - right) > 0.05);
}

TEST_CASE("bug 10: the divergence is not multiplied by batch / data") {
  constexpr int B = 6, D = 3;
  VaeFixture f(1, B, D);
  const double N = GENERATE(6, 60000);
  Draw draw(*f.model, f.x, f.noise, {.size = std::int64_t(N)});
  const Tensor m = draw.posterior().diagonal("a test").mean.value();
  const Tensor v = draw.posterior().diagonal("a test").log_variance.value();
  const Tensor logits = f.model->decode(draw.z()).value();
  double nell = 0, div = 0;
  for (int b = 0; b < B; ++b) {
    for (int d = 0; d < D; ++d) {
      const double lv = v.at({b, d});
      div += 0.5 * (std::exp(lv) + std::pow(m.at({b, d}), 2) - 1 - lv) / B;
    }
    for (int i = 0; i < VaeFixture::X; ++i) {
      const double y = logits.at({0, b, i});
      nell += (std::log1p(std::exp(y)) - f.x.value().at({b, i}) * y) / B;
    }
  }
  CHECK(elbo()(draw).item() == near(-(nell + div)));
  CHECK(elbo().cost()(draw).item() == near(nell + div));
  if (N > B) CHECK(std::abs(div * B / N - div) > 0.1);
}

TEST_CASE("bug 17: weights of strat add up to 1: codes that do not depend on x have I_enc = 0") {
  constexpr int B = 4, D = 3;
  constexpr double N = 1000;
  LinearVae vae(D);
  vae.set_square("encoder.head.weight", [](int, int) { return 0.0; });
  Tape tape;
  Recording recording(tape);
  Tensor x({B, D}, DType::f64), noise({1, B, D}, DType::f64);
  fill_normal(x.data_as<double>(), {.stream = {6, StreamId::data}, .batch = B, .dimensions = D});
  fill_normal(noise.data_as<double>(),
              {.stream = {6, StreamId::noise}, .batch = B, .dimensions = D});
  Draw draw(*vae.model, tape.leaf(x), tape.leaf(noise), {.size = std::int64_t(N)});
  for (const Scheme scheme : {Scheme::strat, Scheme::mss, Scheme::naive, Scheme::loo}) {
    CAPTURE(name(scheme));
    CHECK(mi(scheme)(draw).item() == Approx(0).margin(1e-12));
    CHECK(tc(scheme)(draw).item() == Approx(0).margin(1e-12));
  }
  // Own posterior (B - 1)/(N - 1) and others 1, over B: they add up to B (N - 1) / (N (B - 1))
  // less.
  const double sum = ((B - 1) / (N - 1) + (B - 1)) / B;
  CHECK(sum == Approx(N * (B - 1) / (B * (N - 1))));
  CHECK(std::abs(-std::log(sum)) > 0.2);           // what I_enc would be
  CHECK(std::abs((1 - D) * std::log(sum)) > 0.2);  // and TC
}

TEST_CASE("bug 18: densities of codes far from each other do not underflow") {
  constexpr int B = 5, D = 2;
  const DType dtype = GENERATE(DType::f32, DType::f64);
  LinearVae vae(D, dtype);
  vae.set_variance(1e-2);
  Tape tape;
  Recording recording(tape);
  Tensor x({B, D}, dtype);
  for (int b = 0; b < B; ++b) {
    for (int d = 0; d < D; ++d) x.set({b, d}, 4.0 * b * (d + 1));
  }
  Draw draw(*vae.model, tape.leaf(x), tape.leaf(Tensor({1, B, D}, dtype)), {.size = 100});
  // Long double holds these densities, down to about exp(-11000); double ends at exp(-745).
  long double right = 0;
  double wrong = 0;
  for (int b = 0; b < B; ++b) {
    long double density = 0;
    double in_double = 0;
    for (int n = 0; n < B; ++n) {
      if (n == b) continue;
      long double log_q = -D * std::log(2 * std::numbers::pi_v<long double> * 1e-2L) / 2;
      for (int d = 0; d < D; ++d) {
        const long double r = 4.0L * (b - n) * (d + 1);
        log_q -= r * r / 2e-2L;
      }
      density += std::exp(log_q) / (B - 1);
      in_double += std::exp(double(log_q)) / (B - 1);
    }
    right -= std::log(density) / B;
    wrong -= std::log(in_double) / B;
  }
  CHECK(std::isfinite(double(right)));
  CHECK(hagg(Scheme::loo)(draw).item() ==
        Approx(double(right)).epsilon(dtype == DType::f32 ? 1e-5 : 1e-12));
  CHECK(wrong == std::numeric_limits<double>::infinity());
}
