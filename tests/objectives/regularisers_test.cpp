#include "objectives/terms/regularisers.hpp"

#include "objectives/draw/critic.hpp"
#include "objectives/draw/draw.hpp"
#include "objectives/terms/terms.hpp"
#include "tests/catch.hpp"
#include "tests/objectives/vae_fixture.hpp"

using namespace nelbo;
using nelbo::tests::VaeFixture;

namespace {

struct ModelWithCritic {
  static constexpr int D = 2, X = 4;

  ModelWithCritic() {
    auxiliaries.declare(critic(), store, model);
    store.freeze(2);
  }
  static VaeConfig config() {
    VaeConfig config;
    config.architecture = "mlp";
    config.example = Shape{X};
    config.latent = D;
    config.hidden = {3};
    return config;
  }

  ParameterStore store{DType::f64};
  Vae model{
      config(), {Tensor::full({X}, 0.5, DType::f64), Tensor::full({X}, 0.25, DType::f64)}, store};
  Auxiliaries auxiliaries;
};

/// A replayed draw of it with factor_tc, whose codes are permuted within each dimension d:
/// datum b's code becomes that of (b + 1 + d) mod B.
struct CriticFixture : ModelWithCritic {
  static constexpr int B = 8;

  CriticFixture() {
    fill_normal(tape.data(x).data_as<double>(),
                {.stream = {1, StreamId::data}, .batch = B, .dimensions = X});
    fill_normal(tape.data(noise).data_as<double>(),
                {.stream = {1, StreamId::noise}, .batch = B, .dimensions = D});
    REQUIRE(draw.inputs().size() == 1);
    auto* index = tape.data(draw.inputs().front().leaf).data_as<std::int32_t>();
    for (int b = 0; b < B; ++b) {
      for (int d = 0; d < D; ++d) index[b * D + d] = ((b + 1 + d) % B) * D + d;
    }
    tape.forward();
  }

  Tape tape{{.mode = Tape::Mode::replay}};
  Recording recording{tape};
  Var x = tape.leaf({B, X}, DType::f64), noise = tape.leaf({1, B, D}, DType::f64);
  Draw draw{model, x, noise, {}, &auxiliaries};
  Var tc = factor_tc()(draw);
};

}  // namespace

TEST_CASE("mmd is the U-statistic in plain loops") {
  const bool imq = GENERATE(true, false);
  constexpr int B = 7, D = 3;
  VaeFixture f(2, B, D);
  // On an eager tape the prior's noise would be zeros when the term is recorded.
  Tape tape({.mode = Tape::Mode::replay});
  Recording recording(tape);
  Draw draw(*f.model, tape.leaf(f.x.value()), tape.leaf(f.noise.value()));
  const Var value = mmd(imq ? MmdKernel::imq : MmdKernel::rbf)(draw), codes = draw.z();
  REQUIRE(draw.inputs().size() == 1);
  const Tensor prior_noise = tape.data(draw.inputs().front().leaf);
  REQUIRE(prior_noise.shape() == Shape{B, D});
  fill_normal(prior_noise.data_as<double>(),
              {.stream = {3, StreamId::noise}, .batch = B, .dimensions = D});
  tape.forward();

  const Tensor z = codes.value(), y = prior_noise;
  const auto k = [&](auto a, auto b) {
    double d2 = 0, sum = 0;
    for (int d = 0; d < D; ++d) d2 += std::pow(a(d) - b(d), 2);
    if (!imq) return std::exp(-d2 / (2 * D));
    for (const double s : {0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0}) sum += 2 * D * s / (2 * D * s + d2);
    return sum;
  };
  const auto code = [&](int i) { return [&z, i](int d) { return z.at({0, i, d}); }; };
  const auto prior = [&](int i) { return [&y, i](int d) { return y.at({i, d}); }; };
  double expected = 0;
  for (int i = 0; i < B; ++i) {
    for (int j = 0; j < B; ++j) {
      if (i != j) expected += (k(code(i), code(j)) + k(prior(i), prior(j))) / (B * (B - 1));
      expected -= 2 * k(code(i), prior(j)) / (B * B);
    }
  }
  CHECK(value.item() == Approx(expected).epsilon(1e-10));
}

TEST_CASE("dip is the distance of the codes' covariance from the identity, in plain loops") {
  const Dip kind = GENERATE(Dip::i, Dip::ii);
  constexpr int B = 6, D = 3;
  VaeFixture f(1, B, D);
  Draw draw(*f.model, f.x, f.noise);
  const Tensor m = draw.posterior().diagonal("test").mean.value(),
               v = draw.posterior().diagonal("test").log_variance.value();
  double expected = 0;
  for (int i = 0; i < D; ++i) {
    for (int j = 0; j < D; ++j) {
      double mi = 0, mj = 0, c = 0;
      for (int b = 0; b < B; ++b) mi += m.at({b, i}) / B, mj += m.at({b, j}) / B;
      for (int b = 0; b < B; ++b) c += (m.at({b, i}) - mi) * (m.at({b, j}) - mj) / B;
      if (i == j && kind == Dip::ii) {
        for (int b = 0; b < B; ++b) c += std::exp(v.at({b, i})) / B;
      }
      expected += i == j ? 4 * (c - 1) * (c - 1) : c * c;
    }
  }
  CHECK(dip(kind, 4)(draw).item() == Approx(expected).epsilon(1e-11));
}

TEST_CASE("free bits and capacity are taken after the mean over the batch") {
  constexpr int B = 6, D = 3;
  VaeFixture f(1, B, D);
  Draw draw(*f.model, f.x, f.noise);
  const Tensor m = draw.posterior().diagonal("test").mean.value(),
               v = draw.posterior().diagonal("test").log_variance.value();
  std::vector<double> kl(D);
  for (int b = 0; b < B; ++b) {
    for (int d = 0; d < D; ++d) {
      const double lv = v.at({b, d});
      kl[d] += 0.5 * (std::exp(lv) + std::pow(m.at({b, d}), 2) - 1 - lv) / B;
    }
  }
  const double threshold = (kl[0] + kl[1]) / 2;
  double bits = 0, total = 0;
  for (const double one : kl) bits += std::max(one, threshold), total += one;
  CHECK(max(div_j(), threshold)(draw).item() == Approx(bits).epsilon(1e-11));
  CHECK(div_j()(draw).item() == Approx(div()(draw).item()).epsilon(1e-11));
  CHECK((nell() + max(div_j(), threshold))(draw).item() ==
        Approx(nell()(draw).item() + bits).epsilon(1e-11));
  CHECK((7 * abs(div() - 25))(draw).item() == Approx(7 * (25 - total)).epsilon(1e-11));
  CHECK(relu(div() - total / 2)(draw).item() == Approx(total / 2).epsilon(1e-11));
  CHECK(square(div() - 1)(draw).item() == Approx((total - 1) * (total - 1)).epsilon(1e-10));
  CHECK(min(div(), nell())(draw).item() ==
        Approx(std::min(total, nell()(draw).item())).epsilon(1e-11));
}

TEST_CASE("factor_tc: critic and encoder never leak into each other") {
  CriticFixture f;
  const auto norm = [&](const GradientSink& sink, const char* group) {
    const Range range = f.store.range(group);
    double sum = 0;
    const double* g = static_cast<const double*>(sink.data());
    for (std::size_t i = 0; i < range.length; ++i) sum += std::abs(g[range.offset + i]);
    return sum;
  };
  GradientSink of_objective(f.store), of_critic(f.store);
  f.tape.backward(f.tc, f.store.groups({"phi", "theta"}), of_objective);
  f.tape.backward(f.draw.losses().at(critic_group), f.store.groups({critic_group}), of_critic);
  CHECK(norm(of_objective, "phi") > 0);
  CHECK(norm(of_objective, critic_group) == 0);
  CHECK(norm(of_critic, critic_group) > 0);
  CHECK(norm(of_critic, "phi") == 0);
}

TEST_CASE("factor_tc: the critic's loss is the cross-entropy of codes against permuted codes") {
  constexpr int B = CriticFixture::B, D = CriticFixture::D;
  CriticFixture f;
  const Tensor z = f.draw.z().value(), permuted({B, D}, DType::f64);
  for (int b = 0; b < B; ++b) {
    for (int d = 0; d < D; ++d) {
      permuted.data_as<double>()[b * D + d] = z.at({0, (b + 1 + d) % B, d});
    }
  }
  Tape eager;
  Recording on_eager(eager);
  const Layer& logit = *f.auxiliaries.find(critic_group);
  const auto real = logit(eager.leaf(z.reshape({B, D}))).value().values();
  const auto fake = logit(eager.leaf(permuted)).value().values();
  double loss = 0, mean = 0;
  for (int b = 0; b < B; ++b) {
    loss += 0.5 * (std::log1p(std::exp(-real[b])) + std::log1p(std::exp(fake[b]))) / B;
    mean += real[b] / B;
  }
  CHECK(f.draw.losses().at(critic_group).item() == Approx(loss).epsilon(1e-11));
  CHECK(f.tc.item() == Approx(mean).epsilon(1e-11));
}
