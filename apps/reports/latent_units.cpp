#include "apps/reports/latent_units.hpp"

#include <fmt/format.h>

#include <cmath>

namespace nelbo {
namespace {

using Json = nlohmann::ordered_json;

std::vector<double> unit_kl(const Json& line) {
  std::vector<double> all;
  const auto number = [](const Json& value) {
    return value.is_number() ? value.get<double>() : std::numeric_limits<double>::quiet_NaN();
  };
  if (const auto listed = line.find("unit_kl"); listed != line.end() && listed->is_array()) {
    for (const Json& value : *listed) all.push_back(number(value));
    return all;
  }
  const auto ledger = line.find("ledger");
  if (ledger == line.end() || !ledger->is_object()) return all;
  const auto units = ledger->find("units");
  if (units == ledger->end() || !units->is_array()) return all;
  for (const Json& unit : *units) all.push_back(number_at(unit, {"kl"}));
  return all;
}

}  // namespace

std::vector<LatentUnit> latent_units(const RunHistory& run) {
  std::vector<LatentUnit> units;
  for (const Json& line : run.epochs) {
    const std::vector<double> kl = unit_kl(line);
    if (kl.empty()) continue;
    units.resize(kl.size());
    for (std::size_t i = 0; i < kl.size(); ++i) {
      LatentUnit& unit = units[i];
      unit.index = i;
      unit.kl = kl[i];
      const bool collapsed = kl[i] < collapsed_below;
      if (collapsed && !unit.collapsed) unit.since = number_at(line, {"epoch"});
      unit.was_active |= kl[i] >= collapsed_below;
      unit.collapsed = collapsed;
    }
  }
  std::erase_if(units, [](const LatentUnit& unit) { return !std::isfinite(unit.kl); });
  return units;
}

std::string verdict(const LatentUnit& unit) {
  const std::string head = fmt::format("unit {}: KL {:.4f}", unit.index, unit.kl);
  if (!unit.collapsed) return head + ", active";
  return head + (unit.was_active ? fmt::format(", collapsed at epoch {:.0f}", unit.since)
                                 : ", never active");
}

}  // namespace nelbo
