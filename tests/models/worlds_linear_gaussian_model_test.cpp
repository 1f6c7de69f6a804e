// The linear-Gaussian world as a differentiable model: its densities against the world's, and the
// exact moments of its gradients against finite differences and enumeration.
#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include "autodiff/error.hpp"
#include "autodiff/ops.hpp"
#include "models/worlds/dense.hpp"
#include "models/worlds/linear_gaussian_theory.hpp"
#include "tests/catch.hpp"
#include "tests/models/support.hpp"

using namespace nelbo;
using nelbo::tests::contains;
using nelbo::tests::uneven;

namespace {

struct Subject {
  Subject(const LinearGaussian& world, LinearEncoder encoder, DType dtype = DType::f64)
      : store(dtype), model(store, world.parameters(), encoder) {
    store.freeze(1);
  }
  /// Away from the start, where some gradients are zero.
  void move() {
    double* values = static_cast<double*>(store.data());
    for (std::size_t i = 0; i < store.size(); ++i) values[i] += 0.2 * std::sin(double(i + 1));
  }
  ParameterStore store;
  LinearGaussianModel model;
};

/// Calls visit(noise, weight) for the 3^n points of Gauss and Hermite's rule in the n elements of
/// noise: expectations of polynomials up to degree 5 in each are exact.
void enumerate(const Tensor& noise, const std::function<void(double weight)>& visit) {
  const double nodes[] = {-std::sqrt(3.0), 0, std::sqrt(3.0)},
               weights[] = {1.0 / 6, 2.0 / 3, 1.0 / 6};
  std::int64_t points = 1;
  for (std::int64_t i = 0; i < noise.size(); ++i) points *= 3;
  for (std::int64_t point = 0; point < points; ++point) {
    double weight = 1;
    std::int64_t rest = point;
    for (std::int64_t i = 0; i < noise.size(); ++i, rest /= 3) {
      noise.data_as<double>()[i] = nodes[rest % 3];
      weight *= weights[rest % 3];
    }
    visit(weight);
  }
}

/// Expectation and variance of the tape's gradient, in the layout of the store.
struct Enumerated {
  std::vector<double> mean, variance;
};

Enumerated enumerated(const Subject& s, const Tensor& x, PathGradient how, std::int64_t draws) {
  const std::int64_t D = s.model.world().latent_dimensions();
  Tape tape({.mode = Tape::Mode::replay});
  Var noise, bound;
  {
    Recording recording(tape);
    const Var x_var = tape.leaf(x);
    noise = tape.leaf({draws, x.shape()[0], D}, DType::f64);
    const Normal q = s.model.posterior(x_var)->normal("test");
    const NormalSample sample = q.rsample_log_prob(noise);
    const Var log_q = how == PathGradient::stl ? q.detached().log_prob(sample.z) : sample.log_prob;
    bound = mean(s.model.log_joint(sample.z, x_var) - log_q);
  }
  GradientSink gradient(s.store);
  std::vector<double> first(s.store.size()), second(s.store.size());
  enumerate(tape.data(noise), [&](double weight) {
    tape.forward();
    tape.backward(bound, all_groups, gradient);
    const double* g = gradient.buffer().data_as<double>();
    for (std::size_t i = 0; i < first.size(); ++i) {
      first[i] += weight * g[i];
      second[i] += weight * g[i] * g[i];
    }
  });
  for (std::size_t i = 0; i < first.size(); ++i) second[i] -= first[i] * first[i];
  return {first, second};
}

/// The elements of the store in which `exact` and `measured` are compared.
void compare(const Subject& s, const std::vector<ExactGradient>& exact, const Enumerated& e) {
  REQUIRE(exact.size() == s.store.entries().size());
  for (std::size_t k = 0; k < exact.size(); ++k) {
    const ParameterStore::Entry& entry = s.store.entries()[k];
    REQUIRE(exact[k].parameter == entry.name);
    REQUIRE(exact[k].mean.shape() == entry.shape);
    const std::vector<double> mean = exact[k].mean.values(), variance = exact[k].variance.values();
    for (std::size_t i = 0; i < mean.size(); ++i) {
      CAPTURE(entry.name, i);
      CHECK(mean[i] == Approx(e.mean[entry.offset + i]).epsilon(1e-10).margin(1e-10));
      CHECK(variance[i] == Approx(e.variance[entry.offset + i]).epsilon(1e-9).margin(1e-9));
    }
  }
}

/// The largest element of a group's gradient of the bound with these log-weight weights.
double largest(const Subject& s, const char* group, bool stopped) {
  Tape tape;
  Recording recording(tape);
  const Var x = tape.leaf(s.model.data(3, 4));
  const Normal q = s.model.posterior(x)->normal("test");
  const Var z = q.rsample(tape.leaf(uneven({5, 3, s.model.world().latent_dimensions()}, 1.7)));
  const Var log_q = (stopped ? q.detached() : q).log_prob(z);
  const Var log_weights = s.model.log_joint(z, x) - log_q;
  GradientSink gradient(s.store);
  // Unequal weights, as DReG's.
  tape.backward(sum(tape.leaf(uneven({5, 3}, 0.6)) * log_weights), s.store.groups({group}),
                gradient);
  double worst = 0;
  for (const double g : gradient.buffer().values()) worst = std::max(worst, std::fabs(g));
  return worst;
}

}  // namespace

TEST_CASE("The linear-Gaussian model's densities are those of its world") {
  constexpr std::int64_t S = 3, B = 4;
  for (const std::int64_t D : {1, 2, 3}) {
    const LinearGaussian world = random_linear_gaussian(4, D, 7);
    for (const auto encoder :
         {LinearEncoder::diagonal, LinearEncoder::full, LinearEncoder::posterior}) {
      const Subject s(world, encoder);
      const Tensor x = s.model.data(B, 11), z = uneven({S, B, D}, 0.7);
      REQUIRE(x.shape() == Shape{B, 4});
      Tape tape;
      Recording recording(tape);
      const Var x_var = tape.leaf(x), z_var = tape.leaf(z);
      const Var joint = s.model.log_joint(z_var, x_var);
      const Var log_q = s.model.posterior(x_var)->log_prob(z_var);
      REQUIRE(joint.shape() == Shape{S, B});
      for (std::int64_t i = 0; i < S; ++i) {
        const Tensor z_i = z.slice(0, i, i + 1).contiguous().reshape({B, D});
        const auto likelihood = world.log_decoder(x, z_i), prior = world.log_prior(z_i);
        const auto q = encoder == LinearEncoder::posterior ? world.log_posterior(x, z_i)
                                                           : world.log_encoder(x, z_i);
        for (std::int64_t b = 0; b < B; ++b) {
          const auto k = std::size_t(b);
          CHECK(joint.value().at({i, b}) == Approx(likelihood[k] + prior[k]).epsilon(1e-12));
          CHECK(log_q.value().at({i, b}) == Approx(q[k]).epsilon(1e-12));
        }
      }
    }
  }
}

TEST_CASE("The linear-Gaussian model draws its world's data, each by its own number") {
  const Subject s(golden_linear_gaussian(), LinearEncoder::diagonal);
  const Tensor many = s.model.data(40000, 3), few = s.model.data(5, 3);
  const Tensor mean = s.model.world().parameters().data_mean;
  const Tensor cov = s.model.world().parameters().data_cov;
  for (std::int64_t i = 0; i < 10; ++i) {
    CHECK(many.data_as<double>()[i] == few.data_as<double>()[i]);
  }
  CHECK(s.model.data(5, 4).at({0, 0}) != few.at({0, 0}));
  const double n = 40000;
  for (std::int64_t i = 0; i < 2; ++i) {
    double first = 0, second = 0, cross = 0;
    for (std::int64_t b = 0; b < many.shape()[0]; ++b) {
      const double e = many.at({b, i}) - mean.at({i});
      first += e / n;
      second += e * e / n;
      cross += e * (many.at({b, 1 - i}) - mean.at({1 - i})) / n;
    }
    const double v = cov.at({i, i});
    CHECK(std::fabs(first) < 4 * std::sqrt(v / n));
    CHECK(std::fabs(second - v) < 4 * v * std::sqrt(2 / n));
    CHECK(std::fabs(cross - 0.3) < 4 * std::sqrt((1 * 0.5 + 0.09) / n));
  }
}

TEST_CASE("In float the linear-Gaussian model is the same up to rounding") {
  const Subject exact(golden_linear_gaussian(), LinearEncoder::full);
  const Subject rounded(golden_linear_gaussian(), LinearEncoder::full, DType::f32);
  const auto joint = [](const Subject& s) {
    Tape tape;
    Recording recording(tape);
    const DType t = s.store.dtype();
    const Var z = tape.leaf(uneven({3, 4, 2}, 0.7).cast(t));
    return s.model.log_joint(z, tape.leaf(s.model.data(4, 2))).value().values();
  };
  const auto e = joint(exact), r = joint(rounded);
  for (std::size_t i = 0; i < e.size(); ++i) CHECK(r[i] == Approx(e[i]).epsilon(1e-5));
}

TEST_CASE("The linear-Gaussian model's exact gradient is that of the closed ELBO") {
  const LinearGaussian world = random_linear_gaussian(3, 2, 5);
  const Subject s(world, LinearEncoder::diagonal);
  const Tensor x = s.model.data(4, 9);
  // ELBO(x) = log P(x) - gap(x), of a world with one number changed.
  const auto elbo = [&](const LinearGaussianParameters& p) {
    const LinearGaussian moved(p);
    const auto evidence = moved.log_evidence(x);
    double sum = 0;
    for (std::int64_t b = 0; b < 4; ++b) {
      const Tensor x_b = x.slice(0, b, b + 1).contiguous().reshape({3});
      sum += evidence[std::size_t(b)] - moved.gap_at(x_b);
    }
    return sum / 4;
  };
  const auto check = [&](const std::string& name, Tensor LinearGaussianParameters::*field,
                         bool log_scale) {
    const auto exact = elbo_gradient(s.model, x, PathGradient::reparam);
    const auto found = std::find_if(exact.begin(), exact.end(),
                                    [&](const ExactGradient& g) { return g.parameter == name; });
    REQUIRE(found != exact.end());
    const Tensor mean =
        found->mean.shape().rank() == 2 ? dense::transposed(found->mean) : found->mean;
    for (std::int64_t i = 0; i < mean.size(); ++i) {
      const auto at = [&](double step) {
        LinearGaussianParameters p = world.parameters();
        Tensor moved((p.*field).shape(), DType::f64);
        std::copy_n((p.*field).data_as<double>(), moved.size(), moved.data_as<double>());
        double& value = moved.data_as<double>()[i];
        value = log_scale ? value * std::exp(step) : value + step;
        p.*field = moved;
        return elbo(p);
      };
      const double h = 1e-3;
      const double difference = (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h);
      CAPTURE(name, i);
      CHECK(mean.contiguous().data_as<double>()[i] ==
            Approx(difference).epsilon(1e-8).margin(1e-9));
    }
  };
  check("encoder.weight", &LinearGaussianParameters::enc_weight, false);
  check("encoder.bias", &LinearGaussianParameters::enc_bias, false);
  check("encoder.log_variance", &LinearGaussianParameters::enc_var, true);
  check("decoder.weight", &LinearGaussianParameters::dec_weight, false);
  check("decoder.bias", &LinearGaussianParameters::dec_bias, false);
}

TEST_CASE("The linear-Gaussian model's exact moments are those of all draws enumerated") {
  for (const auto encoder : {LinearEncoder::diagonal, LinearEncoder::full}) {
    for (const PathGradient how : {PathGradient::reparam, PathGradient::stl}) {
      CAPTURE(int(encoder), int(how));
      Subject golden(golden_linear_gaussian(), encoder);
      golden.move();
      const Tensor one = golden.model.data(1, 2), two = golden.model.data(2, 2);
      compare(golden, elbo_gradient(golden.model, one, how), enumerated(golden, one, how, 1));
      compare(golden, elbo_gradient(golden.model, two, how), enumerated(golden, two, how, 1));
      compare(golden, elbo_gradient(golden.model, one, how, 2), enumerated(golden, one, how, 2));
      Subject larger(random_linear_gaussian(4, 3, 6), encoder);
      larger.move();
      const Tensor x = larger.model.data(1, 5);
      compare(larger, elbo_gradient(larger.model, x, how), enumerated(larger, x, how, 1));
    }
  }
}

TEST_CASE("With the true posterior as encoder only the score is left of the encoder's gradient") {
  for (const LinearGaussian& world : {golden_linear_gaussian(), random_linear_gaussian(5, 3, 2)}) {
    const Subject s(world, LinearEncoder::posterior);
    CHECK(largest(s, "phi", true) < 1e-12);
    CHECK(largest(s, "phi", false) > 0.1);
    CHECK(largest(s, "theta", true) > 0.1);
    const Tensor x = s.model.data(3, 4);
    for (const ExactGradient& g : elbo_gradient(s.model, x, PathGradient::stl)) {
      if (g.parameter.rfind("encoder", 0) != 0) continue;
      for (const double v : g.mean.values()) CHECK(std::fabs(v) < 1e-13);
      for (const double v : g.variance.values()) CHECK(std::fabs(v) < 1e-13);
    }
  }
  const Subject diagonal(golden_linear_gaussian(), LinearEncoder::diagonal);
  CHECK(largest(diagonal, "phi", true) > 0.1);
}

TEST_CASE("The linear-Gaussian gradient refuses what does not fit") {
  const Subject s(golden_linear_gaussian(), LinearEncoder::diagonal);
  const auto refused = [&](const Shape& shape, std::int64_t draws) {
    try {
      elbo_gradient(s.model, Tensor(shape, DType::f64), PathGradient::stl, draws);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  CHECK_THAT(refused({3, 4}, 1), contains("[B, 2]"));
  CHECK_THAT(refused({2}, 1), contains("[B, 2]"));
  CHECK_THAT(refused({0, 2}, 1), contains("at least 1"));
  CHECK_THAT(refused({1, 2}, 0), contains("0 draws"));
}
