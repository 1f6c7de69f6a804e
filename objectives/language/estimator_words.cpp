#include "objectives/language/estimator_words.hpp"

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
          {"disarm", "disarm", [](Call&) { return disarm(); }},
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
