#include "objectives/estimators/by_block.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "autodiff/error.hpp"
#include "autodiff/ops/elementwise_ops.hpp"
#include "autodiff/ops/reduce_ops.hpp"
#include "autodiff/ops/shape_ops.hpp"
#include "models/posteriors/product_posterior.hpp"
#include "objectives/draw/code_block.hpp"
#include "objectives/draw/draw.hpp"
#include "objectives/draw/estimate_bound.hpp"
#include "objectives/estimators/baseline.hpp"
#include "objectives/estimators/estimate_op.hpp"

namespace nelbo::estimators {
namespace {

using Path = WeightedRule::Path;
using Direct = WeightedRule::Direct;

std::string joined(const std::vector<Estimator>& blocks) {
  std::string all;
  for (const Estimator& block : blocks) {
    all += all.empty() ? "" : "+";
    all += block.text();
  }
  return all;
}

class ByBlock final : public GradientRule {
 public:
  explicit ByBlock(const std::vector<Estimator>& blocks)
      : GradientRule({joined(blocks), "each block's own, the other blocks being given",
                      "an estimator for each block of a mixed code", ""}),
        rules_(blocks) {}

  std::string undefined(const Bound& bound) const override {
    if (std::string why = indivisible_rule(); !why.empty()) return why;
    for (const Estimator& rule : rules_) {
      if (std::string why = rule.rule().undefined(bound); !why.empty()) {
        return rule.text() + ": " + why;
      }
    }
    return undefined_together(bound);
  }
  std::string bias(const Bound& bound) const override {
    return first([&](const GradientRule& rule) { return rule.bias(bound); });
  }
  std::string unfit(const CodeSpace& codes) const override {
    if (std::string why = indivisible_rule(); !why.empty()) return why;
    if (codes.kind != CodeSpace::Kind::mixed) {
      return text() + " is of blocks of codes, and here they are " + codes.text() +
             "; give one estimator";
    }
    if (rules_.size() > codes.blocks.size()) {
      return text() + ": " + std::to_string(rules_.size()) + " estimators for " +
             std::to_string(codes.blocks.size()) + " blocks, " + codes.text();
    }
    for (std::size_t i = 0; i < codes.blocks.size(); ++i) {
      if (std::string why = of(i).rule().unfit(codes.blocks[i]); !why.empty()) {
        return "block " + std::to_string(i + 1) + ": " + why;
      }
    }
    return unfit_together(codes);
  }
  std::string lacks(const Model& model) const override {
    return first([&](const GradientRule& rule) { return rule.lacks(model); });
  }
  std::string indivisible() const override {
    return "an estimator of each block is for all groups; write " + text() + " alone";
  }
  std::string uncoupled(const Bound& bound, Coupling coupling) const override {
    return first([&](const GradientRule& rule) { return rule.uncoupled(bound, coupling); });
  }
  bool one_sweep(const Bound&) const override {
    return std::none_of(rules_.begin(), rules_.end(), [](const Estimator& rule) {
      return rule.weighted() && (rule.weighted()->reaches_decoder() || path_of(rule) == Path::own);
    });
  }
  bool samples_decoder(const Model&) const override { return true; }
  Coupling coupling() const override {
    for (const Estimator& rule : rules_) {
      if (rule.rule().coupling() != Coupling::independent) return rule.rule().coupling();
    }
    return Coupling::independent;
  }
  std::vector<Auxiliary> auxiliaries() const override {
    std::vector<Auxiliary> all;
    for (const Estimator& rule : rules_) {
      for (const Auxiliary& own : rule.rule().auxiliaries()) {
        const bool known = std::any_of(all.begin(), all.end(), [&](const Auxiliary& other) {
          return other.group == own.group;
        });
        if (!known) all.push_back(own);
      }
    }
    return all;
  }
  PosteriorSample sample(const Posterior& q, Var noise) const override;
  Var record(Draw& draw, const Bound& bound) const override;
  bool has_expectations() const override {
    return std::all_of(rules_.begin(), rules_.end(),
                       [](const Estimator& rule) { return rule.rule().has_expectations(); });
  }
  Var expectation(Draw& draw, const PerCode& of) const override;

 private:
  static Path path_of(const Estimator& rule) { return rule.weighted()->properties().path; }
  const Estimator& of(std::size_t block) const {
    return rules_[std::min(block, rules_.size() - 1)];
  }
  /// The first of their reasons.
  template <class F>
  std::string first(F&& reason) const {
    for (const Estimator& rule : rules_) {
      if (std::string why = reason(rule.rule()); !why.empty()) return why;
    }
    return "";
  }
  /// Why one of them is no block's.
  std::string indivisible_rule() const {
    for (const Estimator& rule : rules_) {
      if (rule.weighted() && rule.weighted()->of_block()) continue;
      return rule.text() + " is of all codes together, and no block's; choose another";
    }
    return "";
  }
  std::string undefined_together(const Bound& bound) const;
  std::string unfit_together(const CodeSpace& codes) const;

  std::vector<Estimator> rules_;
};

/// What one of them does to the others.
std::string ByBlock::undefined_together(const Bound& bound) const {
  for (const Estimator& rule : rules_) {
    if (rule.weighted()->properties().other_decoder) {
      return rule.text() + " has weights of its own for the decoder, which all blocks share";
    }
    if (coupling() == Coupling::independent || rule.rule().coupling() != Coupling::independent) {
      continue;
    }
    if (std::string why = rule.rule().uncoupled(bound, coupling()); !why.empty()) {
      return "another block's samples are antithetic pairs: " + why;
    }
  }
  return "";
}

std::string ByBlock::unfit_together(const CodeSpace& codes) const {
  const Estimator* through = nullptr;  // samples
  for (std::size_t i = 0; i < codes.blocks.size(); ++i) {
    const Estimator& rule = of(i);
    if (path_of(rule) != Path::none) {
      const bool alike = through == nullptr || path_of(*through) == path_of(rule);
      if (!alike || (path_of(rule) == Path::own && through && !(*through == rule))) {
        return text() + ": " + through->text() + " and " + rule.text() +
               " weight the paths through their samples apart; give both blocks one of them";
      }
      through = &rule;
    }
    const bool learns =
        !rule.rule().auxiliaries().empty() && rule.baseline() == Estimator::Baseline::none;
    for (std::size_t other = 0; learns && other < i; ++other) {
      if (of(other) == rule || !of(other).rule().auxiliaries().empty()) {
        return text() + ": " + rule.text() +
               " learns its control variate for one block alone; fix its temperature and eta";
      }
    }
  }
  return "";
}

PosteriorSample ByBlock::sample(const Posterior& q, Var noise) const {
  const ProductPosterior* const product = q.product();
  if (product == nullptr) throw Error(text() + ": a " + q.family() + " posterior has no blocks");
  std::vector<Var> z;
  std::optional<Var> log_prob;
  for (std::size_t i = 0; i < product->blocks().size(); ++i) {
    const ProductPosterior::Block& block = product->blocks()[i];
    PosteriorSample own = block.q->draw(numbers_of(noise, block));
    if (path_of(of(i)) == Path::none && block.q->has_rsample()) {
      own.z = stop(own.z);
      own.log_prob = block.q->log_prob(own.z);
    }
    z.push_back(own.z);
    log_prob = log_prob ? *log_prob + own.log_prob : own.log_prob;
  }
  return {concatenate(z, -1), *log_prob};
}

Var ByBlock::record(Draw& draw, const Bound& bound) const {
  const std::size_t blocks = draw.posterior().product()->blocks().size();
  const Groups encoder = draw.model().encoder();
  Codes& codes = draw.codes();
  const Var f = first_samples(codes.log_weights(), bound);
  const auto baseline_of = [&](const Estimator& rule) -> std::optional<Var> {
    if (rule.baseline() == Estimator::Baseline::none) return std::nullopt;
    return draw.once(Key::nelbo("baseline"),
                     [&] { return draw.network(baseline_group, rule.text())(draw.x()); });
  };
  std::vector<EstimateVars> weights;
  std::optional<Var> own_path;  // weights of the path, where they are not the decoder's
  for (std::size_t i = 0; i < blocks; ++i) {
    const Estimator& rule = of(i);
    const std::optional<Var> baseline = baseline_of(rule);
    weights.push_back(estimate(bound, *rule.weighted(), *rule.weighted(), f, baseline));
    if (baseline) draw.learn(baseline_group, baseline_loss(weights[i].value, *baseline));
    if (path_of(rule) == Path::own) own_path = weights[i].path;
  }
  Var value = weights[0].value;
  for (const Var& log_p :
       {first_samples(codes.log_likelihood(), bound), first_samples(codes.log_prior(), bound)}) {
    if (!own_path) {
      value = carry(value, log_p, weights[0].decoder);
      continue;
    }
    value = carry(value, only(log_p, ~encoder), weights[0].decoder);
    value = carry(value, only(log_p, encoder), *own_path);
  }
  for (std::size_t i = 0; i < blocks; ++i) {
    const CodeBlock block(draw, i);
    const WeightedRule& rule = *of(i).weighted();
    if (rule.properties().path != Path::none) {
      value = carry(value, first_samples(block.log_posterior(), bound), weights[i].path, -1);
    }
    for (const Direct& direct : rule.direct(block, bound)) {
      value = carry(value, direct.x, weight_of(direct, weights[i]), direct.scale);
    }
    rule.learn(block, bound);
  }
  return value;
}

Var ByBlock::expectation(Draw& draw, const PerCode& of_code) const {
  const Var values = of_code(draw.codes());
  std::optional<Var> log_q;  // of the blocks through whose samples no gradient passes
  for (std::size_t i = 0; i < draw.posterior().product()->blocks().size(); ++i) {
    if (path_of(of(i)) != Path::none) continue;
    const Var own = CodeBlock(draw, i).log_posterior_at_fixed_z();
    log_q = log_q ? *log_q + own : own;
  }
  return log_q ? with_score(values, *log_q) : values;
}

}  // namespace

Estimator by_block(const std::vector<Estimator>& blocks) {
  if (blocks.size() < 2) throw Error("an estimator for each block: there are fewer than 2");
  return Estimator(std::make_shared<const ByBlock>(blocks));
}

}  // namespace nelbo::estimators
