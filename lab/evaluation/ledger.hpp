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
    MeanAndError estimate;  // the standard error is 0 of what is exact
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

  /// One layer of a model of several.
  struct Layer {
    CodeLayer layer;
    MeanAndError div;        // E log Q(z_l|..) - log P0(z_l|..): what of div(mc) it has
    std::size_t active = 0;  // of its units
  };

  /// An end of what is known of I_enc: "naive", "div", "ln N", ...
  struct End {
    std::string name;
    MeanAndError estimate;
  };
  /// max(H_data - Nell, naive, 0) <= I_enc <= min(Div, loo, ln N), each side from what is known. Ends are
  /// estimates: noise may cross them, and then they are no interval.
  struct Interval {
    End low, high;
    MeanAndError estimate;  // of I_enc
    /// 4 standard errors of the estimate and an end.
    double tolerance(const End& end) const;
    /// Whether both ends and the estimate are numbers.
    bool finite() const;
    bool crossed() const { return low.estimate.mean > high.estimate.mean; }
    /// Whether the estimate is within the tolerances of both ends, and possible: no estimate is above
    /// `most` = ln N but by rounding.
    bool contains() const;
    double most = 0;
  };
  /// A difference that is 0 to rounding where the terms are right.
  struct Identity {
    std::string text;  // "div(mc) - (mi + aggdiv)"
    double residual;
  };

  std::size_t count = 0;  // N
  LedgerOptions options;
  std::vector<Entry> terms;
  /// Of a posterior that is a diagonal normal, else empty: H_agg and I_enc under all schemes, and what ties
  /// the terms together.
  std::vector<Entry> hagg, mi;
  std::vector<Identity> identities;
  std::optional<Interval> mi_interval;
  std::vector<Unit> units;
  std::vector<Layer> layers;  // of a model of several, else empty

  /// The entry of `terms` with this name, or nothing.
  const Entry* find(const std::string& name) const;
  /// What of all this is not finite and should be, for a message: "the term 'hagg'". Nothing if all is.
  std::optional<std::string> not_finite() const;
};

/// The KL of every latent variable alone, as the ledger's units have it, over the first `count`
/// examples, at most all: one pass of the encoder. Empty where P0 is neither standard normal nor uniform.
std::vector<double> unit_divergences(const Model& model, const Examples& examples,
                                     std::size_t count);

/// Measures all of it with the parameters as they are. Examples are taken as at step 0. Where scales are
/// so small that float32 does not tell codes from their means, they are read out in float64. Throws Error
/// if the scheme's batches have one example.
Ledger measure_ledger(const Model& model, const Examples& examples, const LedgerOptions& options);

}  // namespace nelbo
