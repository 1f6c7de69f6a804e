// All that the program does with a model, from C++: data, training, saving and loading, codes,
// every term of the bound, the lattice of bounds, and the gradients of two estimators.
// docs/library.md tells it.
#include <cstdio>

#include "lab/data/load.hpp"
#include "lab/evaluation/bound_lattice.hpp"
#include "lab/evaluation/inference.hpp"
#include "lab/evaluation/ledger.hpp"
#include "lab/studies/study_cells.hpp"
#include "lab/training/trainer.hpp"

using namespace nelbo;

int main() {
  TrainConfig config;  // every setting that a result depends on
  config.data = "sprites:32";
  config.hidden = {32};
  config.latent = 4;
  config.objective = "nell + 2*div";
  const data::Dataset sprites = data::load_dataset(config.data);

  Trainer trainer(config, sprites);
  trainer.fit(1, [](const Epoch& epoch) {
    std::printf("epoch %d  held-out elbo %.3f\n", int(epoch.epoch), epoch.held_out.elbo());
    return true;  // go on
  });
  trainer.save("laboratory.safetensors");

  Trainer again(config, sprites);  // continues to the same bits
  again.load("laboratory.safetensors");
  const bool same = again.held_out().elbo() == trainer.held_out().elbo();

  const Examples& test = trainer.test_examples();
  const Encoded codes = encode(trainer.model(), test);  // mean and log-variance, [N, L]
  const Ledger ledger = measure_ledger(trainer.model(), test, {.examples = 200});
  for (const Ledger::Entry& term : ledger.terms) {
    std::printf("%-8s %9.4f +- %.4f\n", term.name.c_str(), term.estimate.mean,
                term.estimate.standard_error);
  }
  const auto lattice = estimate_lattice(trainer.model(), test, 50, {{1, 1}, {1, 16}}, /*seed=*/0,
                                        [](double) { return true; });
  for (const LatticeRow& row : lattice->rows) {
    std::printf("iw(m=%d) %9.4f\n", int(row.cell.m), row.value.mean);
  }

  const gradvar::StudyModel study{trainer.model(), test.some(8, /*seed=*/0)};
  const auto plan =
      gradvar::plan_cells({.bounds = "iw", .estimators = "reparam,dreg", .m = {8}}, study);
  for (const auto& row : gradvar::run_replicates(study, plan.cells.front(), {.replicates = 100})) {
    if (row.group == "phi") std::printf("%-8s snr %.2f\n", row.estimator.c_str(), row.snr.mean);
  }
  return same && codes.mean.shape()[0] == std::int64_t(test.count()) ? 0 : 1;
}
