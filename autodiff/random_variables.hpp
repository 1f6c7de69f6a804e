#pragma once
// The register of random variables: what every number that nelbo draws is for. A stream
// (random.hpp) has 2^32 variables; here each that is drawn from has a line, and no two lines of a
// stream share one, so that no number serves two purposes. What draws names its line:
//
//   fill_normal(x, {.stream = random_variables::ledger_batches.of(seed), ...})
//
// Places are for ever: whoever moves one changes the numbers of all runs of a seed. The stream
// `user` has no lines, it belongs to programs that are built on nelbo.
#include <cstddef>
#include <cstdint>

#include "autodiff/random.hpp"

namespace nelbo {

/// A random variable of a stream, or a family of them.
struct RandomVariable {
  StreamId id{};
  std::uint32_t first = 0, count = 0;  // variables first .. first + count - 1
  const char* purpose = "";

  /// The numbers of a member of the family. Throws Error beyond the last.
  Stream of(std::uint64_t seed, std::size_t member = 0) const;
};

/// What a draw of codes is made of.
struct DrawVariables {
  RandomVariable z, prior, dream, permutations = {}, inputs = {};
};

namespace random_variables {

inline constexpr std::uint32_t family = 1 << 16;

// Parameters
inline constexpr RandomVariable parameters{StreamId::init, 0, 1, "first values of a parameter"};

// Data
inline constexpr RandomVariable sprites{StreamId::data, 0, 1, "which sprites make the data set"};
inline constexpr RandomVariable held_out{StreamId::data, 1, 1, "examples held out as test split"};
inline constexpr RandomVariable binary_train{StreamId::data, 2, 1, "training images, made binary"};
inline constexpr RandomVariable binary_test{StreamId::data, 3, 1, "test images, made binary"};
inline constexpr RandomVariable validation{StreamId::data, 4, 1,
                                           "training examples for validation"};
inline constexpr RandomVariable binary_valid{StreamId::data, 5, 1,
                                             "validation images, made binary"};
inline constexpr RandomVariable subset{StreamId::data, 6, 1, "training examples that are kept"};
inline constexpr RandomVariable held_back{StreamId::data, 12, 1,
                                          "entries held back from an imputation"};
inline constexpr RandomVariable told_labels{StreamId::data, 13, 1,
                                            "training examples whose label is told"};
inline constexpr RandomVariable gaussian{StreamId::data, 7, 1, "the data set gaussian"};
/// A world stands in the place of a data set and is made of the same numbers: a program has one or
/// the other.
inline constexpr RandomVariable world{StreamId::data, 0, family, "tables or data of a world"};

// Training
inline constexpr RandomVariable order{StreamId::shuffle, 0, 1, "order of an epoch's examples"};
inline constexpr RandomVariable told_order{StreamId::shuffle, 1, 1,
                                           "order of an epoch's examples whose label is told"};
inline constexpr RandomVariable binary_anew{StreamId::binarize, 2, 1, "images of a step"};
inline constexpr DrawVariables training{
    .z = {StreamId::noise, 0, 1, "noise of z ~ Q(Z|x)"},
    .prior = {StreamId::noise, 1, 1, "noise of z ~ P0"},
    .dream = {StreamId::noise, 2, 1, "noise of x ~ P(X|z)"},
    .permutations = {StreamId::noise, 16, family, "batch permuted in dimension d"},
    .inputs = {StreamId::noise, 2 * family, family, "inputs of users' own terms"},
};
inline constexpr RandomVariable dropout{StreamId::noise, 3 * family, family,
                                        "units dropped out, by their mask"};

// Reports on a model
inline constexpr DrawVariables evaluation{
    .z = {StreamId::evaluation, 0, 1, "noise of z ~ Q(Z|x)"},
    .prior = {StreamId::evaluation, 1, 1, "noise of z ~ P0"},
    .dream = {StreamId::evaluation, 2, 1, "noise of x ~ P(X|z)"},
    .permutations = {StreamId::evaluation, family, family, "batch permuted in dimension d"},
    .inputs = {StreamId::evaluation, 2 * family, family, "inputs of users' own terms"},
};
/// The draws that find the mean for baseline(mean), which no replicate of a study sees.
inline constexpr DrawVariables pilot{
    .z = {StreamId::evaluation, 3, 1, "pilot's noise of z ~ Q(Z|x)"},
    .prior = {StreamId::evaluation, 4, 1, "pilot's noise of z ~ P0"},
    .dream = {StreamId::evaluation, 5, 1, "pilot's noise of x ~ P(X|z)"},
    .permutations = {StreamId::evaluation, 3 * family, family, "pilot's batch permuted"},
    .inputs = {StreamId::evaluation, 4 * family, family, "pilot's inputs of users' own terms"},
};
/// The draws of a study, which share no number with an evaluation of the same seed.
inline constexpr DrawVariables replicates{
    .z = {StreamId::evaluation, 9, 1, "replicate's noise of z ~ Q(Z|x)"},
    .prior = {StreamId::evaluation, 10, 1, "replicate's noise of z ~ P0"},
    .dream = {StreamId::evaluation, 11, 1, "replicate's noise of x ~ P(X|z)"},
    .permutations = {StreamId::evaluation, 5 * family, family, "replicate's batch permuted"},
    .inputs = {StreamId::evaluation, 6 * family, family, "replicate's inputs of users' own terms"},
};
/// The draws that choose the best checkpoint, on validation examples.
inline constexpr DrawVariables selection{
    .z = {StreamId::evaluation, 12, 1, "validation's noise of z ~ Q(Z|x)"},
    .prior = {StreamId::evaluation, 13, 1, "validation's noise of z ~ P0"},
    .dream = {StreamId::evaluation, 14, 1, "validation's noise of x ~ P(X|z)"},
    .permutations = {StreamId::evaluation, 7 * family, family, "validation's batch permuted"},
    .inputs = {StreamId::evaluation, 8 * family, family, "validation's inputs of users' own terms"},
};
inline constexpr RandomVariable some_examples{StreamId::evaluation, 6, 1, "examples of a study"};
inline constexpr RandomVariable replicate_examples{StreamId::evaluation, 7, 1,
                                                   "examples of a replicate"};
inline constexpr RandomVariable replicate_data{StreamId::evaluation, 8, 1,
                                               "a world's data of a replicate"};
inline constexpr RandomVariable mi_dec_z{StreamId::evaluation, 32, 1, "mi_dec: z ~ P0"};
inline constexpr RandomVariable mi_dec_x{StreamId::evaluation, 33, 1, "mi_dec: x ~ P(X|z)"};
inline constexpr RandomVariable mi_dec_weights{StreamId::evaluation, 34, 1, "mi_dec: log P(x)"};
inline constexpr RandomVariable ledger_batches{StreamId::evaluation, 48, 1, "batches of decompose"};

// Codes beside ground-truth factors
inline constexpr RandomVariable disentangle_points{StreamId::evaluation, 112, 1,
                                                   "which points a metric takes"};
inline constexpr RandomVariable disentangle_noise{StreamId::evaluation, 113, 1,
                                                  "codes that know nothing of the factors"};
inline constexpr RandomVariable disentangle_null{StreamId::evaluation, 114, 1,
                                                 "factors dealt out anew"};
inline constexpr RandomVariable disentangle_z{StreamId::evaluation, 115, 1,
                                              "noise of z ~ Q(Z|x) of sampled information"};
inline constexpr RandomVariable disentangle_bootstrap{StreamId::evaluation, 9 * family, family,
                                                      "points of a bootstrap replicate, by part"};

// Checks of worlds
inline constexpr RandomVariable verify_terms{StreamId::evaluation, 64, 1, "draws for terms"};
inline constexpr RandomVariable verify_schemes{StreamId::evaluation, 65, 1, "batches for schemes"};
inline constexpr RandomVariable verify_bounds{StreamId::evaluation, 66, 1, "weights for bounds"};

// Annealing: a member for each kind of chains, lab/evaluation/annealing/annealing.hpp
inline constexpr RandomVariable annealing_starts{StreamId::evaluation, 80, 6,
                                                 "annealing: codes that chains begin with"};
inline constexpr RandomVariable annealing_momenta{StreamId::evaluation, 88, 6,
                                                  "annealing: momenta of a move"};
inline constexpr RandomVariable annealing_acceptances{StreamId::evaluation, 96, 6,
                                                      "annealing: whether a move is accepted"};
inline constexpr RandomVariable verify_annealing{StreamId::evaluation, 104, 3,
                                                 "a world's data, and the model's z and x"};

// Scores of codes against known factors
inline constexpr RandomVariable factor_votes{StreamId::evaluation, 120, 1, "FactorVAE's votes"};
inline constexpr RandomVariable factor_pairs{StreamId::evaluation, 121, 1, "beta-VAE's pairs"};
inline constexpr RandomVariable probe_points{StreamId::evaluation, 122, 1, "points of a probe"};
inline constexpr RandomVariable jackknife_groups{StreamId::evaluation, 123, 1,
                                                 "groups left out by a jackknife"};
inline constexpr RandomVariable dialect_points{StreamId::evaluation, 124, 1,
                                               "points that disentanglement_lib draws"};

/// Variable v + this holds the digits that scramble the rqmc noise of variable v.
inline constexpr std::uint32_t rqmc_digits = std::uint32_t{1} << 31;

}  // namespace random_variables

/// The line that a variable of a stream belongs to, rqmc's digits to that of their noise; null if
/// there is none. What data sets and worlds share is said to be the data sets'.
const RandomVariable* find_random_variable(const Stream& stream);

}  // namespace nelbo
