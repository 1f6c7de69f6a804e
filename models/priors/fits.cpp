#include "models/priors/fits.hpp"

namespace nelbo {
namespace {

using Kind = CodeSpace::Kind;

struct OfKind {
  const char* text;    // what a prior of such codes is, and the posteriors that have them
  const char* priors;  // that there are
};

OfKind of_kind(Kind kind) {
  switch (kind) {
    case Kind::continuous:
      return {"a density of real codes", "normal, laplace, student, mixture:K, ..."};
    case Kind::positive:
      return {"over positive codes, of the posterior gamma", "gamma"};
    case Kind::unit:
      return {"over codes between 0 and 1, of the posterior beta", "beta"};
    case Kind::simplex:
      return {"over proportions, of the posterior dirichlet", "dirichlet"};
    case Kind::circle:
      return {"over points on circles, of the posterior von_mises", "von_mises"};
    case Kind::binary:
      return {"over binary codes, of the posterior bernoulli", "uniform or bernoulli"};
    case Kind::one_hot:
      return {"over one-hot codes, of the posterior categorical:K", "uniform or categorical"};
    case Kind::mixed:
      break;
  }
  return {"over blocks of codes", ""};  // whose priors are the blocks'
}

}  // namespace

std::string priors_over(const CodeSpace& codes) {
  if (codes.kind != Kind::mixed) return of_kind(codes.kind).priors;
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
    return "'" + prior + "' is " + of_kind(kind).text + ", and here they are " + codes.text() +
           "; choose the prior " + priors_over(codes);
  };
}

}  // namespace nelbo
