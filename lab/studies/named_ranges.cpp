#include "lab/studies/named_ranges.hpp"

#include <algorithm>

namespace nelbo::gradvar {
namespace {

/// "encoder.0" of "encoder.0.weight".
std::string layer_of(const std::string& parameter) {
  return parameter.substr(0, parameter.rfind('.'));
}

}  // namespace

std::vector<NamedRanges> parts_of(const ParameterStore& store, const std::string& group) {
  const Range whole = store.range(group);
  std::vector<NamedRanges> parts{{group, {}}};
  for (const ParameterStore::Entry& entry : store.entries()) {
    if (store.group_names()[std::size_t(entry.group)] != group) continue;
    const Range range{entry.offset - whole.offset, std::size_t(entry.shape.size())};
    parts[0].ranges.push_back(range);
    const std::string layer = layer_of(entry.name);
    const auto same = std::find_if(parts.begin() + 1, parts.end(),
                                   [&](const NamedRanges& part) { return part.name == layer; });
    if (same == parts.end()) {
      parts.push_back({layer, {range}});
    } else {
      same->ranges.push_back(range);
    }
  }
  if (parts.size() == 2) parts.pop_back();
  return parts;
}

}  // namespace nelbo::gradvar
