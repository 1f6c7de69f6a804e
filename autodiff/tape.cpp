#include "autodiff/tape.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "autodiff/error.hpp"
#include "autodiff/internal/strided_copy.hpp"

namespace nelbo {
namespace {

thread_local Tape* current_tape = nullptr;

/// A row-major copy of a strided view, for operators that read row-major operands.
const Op copy_op{
    .name = "copy",
    .forward =
        [](const Frame& f) {
          dispatch(f.dtype(), [&](auto t) {
            using T = decltype(t);
            gather(f.in<T>(0), f.in_shape(0), f.in_strides(0), f.out<T>());
          });
        },
    .vjp =
        [](const Frame& f) {
          if (!f.wants(0)) return;
          dispatch(f.dtype(), [&](auto t) {
            using T = decltype(t);
            const auto to = f.adjoint<T>(0);
            scatter(f.cotangent<T>(), f.in_shape(0), f.in_strides(0), to.data, to.add);
          });
        },
    .strided = true,
};

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

Var Tape::contiguous(Var var) {
  const Slot& s = slot(var);
  if (is_row_major(s.shape, s.strides)) return var;
  const Spec spec{s.shape, storages_[s.value].dtype};
  return record(copy_op, {&var, 1}, {&spec, 1});
}

Var Tape::record(const Op& op, std::span<const Var> inputs, std::span<const Spec> outputs,
                 const void* saved, std::size_t saved_bytes) {
  check_recording(op.name);
  for (const Var& input : inputs) {
    if (input.tape_ != this) {
      throw Error(std::string(op.name) + ": an operand belongs to another tape, or to none");
    }
    slot(input);
  }
  std::array<std::uint32_t, 64> ids;
  if (inputs.size() > ids.size()) throw Error(std::string(op.name) + ": more than 64 operands");
  Groups reach = 0;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    ids[i] = (op.strided ? inputs[i] : contiguous(inputs[i])).slot_;
    reach |= slots_[ids[i]].reach;
  }
  // What a value lost it lost for all that is made of it, smooth or not.
  if (op.vjp == nullptr) reach &= severed_group;
  if (!options_.gradients) reach = 0;

  Node node{&op,
            nullptr,
            std::uint32_t(operands_.size()),
            std::uint32_t(slots_.size()),
            std::uint16_t(inputs.size()),
            std::uint16_t(outputs.size())};
  if (saved_bytes != 0) {
    node.saved = arena_.allocate(saved_bytes);
    std::memcpy(node.saved, saved, saved_bytes);
  }
  operands_.insert(operands_.end(), ids.begin(), ids.begin() + inputs.size());
  for (const Spec& spec : outputs) {
    const std::uint32_t id =
        add_storage(spec.shape.size(), spec.dtype, std::int32_t(nodes_.size()));
    if (options_.mode == Mode::eager) {
      storages_[id].value = arena_.allocate(spec.shape.size() * size_of(spec.dtype));
    }
    const Groups differentiable = spec.dtype == DType::i32 ? 0 : reach;
    add_slot({id, id, 0, differentiable, spec.shape, row_major(spec.shape)});
  }
  nodes_.push_back(node);
  if (options_.mode == Mode::eager) op.forward(Frame(*this, nodes_.back()));
  return Var(this, node.output, generation_);
}

Var Tape::view(Var var, const Shape& shape, const Strides& strides, std::int64_t offset) {
  check_recording("view");
  Slot s = slot(var);
  s.shape = shape;
  s.strides = strides;
  s.offset += offset;
  return add_slot(s);
}

Var Tape::restricted(Var var, Groups groups) {
  check_recording("stop");
  Slot s = slot(var);
  const Groups severed = (groups & severed_from_) != 0 ? severed_group : 0;
  s.reach &= (groups & ~severed_group) | severed;
  return add_slot(s);
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

Var Tape::alias(const Op& op, Var x, Var other) {
  check_recording(op.name);
  x = contiguous(x);
  other = contiguous(other);
  Slot s = slot(x);
  // As large as the whole storage: one offset then serves value and adjoint.
  s.adjoint =
      add_storage(storages_[s.value].count, storages_[s.value].dtype, std::int32_t(nodes_.size()));
  if (!options_.gradients) s.reach = 0;
  nodes_.push_back(
      {&op, nullptr, std::uint32_t(operands_.size()), std::uint32_t(slots_.size()), 2, 1});
  operands_.insert(operands_.end(), {x.slot_, other.slot_});
  return add_slot(s);
}

void Tape::own(std::shared_ptr<const void> object) {
  check_recording("own");
  owned_.push_back(std::move(object));
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
  store_ = nullptr;
  arena_.reset();
  adjoints_allocated_ = 0;
  severed_from_ = 0;
  computed_ = false;
  ++generation_;
}

DType common_dtype(const Op& op, std::span<const Var> inputs) {
  if (inputs.empty()) throw Error(std::string(op.name) + ": no operands");
  const DType dtype = inputs[0].dtype();
  for (const Var& input : inputs) {
    if (input.dtype() != dtype) {
      throw Error(std::string(op.name) + ": operands are of types " + name_of(dtype) + " and " +
                  name_of(input.dtype()) + " (shapes " + inputs[0].shape().text() + " and " +
                  input.shape().text() + ")");
    }
  }
  if (dtype == DType::i32) throw Error(std::string(op.name) + ": operands are indices (i32)");
  return dtype;
}

Var record(const Op& op, std::initializer_list<Var> inputs, const Shape& shape) {
  const std::span<const Var> all(inputs.begin(), inputs.size());
  const Spec spec{shape, common_dtype(op, all)};
  return Tape::current().record(op, all, {&spec, 1});
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
