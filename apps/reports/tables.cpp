#include "apps/reports/tables.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "apps/reports/mean_text.hpp"
#include "lab/files/one_line.hpp"

namespace nelbo::gradvar {
namespace {

std::size_t columns_of(const std::string& text) {  // UTF-8
  return std::size_t(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

bool has_copies(const Study& study) {
  return std::any_of(study.rows.begin(), study.rows.end(),
                     [](const Row& row) { return row.k != 1; });
}

/// Measured over theory; the errors are the measurement's alone.
std::string ratio(const MeanAndError& measured, double theory) {
  if (std::isnan(theory)) return "";
  if (theory == 0) return mean_text(measured, 2) + " (theory 0)";
  return mean_text({measured.mean / theory, std::abs(measured.standard_error / theory)}, 2);
}

}  // namespace

std::string aligned(const Table& table) {
  std::vector<std::size_t> width(table.header.size());
  const auto widen = [&](const std::vector<std::string>& cells) {
    for (std::size_t c = 0; c < cells.size(); ++c)
      width[c] = std::max(width[c], columns_of(cells[c]));
  };
  widen(table.header);
  for (const auto& row : table.rows) widen(row);
  std::string text;
  const auto line = [&](const std::vector<std::string>& cells) {
    std::string all;
    for (std::size_t c = 0; c < cells.size(); ++c) {
      const std::string gap(width[c] - columns_of(cells[c]), ' ');
      all += (c > 0 ? "  " : "") + (c < table.names ? cells[c] + gap : gap + cells[c]);
    }
    text += all.substr(0, all.find_last_not_of(' ') + 1) + "\n";
  };
  line(table.header);
  for (const auto& row : table.rows) line(row);
  return text;
}

std::vector<std::string> bounds_of(const Study& study) {
  std::vector<std::string> bounds;
  for (const Row& row : study.rows) {
    if (std::find(bounds.begin(), bounds.end(), row.bound) == bounds.end()) {
      bounds.push_back(row.bound);
    }
  }
  return bounds;
}

Table row_table(const Study& study, const std::string& bound, Detail detail) {
  struct Column {
    std::string title;
    std::function<std::string(const Row&)> cell;
  };
  const bool page = detail == Detail::page;
  const auto estimate = [page](MeanAndError Row::*member) {
    return [page, member](const Row& row) {
      return page ? mean_text(row.*member, 2) : number_text((row.*member).mean);
    };
  };
  std::vector<Column> columns{
      {"group", [](const Row& row) { return row.group; }},
      {"estimator", [](const Row& row) { return row.estimator + (row.biased ? "*" : ""); }},
      {"m", [](const Row& row) { return fmt::format("{}", row.m); }},
  };
  if (has_copies(study)) {
    columns.push_back({"k", [](const Row& row) { return fmt::format("{}", row.k); }});
  }
  const std::vector<Column> numbers{
      {"|mean|", estimate(&Row::mean_norm)},
      {"variance", estimate(&Row::variance)},
      {"snr", [page](const Row& row) { return mean_text(row.snr, page ? 2 : 1); }},
      {"of norm", estimate(&Row::snr_norm)},
      {"dsnr", estimate(&Row::dsnr)},
      {"cosine",
       [page](const Row& row) {
         return page ? mean_text(row.cosine, 2) : fixed_text(row.cosine.mean, 3);
       }},
      {"bias t", [](const Row& row) { return fixed_text(row.bias_t, 1); }},
      {"us", estimate(&Row::us_per_gradient)},
      {"var x us", estimate(&Row::work)}};
  columns.insert(columns.end(), numbers.begin(), numbers.end());
  if (page) columns.push_back({"p", [](const Row& row) { return number_text(row.bias_p); }});

  Table table{.names = 2};
  for (const Column& column : columns) table.header.push_back(column.title);
  for (const Row& row : study.rows) {
    if (row.bound != bound || !row.defined()) continue;
    std::vector<std::string> cells;
    for (const Column& column : columns) cells.push_back(column.cell(row));
    table.rows.push_back(std::move(cells));
  }
  return table;
}

Table theory_table(const Study& study) {
  Table table{
      .names = 3,
      .header = {"bound", "group", "estimator", "m", "k", "theory", "|mean|", "variance", "snr"}};
  for (const Row& row : study.rows) {
    if (!row.defined() || (!row.exact && !row.asymptote)) continue;
    const Theory& theory = row.exact ? *row.exact : *row.asymptote;
    table.rows.push_back({row.bound, row.group, row.estimator, fmt::format("{}", row.m),
                          fmt::format("{}", row.k), row.exact ? "exact" : "leading order",
                          ratio(row.mean_norm, theory.mean_norm),
                          ratio(row.variance, theory.variance), ratio(row.snr, theory.snr)});
  }
  return table;
}

Table slope_table(const Study& study) {
  Table table{.names = 3,
              .header = {"bound", "group", "estimator", "against", "slope", "95 % interval",
                         "points", "theory"}};
  for (const Slope& slope : study.slopes) {
    table.rows.push_back(
        {slope.bound, slope.group, slope.estimator, name_of(slope.axis),
         mean_text({slope.slope, slope.se}, 2),
         std::isnan(slope.se) ? "-" : fmt::format("{:.3f} to {:.3f}", slope.low, slope.high),
         fmt::format("{}", slope.points),
         slope.theory ? fmt::format("{:.3g}", *slope.theory) : ""});
  }
  return table;
}

Table undefined_table(const Study& study) {
  Table table{.names = 3, .header = {"bound", "estimator", "why not"}};
  for (const Row& row : study.rows) {
    if (row.defined()) continue;
    std::vector<std::string> cells{row.bound, row.estimator, row.undefined};
    if (std::find(table.rows.begin(), table.rows.end(), cells) == table.rows.end()) {
      table.rows.push_back(std::move(cells));
    }
  }
  return table;
}

std::string description(const Study& study) {
  return fmt::format("{}, {} replicates of {} {}{}, seed {}; {}, {}, {:.1f} s",
                     data::one_line(study.subject), study.replicates, study.batch,
                     study.batch == 1 ? "datum" : "data", study.resample ? " drawn anew" : "",
                     study.seed, study.isa, counted(study.threads, "thread"), study.seconds);
}

/// What estimators are compared with: "score", or "score (disarm: against enumeration)" where some
/// have another reference.
std::string references(const Study& study) {
  std::string text = study.reference;
  std::vector<std::string> others;
  for (const Row& row : study.rows) {
    if (row.reference.empty() || row.reference == study.reference) continue;
    const std::string other = row.estimator + ": against " + row.reference;
    if (std::find(others.begin(), others.end(), other) == others.end()) others.push_back(other);
  }
  for (const std::string& other : others) {
    text += (&other == &others.front() ? " (" : "; ") + other;
  }
  return text + (others.empty() ? "" : ")");
}

std::vector<std::string> footnotes(const Study& study) {
  std::vector<std::string> notes{
      fmt::format("snr: of each parameter's gradient, debiased and averaged; without debiasing it "
                  "would end at {:.2g}, 1/sqrt(replicates).",
                  1 / std::sqrt(double(study.replicates))),
      "of norm: |mean| / sqrt(variance). dsnr: along over across the mean (Rainforth et al. 2018, "
      "eq. 12).",
      fmt::format("|mean|: debiased. cosine and bias t (common random numbers): against {}.",
                  references(study)),
      "us: wall time of all threads per gradient. +-: one standard error; - is not known."};
  if (!study.objective.empty()) {
    notes.emplace_back(
        "Gradients are of the objective as it is written: of a cost the cost's, of a gain the "
        "gain's.");
  }
  if (std::any_of(study.rows.begin(), study.rows.end(),
                  [](const Row& row) { return row.biased; })) {
    notes.push_back(fmt::format("*: not unbiased for this {}, by construction.",
                                study.objective.empty() ? "bound" : "objective"));
  }
  return notes;
}

std::string text_report(const Study& study) {
  std::string text = "gradients of " + description(study) + "\n";
  for (const std::string& bound : bounds_of(study)) {
    const Table table = row_table(study, bound, Detail::terminal);
    if (table.rows.empty()) continue;
    text += study.objective.empty() ? "\nbound " : "\nobjective ";
    text += bound + "\n" + aligned(table);
  }
  text += "\n";
  for (const std::string& note : footnotes(study)) text += note + "\n";
  const auto section = [&](const std::string& title, const Table& table) {
    if (!table.rows.empty()) text += "\n" + title + "\n" + aligned(table);
  };
  section("measured / theory", theory_table(study));
  section("slopes of log snr against log m or log k", slope_table(study));
  section("not defined", undefined_table(study));
  return text;
}

}  // namespace nelbo::gradvar
