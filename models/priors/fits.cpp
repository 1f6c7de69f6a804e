#include "models/priors/fits.hpp"

namespace nelbo {
namespace {

using Kind = CodeSpace::Kind;

/// What a prior of codes of a kind is, and the posteriors that have them.
std::string kind_text(Kind kind) {
  switch (kind) {
    case Kind::continuous:
      return "a density of real codes";
    case Kind::positive:
      return "over positive codes, of the posterior gamma";
    case Kind::unit:
      return "over codes between 0 and 1, of the posterior beta";
    case Kind::simplex:
      return "over proportions, of the posterior dirichlet";
    case Kind::circle:
      return "over points on circles, of the posterior von_mises";
    case Kind::binary:
      return "over binary codes, of the posterior bernoulli";
    case Kind::one_hot:
      return "over one-hot codes, of the posterior categorical:K";
    case Kind::mixed:
      break;
  }
  return "over blocks of codes";
}

}  // namespace

std::string priors_over(const CodeSpace& codes) {
  switch (codes.kind) {
    case Kind::continuous:
      return "normal, laplace, student, mixture:K, ...";
    case Kind::positive:
      return "gamma";
    case Kind::unit:
      return "beta";
    case Kind::simplex:
      return "dirichlet";
    case Kind::circle:
      return "von_mises";
    case Kind::binary:
      return "uniform or bernoulli";
    case Kind::one_hot:
      return "uniform or categorical";
    case Kind::mixed:
      break;
  }
  std::string all;
  for (const CodeSpace& block : codes.blocks) {
    const std::string own = priors_over(block);
    all += all.empty() ? "" : "+";
    all += own.substr(0, own.find_first_of(", "));
  }
  return all;
}

std::function<std::string(const CodeSpace&)> over_kind(const std::string& prior, Kind kind) {
  return [prior, kind](const CodeSpace& codes) -> std::string {
    if (codes.kind == kind) return "";
    return "'" + prior + "' is " + kind_text(kind) + ", and here they are " + codes.text() +
           "; choose the prior " + priors_over(codes);
  };
}

}  // namespace nelbo
