#include "apps/reports/run_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "apps/cli/refusal.hpp"
#include "apps/cli/run_flags.hpp"
#include "apps/reports/disentanglement_section.hpp"
#include "apps/reports/html_page.hpp"
#include "apps/reports/latent_units.hpp"
#include "apps/reports/markup.hpp"
#include "apps/reports/mean_text.hpp"
#include "apps/reports/report_parts.hpp"
#include "apps/reports/run_figures.hpp"
#include "lab/files/atomic_file.hpp"
#include "lab/files/one_line.hpp"
#include "objectives/language/vocabulary.hpp"

namespace nelbo {
namespace {

using Json = nlohmann::ordered_json;

std::string tile(const std::string& name, const std::string& value) {
  return "<div class=\"tile\"><span>" + escaped(name) + "</span><b>" + escaped(value) +
         "</b></div>\n";
}

/// "dsprites.npz", not the folders above it; of "../data/mnist/" "mnist".
std::string last_name(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  const std::size_t slash = path.find_last_of('/');
  return slash == std::string::npos || slash + 1 == path.size() ? path : path.substr(slash + 1);
}

std::string head(const RunHistory& run) {
  const bool good = run.status == "finished" || run.status == "running";
  std::string out = "<h1>" + escaped(run.name) + "<span class=\"badge" + (good ? " good" : "") +
                    "\">" + escaped(run.status) + "</span></h1>\n<p class=\"soft\">";
  out += escaped(fmt::format("{} on {}, objective {}, seed {}", run.setting("model"),
                             last_name(run.setting("data")), run.setting("objective"),
                             run.setting("seed"))) +
         "</p>\n";
  if (const std::string error = text_at(run.record, "error"); !error.empty()) {
    out += "<p>" + escaped(error) + "</p>\n";
  }
  if (run.reason == "patience") out += "<p>Ended by early stopping.</p>\n";
  return out;
}

std::string tiles(const RunHistory& run) {
  std::string out = "<div class=\"tiles\">\n";
  const bool bound = run.setting("objective") == "elbo";
  for (const char* quantity : {"objective", "elbo", "nell", "div"}) {
    if (bound && std::string(quantity) == "objective") continue;
    const double value = run.result("test", quantity);
    if (std::isfinite(value)) {
      out += tile(std::string("test ") + quantity, minus_sign(fixed_text(value, 2)));
    }
  }
  const double made = run.epochs_made(), seconds = run.seconds();
  if (std::isfinite(made)) out += tile("epochs", fmt::format("{:.0f}", made));
  if (std::isfinite(seconds)) out += tile("time", time_text(seconds));
  return out + "</div>\n";
}

/// Numbers of the run as it stands, on every split.
std::string numbers(const RunHistory& run) {
  Table table{.names = 1, .header = {"split", "objective", "elbo", "nell", "div"}};
  const bool cost = run.setting("objective") != "elbo";
  if (!cost) table.header.erase(table.header.begin() + 1);
  for (const char* split : {"train", "valid", "test"}) {
    std::vector<std::string> cells{split};
    bool any = false;
    for (std::size_t c = 1; c < table.header.size(); ++c) {
      const double value = run.result(split, table.header[c]);
      any |= std::isfinite(value);
      cells.push_back(minus_sign(fixed_text(value, 3)));
    }
    if (any) table.rows.push_back(std::move(cells));
  }
  if (table.rows.empty()) return "<p>No epoch has ended yet.</p>\n";
  return "<h2>Numbers</h2>\n" + html_table(table) +
         "<p class=\"soft small\">Nats per datum. Train: the mean over the last epoch's batches, "
         "each as the model was then." +
         (cost ? " The objective is shown as a gain: of a cost its sign is turned." : "") +
         "</p>\n" + quantities_line();
}

constexpr std::size_t most_units = 120, most_verdicts = 40;

std::string units(const RunHistory& run) {
  std::vector<LatentUnit> all = latent_units(run);
  if (all.empty()) return "";
  const auto gone = [](const LatentUnit& unit) { return unit.collapsed; };
  const auto count = std::count_if(all.begin(), all.end(), gone);
  std::string verdicts;
  std::size_t told = 0;
  for (const LatentUnit& unit : all) {
    if (!unit.collapsed || ++told > most_verdicts) continue;
    verdicts += "<li>" + escaped(verdict(unit)) + "</li>\n";
  }
  if (told > most_verdicts) verdicts += fmt::format("<li>and {} more</li>\n", told - most_verdicts);
  std::stable_sort(all.begin(), all.end(),
                   [](const LatentUnit& a, const LatentUnit& b) { return a.kl > b.kl; });
  const double most = std::max(all.front().kl, 1e-9);
  std::string out = "<h2>Latent variables</h2>\n";
  out += fmt::format("<p>{} of {} collapsed: mean KL to the prior below {} nats.</p>\n", count,
                     all.size(), collapsed_below);
  out += "<div class=\"units\">\n";
  for (std::size_t i = 0; i < std::min(all.size(), most_units); ++i) {
    const double share = std::clamp(100 * all[i].kl / most, 0.0, 100.0);
    out += fmt::format("<div{}>unit {}<i style=\"width:{:.1f}%\"></i><b>{:.3f}</b></div>\n",
                       all[i].collapsed ? " class=\"gone\"" : "", all[i].index, share, all[i].kl);
  }
  out += "</div>\n";
  if (all.size() > most_units) {
    out += fmt::format("<p class=\"soft small\">The {} with the highest KL.</p>\n", most_units);
  }
  return out + (verdicts.empty() ? "" : "<ul class=\"notes verdicts\">\n" + verdicts + "</ul>\n");
}

/// What the vocabulary says of "div(mc)"; of what is no word of it, h_data alone is known.
std::string meaning_of(const std::string& term) {
  if (term == "h_data") return "entropy of the examples, exact";
  const Word* word = vocabulary().find(term.substr(0, term.find('(')));
  if (word == nullptr) return "";
  return word->meaning + (term.ends_with("(mc)") ? ", mean over samples" : "");
}

/// What is 0 but for rounding is told as 0.
std::string ledger_number(const MeanAndError& value) {
  constexpr double rounding = 1e-5;  // nats
  if (std::abs(value.mean) < rounding && value.standard_error < rounding) return "0.000";
  return minus_sign(value.standard_error == 0 ? fixed_text(value.mean, 3) : mean_text(value, 2));
}

/// The last ledger of the run, with its errors.
std::string ledger(const RunHistory& run) {
  for (auto line = run.epochs.rbegin(); line != run.epochs.rend(); ++line) {
    const auto of = line->find("ledger");
    if (of == line->end() || !of->is_object() || !of->contains("terms")) continue;
    const Json& terms = (*of)["terms"];
    if (!terms.is_object()) return "";
    Table table{.names = 2, .header = {"term", "what it is", "nats per datum"}};
    for (const auto& [name, entry] : terms.items()) {
      const MeanAndError value{number_at(entry, {"value"}), number_at(entry, {"se"})};
      table.rows.push_back({name, meaning_of(name), ledger_number(value)});
    }
    return fmt::format("<h2>Ledger after epoch {:.0f}</h2>\n", number_at(*line, {"epoch"})) +
           html_table(table) +
           fmt::format(
               "<p class=\"soft small\">Of {:.0f} test examples, with standard errors.</p>\n",
               number_at(*of, {"count"}));
  }
  return "";
}

}  // namespace

std::string html_report(const RunHistory& run) {
  std::string out = head(run) + tiles(run) + numbers(run);
  out += figure_section("Over the epochs", figures_of(run));
  out += units(run) + ledger(run) + disentanglement_section(run) + pictures_section(run);
  out += "<h2>Settings</h2>\n" + settings_list(run.settings);
  out += machine_line(run);
  out += "<h2>The command that makes it again</h2>\n" + command_block(run);
  return html_page(run.name, out);
}

void leave_report(const RunFolder& folder) {
  try {
    const FoundRuns found = find_runs({folder.path().string()});
    for (const std::string& note : found.notes) tell(note);
    if (found.runs.empty()) return;
    write_file_atomically(folder.report(), html_report(found.runs.front()));
  } catch (const std::exception& error) {
    tell("no report: " + reason_of(error));
  }
}

std::string report_line(const RunFolder& folder) {
  std::error_code error;
  if (!std::filesystem::exists(folder.report(), error)) return "";
  return "report: " + data::one_line(folder.report()) + "\n";
}

}  // namespace nelbo
