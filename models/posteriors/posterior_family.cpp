#include "models/posteriors/posterior_family.hpp"

#include "autodiff/ops/elementwise_ops.hpp"
#include "autodiff/ops/linalg_ops.hpp"
#include "autodiff/ops/shape_ops.hpp"

namespace nelbo {
namespace {

using Kind = CodeSpace::Kind;

/// Columns first .. last - 1, copied once here, or every density that reads them would copy them
/// for itself.
Var columns(Var x, std::int64_t first, std::int64_t last) {
  return contiguous(slice(x, -1, first, last));
}

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
                const std::int64_t l = codes.variables;
                return posterior_of(DiagNormal{columns(output, 0, l), columns(output, l, 2 * l)});
              }};
}

PosteriorFamily full() {
  return {
      .text = "full",
      .codes = real_codes,
      .head =
          [](const CodeSpace& codes) {
            const std::int64_t l = codes.variables;
            return PosteriorFamily::Head{2 * l + l * (l - 1) / 2, 2 * l, l};
          },
      .posterior =
          [](Var output, const CodeSpace& codes) {
            const std::int64_t l = codes.variables;
            const Var mean = columns(output, 0, l), log_variance = columns(output, l, 2 * l);
            const Var below = columns(output, 2 * l, output.shape()[-1]);
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
        }}});
  return all;
}

PosteriorFamily parse_posterior(const std::string& text) {
  const Choice choice = parse_choice("posterior", text);
  return posteriors().at(choice.name).make(choice);
}

}  // namespace nelbo
