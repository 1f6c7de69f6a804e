// The whole nelbo program with three more terms, whose gradients come from the tape:
//
//   sparsity       the mean absolute code E |z|, summed over the latent dimensions
//   sliced_cramer  how far the aggregated posterior is from the prior: random numbers of its own
//   mine           mutual information of data and codes: a network that learns beside the model
//
//   ./my_nelbo train --objective "nell + div + 0.1*sparsity"
//   ./my_nelbo train --objective "nell + 100*sliced_cramer"
//   ./my_nelbo train --objective "nell + div + abs(mine - 3)"
//   ./my_nelbo explain "nell + 0.1*sparsity"
#include "apps/program.hpp"
#include "autodiff/ops.hpp"
#include "models/layers.hpp"
#include "objectives/language/vocabulary.hpp"

using namespace nelbo;

/// The first sample of every datum, [B, D].
Var codes(Draw& draw, const char* what) {
  return reshape(slice(draw.z(what), 0, 0, 1), {draw.batch(), draw.latent()});
}

void add_sparsity() {
  register_term({.name = "sparsity",
                 .latex = "S",
                 .formula = "\\mathbb{E}_{Q(z|x)} \\sum_j |z_j|",
                 .equation = "Tibshirani (1996)",
                 .meaning = "mean absolute code, summed over the latent dimensions",
                 .unit = "",
                 .sampled = true,
                 .moves = {"phi"}},
                [](Draw& draw) {  // [S, B, D] to [S, B]
                  return draw.expectation([](Codes& codes) { return sum(abs(codes.z()), -1); });
                });
}

/// On P lines through the origin, drawn at every step, the distance of the distribution functions F of
/// codes and G of samples of the prior: the sliced Wasserstein distance needs them sorted, this one only
/// E|a - b| - 1/2 E|a - a'| - 1/2 E|b - b'| = int (F - G)^2.
void add_sliced_cramer() {
  register_term({.name = "sliced_cramer",
                 .latex = "\\mathrm{SC}",
                 .formula = "\\mathbb{E}_w \\int (F_{w'z}(t) - F_{w'y}(t))^2 dt",
                 .equation = "Kolouri et al. (2020), \"Sliced Cramer synaptic consolidation\"",
                 .meaning = "sliced Cramer distance of the aggregated posterior and the prior",
                 .unit = "",
                 .bias = Bias::over,  // as a distance of samples is
                 .pairwise = true,
                 .moves = {"phi"}},
                [](Draw& draw) {
                  const Var normal = draw.noise("sliced_cramer", draw.latent(), 32);  // [D, P]
                  const Var lines = normal / sqrt(sum(square(normal), 0, Keep::yes));
                  const auto distance = [](Var a, Var b) {  // mean |a_i - b_j|, over lines too
                    const std::int64_t n = a.shape()[0], p = a.shape()[1];
                    return mean(abs(reshape(a, {n, 1, p}) - reshape(b, {1, n, p})));
                  };
                  const Var a = matmul(codes(draw, "sliced_cramer"), lines);
                  const Var b = matmul(draw.prior_sample(), lines);
                  return distance(a, b) - 0.5 * distance(a, a) - 0.5 * distance(b, b);
                });
}

/// Donsker and Varadhan's bound E T(x, z) - log E exp T(x, z'), of a network T that pushes it up and codes
/// z' of other data. As the term of an objective it moves the encoder, never T.
void add_mine() {
  const auto declare = [](ParameterStore& store, const Model& model) -> Layer {
    const std::int64_t inputs = model.features() + model.codes().dimensions();
    return Sequential{
        Mlp(store, "mine", "mine", inputs, std::vector<std::int64_t>{128, 128}, Activation::relu),
        Linear(store, "mine.output", "mine", 128, 1)};
  };
  register_term({.name = "mine",
                 .latex = "I_{\\mathrm{MINE}}",
                 .formula = "\\mathbb{E}\\, T(x, z) - \\log \\mathbb{E}\\, e^{T(x, z')}",
                 .equation = "Belghazi et al. (2018)",
                 .meaning = "mutual information of data and codes, as a network estimates it",
                 .bias = Bias::undetermined,
                 .pairwise = true,
                 .auxiliaries = {{.group = "mine", .rate = 1e-3, .declare = declare}},
                 .moves = {"phi"}},
                [](Draw& draw) {
                  const Layer& network = draw.network("mine", "mine");
                  const Var z = codes(draw, "mine");
                  const auto t = [&](Var z) { return network(concatenate({draw.x(), z}, -1)); };
                  const std::int64_t n = draw.batch();
                  const Var others = concatenate({slice(z, 0, 1, n), slice(z, 0, 0, 1)}, 0);
                  const Var value = mean(t(z)) - logmeanexp(t(others));
                  draw.learn("mine", -value);
                  return value;
                });
}

int main(int argc, char** argv) {
  add_sparsity();
  add_sliced_cramer();
  add_mine();
  return run_program(argc, argv);
}
