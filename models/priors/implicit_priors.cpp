#include "models/priors/implicit_priors.hpp"

#include <cmath>

#include "autodiff/error.hpp"
#include "autodiff/number_of.hpp"
#include "models/priors/fits.hpp"
#include "models/priors/implicit_prior.hpp"

namespace nelbo {
namespace {

using Kind = CodeSpace::Kind;
using Numbers = std::vector<double>;

/// The numbers of an argument "2:0.5", or the ones that are taken without it.
Numbers numbers_of(const Choice& choice, Numbers usual, double least) {
  if (choice.argument.empty() && choice.text == choice.name) return usual;
  constexpr double most = 1e6;
  Numbers all;
  std::string rest = choice.argument;
  while (true) {
    const std::size_t colon = rest.find(':');
    const auto number = number_of<double>(rest.substr(0, colon));
    if (!number || !(*number >= least && *number <= most)) break;
    all.push_back(*number);
    if (colon != std::string::npos) {
      rest = rest.substr(colon + 1);
    } else if (all.size() == usual.size()) {
      return all;
    } else {
      break;
    }
  }
  throw Error("prior '" + choice.text + "': " + choice.name + " takes " +
              (usual.size() == 1 ? "a number" : "two numbers with a colon between them") +
              (least > 0 ? ", from 0.001 to 1e6" : ", from 0 to 1e6"));
}

/// log x of L variables, [L], on the current tape.
Var logarithms(double x, std::int64_t latent, DType dtype) {
  return Tape::current().leaf(Tensor::full({latent}, std::log(x), dtype));
}

/// The family of a distribution that `make` makes for L variables.
template <class Make>
PriorFamily fixed(const Choice& choice, Kind kind, Make make) {
  const std::string text = choice.text;
  return {.text = text,
          .unfit = over_kind(text, kind),
          .declare = [text, make](const PriorContext& context) -> PriorRecorder {
            const std::int64_t latent = context.codes.variables, d = context.codes.dimensions();
            return [=, dtype = context.store.dtype()] {
              const auto p = make(latent, dtype);
              return std::make_shared<ImplicitPrior<std::decay_t<decltype(p)>>>(text, p, d);
            };
          }};
}

PriorFamily gamma_prior(const Choice& choice) {
  const Numbers n = numbers_of(choice, {1, 1}, 1e-3);
  return fixed(choice, Kind::positive, [n](std::int64_t l, DType type) {
    return Gamma{logarithms(n[0], l, type), logarithms(n[1], l, type)};
  });
}

PriorFamily beta_prior(const Choice& choice) {
  const Numbers n = numbers_of(choice, {1, 1}, 1e-3);
  return fixed(choice, Kind::unit, [n](std::int64_t l, DType type) {
    return Beta{logarithms(n[0], l, type), logarithms(n[1], l, type)};
  });
}

PriorFamily dirichlet_prior(const Choice& choice) {
  const Numbers n = numbers_of(choice, {1}, 1e-3);
  return fixed(choice, Kind::simplex,
               [n](std::int64_t l, DType type) { return Dirichlet{logarithms(n[0], l, type)}; });
}

PriorFamily von_mises_prior(const Choice& choice) {
  const Numbers n = numbers_of(choice, {0}, 0);
  return fixed(choice, Kind::circle, [n](std::int64_t l, DType type) {
    return VonMisesPoints{{Tape::current().leaf(Tensor({l}, type)), logarithms(n[0], l, type)}};
  });
}

PriorFamily student_prior(const Choice& choice) {
  const Numbers n = numbers_of(choice, {5}, 1e-3);
  return fixed(choice, Kind::continuous, [n](std::int64_t l, DType type) {
    const Var zero = Tape::current().leaf(Tensor({l}, type));
    return StudentT{zero, zero, logarithms(n[0], l, type)};
  });
}

}  // namespace

std::vector<PriorWord> implicit_priors() {
  return {{"gamma", "gamma[:C:RATE]", "over positive codes; 1:1 unless said", gamma_prior},
          {"beta", "beta[:A:B]", "over codes between 0 and 1; 1:1 unless said", beta_prior},
          {"dirichlet", "dirichlet[:C]", "over proportions, every concentration C; 1 unless said",
           dirichlet_prior},
          {"von_mises", "von_mises[:KAPPA]", "over circles, about the angle 0; uniform unless said",
           von_mises_prior},
          {"student", "student[:NU]", "over real codes, NU degrees of freedom; 5 unless said",
           student_prior}};
}

}  // namespace nelbo
