#include "lab/training/learning_rates.hpp"

#include <fmt/format.h>

#include <cmath>

#include "autodiff/number_text.hpp"
#include "autodiff/setting_error.hpp"
#include "lab/training/objective_weights.hpp"
#include "objectives/language/expression.hpp"

namespace nelbo {
namespace {

constexpr double usual_rate = 1e-3;

/// Throws Error, without an excerpt: the rate is short, or stands in the excerpt of a setting.
Term read_rate(const std::string& text) {
  try {
    const Term rate = parse_weight(text);
    for (const TrainingTime& time : rate.turns()) {
      const std::string why = unfit_rate(*rate.at(time), rate, time);
      if (!why.empty()) throw Error(why);
    }
    return rate;
  } catch (const ExpressionError& error) {
    throw Error(fmt::format("'{}', column {}: {}", text, error.column(), error.reason()));
  }
}

std::string tenth_of_one(const std::string& text) {
  if (const auto number = RateText(text).number()) return RateText(*number / 10).text;
  return "0.1*(" + text + ")";
}

}  // namespace

std::string unfit_rate(double value, const Term& rate, const TrainingTime& time) {
  if (std::isfinite(value) && value >= 0) return "";
  return fmt::format("'{}' is {} at step {}; a rate is finite, and never below 0", rate.text(),
                     shortest(value), time.step);
}

LearningRates parse_learning_rates(const RateText& rate) {
  return read_setting("lr", [&] {
    const LearningRates rates = read_by_group(rate.text, Term(usual_rate), read_rate);
    if (rates.otherwise.number() && *rates.otherwise.number() == 0) {
      throw Error(
          "must be a finite number above 0; a group that stays as it is has a rate of its "
          "own, as in phi=0");
    }
    return rates;
  });
}

std::vector<std::string> rates_unfinished(const LearningRates& rates, const TrainingTime& last) {
  std::vector<std::string> lines;
  const auto add = [&](const Term& rate) {
    if (std::string why = weights_unfinished(rate, last); !why.empty()) {
      lines.push_back("lr: " + std::move(why));
    }
  };
  add(rates.otherwise);
  for (const auto& [group, rate] : rates.named) add(rate);
  return lines;
}

std::string tenth_of(const RateText& rate) {
  std::string text;
  for (const auto& [group, value] : parts_by_group(rate.text)) {
    if (!text.empty()) text += ",";
    text += (group.empty() ? "" : group + "=") + tenth_of_one(value);
  }
  return text;
}

}  // namespace nelbo
