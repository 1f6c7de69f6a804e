#include <fmt/format.h>

#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "apps/cli/commands.hpp"
#include "apps/cli/print_json.hpp"
#include "apps/exit_code.hpp"
#include "apps/reports/describe_estimator.hpp"
#include "apps/reports/describe_quantity.hpp"
#include "objectives/draw/scheme.hpp"
#include "objectives/language/catalogue.hpp"
#include "objectives/language/expression.hpp"
#include "objectives/language/vocabulary.hpp"

namespace nelbo {
namespace {

using Json = nlohmann::ordered_json;

/// The word with no more than these arguments; nothing where it cannot be made of them.
std::optional<Term> made(const Word& word, std::vector<Argument> arguments = {}) {
  try {
    Call call(word.name, 1, std::move(arguments));
    const Term term = word.make(call);
    call.finish();
    return term;
  } catch (const Error&) {
    return std::nullopt;
  }
}

/// What a term or a bound with its default arguments is; of words that cannot do without arguments,
/// or stand in no objective, usage and meaning alone.
Json describe(const Word& word) {
  Json json{{"name", word.name}, {"usage", word.usage}, {"meaning", word.meaning}};
  const std::optional<Term> term = made(word);
  if (!term || term->direction() == Direction::none) return json;
  Json quantity = to_json(term->quantities().front());
  for (const char* own : {"name", "meaning"}) quantity.erase(own);
  json["direction"] = improved_how(term->direction());
  json["default"] = term->text();
  json.update(quantity);
  for (const Scheme scheme : all_schemes()) {
    if (const auto of = made(word, {{"scheme", name(scheme), 1}})) {
      json["bias_by_scheme"][name(scheme)] = meaning(of->bias());
    }
  }
  return json;
}

Json words(Word::Kind kind) {
  Json all = Json::array();
  for (const Word& word : vocabulary()) {
    if (word.kind == kind) all.push_back(describe(word));
  }
  return all;
}

Json catalogue() {
  Json all = Json::array();
  for (const NamedObjective& named : objective_catalogue()) {
    const Term term = parse_objective(named.name);
    Json parameters = Json::object();
    for (const auto& [parameter, otherwise] : named.parameters) parameters[parameter] = otherwise;
    all.push_back({{"name", named.name},
                   {"parameters", parameters},
                   {"expression", named.expression},
                   {"citation", named.citation},
                   {"default", term.text()},
                   {"direction", improved_how(term.direction())},
                   {"bias", meaning(term.bias())},
                   {"needs", needs(term)},
                   {"moves", moved_groups(term)}});
  }
  return all;
}

Json estimators() {
  Json all = Json::array();
  for (const EstimatorWord& word : estimator_vocabulary()) all.push_back(to_json(word));
  return all;
}

std::string text(const Json& value) { return value.get<std::string>(); }

void print_words(const std::string& title, const Json& words) {
  std::cout << title << "\n";
  for (const Json& word : words) {
    std::cout << fmt::format("  {}\n      {}", text(word["usage"]), text(word["meaning"]));
    if (word.contains("equation")) {
      if (!text(word["equation"]).empty()) std::cout << "; " << text(word["equation"]);
      std::cout << fmt::format("\n      {}; moves {}", text(word["bias"]),
                               listed(word["moves"].get<std::vector<std::string>>()));
      const auto needs = word["needs"].get<std::vector<std::string>>();
      if (!needs.empty()) std::cout << "; needs " << listed(needs, " and ");
    }
    std::cout << "\n";
  }
  std::cout << "\n";
}

void print_catalogue(const Json& catalogue) {
  std::cout << "Named objectives\n";
  for (const Json& named : catalogue) {
    std::string parameters;
    for (const auto& [parameter, value] : named["parameters"].items()) {
      parameters +=
          (parameters.empty() ? "(" : ", ") + fmt::format("{}={}", parameter, value.get<double>());
    }
    std::cout << fmt::format("  {}{}\n      {}\n      {}\n", text(named["name"]),
                             parameters.empty() ? "" : parameters + ")", text(named["expression"]),
                             text(named["citation"]));
  }
}

void print_text(const Json& json) {
  print_words("Terms: costs, minimised", json["terms"]);
  print_words("Bounds: gains, maximised", json["bounds"]);
  print_words("Schedules: weights that change by step", json["schedules"]);
  print_words("Functions of terms", json["functions"]);
  print_catalogue(json["catalogue"]);
  std::cout << "\nGradient estimators of bounds on sampled log-weights: `--estimator` of train, "
               "`--estimators` of gradvar\n";
  for (const Json& estimator : json["estimators"]) std::cout << estimator_text(estimator);
  std::cout << "\nObjectives combine with + - * / and parentheses; `nelbo explain \"EXPR\"` tells "
               "what an\n"
               "expression comes to. Estimators differ by group in phi=NAME,theta=NAME; "
               "`+antithetic` and\n"
               "`+rqmc` couple the samples' noise. a_s and h_s: derivatives of the bound L in "
               "log-weight s.\n";
}

Action declare(CommandLine& command) {
  auto json = std::make_shared<bool>(false);
  command.flag("--json", *json, "print one JSON object on stdout");
  command.footer("Examples:\n  nelbo objectives\n  nelbo objectives --json");
  return [json] {
    const Json all{{"terms", words(Word::Kind::term)},
                   {"bounds", words(Word::Kind::bound)},
                   {"schedules", words(Word::Kind::schedule)},
                   {"functions", words(Word::Kind::function)},
                   {"catalogue", catalogue()},
                   {"estimators", estimators()}};
    if (*json)
      print_json(all);
    else
      print_text(all);
    return exit_done;
  };
}

}  // namespace

Command objectives_command() {
  return {"objectives", "List terms, bounds, named objectives and gradient estimators", declare};
}

}  // namespace nelbo
