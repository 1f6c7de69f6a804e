// What a tape does once it is recorded: forward, backward, and where their buffers lie.
#include <algorithm>
#include <cstring>

#include "autodiff/dtype.hpp"
#include "autodiff/error.hpp"
#include "autodiff/internal/buffer_plan.hpp"
#include "autodiff/internal/strided_copy.hpp"
#include "autodiff/operator.hpp"
#include "autodiff/profile.hpp"

namespace nelbo {
namespace {

/// The call of `op` that `pass` says, counted by `profile`.
void run(const Op& op, const Frame& frame, Profile::Pass pass, Profile& profile) {
  const bool forward = pass == Profile::Pass::forward;
  double numbers = 0, products = forward ? 1 : 0;
  for (int i = 0; i < frame.inputs(); ++i) {
    const double size = double(frame.in_shape(i).size());
    const bool wanted = !forward && frame.wants(i);
    numbers += wanted ? 2 * size : size;  // the operand and its adjoint
    if (wanted && i < 2) ++products;
  }
  for (int o = 0; o < frame.outputs(); ++o) numbers += double(frame.out_shape(o).size());
  Profile::Work work{.bytes = numbers * double(size_of(frame.dtype()))};
  if (op.multiply_adds != nullptr) work.flop = 2 * op.multiply_adds(frame) * products;
  const bool counted = profile.begin();
  (forward ? op.forward : op.vjp)(frame);
  if (counted) profile.end(op.name, frame.out_shape(), pass, work);
}

}  // namespace

// Forward -----------------------------------------------------------------------------------------

void Tape::allocate_values() {
  if (!options_.gradients) {
    plan_reuse();
    return;
  }
  for (const Slot& s : slots_) {  // an alias has storage for its adjoint only
    Storage& storage = storages_[s.value];
    if (storage.value == nullptr) {
      storage.value = arena_.allocate(storage.count * size_of(storage.dtype));
    }
  }
}

void Tape::plan_reuse() {
  std::vector<Lifetime> lives(storages_.size());
  const auto fill = [&](std::uint32_t id, std::size_t n) {
    const Storage& storage = storages_[id];
    if (storage.producer != std::int32_t(n)) return;  // an alias has its operand's
    lives[id] = {n, storage.kept ? nodes_.size() : n, storage.count * size_of(storage.dtype)};
  };
  const auto read = [&](std::uint32_t id, std::size_t n) {
    lives[id].last = std::max(lives[id].last, n);
  };
  for (std::size_t n = 0; n < nodes_.size(); ++n) {
    const Node& node = nodes_[n];
    for (int o = 0; o < node.outputs; ++o) fill(slots_[node.output + o].value, n);
    for (int i = 0; i < node.inputs; ++i) read(slots_[operands_[node.operands + i]].value, n);
  }
  const BufferPlan plan = plan_buffers(lives);
  auto* base = static_cast<std::byte*>(arena_.allocate(plan.bytes));
  for (std::uint32_t id = 0; id < storages_.size(); ++id) {
    if (storages_[id].producer >= 0) storages_[id].value = base + plan.offsets[id];
  }
}

void Tape::forward() {
  stage_ = 0;
  while (advance()) continue;
}

bool Tape::advance() {
  if (options_.mode == Mode::replay && !computed_) allocate_values();
  computed_ = true;
  const bool more = stage_ < pauses_.size();
  const std::size_t first = stage_ == 0 ? 0 : pauses_[stage_ - 1];
  const std::size_t last = more ? pauses_[stage_] : nodes_.size();
  stage_ = more ? stage_ + 1 : 0;
  if (Profile* const profile = Profile::current()) {
    for (std::size_t n = first; n < last; ++n) {
      run(*nodes_[n].op, Frame(*this, nodes_[n]), Profile::Pass::forward, *profile);
    }
    return more;
  }
  for (std::size_t n = first; n < last; ++n) nodes_[n].op->forward(Frame(*this, nodes_[n]));
  return more;
}

// Backward ----------------------------------------------------------------------------------------

void Tape::allocate_adjoints() {
  if (adjoints_allocated_ == storages_.size()) return;
  std::vector<char> needed(storages_.size(), 0);
  for (const Slot& s : slots_) needed[s.adjoint] |= (s.reach & ~severed_group) != 0;
  for (std::size_t i = 0; i < storages_.size(); ++i) {
    Storage& storage = storages_[i];
    if (needed[i] && storage.adjoint == nullptr && storage.entry < 0) {
      storage.adjoint = arena_.allocate(storage.count * size_of(storage.dtype));
    }
  }
  adjoints_allocated_ = storages_.size();
}

void* Frame::claim_adjoint(int i, bool& add) const {
  const Tape::Slot& slot = in_slot(i);
  Tape::Storage& storage = tape_.storages_[slot.adjoint];
  const std::size_t element = size_of(storage.dtype);
  if (!storage.written && slot.shape.size() != storage.count) {
    std::memset(storage.adjoint, 0, storage.count * element);  // the rest that this view leaves out
    storage.written = true;
  }
  add = storage.written;
  storage.written = true;
  return static_cast<std::byte*>(storage.adjoint) + slot.offset * element;
}

void Tape::seed(const Root& root) {
  const Slot& s = slot(root.var);
  Storage& storage = storages_[s.adjoint];
  if (root.cotangent != nullptr &&
      (!(root.cotangent->shape() == s.shape) || root.cotangent->dtype() != storage.dtype)) {
    throw Error("backward: a cotangent of shape " + root.cotangent->shape().text() + " (" +
                name_of(root.cotangent->dtype()) + ") for a value of shape " + s.shape.text() +
                " (" + name_of(storage.dtype) + ")");
  }
  if ((s.reach & active_) == 0 || s.shape.size() == 0) return;
  if (storage.entry >= 0) throw Error("backward: a parameter itself is a root");
  const bool whole = s.shape.size() == storage.count && is_row_major(s.shape, s.strides);
  const bool first = !storage.written;
  storage.written = true;
  dispatch(storage.dtype, [&](auto t) {
    using T = decltype(t);
    T* adjoint = static_cast<T*>(storage.adjoint);
    if (first && whole && root.cotangent == nullptr) {
      std::fill_n(adjoint, storage.count, T{1});
      return;
    }
    if (first && whole && root.cotangent->row_major()) {
      std::copy_n(root.cotangent->data_as<T>(), storage.count, adjoint);
      return;
    }
    if (first) std::fill_n(adjoint, storage.count, T{0});
    if (root.cotangent == nullptr) {
      const Tensor ones = Tensor::full(s.shape, 1, storage.dtype);
      scatter(ones.data_as<T>(), s.shape, s.strides, adjoint + s.offset, true);
    } else if (root.cotangent->row_major()) {
      scatter(root.cotangent->data_as<T>(), s.shape, s.strides, adjoint + s.offset, true);
    } else {
      throw Error("backward: a cotangent is not row-major");
    }
  });
}

void Tape::finish_parameters(Groups groups, GradientSink* sink) {
  if (sink == nullptr || store_ == nullptr) return;
  const auto& entries = store_->entries();
  const std::size_t element = size_of(store_->dtype());
  auto* gradient = static_cast<std::byte*>(sink->data());
  // Parameters to which no path leads, or which this tape does not know at all, have gradient 0.
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if ((groups & (Groups{1} << entries[i].group)) == 0) continue;
    bool written = false;
    for (const auto& [entry, slot] : parameters_) {
      if (entry == i) written = storages_[slots_[slot].adjoint].written;
    }
    if (!written) {
      std::memset(gradient + entries[i].offset * element, 0, entries[i].shape.size() * element);
    }
  }
}

void Tape::backward(std::span<const Root> roots, Groups groups, GradientSink* sink) {
  if (!options_.gradients) throw Error("backward: the tape was made without gradients");
  if (options_.mode == Mode::replay && !computed_) throw Error("backward: before forward()");
  if (sink == nullptr) groups &= leaf_group;
  if (sink != nullptr && store_ != nullptr &&
      (sink->buffer().size() != std::int64_t(store_->size()) ||
       sink->buffer().dtype() != store_->dtype())) {
    throw Error("backward: the gradient sink was made for another parameter store");
  }
  for (const Root& root : roots) {
    if (const std::string why = severed(root.var, groups); !why.empty()) throw Error(why);
  }
  allocate_adjoints();
  for (Storage& storage : storages_) storage.written = false;
  active_ = groups & ~severed_group;
  if (sink != nullptr) {
    for (const auto& [entry, slot] : parameters_) {
      storages_[slots_[slot].adjoint].adjoint =
          static_cast<std::byte*>(sink->data()) +
          store_->entries()[entry].offset * size_of(store_->dtype());
    }
  }
  for (const Root& root : roots) seed(root);
  Profile* const profile = Profile::current();
  for (auto node = nodes_.rbegin(); node != nodes_.rend(); ++node) {
    if (node->op->vjp == nullptr) continue;
    bool reached = false;
    for (int o = 0; o < node->outputs; ++o) {
      reached |= storages_[slots_[node->output + o].adjoint].written;
    }
    bool wanted = false;
    for (int i = 0; i < node->inputs; ++i) {
      wanted |= (slots_[operands_[node->operands + i]].reach & active_) != 0;
    }
    if (!reached || !wanted) continue;
    const Frame frame(*this, *node);
    if (profile != nullptr) {
      run(*node->op, frame, Profile::Pass::backward, *profile);
    } else {
      node->op->vjp(frame);
    }
  }
  finish_parameters(groups, sink);
}

Tensor Tape::adjoint(Var leaf) const {
  const Slot& s = slot(leaf);
  const Storage& storage = storages_[s.adjoint];
  if (storage.producer >= 0 || storage.entry >= 0 || (s.reach & leaf_group) == 0) {
    throw Error("tape: adjoint() of a variable that is not a differentiable leaf");
  }
  if (!storage.written) return Tensor(s.shape, storage.dtype);
  auto* data = static_cast<std::byte*>(storage.adjoint) + s.offset * size_of(storage.dtype);
  return Tensor(data, s.shape, s.strides, storage.dtype);
}

}  // namespace nelbo
