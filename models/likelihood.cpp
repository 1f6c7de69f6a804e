#include "models/likelihood.hpp"

#include <array>
#include <charconv>
#include <cmath>

#include "autodiff/error.hpp"

namespace nelbo {
namespace {

using Kind = Likelihood::Kind;

double parse_variance(const std::string& text, const std::string& number) {
  double variance = 0;
  const char* end = number.data() + number.size();
  const auto [stop, failure] = std::from_chars(number.data(), end, variance);
  if (failure != std::errc() || stop != end || !std::isfinite(variance) || variance <= 0) {
    throw Error("likelihood '" + text + "': the variance '" + number +
                "' is no positive number; write normal:0.1 or normal:learned");
  }
  return variance;
}

}  // namespace

Likelihood parse_likelihood(const std::string& text) {
  const std::string prefix = "normal:";
  if (text == "bernoulli") return {Kind::bernoulli};
  if (text == "normal") return {Kind::normal};
  if (text == "normal:learned") return {Kind::normal_learned};
  if (text.rfind(prefix, 0) == 0) {
    return {Kind::normal, parse_variance(text, text.substr(prefix.size()))};
  }
  throw Error("likelihood '" + text +
              "' is unknown; there are bernoulli, normal, normal:VAR and normal:learned");
}

std::string to_string(const Likelihood& likelihood) {
  if (likelihood.kind == Kind::bernoulli) return "bernoulli";
  if (likelihood.kind == Kind::normal_learned) return "normal:learned";
  if (likelihood.variance == 1) return "normal";
  std::array<char, 32> digits;
  const auto written =
      std::to_chars(digits.data(), digits.data() + digits.size(), likelihood.variance);
  return "normal:" + std::string(digits.data(), written.ptr);
}

}  // namespace nelbo
