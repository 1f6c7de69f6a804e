#include <fmt/format.h>

#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "apps/cli/commands.hpp"
#include "apps/cli/print_json.hpp"
#include "apps/cli/program_name.hpp"
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

/// The word with its default arguments as a term or a bound; nothing of words that cannot do
/// without arguments, or stand in no objective.
std::optional<Term> as_objective(const Word& word) {
  const std::optional<Term> term = made(word);
  return term && term->direction() != Direction::none ? term : std::nullopt;
}

Json json_of(const Word& word) {
  Json json{{"name", word.name}, {"usage", word.usage}, {"meaning", word.meaning}};
  const std::optional<Term> term = as_objective(word);
  if (!term) return json;
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

Json json_of(const NamedObjective& named) {
  const Term term = parse_objective(named.name);
  Json parameters = Json::object();
  for (const auto& [parameter, otherwise] : named.parameters) parameters[parameter] = otherwise;
  return {{"name", named.name},
          {"parameters", parameters},
          {"expression", named.expression},
          {"citation", named.citation},
          {"default", term.text()},
          {"direction", improved_how(term.direction())},
          {"bias", meaning(term.bias())},
          {"needs", needs(term)},
          {"moves", moved_groups(term)}};
}

Json words_json(Word::Kind kind) {
  Json all = Json::array();
  for (const Word& word : vocabulary().all()) {
    if (word.kind == kind) all.push_back(json_of(word));
  }
  return all;
}

Json everything() {
  Json catalogue = Json::array(), estimators = Json::array();
  for (const NamedObjective& named : objective_catalogue().all())
    catalogue.push_back(json_of(named));
  for (const EstimatorWord& word : estimator_vocabulary().all()) {
    estimators.push_back(to_json(describe(word)));
  }
  return {{"terms", words_json(Word::Kind::term)},
          {"bounds", words_json(Word::Kind::bound)},
          {"schedules", words_json(Word::Kind::schedule)},
          {"functions", words_json(Word::Kind::function)},
          {"catalogue", catalogue},
          {"estimators", estimators}};
}

void print_words(const std::string& title, Word::Kind kind) {
  std::cout << title << "\n";
  for (const Word& word : vocabulary().all()) {
    if (word.kind != kind) continue;
    std::cout << fmt::format("  {}\n      {}", word.usage, word.meaning);
    if (const std::optional<Term> term = as_objective(word)) {
      const Quantity q = term->quantities().front();
      if (!q.equation.empty()) std::cout << "; " << q.equation;
      std::cout << fmt::format("\n      {}; moves {}", meaning(q.bias), listed(moved_groups(q)));
      if (!needs(q).empty()) std::cout << "; needs " << listed(needs(q), " and ");
    }
    std::cout << "\n";
  }
  std::cout << "\n";
}

void print_catalogue() {
  std::cout << "Named objectives\n";
  for (const NamedObjective& named : objective_catalogue().all()) {
    std::string parameters;
    for (const auto& [parameter, value] : named.parameters) {
      parameters += (parameters.empty() ? "(" : ", ") + fmt::format("{}={}", parameter, value);
    }
    std::cout << fmt::format("  {}{}\n      {}\n      {}\n", named.name,
                             parameters.empty() ? "" : parameters + ")", named.expression,
                             named.citation);
  }
}

void print_everything() {
  print_words("Terms: costs, minimised", Word::Kind::term);
  print_words("Bounds: gains, maximised", Word::Kind::bound);
  print_words("Schedules: weights that change by step", Word::Kind::schedule);
  print_words("Functions of terms", Word::Kind::function);
  print_catalogue();
  std::cout << "\nGradient estimators of bounds on sampled log-weights: `--estimator` of train, "
               "`--estimators` of gradvar\n";
  for (const EstimatorWord& word : estimator_vocabulary().all()) {
    std::cout << estimator_text(describe(word));
  }
  std::cout << in_own_name(
      "\nObjectives combine with + - * / and parentheses; `nelbo explain \"EXPR\"` tells "
      "what an\n"
      "expression comes to. Estimators differ by group in phi=NAME,theta=NAME; "
      "`+antithetic` and\n"
      "`+rqmc` couple the samples' noise. a_s and h_s: derivatives of the bound L in "
      "log-weight s.\n");
}

Action declare_objectives(CommandLine& command) {
  auto json = std::make_shared<bool>(false);
  command.flag("--json", *json, "print one JSON object on stdout");
  command.footer("Examples:\n  nelbo objectives\n  nelbo objectives --json");
  return [json] {
    if (*json)
      print_json(everything());
    else
      print_everything();
    return exit_done;
  };
}

}  // namespace

Command objectives_command() {
  return {"objectives", "List terms, bounds, named objectives and gradient estimators",
          declare_objectives};
}

}  // namespace nelbo
