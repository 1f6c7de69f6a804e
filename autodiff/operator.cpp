#include "autodiff/operator.hpp"

#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "autodiff/error.hpp"
#include "autodiff/internal/strided_copy.hpp"

namespace nelbo {
namespace {

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

Var Recorder::contiguous(Var var) {
  const Tape::Slot& s = tape_.slot(var);
  if (is_row_major(s.shape, s.strides)) return var;
  const Spec spec{s.shape, tape_.storages_[s.value].dtype};
  return record(copy_op, {&var, 1}, {&spec, 1});
}

Var Recorder::record(const Op& op, std::span<const Var> inputs, std::span<const Spec> outputs,
                     const void* saved, std::size_t saved_bytes) {
  tape_.check_recording(op.name);
  for (const Var& input : inputs) {
    if (input.tape_ != &tape_) {
      throw Error(std::string(op.name) + ": an operand belongs to another tape, or to none");
    }
    tape_.slot(input);
  }
  if (inputs.size() > std::numeric_limits<decltype(Tape::Node::inputs)>::max()) {
    throw Error(std::string(op.name) + ": more than 65535 operands");
  }
  std::vector<std::uint32_t> ids(inputs.size());
  Groups reach = 0;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    ids[i] = (op.strided ? inputs[i] : contiguous(inputs[i])).slot_;
    reach |= tape_.slots_[ids[i]].reach;
  }
  // What a value lost it lost for all that is made of it, smooth or not.
  if (op.vjp == nullptr) reach &= severed_group;
  if (!tape_.options_.gradients) reach = 0;

  Tape::Node node{&op,
                  nullptr,
                  std::uint32_t(tape_.operands_.size()),
                  std::uint32_t(tape_.slots_.size()),
                  std::uint16_t(inputs.size()),
                  std::uint16_t(outputs.size())};
  if (saved_bytes != 0) {
    node.saved = tape_.arena_.allocate(saved_bytes);
    std::memcpy(node.saved, saved, saved_bytes);
  }
  tape_.operands_.insert(tape_.operands_.end(), ids.begin(), ids.end());
  for (const Spec& spec : outputs) {
    const std::uint32_t id =
        tape_.add_storage(spec.shape.size(), spec.dtype, std::int32_t(tape_.nodes_.size()));
    if (tape_.options_.mode == Tape::Mode::eager) {
      tape_.storages_[id].value = tape_.arena_.allocate(spec.shape.size() * size_of(spec.dtype));
    }
    const Groups differentiable = spec.dtype == DType::i32 ? 0 : reach;
    tape_.add_slot({id, id, 0, differentiable, spec.shape, row_major(spec.shape)});
  }
  tape_.nodes_.push_back(node);
  if (tape_.options_.mode == Tape::Mode::eager) op.forward(Frame(tape_, tape_.nodes_.back()));
  return Var(&tape_, node.output, tape_.generation_);
}

Var Recorder::view(Var var, const Shape& shape, const Strides& strides, std::int64_t offset) {
  tape_.check_recording("view");
  Tape::Slot s = tape_.slot(var);
  s.shape = shape;
  s.strides = strides;
  s.offset += offset;
  return tape_.add_slot(s);
}

Var Recorder::restricted(Var var, Groups groups) {
  tape_.check_recording("stop");
  Tape::Slot s = tape_.slot(var);
  const Groups severed = (groups & tape_.severed_from_) != 0 ? severed_group : 0;
  s.reach &= (groups & ~severed_group) | severed;
  return tape_.add_slot(s);
}

Var Recorder::alias(const Op& op, Var x, Var other) {
  tape_.check_recording(op.name);
  x = contiguous(x);
  other = contiguous(other);
  Tape::Slot s = tape_.slot(x);
  // As large as the whole storage: one offset then serves value and adjoint.
  s.adjoint = tape_.add_storage(tape_.storages_[s.value].count, tape_.storages_[s.value].dtype,
                                std::int32_t(tape_.nodes_.size()));
  if (!tape_.options_.gradients) s.reach = 0;
  tape_.nodes_.push_back({&op, nullptr, std::uint32_t(tape_.operands_.size()),
                          std::uint32_t(tape_.slots_.size()), 2, 1});
  tape_.operands_.insert(tape_.operands_.end(), {x.slot_, other.slot_});
  return tape_.add_slot(s);
}

void Recorder::own(std::shared_ptr<const void> object) {
  tape_.check_recording("own");
  tape_.owned_.push_back(std::move(object));
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
  return Recorder::current().record(op, all, {&spec, 1});
}

}  // namespace nelbo
