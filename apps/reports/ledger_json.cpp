#include "apps/reports/ledger_json.hpp"

#include <nlohmann/json.hpp>

namespace nelbo {
namespace {

nlohmann::ordered_json json_of(const Ledger::Entry& entry) {
  return {{"value", entry.estimate.mean},
          {"se", entry.estimate.standard_error},
          {"bias", sign(entry.bias)},
          {"equation", entry.equation}};
}

nlohmann::ordered_json json_of(const Ledger::Interval& interval) {
  const auto end = [&](const Ledger::End& of) {
    return nlohmann::ordered_json{{"of", of.name},
                                  {"value", of.estimate.mean},
                                  {"se", of.estimate.standard_error},
                                  {"tolerance", interval.tolerance(of)}};
  };
  nlohmann::ordered_json ends = nullptr;
  if (interval.finite() && !interval.crossed())
    ends = {interval.low.estimate.mean, interval.high.estimate.mean};
  return {{"mi_interval", ends},
          {"mi_interval_contains", interval.contains()},
          {"mi_low", end(interval.low)},
          {"mi_high", end(interval.high)}};
}

}  // namespace

nlohmann::ordered_json to_json(const Ledger& ledger) {
  nlohmann::ordered_json object{{"count", ledger.count},
                                {"scheme", name(ledger.options.scheme)},
                                {"draws", ledger.options.draws},
                                {"batch", ledger.options.batch}};
  for (const Ledger::Entry& entry : ledger.terms) object["terms"][entry.name] = json_of(entry);
  if (!ledger.mi.empty()) {
    for (const Ledger::Identity& identity : ledger.identities) {
      object["identities"][identity.text] = identity.residual;
    }
    object.update(json_of(*ledger.mi_interval));
    for (std::size_t i = 0; i < ledger.mi.size(); ++i) {
      object["schemes"][ledger.mi[i].name] = {{"hagg", json_of(ledger.hagg[i])},
                                              {"mi", json_of(ledger.mi[i])}};
    }
  }
  object["units"] = nlohmann::ordered_json::array();
  for (std::size_t d = 0; d < ledger.units.size(); ++d) {
    object["units"].push_back({{"dimension", d},
                               {"kl", ledger.units[d].kl},
                               {"variance", ledger.units[d].variance},
                               {"active", ledger.units[d].active}});
  }
  for (const Ledger::Layer& layer : ledger.layers) {
    object["layers"].push_back({{"name", layer.layer.name},
                                {"first", layer.layer.first},
                                {"size", layer.layer.size},
                                {"div", layer.div.mean},
                                {"se", layer.div.standard_error},
                                {"active", layer.active}});
  }
  return object;
}

}  // namespace nelbo
