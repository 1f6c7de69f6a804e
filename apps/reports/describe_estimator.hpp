#pragma once
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "objectives/language/estimator_words.hpp"

namespace nelbo {

/// What an estimator with its default arguments says of itself.
struct EstimatorDescription {
  /// A bound of the vocabulary, and why it is wrong there.
  struct Remark {
    std::string bound, reason;
  };
  struct Defaults {
    std::string text, meaning, formula, source;
    std::vector<std::string> unbiased_for;
    std::vector<Remark> biased_for, undefined_for;
  };
  std::string name, usage;
  std::optional<Defaults> defaults;  // none: it cannot do without arguments
};

EstimatorDescription describe(const EstimatorWord& word);

/// {"name", "usage", "default", "meaning", "formula", "source", "unbiased_for": [...],
/// "biased_for": {bound: reason}, "undefined_for": {...}}.
nlohmann::ordered_json to_json(const EstimatorDescription& estimator);

/// The same as lines of text, indented.
std::string estimator_text(const EstimatorDescription& estimator);

}  // namespace nelbo
