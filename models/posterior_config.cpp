#include "models/posterior_config.hpp"

#include <charconv>

#include "autodiff/error.hpp"

namespace nelbo {
namespace {

using Kind = PosteriorConfig::Kind;

constexpr std::int64_t most_classes = 4096;

std::int64_t parse_classes(const std::string& text, const std::string& number) {
  std::int64_t classes = 0;
  const char* end = number.data() + number.size();
  const auto [stop, failure] = std::from_chars(number.data(), end, classes);
  if (failure != std::errc() || stop != end || classes < 2 || classes > most_classes) {
    throw Error("posterior '" + text + "': the number of classes '" + number + "' must be 2 to " +
                std::to_string(most_classes));
  }
  return classes;
}

}  // namespace

PosteriorConfig parse_posterior(const std::string& text) {
  const std::string prefix = "categorical:";
  if (text == "diagonal") return {Kind::diagonal};
  if (text == "full") return {Kind::full};
  if (text == "bernoulli") return {Kind::bernoulli};
  if (text == "categorical") return {Kind::categorical, parse_classes(text, "")};
  if (text.starts_with(prefix)) {
    return {Kind::categorical, parse_classes(text, text.substr(prefix.size()))};
  }
  throw Error("posterior '" + text +
              "' is unknown; there are diagonal, full, bernoulli and categorical:K");
}

std::string to_string(const PosteriorConfig& posterior) {
  switch (posterior.kind) {
    case Kind::diagonal:
      return "diagonal";
    case Kind::full:
      return "full";
    case Kind::bernoulli:
      return "bernoulli";
    case Kind::categorical:
      break;
  }
  return "categorical:" + std::to_string(posterior.classes);
}

}  // namespace nelbo
