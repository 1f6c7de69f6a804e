#pragma once
#include <cstddef>
#include <string>

#include "apps/reports/svg_plot.hpp"

namespace nelbo::plot_style {

/// Colours of series, told apart by people who see few of them; further series begin anew.
constexpr std::size_t colors = 7;

/// The <style> of plots, light and dark.
const char* sheet();

/// The sign of a kind at a place, in a series' colour.
std::string mark(std::size_t kind, double x, double y, std::size_t color);

/// Attributes of a name in a series' colour: " class=...".
std::string name_class(std::size_t color);

/// The class of a stroke, after others: " dashed"; empty for a solid one.
const char* stroke_class(SvgPlot::Stroke stroke);

}  // namespace nelbo::plot_style
