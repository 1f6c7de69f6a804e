#include "apps/reports/describe_estimator.hpp"

#include <fmt/format.h>

#include <optional>
#include <utility>
#include <vector>

#include "apps/reports/describe_quantity.hpp"
#include "objectives/language/expression.hpp"
#include "objectives/language/vocabulary.hpp"

namespace nelbo {
namespace {

using Json = nlohmann::ordered_json;

struct NamedBound {
  std::string name;
  Bound bound;
};

/// One bound of every kind: what each word makes of its default arguments. elbo and mc need some to
/// be bounds on sampled log-weights (mc with m is miwae); log_px is iw by another name.
std::vector<NamedBound> bounds_of_vocabulary() {
  std::vector<NamedBound> all;
  for (const Word& word : vocabulary()) {
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
std::string by_reason(const Json& reasons) {
  std::vector<std::pair<std::string, std::string>> all;  // reason, bounds
  for (const auto& [bound, why] : reasons.items()) {
    const std::string reason = why.get<std::string>();
    if (all.empty() || all.back().first != reason) {
      all.emplace_back(reason, bound);
    } else {
      all.back().second += ", " + bound;
    }
  }
  std::string text;
  for (const auto& [reason, bounds] : all) {
    text += (text.empty() ? "" : "; ") + bounds + ": " + reason;
  }
  return text;
}

}  // namespace

Json to_json(const EstimatorWord& word) {
  Json json{{"name", word.name}, {"usage", word.usage}};
  const std::optional<Estimator> estimator = made(word);
  if (!estimator) return json;
  const Estimator::Properties& of = estimator->properties();
  json["default"] = of.text;
  json["meaning"] = of.meaning;
  json["formula"] = of.formula;
  json["source"] = of.source;
  json["unbiased_for"] = Json::array();
  for (const char* key : {"biased_for", "undefined_for"}) json[key] = Json::object();
  for (const auto& [name, bound] : bounds_of_vocabulary()) {
    if (const std::string why = of.undefined(bound); !why.empty()) {
      json["undefined_for"][name] = why;
    } else if (const std::string bias = of.bias(bound); !bias.empty()) {
      json["biased_for"][name] = bias;
    } else {
      json["unbiased_for"].push_back(name);
    }
  }
  return json;
}

std::string estimator_text(const Json& estimator) {
  const auto field = [&](const char* name) { return estimator[name].get<std::string>(); };
  std::string text = fmt::format("  {}\n", field("usage"));
  if (!estimator.contains("default")) return text;
  text +=
      fmt::format("      {}; {}\n      {}\n", field("meaning"), field("source"), field("formula"));
  const bool everywhere = estimator["biased_for"].empty() && estimator["undefined_for"].empty();
  text +=
      fmt::format("      unbiased for {}\n",
                  everywhere ? "every bound"
                             : listed(estimator["unbiased_for"].get<std::vector<std::string>>()));
  for (const auto& [title, key] :
       {std::pair("biased for", "biased_for"), std::pair("not defined for", "undefined_for")}) {
    if (estimator[key].empty()) continue;
    text += fmt::format("      {} {}\n", title, by_reason(estimator[key]));
  }
  return text;
}

}  // namespace nelbo
