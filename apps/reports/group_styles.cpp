#include "apps/reports/group_styles.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace nelbo {
namespace {

using Stroke = SvgPlot::Stroke;

constexpr std::size_t colors = 7;  // of a plot
constexpr std::array strokes = {Stroke::solid, Stroke::dashed, Stroke::dotted};

/// The values of a setting in the order of the runs, each once.
std::vector<std::string> values_of(const Difference& difference) {
  std::vector<std::string> values;
  for (const std::string& value : difference.values) {
    if (std::find(values.begin(), values.end(), value) == values.end()) values.push_back(value);
  }
  return values;
}

std::size_t index_of(const std::vector<std::string>& values, const std::string& value) {
  return std::size_t(std::find(values.begin(), values.end(), value) - values.begin());
}

std::string rule(const Difference& color, const Difference& stroke) {
  return fmt::format("Colours tell {}, marks and strokes {}.", color.setting, stroke.setting);
}

}  // namespace

GroupStyles group_styles(const std::vector<SeedGroup>& groups,
                         const std::vector<Difference>& differences) {
  std::vector<const Difference*> two;
  for (const Difference& one : differences) {
    if (one.setting != "seed") two.push_back(&one);
  }
  if (two.size() == 2) {
    auto first = values_of(*two[0]), second = values_of(*two[1]);
    if (second.size() > strokes.size()) {
      std::swap(two[0], two[1]);
      std::swap(first, second);
    }
    if (first.size() <= colors && second.size() <= strokes.size()) {
      GroupStyles by_setting{{}, rule(*two[0], *two[1])};
      for (const SeedGroup& group : groups) {
        const std::size_t run = group.runs.front();
        const std::size_t other = index_of(second, two[1]->values[run]);
        by_setting.styles.push_back({index_of(first, two[0]->values[run]), other, strokes[other]});
      }
      return by_setting;
    }
  }
  GroupStyles each;
  for (std::size_t g = 0; g < groups.size(); ++g) {
    each.styles.push_back({g, g, strokes[g / colors % strokes.size()]});
  }
  return each;
}

}  // namespace nelbo
