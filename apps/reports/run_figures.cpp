#include "apps/reports/run_figures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <limits>
#include <set>

#include "apps/reports/svg_plot.hpp"
#include "lab/files/one_line.hpp"

namespace nelbo {
namespace {

using Json = nlohmann::ordered_json;
using Points = std::vector<SvgPlot::Point>;
using Place = std::initializer_list<std::string_view>;

constexpr std::size_t most_points = 1000;  // of a line: more than pixels
constexpr const char* nats = "nats per datum";
constexpr PlotLook curve_look{.x = Scale::linear,
                              .y = Scale::linear,
                              .names = Names::at_ends,
                              .width = 430,
                              .height = 250,
                              .margin = 0};

/// A number of every line against another, as far as there are both.
template <class Number>
Points points_of(const std::vector<Json>& lines, const char* x, Number number) {
  Points points;
  for (const Json& line : lines) {
    const double at = number_at(line, {x}), value = number(line);
    if (std::isfinite(at) && std::isfinite(value)) points.push_back({at, value});
  }
  const std::size_t stride = points.size() / most_points + 1;
  if (stride == 1) return points;
  Points fewer;
  for (std::size_t i = points.size() - 1;; i -= stride) {
    fewer.push_back(points[i]);
    if (i < stride) break;
  }
  std::reverse(fewer.begin(), fewer.end());
  return fewer;
}

Points points_of(const std::vector<Json>& lines, const char* x, Place place) {
  return points_of(lines, x, [&](const Json& line) { return number_at(line, place); });
}

struct Curve {
  std::string name;
  Points points;
  SvgPlot::Style style;
};

/// Where y begins to count: a steep beginning that would flatten all the rest comes in from beyond
/// the plot. Minus infinity where it is not steep.
double calm_from(const std::vector<Curve>& curves, double first, double last) {
  const double calm = first + 0.15 * (last - first);
  const auto spread = [&](double from) {
    double low = std::numeric_limits<double>::infinity(), high = -low;
    std::size_t count = 0;
    for (const Curve& curve : curves) {
      for (const SvgPlot::Point& point : curve.points) {
        if (point.x < from) continue;
        ++count;
        low = std::min(low, point.y);
        high = std::max(high, point.y);
      }
    }
    return count < 5 ? std::numeric_limits<double>::infinity() : high - low;
  };
  const double none = -std::numeric_limits<double>::infinity();
  return spread(first) > 2 * spread(calm) ? calm : none;
}

/// A plot over epochs or steps; nothing where no curve has two points.
std::string curves_svg(const std::string& title, const std::string& x_label,
                       const std::string& y_label, std::vector<Curve> curves, PlotLook look,
                       const std::string& level_name = "", double level = 0) {
  std::erase_if(curves, [](const Curve& curve) { return curve.points.size() < 2; });
  if (curves.empty()) return "";
  double first = std::numeric_limits<double>::infinity(), last = -first;
  for (const Curve& curve : curves) {
    first = std::min(first, curve.points.front().x);
    last = std::max(last, curve.points.back().x);
  }
  const double calm = look.y == Scale::linear ? calm_from(curves, first, last)
                                              : -std::numeric_limits<double>::infinity();
  const bool cut = std::isfinite(calm);
  SvgPlot plot(title, cut ? x_label + " (steep beginning cut off)" : x_label, y_label, look);
  if (cut) plot.fit_y_from(calm);
  for (Curve& curve : curves) plot.add_series(curve.name, std::move(curve.points), curve.style);
  if (!level_name.empty()) plot.add_level(level_name, level);
  plot.set_x_ticks(linear_ticks(first, last, 1));
  return plot.svg();
}

void keep(std::vector<std::string>& figures, std::string svg) {
  if (!svg.empty()) figures.push_back(std::move(svg));
}

/// One quantity of a run on all its splits.
std::string splits_svg(const RunHistory& run, const std::string& title, Place quantity) {
  std::vector<Curve> curves;
  const auto add = [&](const char* split, SvgPlot::Style style) {
    curves.push_back({split,
                      points_of(run.epochs, "epoch",
                                [&](const Json& line) {
                                  const auto of = line.find(split);
                                  return of == line.end() ? number_at({}, {""})
                                                          : number_at(*of, quantity);
                                }),
                      style});
  };
  add("train", {1, 1, SvgPlot::Stroke::dashed});
  add("valid", {2, 2});
  add("test", {0, 0});
  return curves_svg(title, "epoch", nats, std::move(curves), curve_look);
}

/// The keys of an object that the lines hold at `place` ("weights"), in the order of their first.
std::vector<std::string> keys_of(const std::vector<Json>& lines, Place place) {
  std::vector<std::string> keys;
  for (const Json& line : lines) {
    const Json* at = &line;
    for (const std::string_view part : place) {
      const auto next = at->is_object() ? at->find(std::string(part)) : at->end();
      if (!at->is_object() || next == at->end()) {
        at = nullptr;
        break;
      }
      at = &*next;
    }
    if (at == nullptr || !at->is_object()) continue;
    for (const auto& [key, value] : at->items()) {
      if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(key);
    }
  }
  return keys;
}

/// Numbers by name that the lines hold under a key; or, where it is one number, that.
std::vector<Curve> named_curves(const std::vector<Json>& lines, const char* key) {
  std::vector<Curve> curves;
  for (const std::string& name : keys_of(lines, {key})) {
    const std::size_t n = curves.size();
    curves.push_back({data::one_line(name), points_of(lines, "epoch", {key, name}), {n, n}});
  }
  if (curves.empty()) curves.push_back({"", points_of(lines, "epoch", {key}), {0, 0}});
  return curves;
}

/// Whether a curve has another value than its first.
bool moves(const std::vector<Curve>& curves) {
  return std::any_of(curves.begin(), curves.end(), [](const Curve& curve) {
    return std::any_of(curve.points.begin(), curve.points.end(),
                       [&](const auto& point) { return point.y != curve.points.front().y; });
  });
}

std::string ledger_svg(const RunHistory& run) {
  std::vector<Curve> curves;
  for (const char* term : {"div", "mi", "aggdiv", "tc", "dwkl"}) {
    const std::size_t n = curves.size();
    curves.push_back(
        {term, points_of(run.epochs, "epoch", {"ledger", "terms", term, "value"}), {n, n}});
  }
  return curves_svg("Ledger of the test examples", "epoch", nats, std::move(curves), curve_look);
}

/// Active units of each layer of a model of several, as the ledgers have them.
std::string active_units_svg(const RunHistory& run) {
  std::vector<Curve> curves;
  for (const std::string& layer : keys_of(run.epochs, {"layer_kl"})) {
    const std::size_t n = curves.size();
    const auto active = [&](const Json& line) {
      const Json::json_pointer place("/ledger/layers/" + std::to_string(n));
      return line.contains(place) ? number_at(line.at(place), {"active"})
                                  : std::numeric_limits<double>::quiet_NaN();
    };
    curves.push_back({data::one_line(layer), points_of(run.epochs, "epoch", active), {n, n}});
  }
  return curves_svg("Active units of each layer", "epoch", "units", std::move(curves), curve_look);
}

std::string snr_svg(const RunHistory& run) {
  std::vector<Curve> curves;
  PlotLook look = curve_look;
  look.y = Scale::log;
  for (const char* group : {"theta", "phi"}) {
    const std::size_t n = curves.size();
    curves.push_back({group, points_of(run.gradient_snr, "step", {group, "snr"}), {n, n}});
  }
  const double floor = run.gradient_snr.empty() ? 0 : number_at(run.gradient_snr.back(), {"floor"});
  return curves_svg("Gradients", "step", "signal-to-noise ratio", std::move(curves), look,
                    std::isfinite(floor) ? "floor" : "", floor);
}

/// "beta 4, 3 seeds"; for the first of its runs alone.
std::string name_in_group(const SeedGroup& group, std::size_t run) {
  if (run != group.runs.front()) return "";
  return group.runs.size() == 1 ? group.label
                                : fmt::format("{}, {} seeds", group.label, group.runs.size());
}

/// A name for every line takes its height.
PlotLook overlay_look(std::size_t names) {
  PlotLook look = curve_look;
  look.height = std::max(look.height, 15.0 * double(names));
  return look;
}

std::string overlay_svg(const std::vector<RunHistory>& runs, const std::vector<SeedGroup>& groups,
                        const std::vector<SvgPlot::Style>& styles, const std::string& title,
                        const char* quantity) {
  std::vector<Curve> curves;
  for (std::size_t g = 0; g < groups.size(); ++g) {
    const std::size_t from = curves.size();
    for (const std::size_t run : groups[g].runs) {
      Points points = points_of(runs[run].epochs, "epoch", {"test", quantity});
      if (points.size() < 2) continue;
      const bool first = curves.size() == from;
      curves.push_back({first ? name_in_group(groups[g], groups[g].runs.front()) : "",
                        std::move(points), styles[g]});
    }
  }
  return curves_svg(title, "epoch", nats, std::move(curves), overlay_look(groups.size()));
}

/// Lines of equal elbo = -(rate + distortion) behind the points.
void add_elbo_guides(SvgPlot& plot, const std::vector<SvgPlot::Point>& points) {
  PlotAxis x_axis(Scale::linear), y_axis(Scale::linear);
  for (const SvgPlot::Point& point : points) {
    x_axis.include(point.x);
    y_axis.include(point.y);
  }
  const double low = -(x_axis.high() + y_axis.high()), high = -(x_axis.low() + y_axis.low());
  if (!(low < high)) return;
  for (const double elbo : linear_ticks(low, high)) {
    const double x = x_axis.low(), y = -elbo - x, reach = 2 * (high - low);
    plot.add_guide(
        "elbo " + fmt::format("{}{:.6g}", elbo < 0 ? "\xE2\x88\x92" : "", std::abs(elbo)),
        {x - reach, y + reach}, {x + reach, y - reach});
  }
}

/// The decoder's own curve, as far as it lies within the plot of encoders' points and half as much again:
/// at its ends it goes far beyond.
Points own_curve(const RunHistory& run, const Points& encoders) {
  PlotAxis x_axis(Scale::linear), y_axis(Scale::linear);
  for (const SvgPlot::Point& point : encoders) {
    x_axis.include(point.x);
    y_axis.include(point.y);
  }
  const auto near = [](const PlotAxis& axis, double value) {
    const double reach = std::max(axis.high() - axis.low(), 1e-3) / 2;
    return axis.low() - reach <= value && value <= axis.high() + reach;
  };
  Points points;
  const auto curve = run.curve.find("curve");
  if (curve == run.curve.end() || !curve->is_array()) return points;
  for (const Json& line : *curve) {
    const SvgPlot::Point point{number_at(line, {"rate"}), number_at(line, {"distortion"})};
    if (near(x_axis, point.x) && near(y_axis, point.y)) points.push_back(point);
  }
  return points;
}

/// H_data of the runs' test examples, nats, as a curve or a ledger tells it; NaN where none does.
double entropy_of(const std::vector<RunHistory>& runs) {
  for (const RunHistory& run : runs) {
    const double told = number_at(run.curve, {"h_data"});
    if (std::isfinite(told)) return told;
    for (const Json& line : run.epochs) {
      const double term = number_at(line, {"ledger", "terms", "h_data", "value"});
      if (std::isfinite(term)) return term;
    }
  }
  return std::numeric_limits<double>::quiet_NaN();
}

std::string rate_distortion_svg(const std::vector<RunHistory>& runs,
                                const std::vector<SeedGroup>& groups,
                                const std::vector<SvgPlot::Style>& styles) {
  SvgPlot plot("Rate against distortion, test", "rate: div, nats per datum",
               "distortion: nell, nats per datum",
               {.x = Scale::linear,
                .y = Scale::linear,
                .names = Names::at_marks,
                .width = 490,
                .height = 290,
                .margin = 0.12});
  std::vector<SvgPlot::Point> points;
  for (std::size_t g = 0; g < groups.size(); ++g) {
    bool named = false;
    for (const std::size_t run : groups[g].runs) {
      const SvgPlot::Point point{runs[run].result("test", "div"), runs[run].result("test", "nell")};
      if (!std::isfinite(point.x) || !std::isfinite(point.y)) continue;
      plot.add_series(named ? "" : groups[g].label, {point}, styles[g]);
      named = true;
      points.push_back(point);
    }
  }
  if (points.size() < 2) return "";
  add_elbo_guides(plot, points);
  for (std::size_t g = 0; g < groups.size(); ++g) {
    const RunHistory& first = runs[groups[g].runs.front()];
    Points curve = own_curve(first, points);
    if (curve.empty()) continue;
    const double examples = number_at(first.curve, {"examples"});
    plot.add_series(fmt::format("{}: its decoder, {:.0f} examples", groups[g].label, examples),
                    std::move(curve), styles[g]);
  }
  if (const double entropy = entropy_of(runs); std::isfinite(entropy)) {
    const double reach = 2 * (std::abs(entropy) + points.front().x + points.front().y);
    plot.add_guide("infeasible below: rate + distortion < H_data", {-reach, entropy + reach},
                   {reach, entropy - reach});
  }
  return plot.svg();
}

}  // namespace

std::vector<std::string> figures_of(const RunHistory& run) {
  std::vector<std::string> figures;
  const std::string objective = data::one_line(run.setting("objective"));
  std::set<std::string> shown{"elbo", "nell", "div", objective};
  if (objective != "elbo") {
    keep(figures, splits_svg(run, "Objective, as a gain", {"objective"}));
  }
  for (const char* quantity : {"elbo", "nell", "div"}) {
    keep(figures, splits_svg(run, quantity, {quantity}));
  }
  for (const std::string& term : keys_of(run.epochs, {"test", "terms"})) {
    if (shown.insert(term).second) {
      keep(figures, splits_svg(run, data::one_line(term), {"terms", term}));
    }
  }
  keep(figures, curves_svg("Weights of the schedules", "epoch", "weight",
                           named_curves(run.epochs, "weights"), curve_look));
  if (auto rates = named_curves(run.epochs, "lr"); moves(rates)) {
    keep(figures, curves_svg("Learning rate", "epoch", "rate", std::move(rates), curve_look));
  }
  if (!keys_of(run.epochs, {"layer_kl"}).empty()) {
    keep(figures, curves_svg("div of each layer, test", "epoch", nats,
                             named_curves(run.epochs, "layer_kl"), curve_look));
    keep(figures, active_units_svg(run));
  }
  keep(figures, curves_svg("Accuracy, test", "epoch", "share of labels",
                           named_curves(run.epochs, "accuracy"), curve_look));
  keep(figures, ledger_svg(run));
  keep(figures, snr_svg(run));
  return figures;
}

std::vector<std::string> figures_of(const std::vector<RunHistory>& runs,
                                    const std::vector<SeedGroup>& groups,
                                    const std::vector<SvgPlot::Style>& styles) {
  std::vector<std::string> figures;
  keep(figures, rate_distortion_svg(runs, groups, styles));
  const std::string objective = runs.front().setting("objective");
  const bool same = std::all_of(runs.begin(), runs.end(), [&](const RunHistory& run) {
    return run.setting("objective") == objective;
  });
  if (same && objective != "elbo") {
    keep(figures, overlay_svg(runs, groups, styles, "Test objective, as a gain", "objective"));
  }
  for (const char* quantity : {"elbo", "nell", "div"}) {
    keep(figures, overlay_svg(runs, groups, styles, std::string("Test ") + quantity, quantity));
  }
  return figures;
}

}  // namespace nelbo
