#include "apps/reports/describe_quantity.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

namespace nelbo {

nlohmann::ordered_json to_json(const Quantity& q) {
  return {{"name", q.name},       {"equation", q.equation},   {"formula", q.formula},
          {"meaning", q.meaning}, {"unit", q.unit},           {"bias", meaning(q.bias)},
          {"needs", needs(q)},    {"moves", moved_groups(q)}, {"samples", q.samples}};
}

std::vector<std::string> moved_groups(const Quantity& q) {
  return q.only.empty() ? q.moves : q.only;
}

std::vector<std::string> moved_groups(const Term& objective) {
  std::set<std::string> moved;
  for (const Quantity& q : objective.quantities()) {
    // The groups of a definition's parts are those of the whole.
    for (const std::string& group : moved_groups(q)) moved.insert(group);
  }
  std::vector<std::string> all;
  for (const char* group : {"theta", "phi", "psi"}) {
    if (moved.count(group) > 0) all.push_back(group);
  }
  return all;
}

std::vector<std::string> needs(const Term& objective) {
  std::vector<std::string> all;
  std::int64_t samples = 1;
  for (Quantity q : objective.quantities()) {
    samples = std::max(samples, q.samples);
    q.samples = 1;
    for (const std::string& need : needs(q)) {
      if (std::find(all.begin(), all.end(), need) == all.end()) all.push_back(need);
    }
  }
  if (samples > 1) all.push_back(std::to_string(samples) + " samples per datum");
  return all;
}

std::string improved_how(Direction direction) {
  return direction == Direction::gain ? "maximised" : "minimised";
}

std::string listed(const std::vector<std::string>& words, const std::string& comma) {
  std::string all;
  for (const std::string& word : words) all += (all.empty() ? "" : comma) + word;
  return all.empty() ? "nothing" : all;
}

}  // namespace nelbo
