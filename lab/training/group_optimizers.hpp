#pragma once
#include <memory>
#include <string>
#include <vector>

#include "autodiff/optimizer.hpp"
#include "autodiff/parameters.hpp"
#include "lab/training/checkpoint.hpp"
#include "lab/training/learning_rates.hpp"

namespace nelbo {

/// The rate that a group last learnt by.
struct GroupRate {
  std::string group;
  double rate = 0;
};

/// The optimisers of some groups of a store: one for each group that has its own, and one for all
/// others, each group with its rate.
class GroupOptimizers {
 public:
  /// The store must be frozen. Throws Error as Optimizer does.
  GroupOptimizers(const ByGroup<OptimizerConfig>& optimizers, const LearningRates& rates,
                  const ParameterStore& store, Groups groups);

  /// Euclidean norm over all of their groups.
  double gradient_norm(const void* gradients) const;
  /// One update of the groups, by the rates at a time, with the gradient multiplied by `scale`.
  /// Throws SettingError of `lr`, before it, where a rate is not finite or below 0.
  void step(void* parameters, const void* gradients, const TrainingTime& time, double scale = 1);

  /// The rates of the last update, or of the first to come; in the order of the store's groups.
  std::vector<GroupRate> rates() const;
  /// By the names that their states have in checkpoints: "optimizer" of the groups without one of
  /// their own, else "phi_optimizer".
  std::vector<NamedOptimizer> all() const;

 private:
  struct One {
    std::string name;
    std::vector<std::string> groups;
    std::vector<Term> schedules;  // of each group
    std::vector<double> rates;    // now
    std::unique_ptr<Optimizer> optimizer;

    void set_rates(const TrainingTime& time);
  };
  std::vector<One> all_;
  std::vector<std::string> order_;  // of the groups
};

}  // namespace nelbo
