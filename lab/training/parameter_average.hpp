#pragma once
#include <cstdint>

#include "autodiff/parameters.hpp"

namespace nelbo {

/// An exponential moving average of all parameters of a store with the bias of its start removed,
/// Kingma and Ba (2015), section 7.2: after step t it is the mean of the parameters after steps 1
/// .. t, weighted with decay^(t - i).
class ParameterAverage {
 public:
  /// Begins as the parameters are. 0 < decay < 1.
  ParameterAverage(const ParameterStore& store, double decay);

  /// Takes in the parameters after step t = 1, 2, ...: a += (1 - decay) / (1 - decay^t) (p - a).
  /// Does not allocate; gives the same bits for any number of threads.
  void update(const ParameterStore& store, std::uint64_t t);
  /// Swaps the average and the parameters; again, and they are where they were.
  void exchange(ParameterStore& store);

  /// [store.size()], in the layout of the store; shares memory.
  const Tensor& values() const { return values_; }

 private:
  double decay_;
  Tensor values_;
};

}  // namespace nelbo
