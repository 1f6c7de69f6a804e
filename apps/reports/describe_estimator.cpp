#include "apps/reports/describe_estimator.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "apps/reports/describe_quantity.hpp"
#include "objectives/language/expression.hpp"
#include "objectives/language/vocabulary.hpp"

namespace nelbo {
namespace {

using Json = nlohmann::ordered_json;
using Remark = EstimatorDescription::Remark;

struct NamedBound {
  std::string name;
  Bound bound;
};

/// One bound of every kind: what each word makes of its default arguments. elbo and mc need some to
/// be bounds on sampled log-weights (mc with m is miwae); log_px is iw by another name.
std::vector<NamedBound> bounds_of_vocabulary() {
  std::vector<NamedBound> all;
  for (const Word& word : vocabulary().all()) {
    if (word.kind != Word::Kind::bound || word.name == "log_px") continue;
    const bool elbo = word.name == "elbo", mean = word.name == "mc";
    try {
      const Term term = parse_objective(elbo ? "elbo(mc)" : mean ? "mc(k=8)" : word.name);
      if (term.bound()) all.push_back({mean ? "mc(k)" : word.name, *term.bound()});
    } catch (const ExpressionError&) {  // a user's own, which cannot do without arguments
    }
  }
  return all;
}

std::optional<Estimator> made(const EstimatorWord& word) {
  try {
    Call call(word.name, 1, {});
    return word.make(call);
  } catch (const Error&) {
    return std::nullopt;
  }
}

/// "iw, ciwae: leaves out ...; jackknife: ...": bounds with the same reason together.
std::string by_reason(const std::vector<Remark>& remarks) {
  std::vector<Remark> all;
  for (const Remark& remark : remarks) {
    if (all.empty() || all.back().reason != remark.reason) {
      all.push_back(remark);
    } else {
      all.back().bound += ", " + remark.bound;
    }
  }
  std::string text;
  for (const auto& [bounds, reason] : all) {
    text += (text.empty() ? "" : "; ") + bounds + ": " + reason;
  }
  return text;
}

Json json_of(const std::vector<Remark>& remarks) {
  Json json = Json::object();
  for (const auto& [bound, reason] : remarks) json[bound] = reason;
  return json;
}

}  // namespace

EstimatorDescription describe(const EstimatorWord& word) {
  EstimatorDescription described{word.name, word.usage, {}};
  const std::optional<Estimator> estimator = made(word);
  if (!estimator) return described;
  const GradientRule& rule = estimator->rule();
  const GradientRule::About& of = rule.about();
  described.defaults = {of.text, of.meaning, of.formula, of.source, {}, {}, {}};
  for (const auto& [name, bound] : bounds_of_vocabulary()) {
    if (const std::string why = rule.undefined(bound); !why.empty()) {
      described.defaults->undefined_for.push_back({name, why});
    } else if (const std::string bias = rule.bias(bound); !bias.empty()) {
      described.defaults->biased_for.push_back({name, bias});
    } else {
      described.defaults->unbiased_for.push_back(name);
    }
  }
  return described;
}

Json to_json(const EstimatorDescription& estimator) {
  Json json{{"name", estimator.name}, {"usage", estimator.usage}};
  if (!estimator.defaults) return json;
  const EstimatorDescription::Defaults& of = *estimator.defaults;
  json.update({{"default", of.text},
               {"meaning", of.meaning},
               {"formula", of.formula},
               {"source", of.source},
               {"unbiased_for", of.unbiased_for},
               {"biased_for", json_of(of.biased_for)},
               {"undefined_for", json_of(of.undefined_for)}});
  return json;
}

std::string estimator_text(const EstimatorDescription& estimator) {
  std::string text = fmt::format("  {}\n", estimator.usage);
  if (!estimator.defaults) return text;
  const EstimatorDescription::Defaults& of = *estimator.defaults;
  const bool everywhere = of.biased_for.empty() && of.undefined_for.empty();
  text += fmt::format("      {}; {}\n      {}\n      unbiased for {}\n", of.meaning, of.source,
                      of.formula, everywhere ? "every bound" : listed(of.unbiased_for));
  for (const auto& [title, remarks] :
       {std::pair("biased for", &of.biased_for), std::pair("not defined for", &of.undefined_for)}) {
    if (!remarks->empty()) text += fmt::format("      {} {}\n", title, by_reason(*remarks));
  }
  return text;
}

}  // namespace nelbo
