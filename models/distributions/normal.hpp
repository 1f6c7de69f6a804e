#pragma once
#include <string>
#include <variant>

#include "models/distributions/diag_normal.hpp"
#include "models/distributions/full_normal.hpp"

namespace nelbo {

/// Whether the dimensions of a normal distribution are independent.
enum class Covariance { diagonal, full };

/// A normal distribution of either kind.
class Normal {
 public:
  Normal(const DiagNormal& diagonal) : kind_(diagonal) {}
  Normal(const FullNormal& full) : kind_(full) {}

  static constexpr int event_rank = 1;
  static constexpr bool has_rsample = true;
  static constexpr Noise noise = Noise::normal;

  Covariance covariance() const { return Covariance(kind_.index()); }
  /// The diagonal normal; null where the covariance is full.
  const DiagNormal* if_diagonal() const { return std::get_if<DiagNormal>(&kind_); }
  /// Throws Error saying that `what` ("hagg") needs a diagonal covariance where it is full.
  const DiagNormal& diagonal(const std::string& what) const;
  /// Calls f with the DiagNormal or the FullNormal.
  template <class F>
  auto visit(F&& f) const {
    return std::visit(f, kind_);
  }

  Var log_prob(Var x) const;
  Var rsample(Var noise) const;
  NormalSample rsample_log_prob(Var noise) const;
  Var sample(Var noise) const;
  Var entropy() const;
  /// [.., D].
  Var expectation() const;
  Var mode() const { return expectation(); }
  Normal detached() const;
  /// N(mean_d, Sigma_dd) of every dimension; itself where the covariance is diagonal.
  DiagNormal marginals() const;

 private:
  std::variant<DiagNormal, FullNormal> kind_;
};

static_assert(Reparameterized<Normal>);

}  // namespace nelbo
