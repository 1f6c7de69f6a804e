#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "autodiff/parameters.hpp"
#include "lab/data/examples.hpp"
#include "lab/evaluation/standard_errors.hpp"
#include "models/model.hpp"
#include "objectives/bounds/bias.hpp"
#include "objectives/draw/scheme.hpp"

namespace nelbo {

struct LedgerOptions {
  Scheme scheme = Scheme::full;  // of mi, aggdiv, tc, dwkl and hagg
  std::size_t draws = 1;         // of z per datum: S
  std::size_t batch = 100;       // B, of the schemes that use batches
  std::size_t examples = 0;      // the first so many; 0: all
  std::size_t pairs = 0;         // of mi_dec; 0: it is left out
  std::uint64_t seed = 0;
};

/// Every term of Zheng eqs (3)-(35) of a trained model on a set of examples, nats per datum, with
/// standard errors over the examples, and what ties the terms together.
struct Ledger {
  struct Entry {
    std::string name;
    MeanAndError estimate;  // the standard error is NaN for what is exact
    Bias bias = Bias::none;
    std::string equation;
    std::string meaning;
  };
  /// One latent variable.
  struct Unit {
    double kl;        // E KL(Q(Z_j|x) || P0(Z_j)); NaN unless P0 is standard normal or uniform
    double variance;  // of E[Z_j|x] over the data, summed over the numbers of a one-hot row
    bool active;      // variance > 0.01: Burda et al. (2016)
  };

  std::size_t count = 0;  // N
  LedgerOptions options;
  std::vector<Entry> terms;
  /// H_agg and I_enc under all schemes; empty unless the posterior is a diagonal normal.
  std::vector<Entry> hagg, mi;
  /// div(mc) - (mi + aggdiv), and aggdiv - (tc + dwkl - pf): 0 to rounding.
  double div_residual = 0, aggdiv_residual = 0;
  /// max(H_data - Nell, naive) <= I_enc <= min(Div, loo, ln N), each side from what is known, and
  /// whether it contains the estimate within 4 standard errors.
  MeanAndError mi_low, mi_high;
  bool contains = true;
  std::vector<Unit> units;

  /// The entry of `terms` with this name, or nothing.
  const Entry* find(const std::string& name) const;
};

/// Measures all of it with the parameters as they are. Examples are taken as at step 0. Throws
/// Error if the scheme's batches have one example.
Ledger measure_ledger(const Model& model, const Examples& examples, const LedgerOptions& options);

}  // namespace nelbo
