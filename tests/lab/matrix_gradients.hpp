#pragma once
// The gradients of a cell of the matrix: a kind of model with an objective and an estimator, in float64 and of
// at most 50 parameters, against a reference on the same noise.
#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "autodiff/ops.hpp"
#include "autodiff/setting_error.hpp"
#include "lab/statistics/student_t.hpp"
#include "lab/studies/objective_draw.hpp"
#include "lab/studies/study_cell.hpp"
#include "lab/training/networks.hpp"
#include "models/hierarchy/hierarchy.hpp"
#include "models/make_model.hpp"
#include "objectives/algebra/unfit.hpp"
#include "objectives/estimators/enumeration.hpp"
#include "objectives/language/expression.hpp"
#include "objectives/language/read_estimators.hpp"
#include "tests/lab/matrix_words.hpp"

namespace nelbo::tests {

constexpr std::int64_t gradient_data = 100;  // B, four data 25 times: independent draws of each
constexpr std::uint64_t gradient_replicates = 100;  // of all of them: 10,000 in all
constexpr std::int64_t gradient_features = 3;

/// A kind of model, as it is named in the matrix.
struct Kind {
  std::string name, posterior = "diagonal", prior = "";
  std::int64_t latent = 2;
  bool condition = false, missing = false, labels = false;
  enum class Layers { one, two, ladder } layers = Layers::one;
};

inline std::vector<Kind> all_kinds() {
  std::vector<Kind> kinds;
  for (const std::string& posterior :
       texts_of(posteriors(), written_posteriors, "written_posteriors")) {
    const bool rows = posterior.starts_with("categorical");
    // Under a normal prior log-weights go as z^2, whose variance Student variables of fewer than 4 degrees of
    // freedom do not have: no t would be one.
    const char* const prior = posterior == "student" ? "student" : "";
    kinds.push_back(
        {.name = posterior, .posterior = posterior, .prior = prior, .latent = rows ? 1 : 2});
  }
  kinds.push_back({.name = "condition", .condition = true});
  kinds.push_back({.name = "missing", .missing = true});
  kinds.push_back({.name = "labels", .latent = 1, .labels = true});
  kinds.push_back({.name = "two layers", .layers = Kind::Layers::two});
  kinds.push_back({.name = "ladder", .layers = Kind::Layers::ladder});
  return kinds;
}

inline VaeConfig config_of(const Kind& kind) {
  VaeConfig config;
  config.example = Shape{gradient_features};
  config.latent = kind.latent;
  config.linear = true;
  config.posterior = parse_posterior(kind.posterior);
  if (!kind.prior.empty()) config.prior = parse_prior(kind.prior);
  if (kind.condition) config.conditions = 1;
  if (kind.missing) config.missing = VaeConfig::Missing::mask;
  if (kind.labels) config.conditions = 3;
  config.semi_supervised = kind.labels;
  return config;
}

inline std::unique_ptr<Model> model_of(const Kind& kind, ParameterStore& store) {
  const DataMoments moments{Tensor::full({gradient_features}, 0.4, DType::f64),
                            Tensor::full({gradient_features}, 0.24, DType::f64)};
  if (kind.layers == Kind::Layers::one) return make_model(config_of(kind), moments, store);
  const HierarchyConfig config{.name = kind.name,
                               .features = gradient_features,
                               .layers = {{1, {}}, {1, {}}},
                               .ladder = kind.layers == Kind::Layers::ladder,
                               .likelihood = parse_likelihood("bernoulli")};
  return std::make_unique<Hierarchy>(config, moments, store);
}

/// Rows [B, X + C] as the model is shown them.
inline Tensor rows_of(const Kind& kind, const Model& model) {
  const Tensor rows({gradient_data, model.shown()}, DType::f64);
  for (std::int64_t b = 0; b < gradient_data; ++b) {
    for (std::int64_t i = 0; i < gradient_features; ++i) {
      const bool hole = kind.missing && (b + i) % 4 == 3;
      rows.set({b, i}, hole ? std::nan("") : double((b % 4 >> i % 2 ^ i) % 2));
    }
    if (kind.condition) rows.set({b, gradient_features}, 0.5 * double(b % 4) - 0.7);
    if (kind.labels && b % 4 < 2) rows.set({b, gradient_features + b % 4}, 1);
  }
  return rows;
}

/// A cell: the networks of one, and what is studied of it.
struct GradientCell {
  GradientCell(const Kind& kind, const std::string& objective, const std::string& estimator)
      : term(parse_objective(objective)), choice(parse_estimators(estimator)) {
    networks.model = model_of(kind, store);
    for (const Quantity& quantity : term.quantities()) {
      for (const Auxiliary& own : quantity.auxiliaries) declare(own);
    }
    for (const Auxiliary& own : choice.phi.rule().auxiliaries()) declare(own);
    store.freeze(3);
    // Off the start, where much is 0 or alike.
    const Groups own = networks.groups();
    for (const auto& entry : store.entries()) {
      if ((own >> entry.group & 1) == 0) continue;
      auto* const values = static_cast<double*>(store.data()) + entry.offset;
      for (std::int64_t i = 0; i < entry.shape.size(); ++i) {
        values[i] += 0.3 * std::sin(1.3 * double(++parameters) + 0.5);
      }
    }
    x = rows_of(kind, *networks.model);
  }
  gradvar::StudyModel study() const {
    return {.model = *networks.model,
            .x = x,
            .auxiliaries = &networks.auxiliaries,
            .population = {.size = gradient_data}};
  }
  /// Why it is refused; empty where it is not.
  std::string refusal() const {
    try {
      const Model& model = *networks.model;
      check_objective(
          term, term.text(),
          {gradient_data, gradient_data, model.codes().variables, has_exact_div(model), false});
      gradvar::ObjectiveDraw(study(), term, {choice});
      return "";
    } catch (const Error& error) {
      return error.what();
    }
  }
  /// Whether the estimator says of itself that it is right for the encoder, or the other groups.
  bool unbiased(bool encoder) const {
    gradvar::StudyCell cell{.label = term.text(), .of = term, .codes = networks.model->codes()};
    return cell.unbiased(choice, encoder);
  }

  ParameterStore store{DType::f64};
  Networks networks;
  Term term;
  EstimatorChoice choice;
  Tensor x;
  std::size_t parameters = 0;  // of the model

 private:
  void declare(const Auxiliary& own) {
    if (networks.auxiliaries.find(own.group) == nullptr) {
      networks.auxiliaries.declare(own, store, *networks.model);
    }
  }
};

/// A cell, or nothing where it is refused.
inline std::unique_ptr<GradientCell> made_cell(const Kind& kind, const std::string& objective,
                                               const std::string& estimator) {
  std::unique_ptr<GradientCell> cell;
  try {
    cell = std::make_unique<GradientCell>(kind, objective, estimator);
  } catch (const Error&) {  // of a setting or the expression: matrix_test.cpp
    return nullptr;
  }
  if (!cell->refusal().empty()) cell.reset();
  return cell;
}

/// The posterior of another, whose samples are the codes that it is given in the place of noise.
class GivenCodes final : public Posterior {
 public:
  explicit GivenCodes(std::shared_ptr<const Posterior> own) : own_(std::move(own)) {}
  std::string family() const override { return own_->family(); }
  bool has_rsample() const override { return true; }
  PosteriorSample draw(Var codes) const override { return {codes, own_->log_prob(codes)}; }
  Var log_prob(Var z) const override { return own_->log_prob(z); }
  Var expectation() const override { return own_->expectation(); }
  Var entropy() const override { return own_->entropy(); }
  const Bernoulli* binary() const override { return own_->binary(); }
  const OneHotCategorical* categorical() const override { return own_->categorical(); }

 private:
  std::shared_ptr<const Posterior> own_;
};

class ModelOfGivenCodes final : public Model {
 public:
  explicit ModelOfGivenCodes(const Model& own) : own_(own) {}
  const ParameterStore& store() const override { return own_.store(); }
  CodeSpace codes() const override { return own_.codes(); }
  std::int64_t features() const override { return own_.features(); }
  std::int64_t conditions() const override { return own_.conditions(); }
  std::shared_ptr<const Posterior> posterior(const Batch& batch) const override {
    return std::make_shared<GivenCodes>(own_.posterior(batch));
  }
  using Model::prior;
  std::shared_ptr<const Prior> prior(std::optional<Var> condition) const override {
    return own_.prior(condition);
  }
  const Likelihood* likelihood() const override { return own_.likelihood(); }
  using Model::decode;
  Var decode(Var z, std::optional<Var> condition) const override {
    return own_.decode(z, condition);
  }

 private:
  const Model& own_;
};

/// The gradient of an objective as it is written, exactly: the sum over all tuples of codes. Nothing where
/// they are too many, or the objective is no mean over the data.
inline std::optional<std::vector<double>> exact_gradient(const GradientCell& cell) {
  const Model& model = *cell.networks.model;
  const Tensor all = estimators::all_codes(model.codes(), DType::f64);
  const std::int64_t codes = all.shape()[0], samples = cell.term.samples();
  const double tuples = std::pow(double(codes), double(samples));
  if (tuples > 300) return std::nullopt;
  const ModelOfGivenCodes given(model);
  std::vector<double> gradient(cell.store.size(), 0.0);
  GradientSink sink(cell.store);
  for (std::int64_t tuple = 0; tuple < std::int64_t(tuples + 0.5); ++tuple) {
    Tape tape;
    const Recording recording(tape);
    const Tensor z({samples, gradient_data, all.shape()[2]}, DType::f64);
    std::int64_t rest = tuple;
    for (std::int64_t s = 0; s < samples; ++s, rest /= codes) {
      for (std::int64_t b = 0; b < gradient_data; ++b) {
        for (std::int64_t d = 0; d < all.shape()[2]; ++d) {
          z.set({s, b, d}, all.at({rest % codes, 0, d}));
        }
      }
    }
    Draw draw(given, given.batch(tape.leaf(cell.x)), tape.leaf(z), {.size = gradient_data});
    const Var weights = exp(sum(draw.codes().log_posterior(), 0));
    const double sign = cell.term.direction() == Direction::gain ? -1 : 1;
    // Parts of it may move some groups alone.
    for (const Term::Addend& addend : cell.term.cost().by_groups()) {
      const std::optional<Var> values = addend.term.per_datum(draw);
      if (!values) return std::nullopt;
      tape.backward(mean(*values * weights), all_groups & ~leaf_group, sink);
      const double* const g = sink.buffer().data_as<double>();
      for (const auto& entry : cell.store.entries()) {
        const std::string& group = cell.store.group_names()[std::size_t(entry.group)];
        const bool moved =
            addend.only.empty() || std::count(addend.only.begin(), addend.only.end(), group) > 0;
        for (std::int64_t i = 0; moved && i < entry.shape.size(); ++i) {
          gradient[entry.offset + std::size_t(i)] += sign * g[entry.offset + std::size_t(i)];
        }
      }
    }
  }
  return gradient;
}

/// What became of a cell: of the encoder's parameters and of the others the greatest |t| of the mean
/// gradient's distance from the reference, and its two-sided probability.
struct GradientTest {
  std::string reference;
  double t[2] = {0, 0};  // the encoder's, the others'
  double p = 1;  // of the greatest one that the estimator says is right, times the parameters
  std::size_t parameters = 0;
};

/// Replicates a cell beside its reference. Nothing where there is none but itself.
inline std::optional<GradientTest> test_gradient(const Kind& kind, const std::string& objective,
                                                 const std::string& estimator) {
  const GradientCell cell(kind, objective, estimator);
  const CodeSpace codes = cell.networks.model->codes();
  std::optional<std::vector<double>> exact;
  std::unique_ptr<GradientCell> other;
  GradientTest test{.parameters = cell.parameters};
  if (codes.discrete()) exact = exact_gradient(cell);
  if (exact) {
    test.reference = "all codes";
  } else {
    for (const char* name : {"reparam", "enumeration", "score", "rloo"}) {
      if (cell.choice.text() == name) continue;
      other = made_cell(kind, objective, name);
      if (other && other->unbiased(true) && other->unbiased(false)) break;
      other.reset();
    }
    if (!other) return std::nullopt;
    test.reference = other->choice.text();
  }
  gradvar::ObjectiveDraw draw(cell.study(), cell.term, {cell.choice});
  std::optional<gradvar::ObjectiveDraw> beside;
  if (other) beside.emplace(other->study(), other->term, std::vector{other->choice});

  const ParameterStore& store = cell.store;
  std::vector<double> sum(store.size(), 0.0), squares(store.size(), 0.0);
  const double n = double(gradient_replicates);
  for (std::uint64_t r = 0; r < gradient_replicates; ++r) {
    draw.replicate(random_variables::replicates, 11, r);
    if (beside) beside->replicate(random_variables::replicates, 11, r);
    const double* const g = draw.encoder_gradient(0).data_as<double>();
    for (const auto& entry : store.entries()) {
      if ((cell.networks.groups() >> entry.group & 1) == 0) continue;
      const double* truth = exact ? exact->data() + entry.offset : nullptr;
      if (beside) {
        // Its networks beside the model may be others.
        for (const auto& same : other->store.entries()) {
          if (same.name == entry.name)
            truth = beside->encoder_gradient(0).data_as<double>() + same.offset;
        }
      }
      for (std::int64_t i = 0; i < entry.shape.size(); ++i) {
        const double difference = g[entry.offset + std::size_t(i)] - truth[i];
        sum[entry.offset + std::size_t(i)] += difference;
        squares[entry.offset + std::size_t(i)] += difference * difference;
      }
    }
  }
  const Groups encoder = cell.networks.model->encoder();
  for (const auto& entry : store.entries()) {
    if ((cell.networks.groups() >> entry.group & 1) == 0) continue;
    const bool of_encoder = (encoder >> entry.group & 1) != 0;
    for (std::int64_t i = 0; i < entry.shape.size(); ++i) {
      const std::size_t at = entry.offset + std::size_t(i);
      const double mean = sum[at] / n;
      const double variance = std::max(0.0, squares[at] / n - mean * mean) / (n - 1);
      if (std::abs(mean) < 1e-9) continue;  // rounding
      const double t = mean / std::sqrt(std::max(variance, 1e-30));
      double& greatest = test.t[of_encoder ? 0 : 1];
      greatest = std::max(greatest, std::abs(t));
      if (!cell.unbiased(of_encoder)) continue;
      test.p = std::min(test.p, gradvar::student_t_two_sided(t, n - 1) * double(cell.parameters));
    }
  }
  return test;
}

}  // namespace nelbo::tests
