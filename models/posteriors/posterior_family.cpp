#include "models/posteriors/posterior_family.hpp"

#include "autodiff/ops/elementwise_ops.hpp"
#include "autodiff/ops/linalg_ops.hpp"
#include "autodiff/ops/shape_ops.hpp"
#include "autodiff/setting_error.hpp"
#include "models/flows/flow.hpp"
#include "models/posteriors/flow_families.hpp"
#include "models/posteriors/implicit_families.hpp"
#include "models/posteriors/product_family.hpp"

namespace nelbo {
namespace {

using Kind = CodeSpace::Kind;

CodeSpace real_codes(std::int64_t latent) { return {Kind::continuous, latent}; }

PosteriorFamily diagonal() {
  return {.text = "diagonal",
          .codes = real_codes,
          .head =
              [](const CodeSpace& codes) {
                const std::int64_t l = codes.variables;
                return PosteriorFamily::Head{2 * l, 2 * l, l};
              },
          .posterior =
              [](Var output, const CodeSpace& codes) {
                return posterior_of(diagonal_of(output, codes.variables));
              }};
}

constexpr std::int64_t most_of_full = 512;  // 131,328 numbers of a factor for each datum

PosteriorFamily full() {
  return {
      .text = "full",
      .codes =
          [](std::int64_t latent) {
            if (latent <= most_of_full) return real_codes(latent);
            throw SettingError("latent", "is " + std::to_string(latent) +
                                             ", and the posterior full, of latent^2 / 2 numbers, "
                                             "takes up to " +
                                             std::to_string(most_of_full) + "; choose diagonal");
          },
      .head =
          [](const CodeSpace& codes) {
            const std::int64_t l = codes.variables;
            return PosteriorFamily::Head{2 * l + l * (l - 1) / 2, 2 * l, l};
          },
      .posterior =
          [](Var output, const CodeSpace& codes) {
            const std::int64_t l = codes.variables;
            const auto [mean, log_variance] = diagonal_of(output, l);
            const Var below = contiguous(slice(output, -1, 2 * l, output.shape()[-1]));
            return posterior_of(FullNormal{mean, lower_triangular(exp(0.5 * log_variance), below)});
          }};
}

/// A logit for every number of a code.
PosteriorFamily::Head logits(const CodeSpace& codes) {
  const std::int64_t d = codes.dimensions();
  return {d, d, d};
}

PosteriorFamily bernoulli() {
  return {
      .text = "bernoulli",
      .codes =
          [](std::int64_t latent) {
            return CodeSpace{Kind::binary, latent};
          },
      .head = logits,
      .posterior = [](Var output, const CodeSpace&) { return posterior_of(Bernoulli{output}); }};
}

PosteriorFamily categorical(std::int64_t classes) {
  return {.text = "categorical:" + std::to_string(classes),
          .codes =
              [classes](std::int64_t latent) {
                return CodeSpace{Kind::one_hot, latent, classes};
              },
          .head = logits,
          .posterior =
              [](Var output, const CodeSpace& codes) {
                return posterior_of(OneHotCategorical{
                    reshape(output, {output.shape()[0], codes.variables, codes.classes})});
              }};
}

/// A family that takes no argument.
PosteriorWord plain(const char* name, const char* summary, PosteriorFamily (*family)()) {
  return {name, name, summary, [family](const Choice& choice) {
            choice.no_argument();
            return family();
          }};
}

/// A flow of K steps.
PosteriorWord steps(const std::string& name, const char* summary,
                    PosteriorFamily (*family)(std::int64_t)) {
  return {name, name + ":K", summary, [family](const Choice& choice) {
            return family(choice.whole("the number of steps", 1, flow_limits::steps));
          }};
}

}  // namespace

Registry<PosteriorWord>& posteriors() {
  static Registry<PosteriorWord> all(
      "posterior",
      {plain("diagonal", "normal, with independent dimensions: Zheng eqs (7), (9)", diagonal),
       plain("full", "normal, with a Cholesky factor", full),
       plain("bernoulli", "binary codes", bernoulli),
       {"categorical", "categorical:K", "codes of one-hot rows of K classes",
        [](const Choice& choice) {
          return categorical(choice.whole("the number of classes", 2, 4096));
        }},
       plain("affine", "diagonal times a unit triangular matrix of all data", affine_family),
       steps("iaf", "K inverse autoregressive steps of a diagonal normal", iaf_family),
       steps("realnvp", "K coupling layers of a diagonal normal", realnvp_family),
       steps("planar", "K planar steps of a diagonal normal", planar_family),
       plain("gamma", "positive codes", gamma_family),
       plain("beta", "codes between 0 and 1", beta_family),
       plain("dirichlet", "one vector of L proportions", dirichlet_family),
       plain("von_mises", "points on L circles", von_mises_family),
       plain("student", "Student's t, with a number of degrees of freedom of each",
             student_family)});
  return all;
}

DiagNormal diagonal_of(Var output, std::int64_t latent) {
  // Copied once here, or every density that reads them would copy them for itself.
  return {contiguous(slice(output, -1, 0, latent)),
          contiguous(slice(output, -1, latent, 2 * latent))};
}

PosteriorRecorder PosteriorFamily::recorder(const CodeSpace& codes, ParameterStore& store) const {
  if (declare) return declare(codes, store);
  return [posterior = posterior, codes](Var output) { return posterior(output, codes); };
}

PosteriorFamily parse_posterior(const std::string& text) {
  if (text.find('+') != std::string::npos) return product_family(text);
  const Choice choice = parse_choice("posterior", text);
  return posteriors().at(choice.name).make(choice);
}

}  // namespace nelbo
