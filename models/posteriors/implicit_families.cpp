#include "models/posteriors/implicit_families.hpp"

#include <cmath>
#include <numbers>

#include "autodiff/ops/elementwise_ops.hpp"
#include "autodiff/ops/shape_ops.hpp"
#include "autodiff/setting_error.hpp"
#include "models/distributions.hpp"
#include "models/posteriors/implicit_posterior.hpp"

namespace nelbo {
namespace {

using Kind = CodeSpace::Kind;

/// Columns part L .. (part + 1) L - 1 of an encoder's output, [B, L].
Var column(Var output, std::int64_t latent, std::int64_t part) {
  return contiguous(slice(output, -1, part * latent, (part + 1) * latent));
}

/// log(least + softplus(r + log(e - 1))).
Var log_positive(Var r, double least) {
  return log(softplus(r + std::log(std::numbers::e - 1)) + least);
}

template <class Q>
std::shared_ptr<const Posterior> made(const char* family, Q q) {
  return std::make_shared<ImplicitPosterior<Q>>(family, std::move(q));
}

/// A family of `parts` numbers for each latent variable.
PosteriorFamily family(const char* text, Kind kind, std::int64_t parts,
                       std::shared_ptr<const Posterior> (*of)(Var output, std::int64_t latent)) {
  return {
      .text = text,
      .codes =
          [kind](std::int64_t latent) {
            return CodeSpace{.kind = kind, .variables = latent, .real_noise = Noise::uniform};
          },
      .head =
          [parts](const CodeSpace& codes) {
            const std::int64_t l = codes.variables;
            return PosteriorFamily::Head{parts * l, parts * l, l};
          },
      .posterior = [of](Var output, const CodeSpace& codes) { return of(output, codes.variables); },
      .normal = false};
}

}  // namespace

PosteriorFamily gamma_family() {
  return family("gamma", Kind::positive, 2, [](Var output, std::int64_t l) {
    return made("gamma", Gamma{log_positive(column(output, l, 0), 0.1),
                               log_positive(column(output, l, 1), 1e-4)});
  });
}

PosteriorFamily beta_family() {
  return family("beta", Kind::unit, 2, [](Var output, std::int64_t l) {
    return made("beta", Beta{log_positive(column(output, l, 0), 0.5),
                             log_positive(column(output, l, 1), 0.5)});
  });
}

PosteriorFamily dirichlet_family() {
  PosteriorFamily of = family("dirichlet", Kind::simplex, 1, [](Var output, std::int64_t) {
    return made("dirichlet", Dirichlet{log_positive(output, 0.1)});
  });
  of.codes = [codes = of.codes](std::int64_t latent) {
    if (latent < 2) {
      throw SettingError("latent", "is " + std::to_string(latent) +
                                       ", and one proportion alone is always 1; the posterior "
                                       "dirichlet takes 2 or more");
    }
    return codes(latent);
  };
  return of;
}

PosteriorFamily von_mises_family() {
  return family("von_mises", Kind::circle, 2, [](Var output, std::int64_t l) {
    return made("von_mises",
                VonMisesPoints{{column(output, l, 0), log_positive(column(output, l, 1), 1e-3)}});
  });
}

PosteriorFamily student_family() {
  return family("student", Kind::continuous, 3, [](Var output, std::int64_t l) {
    return made("student", StudentT{column(output, l, 0), column(output, l, 1),
                                    log_positive(column(output, l, 2), 2.1)});
  });
}

}  // namespace nelbo
