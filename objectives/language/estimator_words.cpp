#include "objectives/language/estimator_words.hpp"

#include <algorithm>
#include <cctype>

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

std::vector<EstimatorWord>& words() {
  static std::vector<EstimatorWord> all{
      {"reparam", "reparam(mc|exact)",
       [](Call& call) {
         return call.word("div", {"mc", "exact"}, "mc") == "mc" ? reparam() : reparam_exact_div();
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
  };
  return all;
}

}  // namespace

const std::vector<EstimatorWord>& estimator_vocabulary() { return words(); }

void register_estimator(EstimatorWord word) {
  const auto letter = [](unsigned char c) { return std::isalnum(c) || c == '_'; };
  if (word.name.empty() || std::isdigit(static_cast<unsigned char>(word.name.front())) ||
      !std::all_of(word.name.begin(), word.name.end(), letter)) {
    throw Error("register_estimator: '" + word.name + "' is no name; use letters, digits and _");
  }
  if (std::any_of(words().begin(), words().end(),
                  [&](const EstimatorWord& other) { return other.name == word.name; })) {
    throw Error("register_estimator: the name '" + word.name + "' is taken");
  }
  words().push_back(std::move(word));
}

void register_estimator(const Estimator& estimator) {
  register_estimator(
      {estimator.text(), estimator.text(), [estimator](Call&) { return estimator; }});
}

Estimator parse_estimator(const std::string& text) {
  try {
    Call call = parse_call(text);
    const auto word = std::find_if(words().begin(), words().end(),
                                   [&](const EstimatorWord& w) { return w.name == call.name(); });
    if (word == words().end()) {
      std::vector<std::string> names;
      for (const EstimatorWord& w : words()) names.push_back(w.name);
      throw Error("there is no estimator '" + call.name() + "'; " + suggest(call.name(), names));
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
