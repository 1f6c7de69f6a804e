#include "objectives/language/estimator_words.hpp"

#include <cmath>
#include <optional>

#include "autodiff/nearest_name.hpp"
#include "objectives/estimators/estimators.hpp"
#include "objectives/language/expression.hpp"

namespace nelbo {
namespace {

using namespace estimators;

Estimator make_score(Call& call) {
  using Baseline = Estimator::Baseline;
  const std::string baseline = call.word("baseline", {"none", "mean", "learned"}, "none");
  return score(baseline == "none"   ? Baseline::none
               : baseline == "mean" ? Baseline::mean
                                    : Baseline::learned);
}

/// rebar or relax: what is not given is learned.
using Tuned = Estimator (*)(std::optional<double> temperature, std::optional<double> eta);
EstimatorWord tuned(const char* name, Tuned make) {
  return {name, std::string(name) + "(temperature=learned, eta=learned)", [make](Call& call) {
            const auto given = [&](const char* key) -> std::optional<double> {
              const double number = call.number(key, std::nan(""));
              return std::isnan(number) ? std::nullopt : std::optional(number);
            };
            const std::optional<double> temperature = given("temperature");
            return make(temperature, given("eta"));
          }};
}

}  // namespace

Registry<EstimatorWord>& estimator_vocabulary() {
  static Registry<EstimatorWord> all(
      "estimator",
      {
          {"reparam", "reparam(mc|exact)",
           [](Call& call) {
             return call.word("div", {"mc", "exact"}, "mc") == "mc" ? reparam()
                                                                    : reparam_exact_div();
           }},
          {"stl", "stl", [](Call&) { return stl(); }},
          {"dreg", "dreg", [](Call&) { return dreg(); }},
          {"score", "score(baseline=none|mean|learned)", make_score},
          {"rloo", "rloo", [](Call&) { return rloo(); }},
          {"vimco", "vimco(geometric|arithmetic)",
           [](Call& call) {
             return vimco(call.word("mean", {"geometric", "arithmetic"}, "geometric") == "geometric"
                              ? OthersMean::geometric
                              : OthersMean::arithmetic);
           }},
          {"ovis", "ovis(gamma=1)", [](Call& call) { return ovis(call.number("gamma", 1.0)); }},
          {"wake_sleep", "wake_sleep(wake=0.5)",
           [](Call& call) { return wake_sleep(call.number("wake", 0.5)); }},
          {"rws_dreg", "rws_dreg", [](Call&) { return rws_dreg(); }},
          {"piwae", "piwae", [](Call&) { return piwae(); }},
          {"gumbel_softmax", "gumbel_softmax(temperature=1)",
           [](Call& call) { return gumbel_softmax(call.number("temperature", 1.0)); }},
          {"straight_through", "straight_through(temperature=1)",
           [](Call& call) { return straight_through(call.number("temperature", 1.0)); }},
          {"arm", "arm", [](Call&) { return arm(); }},
          {"disarm", "disarm", [](Call&) { return disarm(); }},
          tuned("rebar", rebar),
          tuned("relax", relax),
          {"enumeration", "enumeration", [](Call&) { return enumeration(); }},
      });
  return all;
}

Estimator parse_estimator(const std::string& text) {
  try {
    Call call = parse_call(text);
    const EstimatorWord* const word = estimator_vocabulary().find(call.name());
    if (word == nullptr) {
      throw Error("there is no estimator '" + call.name() + "'; " +
                  suggest(call.name(), estimator_vocabulary().names()));
    }
    const Estimator estimator = word->make(call);
    call.finish();
    return estimator;
  } catch (const ExpressionError& error) {
    throw Error("estimator '" + text + "': " + error.reason());
  } catch (const ColumnError& error) {
    throw Error("estimator '" + text + "': " + error.what());
  }
}

}  // namespace nelbo
