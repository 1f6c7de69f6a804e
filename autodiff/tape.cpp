#include "autodiff/tape.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "autodiff/error.hpp"
#include "autodiff/operator.hpp"

namespace nelbo {
namespace {

thread_local Tape* current_tape = nullptr;

}  // namespace

// Var ---------------------------------------------------------------------------------------------

Tape& Var::tape() const {
  if (tape_ == nullptr) throw Error("variable: empty (default-constructed)");
  return *tape_;
}

Shape Var::shape() const { return tape().slot(*this).shape; }

DType Var::dtype() const { return tape().storages_[tape().slot(*this).value].dtype; }

Tensor Var::value() const {
  const Tape& t = tape();
  const Tape::Slot& slot = t.slot(*this);
  const Tape::Storage& storage = t.storages_[slot.value];
  if (storage.producer >= 0 && t.options_.mode == Tape::Mode::replay) {
    if (!t.computed_) {
      throw Error(
          "variable: a computed value was read while its tape is recorded for replay (a "
          "branch on it would be frozen); read it after forward()");
    }
    if (!t.options_.gradients && !storage.kept) {
      throw Error("variable: its memory was reused on a tape without gradients; keep() it");
    }
  }
  auto* data = static_cast<std::byte*>(storage.value) + slot.offset * size_of(storage.dtype);
  return Tensor(data, slot.shape, slot.strides, storage.dtype);
}

// Leaves ------------------------------------------------------------------------------------------

const Tape::Slot& Tape::slot(Var var) const {
  if (var.tape_ != this) throw Error("variable: used with a tape it does not belong to");
  if (var.generation_ != generation_) throw Error("variable: used after its tape was reset");
  return slots_[var.slot_];
}

Var Tape::add_slot(const Slot& slot) {
  slots_.push_back(slot);
  return Var(this, std::uint32_t(slots_.size() - 1), generation_);
}

std::uint32_t Tape::add_storage(std::int64_t count, DType dtype, std::int32_t producer) {
  Storage storage;
  storage.count = count;
  storage.dtype = dtype;
  storage.producer = producer;
  storages_.push_back(storage);
  return std::uint32_t(storages_.size() - 1);
}

void Tape::check_recording(const char* what) const {
  if (options_.mode == Mode::replay && computed_) {
    throw Error(std::string(what) + ": the tape has run forward() and cannot be extended");
  }
}

Var Tape::leaf(const Shape& shape, DType dtype, bool differentiable) {
  check_recording("leaf");
  const std::uint32_t id = add_storage(shape.size(), dtype, -1);
  storages_[id].value = arena_.allocate(shape.size() * size_of(dtype));
  std::memset(storages_[id].value, 0, shape.size() * size_of(dtype));
  const Groups reach = differentiable && dtype != DType::i32 ? leaf_group : 0;
  return add_slot({id, id, 0, reach, shape, row_major(shape)});
}

Var Tape::leaf(const Tensor& value, bool differentiable) {
  const Var var = leaf(value.shape(), value.dtype(), differentiable);
  data(var).copy_from(value);
  return var;
}

Var Tape::constant(double value, DType dtype) { return leaf(Tensor::full(Shape{}, value, dtype)); }

Var Tape::parameter(const ParameterStore& store, ParameterId id) {
  check_recording("parameter");
  if (!store.frozen()) throw Error("parameter: '" + store.entry(id).name + "' before freeze()");
  if (store_ != nullptr && store_ != &store) throw Error("parameter: a tape has one store only");
  store_ = &store;
  for (const auto& [entry, slot] : parameters_) {
    if (entry == id.index) return Var(this, slot, generation_);
  }
  const ParameterStore::Entry& entry = store.entry(id);
  const std::uint32_t storage = add_storage(entry.shape.size(), store.dtype(), -1);
  storages_[storage].value = store.tensor(id).data();
  storages_[storage].entry = std::int32_t(id.index);
  const Var var = add_slot(
      {storage, storage, 0, Groups{1} << entry.group, entry.shape, row_major(entry.shape)});
  parameters_.emplace_back(id.index, var.slot_);
  return var;
}

Tensor Tape::data(Var leaf) const {
  const Slot& s = slot(leaf);
  const Storage& storage = storages_[s.value];
  if (storage.producer >= 0 || storage.entry >= 0) {
    throw Error("tape: data() of a variable that is not a leaf");
  }
  auto* data = static_cast<std::byte*>(storage.value) + s.offset * size_of(storage.dtype);
  return Tensor(data, s.shape, s.strides, storage.dtype);
}

// Recording ---------------------------------------------------------------------------------------

Recording::Recording(Tape& tape) : before_(current_tape), tape_(&tape) {
  current_tape = &tape;
  tape.recording_ = true;
}

Recording::~Recording() {
  tape_->recording_ = false;
  current_tape = before_;
  if (before_ != nullptr) before_->recording_ = true;
}

Tape& Tape::current() {
  if (current_tape == nullptr) {
    throw Error("tape: no Recording is alive on this thread; write `Recording recording(tape);`");
  }
  return *current_tape;
}

Var Tape::severed(Var var, Groups groups, const std::string& why) {
  check_recording("severed");
  if (!options_.gradients) return var;
  severed_from_ |= groups;
  severed_why_ = why;
  Slot s = slot(var);
  s.reach |= severed_group;
  return add_slot(s);
}

std::string Tape::severed(Var var, Groups groups) const {
  const bool lost = (slot(var).reach & severed_group) != 0 && (groups & severed_from_) != 0;
  return lost ? severed_why_ : "";
}

std::size_t Tape::pause_after(Var var) {
  check_recording("pause");
  if (options_.mode != Mode::replay) throw Error("pause: the tape is not recorded for replay");
  const std::int32_t producer = storages_[slot(var).value].producer;
  const bool known = !pauses_.empty() && producer < std::int32_t(pauses_.back());
  if (!known) pauses_.push_back(nodes_.size());
  return pauses_.size() - 1;
}

void Tape::keep(Var var) {
  check_recording("keep");
  storages_[slot(var).value].kept = true;
}

void Tape::reset() {
  nodes_.clear();
  operands_.clear();
  slots_.clear();
  storages_.clear();
  parameters_.clear();
  owned_.clear();
  pauses_.clear();
  stage_ = 0;
  store_ = nullptr;
  arena_.reset();
  adjoints_allocated_ = 0;
  severed_from_ = 0;
  computed_ = false;
  ++generation_;
}

// Looking at it -----------------------------------------------------------------------------------

std::size_t Tape::count(const std::string& op) const {
  return std::count_if(nodes_.begin(), nodes_.end(),
                       [&](const Node& node) { return op == node.op->name; });
}

std::string Tape::first_non_finite() const {
  const auto finite = [&](const Storage& storage) {
    if (storage.value == nullptr || storage.dtype == DType::i32) return true;
    return dispatch(storage.dtype, [&](auto t) {
      const auto* values = static_cast<const decltype(t)*>(storage.value);
      return std::all_of(values, values + storage.count, [](auto v) { return std::isfinite(v); });
    });
  };
  for (const Storage& storage : storages_) {
    if (storage.producer >= 0 || finite(storage)) continue;
    if (storage.entry < 0) return "leaf";
    return "parameter " + store_->entries()[storage.entry].name;
  }
  for (const Node& node : nodes_) {
    for (int o = 0; o < node.outputs; ++o) {
      if (!finite(storages_[slots_[node.output + o].value])) return node.op->name;
    }
  }
  return {};
}

}  // namespace nelbo
