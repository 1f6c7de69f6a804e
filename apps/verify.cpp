#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "apps/cli/commands.hpp"
#include "apps/cli/common_flags.hpp"
#include "apps/cli/print_json.hpp"
#include "apps/exit_code.hpp"
#include "apps/verify/annealing.hpp"
#include "apps/verify/bounds.hpp"
#include "apps/verify/metrics.hpp"
#include "apps/verify/schemes.hpp"
#include "apps/verify/show_checks.hpp"
#include "apps/verify/terms.hpp"
#include "apps/verify/world_file.hpp"
#include "autodiff/nearest_name.hpp"
#include "autodiff/setting_error.hpp"
#include "lab/files/one_line.hpp"
#include "models/worlds/water_filling.hpp"

namespace nelbo {
namespace {

using Json = nlohmann::ordered_json;
using verify::Check;
using verify::json_of;
using verify::print_checks;

struct VerifyOptions {
  CommonFlags common;
  std::string what = "all";
  std::string world = "linear-gaussian";
  std::string params;
  std::int64_t samples = 1'000'000;

  bool world_given() const { return world != "linear-gaussian" || !params.empty(); }
};

/// One point of the rate-distortion curve, and how far the VAE that attains it is off.
struct CurvePoint {
  double beta, rate, nell, error;
  int active;
  bool failed() const { return !(error < 1e-9); }
};

struct Report {
  std::vector<std::pair<std::string, double>> exact;
  std::vector<Check> terms, schemes, bounds;
  std::vector<CurvePoint> curve;
  double identity_div = 0, identity_aggdiv = 0;  // residuals

  bool identities_failed() const {
    return !(std::fabs(identity_div) < 1e-9 && std::fabs(identity_aggdiv) < 1e-9);
  }
};

std::vector<std::string> known_names() {
  std::vector<std::string> names{"all", "metrics"};
  for (const auto& [name, value] : named_terms(ExactTerms{})) names.push_back(name);
  names.insert(names.end(), {"iw", "ais"});
  for (const std::string& scheme : scheme_names()) {
    if (scheme != "full") names.push_back("hagg(" + scheme + ")");
  }
  return names;
}

/// "hagg" asks for hagg and hagg(naive), "hagg(naive)" for "hagg(naive) B=2" too.
bool asked_for(const std::string& what, const std::string& name) {
  if (what == "all" || what == name) return true;
  return name.rfind(what + "(", 0) == 0 || name.rfind(what + " ", 0) == 0;
}

std::vector<CurvePoint> water_filling_curve(const WaterFilling& world) {
  std::vector<CurvePoint> curve;
  for (double beta : {0.25, 1.0, 3.0}) {
    const ExactTerms t = world.optimal_vae(beta).exact();
    const double rate = world.rate(beta), nell = world.nell(beta);
    const double error = std::max(std::fabs(t.div - rate), std::fabs(t.nell - nell));
    curve.push_back({beta, rate, nell, error, world.active_units(beta)});
  }
  return curve;
}

/// What of annealing can be held against a world in which everything is Gaussian.
Report verify_annealing(const VerifyOptions& options) {
  if (options.world == "discrete") {
    throw SettingError("world",
                       "discrete codes have no gradient, along which ais moves; take "
                       "linear-gaussian or water-filling");
  }
  const auto checked = [&](const LinearGaussian& world) {
    verify::require_finite(world.exact());
    return Report{
        .exact = verify::exact_annealing(world),
        .terms = verify::check_annealing(world, std::uint64_t(options.common.seed.value_or(0)))};
  };
  return options.world == "water-filling" ? checked(golden_water_filling().optimal_vae(1))
         : options.params.empty()         ? checked(golden_linear_gaussian())
                                          : checked(verify::read_linear_gaussian(options.params));
}

Report verify_world(const VerifyOptions& options) {
  const std::uint64_t seed = std::uint64_t(options.common.seed.value_or(0));
  const auto wanted = [&](const std::string& name) { return asked_for(options.what, name); };
  Report report;
  const auto fill = [&](const auto& world) {
    const ExactTerms t = world.exact();
    verify::require_finite(t);
    report.exact = named_terms(t);
    report.identity_div = t.div - (t.mi + t.aggdiv);
    report.identity_aggdiv = t.aggdiv - (t.tc + t.dwkl - t.pf);
    const bool one_scheme = options.what.starts_with("hagg(");
    if (options.what != "iw" && !one_scheme) {
      report.terms = verify::check_terms(world, seed, options.samples);
    }
    if (wanted("hagg") || one_scheme) {
      if constexpr (std::is_same_v<std::decay_t<decltype(world)>, DiscreteWorld>) {
        report.schemes = verify::check_schemes(world);
      } else {
        report.schemes = verify::check_schemes(world, seed, options.samples);
      }
    }
    if (wanted("iw")) report.bounds = verify::check_bounds(world, seed, options.samples);
  };
  if (options.world == "discrete") {
    fill(random_discrete_world(4, 3, seed));
  } else if (options.world == "water-filling") {
    fill(golden_water_filling().optimal_vae(1));
    if (options.what == "all") report.curve = water_filling_curve(golden_water_filling());
  } else {
    fill(options.params.empty() ? golden_linear_gaussian()
                                : verify::read_linear_gaussian(options.params));
  }
  std::erase_if(report.exact, [&](const auto& term) { return !wanted(term.first); });
  for (auto* checks : {&report.terms, &report.schemes, &report.bounds}) {
    std::erase_if(*checks, [&](const Check& check) { return !wanted(check.name); });
  }
  return report;
}

int count_failures(const Report& report) {
  int failures = report.identities_failed();
  for (const auto* checks : {&report.terms, &report.schemes, &report.bounds}) {
    failures += int(std::count_if(checks->begin(), checks->end(),
                                  [](const Check& check) { return check.failed(); }));
  }
  return failures + int(std::count_if(report.curve.begin(), report.curve.end(),
                                      [](const CurvePoint& point) { return point.failed(); }));
}

Json json_of(const Report& report, const VerifyOptions& options, int failures) {
  Json json{{"world", options.world}};
  if (options.what != "ais") json["samples"] = options.samples;
  json["exact"] = Json::object();
  for (const auto& [name, value] : report.exact) json["exact"][name] = value;
  json["estimate"] = Json::object();
  for (const Check& check : report.terms) json["estimate"][check.name] = json_of(check, false);
  for (const auto& [key, checks] :
       {std::pair{"schemes", &report.schemes}, std::pair{"bounds", &report.bounds}}) {
    for (const Check& check : *checks) json[key][check.name] = json_of(check, true);
  }
  for (const CurvePoint& point : report.curve) {
    json["curve"].push_back({{"beta", point.beta},
                             {"rate", point.rate},
                             {"nell", point.nell},
                             {"active_units", point.active},
                             {"error", point.error}});
  }
  if (options.what != "ais") {
    json["identities"] = {{"div - (mi + aggdiv)", report.identity_div},
                          {"aggdiv - (tc + dwkl - pf)", report.identity_aggdiv}};
  }
  json["failures"] = failures;
  return json;
}

std::string outcome(int failures) {
  return failures == 0 ? "all within 4 standard errors\n" : fmt::format("{} wrong\n", failures);
}

void print_text(const Report& report, const VerifyOptions& options, int failures) {
  const bool annealed = options.what == "ais";
  const std::string how = annealed ? "annealed" : fmt::format("{} draws", options.samples);
  std::cout << fmt::format("{}, {}, nats per datum\n", data::one_line(options.world), how);
  std::vector<Check> rows = report.terms;
  for (const auto& [name, value] : report.exact) {
    const auto same = [&name = name](const Check& check) { return check.name == name; };
    if (std::any_of(rows.begin(), rows.end(), same)) continue;
    rows.push_back({.name = name, .value = value, .expected = value, .remark = "exact by itself"});
  }
  print_checks("term", "exact", rows);
  print_checks("scheme", options.world == "discrete" ? "exact" : "predicted", report.schemes);
  print_checks("bound", "predicted", report.bounds);
  if (!report.curve.empty()) {
    std::cout << fmt::format("\n{:<18} {:>14} {:>14} {:>10} {:>8}\n", "beta", "rate", "nell",
                             "VAE is off", "active");
  }
  for (const CurvePoint& point : report.curve) {
    std::cout << fmt::format("{:<18} {:>14.8f} {:>14.8f} {:>10.2g} {:>8}{}\n", point.beta,
                             point.rate, point.nell, point.error, point.active,
                             point.failed() ? "  WRONG" : "");
  }
  std::cout << "\n";
  if (!annealed) {
    std::cout << fmt::format("div - (mi + aggdiv) = {:.2g}, aggdiv - (tc + dwkl - pf) = {:.2g}\n",
                             report.identity_div, report.identity_aggdiv);
  }
  std::cout << outcome(failures);
}

/// Metrics of codes, which are of no world.
int run_metrics(const VerifyOptions& options) {
  if (options.world_given()) {
    throw SettingError("",
                       "verify metrics: holds codes against their scores, not a world; leave "
                       "--world and --params out");
  }
  options.common.apply_threads();
  const std::uint64_t seed = std::uint64_t(options.common.seed.value_or(0));
  const std::pair<const char*, std::vector<Check>> parts[] = {
      {"oracles", verify::check_metric_oracles(seed)},
      {"invariances", verify::check_metric_invariances(seed)},
      {"information", verify::check_information(seed)}};
  int failures = 0;
  Json json = Json::object();
  for (const auto& [title, checks] : parts) {
    for (const Check& check : checks) {
      failures += check.failed();
      json[title][check.name] = json_of(check, true);
    }
    if (!options.common.json) print_checks(title, "known", checks);
  }
  json["failures"] = failures;
  if (options.common.json) {
    print_json(json);
  } else {
    std::cout << "\n" << outcome(failures);
  }
  return failures == 0 ? exit_done : exit_failure;
}

int run(const VerifyOptions& options) {
  if (options.what == "metrics") return run_metrics(options);
  const std::vector<std::string> names = known_names();
  if (std::count(names.begin(), names.end(), options.what) == 0) {
    throw SettingError("", fmt::format("verify: '{}' is no term or bound; {}", options.what,
                                       suggest(options.what, names)));
  }
  const std::vector<std::string> worlds{"linear-gaussian", "water-filling", "discrete"};
  if (std::count(worlds.begin(), worlds.end(), options.world) == 0) {
    throw SettingError(
        "world", fmt::format("'{}' is unknown; {}", options.world, suggest(options.world, worlds)));
  }
  if (!options.params.empty() && options.world != "linear-gaussian") {
    throw SettingError("params",
                       "describes a linear-gaussian world, not one of --world " + options.world);
  }
  options.common.apply_threads();
  const Report report = options.what == "ais" ? verify_annealing(options) : verify_world(options);
  const int failures = count_failures(report);
  if (options.common.json) {
    print_json(json_of(report, options, failures));
  } else {
    print_text(report, options, failures);
  }
  return failures == 0 ? exit_done : exit_failure;
}

Action declare_verify(CommandLine& command) {
  auto options = std::make_shared<VerifyOptions>();
  command
      .flag("WHAT", options->what, "all, a term (nell, div, mi, ...), a bound (iw), ais or metrics")
      .otherwise("all");
  command
      .flag("--world", options->world,
            "linear-gaussian, water-filling (lambda = 4, 2, 0.5; beta = 1) or discrete "
            "(4 data, 3 x 3 codes, tables from the seed)")
      .type("NAME")
      .otherwise(options->world);
  command
      .flag("--params", options->params,
            "JSON file of a linear-Gaussian world: data_mean, data_cov, enc_weight, "
            "enc_bias, enc_var, prior_mean, prior_cov, dec_weight, dec_bias, dec_var")
      .type("FILE");
  command.number("--samples", options->samples, 1000, 1'000'000'000,
                 "draws that every estimate averages");
  add_common_flags(command, options->common, "which draws [0]");
  command.footer(
      "Estimates average the world's exact log-densities, so that z = (value - exact) / se is a\n"
      "standard normal number if all is right. Schemes and importance-weighted bounds are biased:\n"
      "they are held against their predicted bias, with the error of the prediction in z.\n"
      "Exit code 1 if any |z| exceeds 4.\n\n"
      "ais, which takes seconds and is not among all, anneals 64 data with 1,000 temperatures "
      "from\n"
      "the encoder and from the prior, and 64 of the model's own both ways; whatever --samples.\n\n"
      "`nelbo verify metrics` holds the metrics of `nelbo disentangle` against codes whose scores "
      "are\n"
      "known and against changes that must not matter, and estimates of information against exact\n"
      "ones: of a discrete world, and by quadrature of a small model that it trains.\n\n"
      "Examples:\n  nelbo verify\n  nelbo verify tc --samples 100000 --json\n"
      "  nelbo verify ais --params world.json --json\n"
      "  nelbo verify --world water-filling\n  nelbo verify all --params world.json\n  nelbo "
      "verify metrics");
  return [options] { return run(*options); };
}

}  // namespace

Command verify_command() {
  return {"verify", "Hold estimates of terms and bounds against worlds with exact answers",
          declare_verify};
}

}  // namespace nelbo
