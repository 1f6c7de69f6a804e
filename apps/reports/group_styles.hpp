#pragma once
#include <string>
#include <vector>

#include "apps/reports/run_differences.hpp"
#include "apps/reports/svg_plot.hpp"

namespace nelbo {

/// How the plots draw groups of runs, one style for each, and what tells what, for a reader.
struct GroupStyles {
  std::vector<SvgPlot::Style> styles;
  std::string
      key;  // "Colours tell objective, marks and strokes lr."; empty where there is no such rule
};

/// Where two settings differ, colours tell one and marks and strokes the other, if colours and
/// strokes suffice for their values; else each group has a colour and a mark of its own.
GroupStyles group_styles(const std::vector<SeedGroup>& groups,
                         const std::vector<Difference>& differences);

}  // namespace nelbo
