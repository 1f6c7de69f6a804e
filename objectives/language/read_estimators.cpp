#include "objectives/language/read_estimators.hpp"

#include <optional>

#include "autodiff/error.hpp"
#include "objectives/estimators/by_block.hpp"
#include "objectives/estimators/estimators.hpp"
#include "objectives/language/estimator_words.hpp"

namespace nelbo {

namespace {

/// The parts of a text between such characters that are not inside brackets.
std::vector<std::string> split_outside(const std::string& text, char between) {
  std::vector<std::string> parts(1);
  int depth = 0;
  for (const char c : text) {
    depth += c == '(' || c == '[' ? 1 : c == ')' || c == ']' ? -1 : 0;
    if (c == between && depth == 0) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

}  // namespace

std::vector<std::string> split_at_commas(const std::string& text) {
  return split_outside(text, ',');
}

std::string group_of(const std::string& part) {
  const std::size_t equals = part.find('=');
  return equals == std::string::npos || part.find('(') < equals ? "" : part.substr(0, equals);
}

namespace {

/// Takes "+antithetic" off the end.
Coupling take_coupling(std::string& text) {
  const std::size_t plus = text.rfind('+');
  if (plus == std::string::npos || text.find_first_of("),", plus) != std::string::npos) {
    return Coupling::independent;
  }
  // What is no estimator's name is meant for one of a coupling.
  const std::string word = text.substr(plus + 1);
  if (estimator_vocabulary().find(word) != nullptr) return Coupling::independent;
  const Coupling coupling = parse_coupling(word);
  text.resize(plus);
  return coupling;
}

/// "dreg", or an estimator for each block, "reparam+rloo".
Estimator parse_blocks(const std::string& text) {
  const std::vector<std::string> parts = split_outside(text, '+');
  if (parts.size() == 1) return parse_estimator(text);
  std::vector<Estimator> blocks;
  for (const std::string& part : parts) blocks.push_back(parse_estimator(part));
  return estimators::by_block(blocks);
}

}  // namespace

EstimatorChoice parse_estimators(const std::string& given) {
  std::string text = given;
  const Coupling coupling = take_coupling(text);
  std::optional<Estimator> phi, theta;
  const std::vector<std::string> parts = split_at_commas(text);
  for (const std::string& part : parts) {
    const std::string group = group_of(part);
    if (group.empty()) {
      if (parts.size() > 1) {
        throw Error("estimator '" + given + "': '" + part +
                    "' names no group; write phi=NAME,theta=NAME, or one name for both");
      }
      phi = theta = parse_blocks(part);
      break;
    }
    std::optional<Estimator>* const of = group == "phi"     ? &phi
                                         : group == "theta" ? &theta
                                                            : nullptr;
    if (of == nullptr) {
      throw Error("estimator '" + given + "': there is no group '" + group +
                  "'; there are phi (encoder) and theta (decoder and prior)");
    }
    if (*of) throw Error("estimator '" + given + "': " + group + " is given twice");
    *of = parse_blocks(part.substr(group.size() + 1));
  }
  EstimatorChoice choice{phi.value_or(estimators::reparam()),
                         theta.value_or(estimators::reparam())};
  if (coupling != Coupling::independent) choice.coupling = coupling;
  return choice;
}

std::vector<EstimatorChoice> parse_estimator_list(const std::string& text) {
  std::vector<std::string> choices;
  std::string before;  // groups that the last choice names
  for (const std::string& part : split_at_commas(text)) {
    const std::string group = group_of(part);
    const bool open = !before.empty() && choices.back().find('+') == std::string::npos;
    if (!group.empty() && open && before.find(group + ";") == std::string::npos) {
      choices.back() += "," + part;
      before += group + ";";
    } else {
      choices.push_back(part);
      before = group.empty() ? "" : group + ";";
    }
  }
  std::vector<EstimatorChoice> all;
  for (const std::string& choice : choices) all.push_back(parse_estimators(choice));
  return all;
}

}  // namespace nelbo
