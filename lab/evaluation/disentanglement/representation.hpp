#pragma once
#include <cstdint>
#include <memory>

#include "lab/evaluation/disentanglement/evaluation.hpp"
#include "lab/evaluation/disentanglement/information.hpp"
#include "lab/evaluation/disentanglement/jackknife.hpp"
#include "lab/evaluation/disentanglement/points.hpp"

namespace nelbo::disentanglement {

/// Codes whose metrics are asked for, and what several sections of metrics need of them, found once.
class Representation {
 public:
  /// The points must live as long. Without `errors` none are sought, as of ceilings and floors.
  Representation(const Points& points, const EvaluationOptions& options, bool errors)
      : points_(points), options_(options), errors_(errors) {}

  const Points& points() const { return points_; }
  const EvaluationOptions& options() const { return options_; }
  std::uint64_t seed() const { return options_.seed; }
  bool errors() const { return errors_; }
  Jackknife jackknife() const { return {.groups = errors_ ? Jackknife{}.groups : 0}; }

  /// Of all points by counting, found at the first call; one thread at a time may call.
  const Information& information() const {
    if (!information_) information_ = std::make_unique<Information>(points_, options_.seed);
    return *information_;
  }

 private:
  const Points& points_;
  EvaluationOptions options_;
  bool errors_;
  mutable std::unique_ptr<Information> information_;
};

}  // namespace nelbo::disentanglement
