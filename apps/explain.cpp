#include <fmt/format.h>

#include <cctype>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "apps/cli/commands.hpp"
#include "apps/cli/common_flags.hpp"
#include "apps/cli/print_json.hpp"
#include "apps/cli/program_name.hpp"
#include "apps/exit_code.hpp"
#include "apps/reports/describe_quantity.hpp"
#include "autodiff/setting_error.hpp"
#include "lab/training/objective_weights.hpp"
#include "objectives/algebra/equations.hpp"
#include "objectives/language/catalogue.hpp"
#include "objectives/language/expression.hpp"

namespace nelbo {
namespace {

using Json = nlohmann::ordered_json;

/// In steps.
constexpr std::uint64_t longest_run = (std::uint64_t{1} << 62) - 1;

struct ExplainFlags {
  std::string expression;
  std::optional<std::int64_t> batch, data_size, latent;
  bool json = false;
};

/// The named objectives that an expression uses: names stand in it for nothing else.
std::vector<NamedObjective> named_objectives(const std::string& expression) {
  std::vector<NamedObjective> used;
  for (const NamedObjective& named : objective_catalogue().all()) {
    const auto letter = [&](std::size_t i) {
      return i < expression.size() &&
             (std::isalnum(static_cast<unsigned char>(expression[i])) || expression[i] == '_');
    };
    for (std::size_t at = expression.find(named.name); at != std::string::npos;
         at = expression.find(named.name, at + 1)) {
      if ((at > 0 && letter(at - 1)) || letter(at + named.name.size())) continue;
      used.push_back(named);
      break;
    }
  }
  return used;
}

/// The weight's text where it changes by step; empty where it is a number or none.
std::string schedule_of(const Term::Part& part) {
  return part.weight && !part.weight->number() ? part.weight->text() : "";
}

Json json_of(const std::string& expression, const Term& objective) {
  Json quantities = Json::array(), catalogue = Json::array();
  for (const Term::Part& part : objective.parts()) {
    const std::string schedule = schedule_of(part);
    Json json = to_json(part.quantity);
    json["weight"] = part.weight ? Json(*part.weight->at(0)) : Json(nullptr);
    json["schedule"] = schedule.empty() ? Json(nullptr) : Json(schedule);
    quantities.push_back(json);
  }
  for (const NamedObjective& named : named_objectives(expression)) {
    catalogue.push_back(
        {{"name", named.name}, {"expression", named.expression}, {"citation", named.citation}});
  }
  const std::string overflow = weights_overflow(objective, longest_run);
  return {{"expression", expression},
          {"text", objective.text()},
          {"direction", improved_how(objective.direction())},
          {"samples", objective.samples()},
          {"bias", meaning(objective.bias())},
          {"moves", moved_groups(objective)},
          {"needs", needs(objective)},
          {"latex", objective.latex()},
          {"equations", equations(objective)},
          {"quantities", quantities},
          {"overflow", overflow.empty() ? Json(nullptr) : Json(overflow)},
          {"catalogue", catalogue}};
}

std::string weight_text(const Term::Part& part) {
  if (!part.weight) return "inside a function";
  const std::string at_start = fmt::format("weight {}", *part.weight->at(0));
  const std::string schedule = schedule_of(part);
  return schedule.empty() ? at_start : at_start + " at step 0, " + schedule;
}

void print(const std::string& expression, const Term& objective) {
  std::cout << fmt::format("objective  {}\n", objective.text());
  for (const NamedObjective& named : named_objectives(expression)) {
    std::cout << fmt::format("named      {} = {}\n           {}\n", named.name, named.expression,
                             named.citation);
  }
  std::cout << fmt::format("direction  {}\n", improved_how(objective.direction()))
            << fmt::format("estimate   {}\n", meaning(objective.bias()))
            << fmt::format("moves      {}\n", listed(moved_groups(objective)))
            << fmt::format("samples    {} per datum\n", objective.samples())
            << fmt::format("needs      {}\n", listed(needs(objective), "; "));
  if (const std::string why = weights_overflow(objective, longest_run); !why.empty()) {
    std::cout << fmt::format("overflow   {}; a run must end before\n", why);
  }
  for (const Term::Part& part : objective.parts()) {
    const Quantity& q = part.quantity;
    std::cout << fmt::format("\n{}  {}\n", q.name, weight_text(part));
    std::cout << fmt::format("  {}{}{}\n", q.meaning, q.equation.empty() ? "" : "; ", q.equation);
    std::cout << fmt::format("  {}{}; moves {}\n", q.unit.empty() ? "" : q.unit + ", ",
                             meaning(q.bias), listed(moved_groups(q)));
  }
  std::cout << "\n" << equations(objective);
}

int run(const ExplainFlags& flags) {
  if (flags.expression.empty()) {
    throw SettingError("", in_own_name("explain: which objective? See `nelbo objectives`"));
  }
  const Term objective = parse_objective(flags.expression);
  check_objective(objective, flags.expression,
                  {.batch = flags.batch.value_or(0),
                   .data_size = flags.data_size.value_or(0),
                   .latent = flags.latent.value_or(0)});
  if (flags.json)
    print_json(json_of(flags.expression, objective));
  else
    print(flags.expression, objective);
  return exit_done;
}

constexpr const char* explain_footer =
    R"help(Weights are those with which a quantity enters in all; for an objective that is
maximised, of the gain. theta are the decoder's parameters, phi the encoder's, psi
the prior's. The equations are LaTeX.

Examples:
  nelbo explain "nell + mi + 6*tc + dwkl"
  nelbo explain "beta_tcvae(beta=6)" --batch 64 --data-size 60000 --latent 10
  nelbo explain "nell + 100*abs(div - anneal(0, 25, steps=10000))" --json)help";

Action declare_explain(CommandLine& command) {
  auto flags = std::make_shared<ExplainFlags>();
  command.expression("EXPR", flags->expression, "the objective, as for `nelbo train --objective`");
  constexpr std::int64_t most = std::int64_t{1} << 62;
  command.number("--batch", flags->batch, 1, most,
                 "refuse what is not defined for batches of N data");
  command.number("--data-size", flags->data_size, 1, most, "the same for N data in all");
  command.number("--latent", flags->latent, 1, 65536, "the same for N latent dimensions");
  command.flag("--json", flags->json, "print one JSON object on stdout");
  command.footer(explain_footer);
  return [flags] { return run(*flags); };
}

}  // namespace

Command explain_command() {
  return {"explain", "Say what an objective consists of, moves and needs", declare_explain};
}

}  // namespace nelbo
