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

}  // namespace

nlohmann::ordered_json to_json(const Ledger& ledger) {
  nlohmann::ordered_json object{{"count", ledger.count},
                                {"scheme", name(ledger.options.scheme)},
                                {"draws", ledger.options.draws},
                                {"batch", ledger.options.batch}};
  for (const Ledger::Entry& entry : ledger.terms) object["terms"][entry.name] = json_of(entry);
  if (!ledger.mi.empty()) {
    object["identities"] = {{"div - (mi + aggdiv)", ledger.div_residual},
                            {"aggdiv - (tc + dwkl - pf)", ledger.aggdiv_residual}};
    object["mi_interval"] = {ledger.mi_low.mean, ledger.mi_high.mean};
    object["mi_interval_contains"] = ledger.contains;
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
  return object;
}

}  // namespace nelbo
