#include "autodiff/internal/broadcast_loop.hpp"

#include <algorithm>

namespace nelbo {

BroadcastLoop::BroadcastLoop(std::span<const Shape> operands, const Shape& target)
    : operands_(static_cast<int>(operands.size())), size_(target.size()) {
  std::array<Strides, max_operands> strides{};
  for (int k = 0; k < operands_; ++k) {
    operand_size_[k] = operands[k].size();
    strides[k] = broadcast_strides(operands[k], row_major(operands[k]), target);
  }
  rank_ = 0;
  for (int axis = 0; axis < target.rank(); ++axis) {
    if (target[axis] == 1) continue;
    bool merges = rank_ > 0;
    for (int k = 0; k < operands_ && merges; ++k) {
      merges = strides_[k][rank_ - 1] == strides[k][axis] * target[axis];
    }
    if (!merges) dims_[rank_++] = 1;
    dims_[rank_ - 1] *= target[axis];
    for (int k = 0; k < operands_; ++k) strides_[k][rank_ - 1] = strides[k][axis];
  }
  if (rank_ == 0) {  // one element
    rank_ = 1;
    dims_[0] = 1;
    for (int k = 0; k < operands_; ++k) strides_[k][0] = 1;
  }
  const std::int64_t n = dims_[rank_ - 1];
  segments_ = divide_up(n, segment);
  units_ = n == 0 ? 0 : size_ / n * segments_;
}

}  // namespace nelbo
