#include "autodiff/random_variables.hpp"

#include <string>

#include "autodiff/error.hpp"

namespace nelbo {
namespace {

using namespace random_variables;

constexpr RandomVariable lines[] = {
    parameters,
    sprites,
    held_out,
    binary_train,
    binary_test,
    validation,
    binary_valid,
    subset,
    held_back,
    told_labels,
    told_order,
    order,
    binary_anew,
    training.z,
    training.prior,
    training.dream,
    training.inputs,
    training.permutations,
    dropout,
    evaluation.z,
    evaluation.prior,
    evaluation.dream,
    evaluation.inputs,
    evaluation.permutations,
    pilot.z,
    pilot.prior,
    pilot.dream,
    pilot.permutations,
    pilot.inputs,
    selection.z,
    selection.prior,
    selection.dream,
    selection.permutations,
    selection.inputs,
    replicates.z,
    replicates.prior,
    replicates.dream,
    replicates.permutations,
    replicates.inputs,
    some_examples,
    replicate_examples,
    replicate_data,
    mi_dec_z,
    mi_dec_x,
    mi_dec_weights,
    ledger_batches,
    disentangle_points,
    disentangle_noise,
    disentangle_null,
    disentangle_z,
    disentangle_bootstrap,
    verify_terms,
    verify_schemes,
    verify_bounds,
    annealing_starts,
    annealing_momenta,
    annealing_acceptances,
    verify_annealing,
    factor_votes,
    factor_pairs,
    probe_points,
    jackknife_groups,
    dialect_points,
};

constexpr bool holds(const RandomVariable& line, StreamId id, std::uint32_t variable) {
  return line.id == id && variable >= line.first && variable - line.first < line.count;
}

constexpr bool disjoint() {
  for (const RandomVariable& a : lines) {
    if (a.count == 0 || a.first + a.count > rqmc_digits) return false;
    int holders = 0;  // of a's first variable: if two lines meet, one holds the other's first
    for (const RandomVariable& b : lines) holders += holds(b, a.id, a.first);
    if (holders != 1) return false;
  }
  return true;
}
static_assert(disjoint(), "two lines of the register share a variable, or one has none");

}  // namespace

Stream RandomVariable::of(std::uint64_t seed, std::size_t member) const {
  if (member >= count) {
    throw Error("random variables '" + std::string(purpose) + "': there is no number " +
                std::to_string(member) + ", they are " + std::to_string(count));
  }
  return {seed, id, first + std::uint32_t(member)};
}

const RandomVariable* find_random_variable(const Stream& stream) {
  const std::uint32_t variable = stream.variable % rqmc_digits;
  for (const RandomVariable& line : lines) {
    if (holds(line, stream.id, variable)) return &line;
  }
  return holds(world, stream.id, variable) ? &world : nullptr;
}

}  // namespace nelbo
