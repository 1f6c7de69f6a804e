// The gradient half of the matrix: the mean gradient over 10,000 replicates of every cell that trains, of models
// of at most 50 parameters in float64, against the sum over all codes where they can be counted, else against
// another estimator on the same noise: what the derivative itself gives (reparam), or enumeration, or score.
// Every parameter of every cell is a test; probabilities are times the number of all of them (Bonferroni). An
// estimator that says of itself that it is biased is not held to it, and those that should be are seen to be.
#include <fmt/format.h>

#include "tests/lab/matrix_gradients.hpp"

using namespace nelbo;
using namespace nelbo::tests;

namespace {

/// One of every kind of bound.
const Texts bound_objectives{
    "elbo(mc)",   "iw(m=2)",     "mc(k=2)",        "mc(k=2, m=2)",           "ciwae(m=2)",
    "renyi(m=2)", "vr_max(m=2)", "jackknife(m=2)", "tvo(partitions=2, m=2)", "-iw(m=2) + cubo(m=2)",
    "elbo"};

/// What became of cells.
class Gradients {
 public:
  void run(const Kind& kind, const std::string& objective, const std::string& estimator) {
    const std::string cell = kind.name + " x " + objective + " x " + estimator;
    if (!done_.insert(cell).second) return;
    INFO(cell);
    const std::unique_ptr<GradientCell> made = made_cell(kind, objective, estimator);
    if (!made) return;
    const GradientCell& of = *made;
    ++trains_;
    // A masked network has at least 64 units.
    const bool masked = kind.posterior.starts_with("iaf") ||
                        kind.posterior.starts_with("realnvp") || kind.prior.starts_with("maf") ||
                        kind.prior.starts_with("realnvp");
    CHECK((masked || of.parameters <= 50));
    const auto test = test_gradient(kind, objective, estimator);
    if (!test) return;
    ++tested_;
    tests_ += test->parameters;
    const bool encoder = of.unbiased(true), others = of.unbiased(false);
    if (encoder && others) ++unbiased_;
    if (test->p < least_) least_ = test->p, least_cell_ = cell + " against " + test->reference;
    // Whatever else is tested: 5,000 cells of 50 parameters are a chance of 1 % in all.
    const bool holds = test->p > 0.01 / 5000;
    if (!holds) {
      FAIL_CHECK(cell << " against " << test->reference << ": |t| " << test->t[0] << ", "
                      << test->t[1] << ", p " << test->p);
    }
    if (!encoder) {
      double& seen = biased_[of.choice.text()];
      seen = std::max(seen, test->t[0]);
    }
  }

  /// The greatest |t| of an estimator, of whatever arguments, where it says that it is biased.
  double seen(const std::string& estimator) const {
    double greatest = 0;
    for (const auto& [text, t] : biased_) {
      if (text.starts_with(estimator)) greatest = std::max(greatest, t);
    }
    return greatest;
  }
  int tested() const { return tested_; }

  void report(const char* what) const {
    std::string biased;
    for (const auto& [name, t] : biased_)
      biased += fmt::format("\n  {}: |t| up to {:.1f}", name, t);
    WARN(what << ": " << done_.size() << " cells, " << trains_ << " train, " << tested_
              << " have a reference, " << unbiased_ << " of them said to be unbiased, " << tests_
              << " parameters; least p " << least_ << " (" << least_cell_ << ")"
              << "\nsaid to be biased:" << biased);
  }

 private:
  std::set<std::string> done_;
  int trains_ = 0, tested_ = 0, unbiased_ = 0;
  std::size_t tests_ = 0;
  double least_ = 1;
  std::string least_cell_;
  std::map<std::string, double> biased_;
};

}  // namespace

TEST_CASE(
    "matrix gradients: every estimator x every kind of bound, every model x every estimator") {
  Gradients gradients;
  const std::vector<Kind> kinds = all_kinds();
  for (const std::string& estimator : estimator_texts()) {
    for (const Kind& kind : kinds) {
      const bool first = kind.name == "diagonal" || kind.name == "bernoulli";
      for (const std::string& objective : bound_objectives) {
        const bool usual = objective == "elbo(mc)" || objective == "iw(m=2)" ||
                           objective == "mc(k=2)" || objective == "mc(k=2, m=2)";
        if (first || usual) gradients.run(kind, objective, estimator);
      }
    }
  }
  gradients.run({.name = "labels", .latent = 1, .labels = true}, "m2", "enumeration");
  gradients.run({.name = "labels", .latent = 1, .labels = true}, "m2", "score");
  gradients.report("matrix gradients, a part");
  CHECK(gradients.tested() > 300);
  for (const char* estimator :
       {"gumbel_softmax", "straight_through", "wake_sleep", "rws_dreg", "stl", "ovis"}) {
    INFO(estimator);
    CHECK(gradients.seen(estimator) > 5);
  }
}

TEST_CASE("matrix gradients: all cells", "[.all-cells]") {
  Gradients gradients;
  const Texts objectives = objective_texts(), estimators = estimator_texts();
  for (const Kind& kind : all_kinds()) {
    for (const std::string& objective : objectives) {
      for (const std::string& estimator : estimators) gradients.run(kind, objective, estimator);
    }
  }
  for (const std::string& prior : texts_of(priors(), written_priors, "written_priors")) {
    for (const char* posterior : {"diagonal", "bernoulli", "categorical:3"}) {
      const bool rows = posterior == std::string("categorical:3");
      const Kind kind{.name = std::string(posterior) + " " + prior,
                      .posterior = posterior,
                      .prior = prior,
                      .latent = rows ? 1 : 2};
      try {
        ParameterStore store(DType::f64);
        model_of(kind, store);
      } catch (const SettingError&) {
        continue;  // no prior of such codes
      }
      for (const std::string& objective : bound_objectives) {
        for (const std::string& estimator : estimators) gradients.run(kind, objective, estimator);
      }
    }
  }
  gradients.report("matrix gradients, all cells");
}
