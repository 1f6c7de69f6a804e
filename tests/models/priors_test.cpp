// Every prior against its density in plain double: integrals over a plane, marginals, samples,
// closed forms against Monte Carlo means and the golden linear-Gaussian world.
#include "autodiff/error.hpp"
#include "tests/models/prior_subjects.hpp"

using namespace nelbo;
using namespace nelbo::tests;

TEST_CASE("priors: densities and marginals against plain loops and integrals over the plane") {
  const std::int64_t n = 801;
  const double bound = 24, step = 2 * bound / double(n - 1);
  Tensor x({1, n * n, 2}, DType::f64);
  for (std::int64_t i = 0; i < n * n; ++i) {
    x.set({0, i, 0}, -bound + step * double(i / n));
    x.set({0, i, 1}, -bound + step * double(i % n));
  }
  for (const auto& m : models()) {
    INFO(text(*m));
    const auto log_p0 = reference(*m);
    Tape tape;
    Recording recording(tape);
    const auto prior = m->vae->prior();
    const auto log_p = prior->log_prob(tape.leaf(x)).value().values();
    double total = 0, worst = 0;
    std::vector<double> rows(static_cast<std::size_t>(n)), columns(static_cast<std::size_t>(n));
    for (std::size_t i = 0; i < log_p.size(); ++i) {
      const double expected = log_p0(x.data_as<double>()[2 * i], x.data_as<double>()[2 * i + 1]);
      if (expected > -100) {
        worst = std::max(worst, std::fabs(log_p[i] - expected) / (1 + std::fabs(expected)));
      }
      const double p = std::exp(log_p[i]) * step;
      total += p * step;
      rows[i / std::size_t(n)] += p;
      columns[i % std::size_t(n)] += p;
    }
    CHECK(worst < 1e-12);
    // The grid sees Laplace's kink to second order.
    const double tolerance = m->config.prior->text == "laplace" ? 2e-3 : 1e-8;
    CHECK(total == Approx(1).epsilon(tolerance));
    const Tensor line = x.slice(1, 0, n).contiguous();  // z_1 runs, z_0 does not
    Tensor both({1, n, 2}, DType::f64);
    for (std::int64_t i = 0; i < n; ++i) {
      both.set({0, i, 0}, line.at({0, i, 1}));
      both.set({0, i, 1}, line.at({0, i, 1}));
    }
    const Tensor marginals = prior->marginal_log_prob(tape.leaf(both)).value();
    REQUIRE(marginals.shape() == both.shape());
    for (std::int64_t i = n / 2 - 40; i < n / 2 + 40; i += 7) {
      CHECK(std::exp(marginals.at({0, i, 0})) == Approx(rows[std::size_t(i)]).epsilon(tolerance));
      CHECK(std::exp(marginals.at({0, i, 1})) ==
            Approx(columns[std::size_t(i)]).epsilon(tolerance));
    }
    const Var some = tape.leaf(numbers({2, 3, 2}, 3, 2));
    REQUIRE(prior->log_prob(some).shape().text() == "[2, 3]");
    if (prior->factorised()) {
      const auto joint = prior->log_prob(some).value().values();
      const auto parts = sum(prior->marginal_log_prob(some), -1).value().values();
      for (std::size_t i = 0; i < 6; ++i) CHECK(parts[i] == Approx(joint[i]).epsilon(1e-13));
    }
    CHECK(prior->factorised() == (prior->text() == "normal" || prior->text() == "laplace"));
  }
}

namespace {

/// Moments up to the fourth, and the distribution function of z_1, of a density over the plane by
/// sums over a grid.
struct PlaneMoments {
  static constexpr std::int64_t cells = 1001;
  static constexpr double bound = 24, step = 2 * bound / double(cells - 1);

  template <class LogDensity>
  explicit PlaneMoments(const LogDensity& log_p0) : cdf(static_cast<std::size_t>(cells)) {
    const auto at = [](std::size_t i) { return -bound + step * double(i); };
    for (std::size_t j = 0; j < cdf.size(); ++j) {
      double column = 0;
      for (std::size_t i = 0; i < cdf.size(); ++i) {
        const double x = at(i), y = at(j), p = std::exp(log_p0(x, y)) * step * step;
        column += p;
        mean[0] += p * x, mean[1] += p * y;
        second[0] += p * x * x, second[1] += p * x * y, second[2] += p * y * y;
        fourth[0] += p * x * x * x * x, fourth[1] += p * x * x * y * y;
        fourth[2] += p * y * y * y * y;
      }
      // Half of the cell's mass lies to its left.
      cdf[j] = (j ? cdf[j - 1] : 0) + column;
    }
  }
  double distribution(double y) const {
    const double cell = (y + bound) / step + 0.5;
    const auto j = std::min(std::max(std::size_t(1), std::size_t(cell)), cdf.size() - 1);
    const double share = cell - double(j);
    return cdf[j - 1] + share * (cdf[j] - cdf[j - 1]);
  }

  double mean[2] = {}, second[3] = {}, fourth[3] = {};  // products: xx, xy, yy
  std::vector<double> cdf;
};

}  // namespace

TEST_CASE("priors: samples have the moments and distribution of the density") {
  const std::int64_t n = 40000;
  for (const auto& m : models()) {
    INFO(text(*m));
    const PlaneMoments of(reference(*m));
    Tape tape;
    Recording recording(tape);
    const auto prior = m->vae->prior();
    const Var noise = tape.leaf({1, n, prior->noise_dimensions()}, DType::f64);
    fill_noise(Noise::normal, tape.data(noise), {.stream = {17, StreamId::user}});
    const Var z = prior->sample(noise);
    REQUIRE(z.shape() == Shape{1, n, 2});
    CHECK_FALSE(tape.differentiable(z));
    const auto values = z.value().values();
    double average[2] = {}, squares[3] = {};
    std::vector<double> last;
    for (std::size_t i = 0; i < std::size_t(n); ++i) {
      const double x = values[2 * i], y = values[2 * i + 1];
      average[0] += x / double(n), average[1] += y / double(n);
      squares[0] += x * x / double(n), squares[1] += x * y / double(n);
      squares[2] += y * y / double(n);
      last.push_back(y);
    }
    for (int d = 0; d < 2; ++d) {
      const double error = std::sqrt((of.second[2 * d] - of.mean[d] * of.mean[d]) / double(n));
      INFO("mean, z " << (average[d] - of.mean[d]) / error);
      CHECK(std::fabs(average[d] - of.mean[d]) < 4 * error);
    }
    for (int d = 0; d < 3; ++d) {
      const double error = std::sqrt((of.fourth[d] - of.second[d] * of.second[d]) / double(n));
      INFO("product, z " << (squares[d] - of.second[d]) / error);
      CHECK(std::fabs(squares[d] - of.second[d]) < 4 * error);
    }
    CHECK(kolmogorov_smirnov(last, [&](double y) { return of.distribution(y); }) < 1.95);
  }
}

TEST_CASE(
    "priors: div(exact) and pf(exact) lie within 4 standard errors of their Monte Carlo forms") {
  const std::int64_t n = 50000;
  for (const char* name : {"normal", "normal:full", "normal:given", "laplace"}) {
    for (const char* posterior : {"diagonal", "full"}) {
      const PriorSubject m(name, posterior);
      Tape tape;
      Recording recording(tape);
      const auto prior = m.vae->prior();
      const auto q = m.vae->posterior(tape.leaf(numbers({3, 6}, 8)));
      const Var noise = tape.leaf({n, 3, 2}, DType::f64);
      fill_noise(Noise::normal, tape.data(noise), {.stream = {19, StreamId::user}});
      const PosteriorSample s = q->draw(noise);
      const auto check = [&](const char* term, Var closed, Var samples) {
        REQUIRE(closed.shape().text() == "[3]");
        const auto all = samples.value().values();
        for (std::size_t b = 0; b < 3; ++b) {
          double average = 0, squares = 0;
          for (std::size_t i = b; i < all.size(); i += 3) {
            average += all[i] / double(n), squares += all[i] * all[i] / double(n);
          }
          const double error = std::sqrt(std::max(0.0, squares - average * average) / double(n));
          const double exact = closed.value().values()[b];
          INFO(text(m) << ", " << term << ": " << exact << ", z " << (average - exact) / error);
          CHECK(std::fabs(average - exact) < 4 * error + 1e-12);
        }
      };
      const Var log_prior = prior->log_prob(s.z);
      if (has_exact_div(*m.vae)) check("div", prior->kl(*q).value(), s.log_prob - log_prior);
      check("pf", prior->prior_factorisation(*q).value(),
            log_prior - sum(prior->marginal_log_prob(s.z), -1));
    }
  }
}

TEST_CASE("priors: div(exact) and pf(exact) of the golden linear-Gaussian world") {
  // Both are quadratic in x, so their mean over x ~ N(m, S) is that over the four points
  // m +- sqrt(2) l_i, l_i the columns of a factor of S.
  const double l00 = 1, l10 = 0.3, l11 = std::sqrt(0.5 - 0.09), r = std::sqrt(2.0);
  const double points[4][2] = {{0.5 + r * l00, -0.25 + r * l10},
                               {0.5 - r * l00, -0.25 - r * l10},
                               {0.5, -0.25 + r * l11},
                               {0.5, -0.25 - r * l11}};
  Tensor mean({4, 2}, DType::f64);
  for (std::int64_t i = 0; i < 4; ++i) {
    const double x = points[i][0], y = points[i][1];
    mean.set({i, 0}, 0.8 * x - 0.2 * y + 0.05);
    mean.set({i, 1}, 0.1 * x + 0.9 * y - 0.1);
  }
  Tape tape;
  Recording recording(tape);
  const FullNormalPrior prior(
      given_normal(Tensor({2}, DType::f64), Tensor::of({1, 0.5, 0.5, 1.5}, {2, 2}, DType::f64)));
  const Var variance = tape.leaf(Tensor::of({0.3, 0.2}, {2}, DType::f64));
  const Var zeros = tape.leaf({4, 2}, DType::f64), below = tape.leaf({4, 1}, DType::f64);
  const Var log_variance = zeros + log(variance);
  const DiagNormal diagonal{tape.leaf(mean), log_variance};
  const FullNormal full{tape.leaf(mean), lower_triangular(exp(0.5 * log_variance), below)};
  for (const Normal& q : {Normal(diagonal), Normal(full)}) {
    CHECK(nelbo::mean(prior.kl(*posterior_of(q)).value()).item() ==
          Approx(1.4595271340).margin(1e-9));
    CHECK(nelbo::mean(prior.prior_factorisation(*posterior_of(q)).value()).item() ==
          Approx(-0.0448808883).margin(1e-9));
  }
}

TEST_CASE("priors: a mixture far from its components, and one of nearly no width, stay finite") {
  for (const DType dtype : {DType::f32, DType::f64}) {
    ParameterStore store(dtype);
    VaeConfig config;
    config.example = {6};
    config.latent = 2;
    config.hidden = {5};
    config.prior = parse_prior("mixture:2");
    const Vae vae(config, {Tensor::full({6}, 0.3), Tensor::full({6}, 0.2)}, store);
    store.freeze(1);
    store.tensor("prior.means").copy_from(Tensor::of({-1, 0, 1, 0}, {2, 2}));
    store.tensor("prior.log_variances").copy_from(Tensor::of({-18, -18, 3, 3}, {2, 2}));
    Tape tape;
    Recording recording(tape);
    const auto prior = vae.prior();
    const Var z = tape.leaf(Tensor::of({-1, 0, 300, -200}, {1, 2, 2}, dtype), true);
    const Var log_p = prior->log_prob(z);
    CHECK(log_p.value().at({0, 0}) == Approx(std::log(0.5) - log_two_pi + 18).epsilon(1e-5));
    CHECK(log_p.value().at({0, 1}) ==
          Approx(std::log(0.5) - log_two_pi - 3 - 0.5 * (299 * 299 + 200 * 200) * std::exp(-3.0))
              .epsilon(1e-5));
    tape.backward(sum(log_p) + sum(prior->marginal_log_prob(z)));
    for (double g : tape.adjoint(z).values()) CHECK(std::isfinite(g));
  }
}

TEST_CASE("priors: mixtures of many components are the sums of all of them") {
  for (const auto& [text, posterior] :
       {std::pair{"mixture:65", "diagonal"}, std::pair{"mixture:4096", "diagonal"},
        std::pair{"vamp:65", "full"}, std::pair{"vamp:4096", "full"}}) {
    INFO(text);
    const PriorSubject m(text, posterior);
    const auto exact = reference(m);
    Tape tape;
    Recording recording(tape);
    const Var z = tape.leaf(Tensor::of({-0.3, 0.9, 1.2, -0.4}, {1, 2, 2}, DType::f64), true);
    const Var log_p = m.vae->prior()->log_prob(z);
    CHECK(log_p.value().at({0, 0}) == Approx(exact(-0.3, 0.9)).epsilon(1e-12));
    CHECK(log_p.value().at({0, 1}) == Approx(exact(1.2, -0.4)).epsilon(1e-12));
    tape.backward(sum(log_p));
    const double h = 1e-5, slope = (exact(-0.3 + h, 0.9) - exact(-0.3 - h, 0.9)) / (2 * h);
    CHECK(tape.adjoint(z).at({0, 0, 0}) == Approx(slope).epsilon(1e-8));
  }
}

TEST_CASE("priors: what has no closed form is nothing, and wrong shapes are refused") {
  for (const char* name : {"mixture:4", "vamp:3", "laplace"}) {
    const PriorSubject m(name);
    Tape tape;
    Recording recording(tape);
    const auto q = m.vae->posterior(tape.leaf(numbers({3, 6}, 8)));
    const auto prior = m.vae->prior();
    CHECK_FALSE(has_exact_div(*m.vae));
    CHECK_FALSE(prior->kl(*q).has_value());
    CHECK(prior->prior_factorisation(*q).has_value() == prior->factorised());
  }
  for (const auto& m : models()) {
    Tape tape;
    Recording recording(tape);
    const auto prior = m->vae->prior();
    const Var wrong = tape.leaf({2, 3, 5}, DType::f64);
    CHECK_THROWS_WITH(prior->log_prob(wrong), contains("[2, 3, 5]"));
    CHECK_THROWS_WITH(prior->marginal_log_prob(wrong), contains("[2, 3, 5]"));
    CHECK_THROWS_WITH(prior->sample(wrong), contains("[2, 3, 5]"));
  }
}

TEST_CASE("priors: names, groups and shapes of the parameters, and where they start") {
  const auto parameters = [](const std::string& prior, const ParameterStore& store) {
    std::string all;
    for (const auto& entry : store.entries()) {
      if (entry.name.rfind("prior.", 0) != 0) continue;
      CHECK(store.group_names()[std::size_t(entry.group)] == "psi");
      all += entry.name.substr(6) + entry.shape.text() + " ";
    }
    INFO(prior);
    return all;
  };
  const auto build = [](const std::string& prior, ParameterStore& store) {
    VaeConfig config;
    config.example = {6};
    config.latent = 3;
    config.hidden = {5};
    config.prior = parse_prior(prior);
    Vae(config, {Tensor::full({6}, 0.3), Tensor::full({6}, 0.2)}, store);
    store.freeze(1);
  };
  ParameterStore normal, laplace, full, mixture, vamp;
  build("normal", normal);
  build("laplace", laplace);
  build("normal:full", full);
  build("mixture:400", mixture);
  build("vamp:400", vamp);
  CHECK(parameters("normal", normal).empty());
  CHECK(parameters("laplace", laplace).empty());
  CHECK(parameters("normal:full", full) == "mean[3] log_diagonal[3] below[3] ");
  CHECK(parameters("mixture", mixture) == "logits[400] means[400, 3] log_variances[400, 3] ");
  CHECK(parameters("vamp", vamp) == "pseudo_inputs[400, 6] ");
  for (const char* name : {"prior.mean", "prior.log_diagonal", "prior.below"}) {
    CHECK(full.tensor(name).values() == Numbers(3, 0.0));
  }
  const auto moments = [](const Numbers& all) {
    double mean = 0, variance = 0;
    for (double v : all) mean += v / double(all.size());
    for (double v : all) variance += (v - mean) * (v - mean) / double(all.size());
    return std::pair{mean, variance};
  };
  const auto [mean, variance] = moments(mixture.tensor("prior.means").values());
  CHECK(std::fabs(mean) < 4 * std::sqrt(0.5 / 1200));
  CHECK(std::fabs(variance - 0.5) < 4 * 0.5 * std::sqrt(2.0 / 1200));
  const auto [logit, spread] = moments(vamp.tensor("prior.pseudo_inputs").values());
  CHECK(std::fabs(logit - std::log(0.3 / 0.7)) < 4 / std::sqrt(2400.0));
  CHECK(std::fabs(spread - 1) < 4 * std::sqrt(2.0 / 2400));
}

TEST_CASE("priors: their texts") {
  for (const std::string text :
       {"normal", "normal:full", "mixture:1", "mixture:4096", "vamp:500", "laplace"}) {
    CHECK(parse_prior(text).text == text);
  }
  for (const std::string text :
       {"", "gauss", "normal:", "normal:2", "mixture", "mixture:", "mixture:0", "mixture:-1",
        "mixture:4097", "mixture:x", "vamp:3x", "vamp:99999999999999999999", "laplace:2"}) {
    INFO(text);
    CHECK_THROWS_WITH(parse_prior(text), contains("prior '" + text + "'"));
  }
  CHECK_THROWS_WITH(parse_prior("Vamp:3"),
                    contains("prior 'Vamp' is unknown") && contains("did you mean 'vamp'?"));
}
