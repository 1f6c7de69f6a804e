// The whole nelbo program with one more term: `sparsity`, the mean absolute code E |z|, summed over
// the latent dimensions. Its gradient comes from the tape.
//
//   ./my_nelbo train --objective "nell + div + 0.1*sparsity"
//   ./my_nelbo explain "nell + 0.1*sparsity"
#include "apps/program.hpp"
#include "autodiff/ops.hpp"
#include "objectives/language/vocabulary.hpp"

int main(int argc, char** argv) {
  using namespace nelbo;
  register_term({.name = "sparsity",
                 .latex = "S",
                 .formula = "\\mathbb{E}_{Q(z|x)} \\sum_j |z_j|",
                 .equation = "Tibshirani (1996)",
                 .meaning = "mean absolute code, summed over the latent dimensions",
                 .unit = "",
                 .moves = {"phi"}},
                [](Draw& draw) { return sum(abs(draw.z()), -1); });  // [S, B, D] to [S, B]
  return run_program(argc, argv);
}
