#include "apps/reports/run_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include "apps/reports/mean_text.hpp"
#include "autodiff/nearest_name.hpp"
#include "autodiff/number_of.hpp"
#include "autodiff/setting_error.hpp"
#include "lab/files/one_line.hpp"
#include "lab/statistics/mean_and_error.hpp"

namespace nelbo {
namespace {

const std::vector<std::string> test_quantities{"objective", "elbo", "nell", "div"};

/// As columns are called: the objective's value beside the objective that it is of.
std::string heading(const std::string& quantity) {
  return quantity == "objective" ? "test objective" : quantity;
}

/// "10", or "3/10" of a run that is not at its end.
std::string epochs_text(const RunHistory& run) {
  const double made = run.epochs_made(), wanted = run.epochs_wanted();
  if (std::isnan(made)) return std::isnan(wanted) ? "-" : fmt::format("0/{:.0f}", wanted);
  if (std::isnan(wanted) || wanted == made) return fmt::format("{:.0f}", made);
  return fmt::format("{:.0f}/{:.0f}", made, wanted);
}

std::string seconds_text(double seconds) {
  return fixed_text(seconds, std::abs(seconds) < 100 ? 1 : 0);
}

std::optional<double> number_in(const std::string& text) {
  const auto value = number_of<double>(text);
  return value && !std::isnan(*value) ? value : std::nullopt;
}

/// What a run is sorted by: a number, or a text.
struct SortKey {
  std::optional<double> number;
  std::string text;
  bool known = true;
};

SortKey key_of(const RunHistory& run, const std::string& key) {
  if (key == "run") return {{}, run.name};
  if (key == "status") return {{}, run.status};
  const bool tested =
      std::find(test_quantities.begin(), test_quantities.end(), key) != test_quantities.end();
  if (tested || key == "seconds" || key == "epochs") {
    double value =
        tested ? run.result("test", key) : (key == "epochs" ? run.epochs_made() : run.seconds());
    if (key == "objective" || key == "elbo") value = -value;
    return {value, "", !std::isnan(value)};
  }
  const std::string text = run.setting(key);
  return {number_in(text), text, !text.empty()};
}

bool before(const SortKey& a, const SortKey& b) {
  if (a.known != b.known) return a.known;
  if (!a.known) return false;
  if (a.number && b.number) return *a.number < *b.number;
  if (a.number.has_value() != b.number.has_value()) return a.number.has_value();
  return natural_less(a.text, b.text);
}

std::string csv_number(double value) {
  return std::isfinite(value) ? fmt::format("{}", value) : "";
}

}  // namespace

void sort_runs(std::vector<RunHistory>& runs, const std::string& key) {
  std::vector<std::string> known{"run", "status", "epochs", "seconds"};
  known.insert(known.end(), test_quantities.begin(), test_quantities.end());
  for (const RunHistory& run : runs) {
    for (const auto& [name, value] : run.settings) {
      if (std::find(known.begin(), known.end(), name) == known.end()) known.push_back(name);
    }
  }
  if (std::find(known.begin(), known.end(), key) == known.end()) {
    throw SettingError("sort", "'" + key + "' is no column and no setting; " + suggest(key, known));
  }
  std::stable_sort(runs.begin(), runs.end(), [&](const RunHistory& a, const RunHistory& b) {
    return before(key_of(a, key), key_of(b, key));
  });
}

Table run_table(const std::vector<RunHistory>& runs, const std::vector<Difference>& differences) {
  Table table{.names = differences.size() + 2};
  for (const Difference& one : differences) table.header.push_back(one.setting);
  for (const char* column : {"run", "status", "epochs"}) table.header.emplace_back(column);
  for (const std::string& quantity : test_quantities) table.header.push_back(heading(quantity));
  table.header.emplace_back("seconds");
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const RunHistory& run = runs[i];
    std::vector<std::string> cells;
    for (const Difference& one : differences) {
      cells.push_back(one.values[i].empty() ? "-" : data::one_line(one.values[i]));
    }
    cells.push_back(data::one_line(run.name));
    cells.push_back(data::one_line(run.status));
    cells.push_back(epochs_text(run));
    for (const std::string& quantity : test_quantities) {
      cells.push_back(fixed_text(run.result("test", quantity), 3));
    }
    cells.push_back(seconds_text(run.seconds()));
    table.rows.push_back(std::move(cells));
  }
  return table;
}

Table seed_table(const std::vector<RunHistory>& runs, const std::vector<SeedGroup>& groups) {
  Table table{.names = 1, .header = {"configuration", "seeds"}};
  for (const std::string& quantity : test_quantities) table.header.push_back(heading(quantity));
  const bool several = std::any_of(groups.begin(), groups.end(),
                                   [](const SeedGroup& group) { return group.runs.size() > 1; });
  if (!several) return table;
  for (const SeedGroup& group : groups) {
    std::vector<std::string> cells{group.label, ""};
    double most = 0;
    for (const std::string& quantity : test_quantities) {
      RunningMean mean;
      for (const std::size_t run : group.runs) {
        const double value = runs[run].result("test", quantity);
        if (std::isfinite(value)) mean.add(value);
      }
      const double n = mean.count();
      most = std::max(most, n);
      cells.push_back(n == 0
                          ? "-"
                          : fmt::format("{:.3f} +- {}", mean.result().mean,
                                        fixed_text(std::sqrt(mean.variance() * n / (n - 1)), 3)));
    }
    cells[1] = fmt::format("{:.0f}", most);
    table.rows.push_back(std::move(cells));
  }
  return table;
}

nlohmann::ordered_json runs_json(const std::vector<RunHistory>& runs,
                                 const std::vector<Difference>& differences) {
  using Json = nlohmann::ordered_json;
  Json all = Json::array();
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const RunHistory& run = runs[i];
    Json object{{"run", run.folder.string()}, {"status", run.status}};
    object["differs"] = Json::object();
    for (const Difference& one : differences) object["differs"][one.setting] = one.values[i];
    object["epochs"] = run.epochs_made();
    for (const std::string& quantity : test_quantities) {
      object["test"][quantity] = run.result("test", quantity);
    }
    object["seconds"] = run.seconds();
    for (const auto& [name, value] : run.settings) object["settings"][name] = value;
    all.push_back(std::move(object));
  }
  return all;
}

std::string runs_csv(const std::vector<RunHistory>& runs,
                     const std::vector<Difference>& differences) {
  std::vector<std::string> header;
  for (const Difference& one : differences) header.push_back(one.setting);
  header.insert(header.end(), {"run", "status", "epochs"});
  for (const std::string& quantity : test_quantities) header.push_back("test_" + quantity);
  header.emplace_back("seconds");
  std::string text = csv_line(header);
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const RunHistory& run = runs[i];
    std::vector<std::string> fields;
    for (const Difference& one : differences) fields.push_back(one.values[i]);
    fields.insert(fields.end(), {run.folder.string(), run.status, csv_number(run.epochs_made())});
    for (const std::string& quantity : test_quantities) {
      fields.push_back(csv_number(run.result("test", quantity)));
    }
    fields.push_back(csv_number(run.seconds()));
    text += csv_line(fields);
  }
  return text;
}

}  // namespace nelbo
