// Bugs of other programs in importance-weighted bounds and their gradients; bug_atlas_test.cpp says
// how the tests are made. Gradients are compared with differences of the bound in double, and the
// wrong ones are made as the bug makes them: by a surrogate sum_s w_s f_s with weights held fixed.
#include <algorithm>
#include <cmath>

#include "autodiff/ops.hpp"
#include "objectives/bounds/bounds.hpp"
#include "objectives/draw/draw.hpp"
#include "objectives/language/expression.hpp"
#include "objectives/terms/bound_terms.hpp"
#include "objectives/terms/terms.hpp"
#include "tests/catch.hpp"
#include "tests/objectives/linear_vae.hpp"
#include "tests/objectives/vae_fixture.hpp"

using namespace nelbo;
using nelbo::tests::contains;
using nelbo::tests::LinearVae;
using nelbo::tests::VaeFixture;

namespace {

Approx near(double x) { return Approx(x).epsilon(1e-10).margin(1e-10); }

using Table = std::vector<std::vector<double>>;  // [s][b]

/// Log-weights log P(x|z) + log P0(z) - log Q(z|x) of every sample, in plain loops.
Table log_weights(const VaeFixture& f, Draw& draw) {
  const Tensor logits = f.model->decode(draw.z()).value(), x = f.x.value();
  Table all(f.S, std::vector<double>(f.B));
  for (int s = 0; s < f.S; ++s) {
    for (int b = 0; b < f.B; ++b) {
      for (int i = 0; i < VaeFixture::X; ++i) {
        const double y = logits.at({s, b, i});
        all[s][b] += x.at({b, i}) * y - std::log1p(std::exp(y));
      }
      for (int d = 0; d < f.D; ++d) all[s][b] += f.log_p(draw, s, b, d) - f.log_q(draw, s, b, b, d);
    }
  }
  return all;
}

/// log of the mean of exp f over samples from, from + step, ... (n of them).
double log_mean_exp(const Table& f, int b, int from, int step, int n) {
  double sum = 0;
  for (int i = 0; i < n; ++i) sum += std::exp(f[from + i * step][b]);
  return std::log(sum / n);
}

/// The mean of a function of each datum.
template <class F>
double over_data(int B, const F& of) {
  double sum = 0;
  for (int b = 0; b < B; ++b) sum += of(b) / B;
  return sum;
}

double iw_of(const Table& f, int m) {
  return over_data(int(f[0].size()), [&](int b) { return log_mean_exp(f, b, 0, 1, m); });
}

/// Normalised weights of every datum: exp(sign f) over the first m samples.
Table normalised(const Table& f, double sign = 1) {
  Table w = f;
  for (std::size_t b = 0; b < f[0].size(); ++b) {
    double sum = 0;
    for (const auto& row : f) sum += std::exp(sign * row[b]);
    for (std::size_t s = 0; s < f.size(); ++s) w[s][b] = std::exp(sign * f[s][b]) / sum;
  }
  return w;
}

Table squared(Table w) {
  for (auto& row : w) {
    for (double& v : row) v *= v;
  }
  return w;
}

std::vector<double> gradient(const VaeFixture& f, Tape& tape, Var value, Groups groups) {
  GradientSink sink(f.store);
  tape.backward(value, groups, sink);
  return sink.buffer().values();
}

/// Gradient of mean_b sum_s w_sb f_sb with the weights held fixed.
std::vector<double> surrogate_gradient(VaeFixture& f, Draw& draw, const Table& w, Groups groups) {
  Tensor weights({f.S, f.B}, DType::f64);
  for (int s = 0; s < f.S; ++s) {
    for (int b = 0; b < f.B; ++b) weights.set({s, b}, w[s][b]);
  }
  const Var sum = nelbo::sum(f.tape.leaf(weights) * draw.log_weights());
  return gradient(f, f.tape, sum * (1.0 / f.B), groups);
}

/// Central differences of a bound in the parameters of a group; 0 elsewhere.
std::vector<double> differences(VaeFixture& f, const Term& bound, const std::string& group) {
  std::vector<double> all(f.store.size());
  const Range range = f.store.range(group);
  auto* parameter = static_cast<double*>(f.store.data());
  for (std::size_t i = range.offset; i < range.offset + range.length; ++i) {
    const double middle = parameter[i], h = 1e-5;
    double value[2];
    for (const int side : {0, 1}) {
      parameter[i] = middle + (side ? h : -h);
      Draw draw(*f.model, f.x, f.noise);
      value[side] = bound(draw).item();
    }
    parameter[i] = middle;
    all[i] = (value[1] - value[0]) / (2 * h);
  }
  return all;
}

/// The largest distance of two gradients.
double distance(const std::vector<double>& a, const std::vector<double>& b) {
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) largest = std::max(largest, std::abs(a[i] - b[i]));
  return largest;
}

constexpr double differences_error = 1e-8;

Term iw(int m) { return bound_term(bounds::iw(m)); }

}  // namespace

TEST_CASE("bug 9: importance weights favour the likeliest sample, each with its own log Q") {
  VaeFixture f(5, 4, 3);
  Draw draw(*f.model, f.x, f.noise);
  const Table log_w = log_weights(f, draw);
  CHECK(iw(5)(draw).item() == near(iw_of(log_w, 5)));

  // Weights softmax(+loss): the worst sample dominates.
  const Groups all = f.store.groups({"phi", "theta"});
  const auto ours = gradient(f, f.tape, iw(5)(draw), all);
  auto right = differences(f, iw(5), "phi");
  const auto theta = differences(f, iw(5), "theta");
  for (std::size_t i = 0; i < right.size(); ++i) right[i] += theta[i];
  CHECK(distance(ours, right) < differences_error);
  CHECK(distance(surrogate_gradient(f, draw, normalised(log_w), all), right) < differences_error);
  CHECK(distance(surrogate_gradient(f, draw, normalised(log_w, -1), all), right) > 1e-3);

  // One closed-form divergence for all samples.
  Table closed = log_w;
  const std::vector<double> kl = draw.kl().value().values();
  for (int s = 0; s < f.S; ++s) {
    for (int b = 0; b < f.B; ++b) {
      for (int d = 0; d < f.D; ++d) {
        closed[s][b] -= f.log_p(draw, s, b, d) - f.log_q(draw, s, b, b, d);
      }
      closed[s][b] -= kl[b];
    }
  }
  CHECK(std::abs(iw_of(closed, 5) - iw_of(log_w, 5)) > 1e-3);
  CHECK_THROWS_WITH(parse_objective("iw(m=5, div=exact)"), contains("not defined inside"));

  // A likelihood averaged over the pixels instead of summed.
  const double nell = over_data(4, [&](int b) {
    double sum = 0;
    for (int s = 0; s < 5; ++s) sum -= (closed[s][b] + kl[b]) / 5;
    return sum;
  });
  CHECK(nelbo::nell()(draw).item() == near(nell));
  CHECK(nell > 2 * nell / VaeFixture::X);
}

TEST_CASE("bug 11: miwae(k, m) averages k bounds of m samples, not m bounds of k") {
  VaeFixture f(6, 4, 3);
  Draw draw(*f.model, f.x, f.noise);
  const Table log_w = log_weights(f, draw);
  const auto mean_of_bounds = [&](int k, int m) {
    return over_data(f.B, [&](int b) {
      double sum = 0;
      for (int i = 0; i < k; ++i) sum += log_mean_exp(log_w, b, i * m, 1, m) / k;
      return sum;
    });
  };
  const auto miwae = [](int k, int m) { return bound_term(bounds::miwae(k, m)); };
  CHECK(miwae(2, 3)(draw).item() == near(mean_of_bounds(2, 3)));
  CHECK(std::abs(mean_of_bounds(2, 3) - mean_of_bounds(3, 2)) > 1e-4);

  // (k = 1, m = 6) trains IW_6: weights normalised over the k axis would be 1 each, an ELBO.
  const Groups phi = f.store.groups({"phi"});
  const auto right = differences(f, iw(6), "phi");
  CHECK(distance(gradient(f, f.tape, miwae(1, 6)(draw), phi), right) < differences_error);
  const Table ones(6, std::vector<double>(4, 1.0 / 6));
  CHECK(distance(surrogate_gradient(f, draw, ones, phi), right) > 1e-3);
  CHECK(miwae(6, 1)(draw).item() == near(elbo(Expectation::monte_carlo)(draw).item()));
}

TEST_CASE("bug 12: a second pass does not add to the encoder's gradient of the first") {
  // PIWAE (Rainforth et al. 2018): the encoder climbs MIWAE, the decoder IWAE.
  VaeFixture f(6, 4, 3);
  Draw draw(*f.model, f.x, f.noise);
  const Groups phi = f.store.groups({"phi"}), theta = f.store.groups({"theta"});
  const Term miwae = bound_term(bounds::miwae(2, 3));
  GradientSink encoder(f.store), decoder(f.store);
  f.tape.backward(miwae(draw), phi, encoder);
  f.tape.backward(iw(6)(draw), theta, decoder);
  encoder.add(decoder);
  const auto of_encoder = differences(f, miwae, "phi"), of_decoder = differences(f, iw(6), "theta");
  const auto leaked = differences(f, iw(6), "phi");
  std::vector<double> right(of_encoder.size()), wrong(of_encoder.size());
  for (std::size_t i = 0; i < right.size(); ++i) {
    right[i] = of_encoder[i] + of_decoder[i];
    wrong[i] = right[i] + leaked[i];
  }
  const auto ours = encoder.buffer().values();
  CHECK(distance(ours, right) < differences_error);
  CHECK(distance(ours, wrong) > 1e-2);
}

TEST_CASE("bug 13: the value is the bound, not the surrogate sum of weights times log-weights") {
  VaeFixture f(5, 4, 3);
  Draw draw(*f.model, f.x, f.noise);
  const Table log_w = log_weights(f, draw), w = normalised(log_w);
  const double surrogate = over_data(f.B, [&](int b) {
    double sum = 0;
    for (int s = 0; s < f.S; ++s) sum += w[s][b] * log_w[s][b];
    return sum;
  });
  for (const Term& term : {iw(5), parse_objective("iwae(m=5)"), parse_objective("log_px(m=5)"),
                           parse_objective("miwae(k=1, m=5)"), parse_objective("ciwae(0, m=5)")}) {
    CAPTURE(term.text());
    CHECK(term(draw).item() == near(iw_of(log_w, 5)));
    CHECK(term.readings(draw).front().value.item() == near(iw_of(log_w, 5)));
  }
  CHECK(surrogate > iw_of(log_w, 5) + 1e-2);  // optimistic, by up to log m
  CHECK(surrogate < iw_of(log_w, 5) + std::log(5));
}

TEST_CASE("bug 14: a log-likelihood of m samples takes m, whatever the batch") {
  constexpr int B = 6;
  VaeFixture f(9, B, 3);
  Draw draw(*f.model, f.x, f.noise);
  const Table log_w = log_weights(f, draw);
  for (const int m : {2, 3, 9}) {
    CAPTURE(m);
    CHECK(log_px(m)(draw).item() == near(iw_of(log_w, m)));
    CHECK(std::abs(iw_of(log_w, m) - iw_of(log_w, B)) > 1e-3);
    CHECK(log_px(m).samples() == m);
  }
  CHECK_THROWS_WITH(log_px(10)(draw), contains("needs 10 samples"));
}

TEST_CASE("bug 15: renyi(alpha = 0) trains the encoder, and its logarithm is of each datum") {
  VaeFixture f(4, 5, 3);
  Draw draw(*f.model, f.x, f.noise);
  const Table log_w = log_weights(f, draw);
  const Groups phi = f.store.groups({"phi"});
  const auto renyi = [](double alpha) { return bound_term(bounds::renyi(alpha, 4)); };
  // A surrogate's coefficient alpha / (1 - alpha) would leave nothing at alpha = 0.
  const auto ours = gradient(f, f.tape, renyi(0)(draw), phi);
  CHECK(distance(ours, differences(f, iw(4), "phi")) < differences_error);
  CHECK(distance(ours, std::vector<double>(ours.size())) > 1e-2);

  const auto of_datum = [&](double alpha, int b) {
    double sum = 0;
    for (int s = 0; s < f.S; ++s) sum += std::exp((1 - alpha) * log_w[s][b]) / f.S;
    return std::log(sum) / (1 - alpha);
  };
  for (const double alpha : {0.0, 0.5, 2.0}) {
    CAPTURE(alpha);
    const double right = over_data(f.B, [&](int b) { return of_datum(alpha, b); });
    double mean = 0;  // the logarithm of a mean over samples of the whole batch's weight
    for (int s = 0; s < f.S; ++s) {
      double total = 0;
      for (int b = 0; b < f.B; ++b) total += (1 - alpha) * log_w[s][b];
      mean += std::exp(total) / f.S;
    }
    const double wrong = std::log(mean) / (1 - alpha) / f.B;
    CHECK(renyi(alpha)(draw).item() == near(right));
    CHECK(std::abs(wrong - right) > 1e-3);
  }
}

TEST_CASE("bug 16: the decoder's gradient is weighted by w, not by w squared") {
  VaeFixture f(5, 4, 3);
  Draw draw(*f.model, f.x, f.noise);
  const Table w = normalised(log_weights(f, draw));
  const Groups theta = f.store.groups({"theta"});
  const auto right = differences(f, iw(5), "theta");
  CHECK(distance(gradient(f, f.tape, iw(5)(draw), theta), right) < differences_error);
  CHECK(distance(surrogate_gradient(f, draw, squared(w), theta), right) > 1e-2);
}

TEST_CASE("bug 21: the encoder's number is a variance: Rainforth's toy has its divergence") {
  // x|z ~ N(z, I), P0 = N(0, I) and Q = N(x/2 + 0.1, 2/3 I) in 20 dimensions, where the true
  // posterior is N(x/2, 1/2 I): log P(x) - ELBO = KL(Q || posterior) = 0.65651 at every x.
  constexpr int S = 20000, D = 20;
  LinearVae vae(D);
  vae.set_square("encoder.head.weight", [](int i, int j) { return i == j ? 0.5 : 0; });
  vae.set_variance(2.0 / 3);
  for (int d = 0; d < D; ++d) vae.store.tensor("encoder.head.bias").set({d}, 0.1);
  Tape tape;
  Recording recording(tape);
  Tensor x({1, D}, DType::f64), noise({S, 1, D}, DType::f64);
  double log_px = 0;
  for (int d = 0; d < D; ++d) {
    x.set({0, d}, 0.1 * d - 1);
    log_px -= 0.5 * (std::log(4 * std::numbers::pi) + std::pow(0.1 * d - 1, 2) / 2);
  }
  fill_normal(noise.data_as<double>(),
              {.stream = {2, StreamId::noise}, .draws = S, .dimensions = D});
  Draw draw(*vae.model, tape.leaf(x), tape.leaf(noise));
  const std::vector<double> f = draw.log_weights().value().values();
  double mean = 0, squares = 0;
  for (const double v : f) mean += v / S;
  for (const double v : f) squares += (v - mean) * (v - mean);
  const double error = std::sqrt(squares / S / (S - 1));
  const auto divergence = [](double s2) {  // 20 times that of one dimension
    return 20 * (0.5 * (2 * s2 - 1 - std::log(2 * s2)) + 0.1 * 0.1);
  };
  CHECK(divergence(2.0 / 3) == Approx(0.65651).margin(1e-5));
  CAPTURE(log_px - mean, error);
  CHECK(std::abs(log_px - mean - divergence(2.0 / 3)) < 4 * error);
  CHECK(std::abs(log_px - mean - divergence(4.0 / 9)) > 20 * error);  // 2/3 as standard deviation
  CHECK(elbo(Expectation::monte_carlo)(draw).item() == near(mean));
}
