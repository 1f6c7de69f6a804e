#pragma once
#include <nlohmann/json.hpp>
#include <string>

#include "objectives/language/estimator_words.hpp"

namespace nelbo {

/// What an estimator with its default arguments says of itself, for --json: name, usage, default,
/// meaning, formula, source, and for which of the vocabulary's bounds it is unbiased, biased (what
/// is wrong there) and not defined (why). Of one that cannot do without arguments name and usage.
nlohmann::ordered_json to_json(const EstimatorWord& word);

/// The same as lines of text, indented; the object is to_json()'s.
std::string estimator_text(const nlohmann::ordered_json& estimator);

}  // namespace nelbo
