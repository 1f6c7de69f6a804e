#include <fmt/format.h>

#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "apps/cli/commands.hpp"
#include "apps/cli/print_json.hpp"
#include "apps/exit_code.hpp"
#include "apps/published/comparison.hpp"
#include "apps/reports/table.hpp"
#include "apps/train/presets.hpp"

namespace nelbo {
namespace {

using Json = nlohmann::ordered_json;

Json presets_json() {
  Json all = Json::array();
  const auto number = [](const std::optional<double>& value) {
    return value ? Json(*value) : Json(nullptr);
  };
  for (const Preset& preset : presets()) {
    const Recipe& paper = preset.recipe("paper");
    all.push_back({{"name", preset.name},
                   {"source", preset.source},
                   {"evidence", preset.evidence},
                   {"published", number(preset.published)},
                   {"tolerance", number(paper.tolerance)},
                   {"minutes", paper.minutes}});
  }
  return {{"presets", all}};
}

std::string published_of(const Preset& preset) {
  if (preset.published) return published_text(*preset.published);
  return preset.evidence == "none" ? "-" : preset.evidence;
}

Table presets_table() {
  Table table{.names = 1,
              .header = {"preset", "published", "tolerance", "minutes", "hour", "evidence"},
              .rows = {}};
  const auto number = [](double value) { return fmt::format("{}", value); };
  for (const Preset& preset : presets()) {
    const Recipe& paper = preset.recipe("paper");
    table.rows.push_back({preset.name, published_of(preset),
                          paper.tolerance ? number(*paper.tolerance) : "-", number(paper.minutes),
                          number(preset.recipe("hour").minutes), preset.evidence});
  }
  return table;
}

int list_presets(bool json) {
  if (json) {
    print_json(presets_json());
    return exit_done;
  }
  std::cout << aligned(presets_table());
  std::string source;
  for (const Preset& preset : presets()) {
    if (preset.source != source) std::cout << "\n" << preset.source << "\n";
    source = preset.source;
    std::cout << "  " << preset.name << ": " << preset.summary << "\n";
  }
  return exit_done;
}

constexpr const char* presets_footer =
    R"help(Published: nats per datum with the sign that the source has. Minutes: of recipe paper, as the
source trains, and of recipe hour, on two cores. Evidence: "verified" numbers were read in the
source, "exact" ones follow from theory, and "not verified" ones are not told.

JSON: {"presets": [{"name", "source", "evidence", "published", "tolerance", "minutes"}]}; published
and tolerance are null where there is none, minutes are those of recipe paper.

Examples:
  nelbo presets
  nelbo presets --json
  nelbo train --preset iwae-5 --recipe hour --data mnist/
  nelbo reproduce water-filling)help";

Action declare_presets(CommandLine& command) {
  auto json = std::make_shared<bool>(false);
  command.flag("--json", *json, "print the list as one JSON object on stdout");
  command.footer(presets_footer);
  return [json] { return list_presets(*json); };
}

}  // namespace

Command presets_command() {
  return {"presets", "List published tables and the settings that reproduce them", declare_presets};
}

}  // namespace nelbo
