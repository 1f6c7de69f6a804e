// rebar and relax: relaxed codes given a sample against finite differences of their own formula, and
// gradients of every bound against the summed one.
#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include "autodiff/ops.hpp"
#include "objectives/estimators/tied_relaxation.hpp"
#include "objectives/language/estimator_words.hpp"
#include "tests/objectives/discrete_nodes.hpp"

using namespace nelbo;
using namespace nelbo::tests;
using namespace nelbo::tests::discrete;
using estimators::TiedRelaxation;

namespace {

using Numbers = std::vector<double>;

double logit(double u) { return std::log(u / (1 - u)); }
double sigmoid_of(double x) { return 1 / (1 + std::exp(-x)); }

/// Scores of bits, z = l - logit u, and those given b of noise v (Tucker et al. 2017, appendix):
/// z~ = log(v/(1 - v) 1/(1 - p) + 1) for b = 1, -log(v/(1 - v) 1/p + 1) for b = 0.
Numbers bit_scores(const Numbers& l, const Numbers& u) {
  Numbers z;
  for (std::size_t d = 0; d < l.size(); ++d) z.push_back(l[d] - logit(u[d]));
  return z;
}
Numbers bit_scores_given(const Numbers& l, const Numbers& v, const std::vector<bool>& b) {
  Numbers z;
  for (std::size_t d = 0; d < l.size(); ++d) {
    const double odds = v[d] / (1 - v[d]), p = sigmoid_of(l[d]);
    z.push_back(b[d] ? std::log(odds / (1 - p) + 1) : -std::log(odds / p + 1));
  }
  return z;
}
/// The v of which z~ = z.
Numbers bit_noise_given(const Numbers& l, const Numbers& z) {
  Numbers v;
  for (std::size_t d = 0; d < l.size(); ++d) {
    const double p = sigmoid_of(l[d]);
    const double odds = z[d] > 0 ? std::expm1(z[d]) * (1 - p) : std::expm1(-z[d]) * p;
    v.push_back(odds / (1 + odds));
  }
  return v;
}

Numbers probabilities_of(const Numbers& l) {
  double total = 0;
  for (const double x : l) total += std::exp(x);
  Numbers p;
  for (const double x : l) p.push_back(std::exp(x) / total);
  return p;
}
/// Of one one-hot row: z_i = log p_i - log(-log u_i), and given class k of noise v
/// (the same appendix): z~_k = -log(-log v_k), z~_i = -log(-log v_i / p_i - log v_k).
Numbers row_scores(const Numbers& l, const Numbers& u) {
  const Numbers p = probabilities_of(l);
  Numbers z;
  for (std::size_t i = 0; i < l.size(); ++i)
    z.push_back(std::log(p[i]) - std::log(-std::log(u[i])));
  return z;
}
Numbers row_scores_given(const Numbers& l, const Numbers& v, std::size_t k) {
  const Numbers p = probabilities_of(l);
  Numbers z;
  for (std::size_t i = 0; i < l.size(); ++i) {
    z.push_back(-std::log(-std::log(v[i]) / (i == k ? 1 : p[i]) - (i == k ? 0 : std::log(v[k]))));
  }
  return z;
}
Numbers row_noise_given(const Numbers& l, const Numbers& z, std::size_t k) {
  const Numbers p = probabilities_of(l);
  Numbers v;
  for (std::size_t i = 0; i < l.size(); ++i) {
    const double e = i == k ? std::exp(-z[k]) : p[i] * (std::exp(-z[i]) - std::exp(-z[k]));
    v.push_back(std::exp(-e));
  }
  return v;
}

/// c(y) of relaxed codes: sum_d w_d y_d^2 with w_d = d + 1.
double c_of(const Numbers& y) {
  double sum = 0;
  for (std::size_t d = 0; d < y.size(); ++d) sum += double(d + 1) * y[d] * y[d];
  return sum;
}
double c_of_bits(const Numbers& z, double temperature) {
  Numbers y;
  for (const double x : z) y.push_back(sigmoid_of(x / temperature));
  return c_of(y);
}
double c_of_row(const Numbers& z, double temperature) {
  Numbers cooled;
  for (const double x : z) cooled.push_back(x / temperature);
  return c_of(probabilities_of(cooled));
}
Var c_of(Var y) {
  Tensor w(Shape{y.shape()[-1]}, DType::f64);
  for (std::int64_t d = 0; d < w.size(); ++d) w.set({d}, double(d + 1));
  return sum(square(y) * Tape::current().leaf(w));
}

/// Holds the derivative of c at tied codes against what `difference` of moved logits is, its derivative
/// along a direction against it, and its value against `value`.
void check_tied(const Numbers& l, const Numbers& u, bool rows, double temperature, double value,
                const std::function<double(const Numbers&)>& difference) {
  const std::int64_t D = std::int64_t(l.size());
  Tape tape;
  const Recording recording(tape);
  const Var logits = tape.leaf(Tensor::of(l, rows ? Shape{1, 1, D} : Shape{1, D}, DType::f64),
                               /*differentiable=*/true);
  const Var noise = tape.leaf(Tensor::of(u, {1, 1, D}, DType::f64));
  const auto q = rows ? posterior_of(OneHotCategorical{logits}) : posterior_of(Bernoulli{logits});
  const Var t = tape.leaf(Tensor::full({1}, temperature, DType::f64));
  const TiedRelaxation tied("test", *q, noise);
  const Var y = tied.codes(t);
  const Numbers plain = q->relaxed_sample(noise, temperature).value().values();
  for (std::size_t d = 0; d < l.size(); ++d) {
    CHECK(y.value().values()[d] == Approx(plain[d]).epsilon(1e-12));
  }
  const Var c = c_of(y);
  CHECK(c.item() == Approx(value).epsilon(1e-12));
  tape.backward(c);
  const Numbers gradient = tape.adjoint(logits).values();
  const double h = 1e-5;
  Numbers direction;
  double along = 0;
  for (std::size_t d = 0; d < l.size(); ++d) {
    Numbers up = l, down = l;
    up[d] += h;
    down[d] -= h;
    const double slope = (difference(up) - difference(down)) / (2 * h);
    CHECK(gradient[d] == Approx(slope).epsilon(1e-6).margin(1e-9));
    direction.push_back(d % 2 == 0 ? 1 : -1);
    along += direction.back() * slope;
  }
  const Var r = tape.leaf(Tensor::of(direction, {1, 1, D}, DType::f64));
  const double step = 1e-4;
  const double moved = (c_of(tied.moved(t, r, step)) - c_of(tied.moved(t, r, -step))).item();
  CHECK(moved / (2 * step * temperature) == Approx(along).epsilon(1e-5).margin(1e-8));
}

}  // namespace

TEST_CASE("control variates: tied codes have the derivative of z less that of z given the sample") {
  const Numbers l{0.3, -1.2, 2.5, -0.1};
  for (const Numbers& u : {Numbers{0.2, 0.9, 0.97, 0.4}, Numbers{0.7, 0.1, 0.5, 0.51}}) {
    for (const double temperature : {0.4, 1.0, 3.0}) {
      INFO("temperature " << temperature);
      const Numbers z = bit_scores(l, u), v = bit_noise_given(l, z);
      std::vector<bool> b;
      for (const double x : z) b.push_back(x > 0);
      CHECK(bit_scores_given(l, v, b)[1] == Approx(z[1]).epsilon(1e-12));
      check_tied(l, u, false, temperature, c_of_bits(z, temperature), [&](const Numbers& at) {
        return c_of_bits(bit_scores(at, u), temperature) -
               c_of_bits(bit_scores_given(at, v, b), temperature);
      });
      const Numbers scores = row_scores(l, u);
      const std::size_t k =
          std::size_t(std::max_element(scores.begin(), scores.end()) - scores.begin());
      const Numbers row_v = row_noise_given(l, scores, k);
      for (std::size_t i = 0; i < l.size(); ++i) {
        CHECK(row_scores_given(l, row_v, k)[i] == Approx(scores[i]).epsilon(1e-11));
      }
      check_tied(l, u, true, temperature, c_of_row(scores, temperature), [&](const Numbers& at) {
        return c_of_row(row_scores(at, u), temperature) -
               c_of_row(row_scores_given(at, row_v, k), temperature);
      });
    }
  }
}

TEST_CASE("control variates: the elbo's gradient is exact, by quadrature over the noise") {
  using namespace estimators;
  for (const Estimator& estimator :
       {rebar(1, 1), rebar(0.5, 0.6), rebar(2, 0), rebar(), relax(1, 0), relax()}) {
    INFO(estimator.text());
    Autoencoder model("bernoulli", estimator);
    for (const auto& entry : model.store.entries()) {  // a network that says something
      if (entry.name.rfind("relax.output", 0) != 0) continue;
      const Tensor weight = model.store.tensor(entry.name);
      for (std::int64_t j = 0; j < weight.size(); ++j) {
        weight.data_as<double>()[j] = 0.3 * std::sin(double(j));
      }
    }
    const Nodes nodes = quadrature_nodes(model);
    const Bound bound = bounds::elbo();
    CHECK(estimator.unbiased(bound));
    const Gradient truth = exact(model, bound);
    const Gradient g = expected(model, bound, estimator, nodes, false);
    CHECK(g.value == Approx(truth.value).epsilon(1e-12));
    CHECK(distance(g.theta, truth.theta) < 1e-10);
    const double error = distance(g.phi, truth.phi);
    CAPTURE(error);
    CHECK(error < 1e-7);
    // Of two samples, each weighted by itself.
    const Bound two = bounds::iw(2);
    const Nodes pairs = quadrature_nodes(model, 5, 2);
    CHECK(distance(expected(model, two, estimator, pairs, false).phi, exact(model, two).phi) <
          2e-3);
  }
}

TEST_CASE("control variates: every bound's gradient agrees with the summed one, |z| < 5.5") {
  using namespace estimators;
  double largest = 0;
  int compared = 0;
  for (const char* family : {"bernoulli", "categorical:3"}) {
    for (const Estimator& estimator : {rebar(0.7, 0.8), relax()}) {
      Autoencoder model(family, estimator);
      if (estimator == relax()) {
        const Tensor weight = model.store.tensor("relax.output.weight");
        for (std::int64_t j = 0; j < weight.size(); ++j) {
          weight.data_as<double>()[j] = 0.3 * std::sin(double(j));
        }
      }
      for (const Bound& bound : small_bounds()) {
        if (bound.samples() > 3 && model.codes().values() > 2) continue;  // 9^4 tuples
        INFO(family << " " << bound.text() << " " << estimator.text());
        const Gradient truth = exact(model, bound);
        constexpr std::int64_t T = 400, batches = 40;  // t with 39 degrees of freedom
        std::vector<double> sum(truth.phi.size()), squares(truth.phi.size());
        for (std::uint64_t r = 0; r < std::uint64_t(batches); ++r) {
          Nodes nodes{Tensor({bound.samples(), T, model.dimensions()}, DType::f64),
                      Tensor::full({T}, 1.0 / double(T), DType::f64)};
          fill_uniform(nodes.noise.data_as<double>(),
                       {.stream = {19, StreamId::noise},
                        .step = r,
                        .draws = std::size_t(bound.samples()),
                        .batch = std::size_t(T),
                        .dimensions = std::size_t(model.dimensions())});
          const Gradient g = expected(model, bound, estimator, nodes, false);
          for (std::size_t j = 0; j < sum.size(); ++j) {
            const double d = g.phi[j] - truth.phi[j];
            sum[j] += d;
            squares[j] += d * d;
          }
        }
        for (std::size_t j = 0; j < sum.size(); ++j) {
          const double mean = sum[j] / batches;
          const double error = std::sqrt((squares[j] / batches - mean * mean) / (batches - 1));
          if (error < 1e-12) continue;
          largest = std::max(largest, std::fabs(mean) / error);
          ++compared;
        }
        CHECK(largest < 5.5);
      }
    }
  }
  WARN("largest |t| of " << compared << " coordinates: " << largest);
}

TEST_CASE("control variates: words, and what is refused") {
  using namespace estimators;
  CHECK(parse_estimator("rebar").text() == "rebar");
  CHECK(parse_estimator("rebar(0.5, 1)").text() == "rebar(temperature=0.5, eta=1)");
  CHECK(parse_estimator("relax(eta=0)").text() == "relax(eta=0)");
  CHECK(parse_estimator("rebar(temperature=2)").text() == rebar(2).text());
  for (const char* text : {"rebar(temperature=0)", "relax(temperature=2000)"}) {
    CHECK_THROWS_WITH(parse_estimator(text), contains("temperature"));
  }
  CHECK_THROWS_WITH(parse_estimator("rebar(eta=1e9)"), contains("eta"));
  const CodeSpace normal{CodeSpace::Kind::continuous, 3};
  CHECK_THAT(rebar().rule().unfit(normal), contains("rebar is for discrete codes"));
  CHECK_THAT(arm().rule().unfit({CodeSpace::Kind::one_hot, 3, 5}),
             contains("arm is for Bernoulli codes"));
  CHECK_THAT(arm().rule().undefined(bounds::iw(4)), contains("ELBO"));
  CHECK(rebar(0.5, 1).rule().auxiliaries().empty());
  CHECK(rebar(0.5).rule().auxiliaries().size() == 1);
  CHECK(relax(0.5, 1).rule().auxiliaries().size() == 1);
  CHECK(relax().rule().auxiliaries().size() == 2);
  // Without its network a draw says what is missing.
  const Autoencoder model("bernoulli");
  CHECK_THROWS_WITH(expected(model, bounds::elbo(), rebar(), tuple_nodes(model, 1), false),
                    contains("rebar: this draw has no rebar network"));
}
