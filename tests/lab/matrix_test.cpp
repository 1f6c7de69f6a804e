// Every kind of model with every objective and every estimator: a cell trains for 3 steps with finite numbers,
// or is refused before the first step with its cause, under a setting's name or with the expression: what the
// program exits 2 for. The words come from the registries, so that a new one
// is in the matrix by itself.
#include <cmath>
#include <map>
#include <set>

#include "autodiff/setting_error.hpp"
#include "lab/training/trainer.hpp"
#include "models/architectures/architecture.hpp"
#include "objectives/language/expression_error.hpp"
#include "tests/catch.hpp"
#include "tests/lab/matrix_words.hpp"
#include "tests/lab/train_data.hpp"

using namespace nelbo;
using namespace nelbo::tests;

namespace {

/// An epoch of it has 3 steps.
TrainConfig small_config(const std::string& posterior = "diagonal") {
  TrainConfig config;
  config.data = "tiny";
  config.model = "mlp";
  config.hidden = {3};
  config.latent = 2;
  config.posterior = posterior;
  config.batch = 4;
  config.epochs = 1;
  return config;
}

/// Trains for an epoch of 3 steps. Throws std::logic_error where a number is not finite.
void train(Trainer& trainer) {
  const auto require = [](bool holds, const char* what) {
    if (!holds) throw std::logic_error(std::string(what) + " is not finite");
  };
  for (int step = 0; step < 3; ++step) trainer.step();
  require(std::isfinite(trainer.train_objective()), "the objective");
  require(std::isfinite(trainer.held_out().objective), "the objective of held-out examples");
  const auto* const first = static_cast<const float*>(trainer.store().data());
  for (std::size_t i = 0; i < trainer.store().size(); ++i) {
    require(std::isfinite(first[i]), "a parameter");
  }
}

/// What came of the cells.
class Matrix {
 public:
  /// The cell of this model, with objective and estimator as they are in it.
  void run(const std::string& model, const TrainConfig& config, const data::Dataset& data) {
    const std::string cell = model + " x " + config.objective + " x " + config.estimator;
    INFO(cell);
    ++cells_;
    std::optional<Trainer> trainer;
    try {
      trainer.emplace(config, data);
    } catch (const ExpressionError& error) {
      return refuse(cell, error.reason());
    } catch (const SettingError& error) {
      return refuse(cell, error.what());
    } catch (const std::exception& error) {
      FAIL_CHECK(cell << ": not refused by a setting's or the expression's name, but: "
                      << error.what());
      return;
    }
    try {
      train(*trainer);
    } catch (const std::exception& error) {
      FAIL_CHECK(cell << ": " << error.what());
      return;
    }
    for (const std::string& word : {model, config.objective, config.estimator}) ++trained_in_[word];
    ++trained_;
  }

  /// In how many cells a model, an objective or an estimator trained.
  int trained(const std::string& word) const {
    const auto known = trained_in_.find(word);
    return known == trained_in_.end() ? 0 : known->second;
  }

  void report(const char* what) const {
    WARN(what << ": " << cells_ << " cells, " << trained_ << " trained, " << cells_ - trained_
              << " refused for " << reasons_.size() << " reasons");
  }

 private:
  void refuse(const std::string& cell, const std::string& reason) {
    if (reason.size() < 20 || reason.find('\n') != std::string::npos) {
      FAIL_CHECK(cell << ": refused with no cause in one line: " << reason);
    }
    reasons_.try_emplace(reason, cell);
  }

  int cells_ = 0, trained_ = 0;
  std::map<std::string, int> trained_in_;
  std::map<std::string, std::string> reasons_;
};

/// The model with every objective and estimator.
void run_all(Matrix& matrix, const std::string& model, TrainConfig config,
             const data::Dataset& data, const Texts& objectives, const Texts& estimators) {
  for (const std::string& objective : objectives) {
    for (const std::string& estimator : estimators) {
      config.objective = objective;
      config.estimator = estimator;
      matrix.run(model, config, data);
    }
  }
}

const Texts plain_objectives{"elbo", "elbo(mc)", "iw(m=2)", "mc(k=2, m=2)"};

}  // namespace

TEST_CASE("matrix: every posterior x objective x estimator") {
  const Texts objectives = objective_texts(), estimators = estimator_texts();
  const Texts models = texts_of(posteriors(), written_posteriors, "written_posteriors");
  const data::Dataset data = examples_of({4}, 0, 1);
  Matrix matrix;
  for (const std::string& posterior : models) {
    run_all(matrix, posterior, small_config(posterior), data, objectives, estimators);
  }
  matrix.report("posteriors x objectives x estimators");

  Texts words = models;
  words.insert(words.end(), estimators.begin(), estimators.end());
  words.insert(words.end(), objectives.begin(), objectives.end());
  for (const std::string& word : words) {
    INFO(word << " trains nowhere");
    const bool of_no_objective = word == "mi_dec" || word == "critic_loss";
    const bool of_labels = word == "nell + div + classification" || word == "m2";
    CHECK((matrix.trained(word) > 0) != (of_no_objective || of_labels));
  }
}

TEST_CASE("matrix: codes in blocks x objective x estimator") {
  const Texts objectives = objective_texts();
  Texts estimators{"reparam+rloo", "stl+score(baseline=mean)", "dreg+vimco", "score+rloo",
                   "reparam+arm",  "reparam+disarm",           "stl+rebar",  "dreg+relax",
                   "rloo",         "reparam+enumeration",      "reparam"};
  const data::Dataset data = examples_of({4}, 0, 1);
  Matrix matrix;
  for (const std::string posterior :
       {"diagonal:1+bernoulli:1", "student:1+categorical:3", "gamma:1+von_mises:1+bernoulli:2"}) {
    TrainConfig config = small_config(posterior);
    config.latent = 0;
    run_all(matrix, posterior, config, data, objectives, estimators);
    config.prior = posterior == "diagonal:1+bernoulli:1"    ? "laplace+bernoulli"
                   : posterior == "student:1+categorical:3" ? "mixture:2+categorical"
                                                            : "gamma:2:1+von_mises:1+bernoulli";
    run_all(matrix, posterior, config, data, plain_objectives, estimators);
    INFO(posterior << " trains nowhere");
    CHECK(matrix.trained(posterior) > 0);
  }
  for (const std::string& estimator : estimators) {
    INFO(estimator << " trains nowhere");
    const bool never = estimator == "reparam+enumeration" || estimator == "reparam";
    CHECK((matrix.trained(estimator) > 0) != never);
  }
  matrix.report("blocks x objectives x estimators");
}

TEST_CASE("matrix: condition and missing entries x objective x estimator") {
  const Texts objectives = objective_texts(), estimators = estimator_texts();
  const data::Dataset with_condition = examples_of({4}, 0, 1, true),
                      with_missing = examples_of({4}, 0, 1, false, true);
  Matrix matrix;
  for (const char* posterior : {"diagonal", "bernoulli"}) {
    TrainConfig config = small_config(posterior);
    config.condition = "c";
    run_all(matrix, "condition", config, with_condition, objectives, estimators);
    config.condition.clear();
    config.missing = "mask";
    run_all(matrix, "missing", config, with_missing, objectives, estimators);
  }
  matrix.report("condition, missing x objectives x estimators");
  CHECK(matrix.trained("condition") > 0);
  CHECK(matrix.trained("missing") > 0);
}

TEST_CASE("matrix: labels that are inferred x objective x estimator") {
  const data::Dataset data = examples_with_labels({4});
  Matrix matrix;
  TrainConfig config = small_config();
  config.condition = "labels";
  config.labels_used = 3;
  run_all(matrix, "labels", config, data, objective_texts(), estimator_texts());
  matrix.report("labels x objectives x estimators");
  for (const char* word : {"labels", "nell + div + classification", "m2", "elbo", "iw(m=2)",
                           "enumeration", "score", "vimco", "wake_sleep"}) {
    INFO(word << " trains nowhere");
    CHECK(matrix.trained(word) > 0);
  }
  for (const char* word : {"reparam", "stl", "gumbel_softmax", "arm", "mi", "tc"}) {
    INFO(word << " trains");
    CHECK(matrix.trained(word) == 0);
  }
}

TEST_CASE("matrix: every likelihood x estimator") {
  Matrix matrix;
  const Texts all = texts_of(likelihoods(), written_likelihoods, "written_likelihoods");
  for (const std::string& likelihood : all) {
    const bool open = parse_likelihood(likelihood)->support().open;
    const data::Dataset data = open ? examples_of({4}, 0.25, 0.75) : examples_of({4}, 0, 1);
    for (const char* posterior : {"diagonal", "bernoulli"}) {
      TrainConfig config = small_config(posterior);
      config.likelihood = likelihood;
      run_all(matrix, likelihood, config, data, plain_objectives, estimator_texts());
    }
    INFO(likelihood << " trains nowhere");
    CHECK(matrix.trained(likelihood) > 0);
  }
  matrix.report("likelihoods x posteriors diagonal, bernoulli x estimators");
}

TEST_CASE("matrix: every prior x posterior, condition and missing entries") {
  Matrix matrix;
  const data::Dataset data = examples_of({4}, 0, 1), with_condition = examples_of({4}, 0, 1, true),
                      with_missing = examples_of({4}, 0, 1, false, true);
  for (const std::string& prior : texts_of(priors(), written_priors, "written_priors")) {
    for (const std::string& posterior :
         texts_of(posteriors(), written_posteriors, "written_posteriors")) {
      TrainConfig config = small_config(posterior);
      config.prior = prior;
      const Texts estimators{"reparam", "stl", "rloo", "wake_sleep", "enumeration"};
      run_all(matrix, prior, config, data, plain_objectives, estimators);
      config.condition = "c";
      run_all(matrix, prior, config, with_condition, {"elbo(mc)"}, {"reparam", "rloo"});
      config.condition.clear();
      config.missing = "zeros";
      run_all(matrix, prior, config, with_missing, {"elbo(mc)"}, {"reparam", "rloo"});
    }
    INFO(prior << " trains nowhere");
    CHECK(matrix.trained(prior) > 0);
  }
  matrix.report("priors x posteriors, condition, missing");
}

TEST_CASE("matrix: every architecture") {
  const std::map<std::string, std::vector<std::int64_t>> shapes{
      {"conv28", {28, 28}}, {"resnet32", {32, 32}}, {"conv64", {64, 64}}};
  Matrix matrix;
  for (const Architecture& architecture : architectures().all()) {
    const std::string& name = architecture.name;
    const auto shape = shapes.find(name);
    const data::Dataset data =
        examples_of(shape == shapes.end() ? std::vector<std::int64_t>{4} : shape->second, 0, 1);
    TrainConfig config = small_config();
    config.model = name;
    config.hidden.clear();
    config.latent = 0;
    if (name == described_in_file) {
      config.network =
          "[[encoder]]\ntype = \"dense\"\nwidth = 3\n[[decoder]]\ntype = \"dense\"\nwidth = 3\n";
    }
    run_all(matrix, name, config, data, {"elbo(mc)"}, {"reparam"});
    // A model of its own kind has estimators of its own.
    if (architecture.model) {
      run_all(matrix, name, config, data, plain_objectives, estimator_texts());
      run_all(matrix, name, config, data, objective_texts(), {"reparam"});
    }
    INFO(name << " trains nowhere");
    CHECK(matrix.trained(name) > 0);
  }
  matrix.report("architectures");
}
