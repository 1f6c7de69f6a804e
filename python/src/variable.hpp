#pragma once
// Variables of a tape as Python holds them.
#include <memory>
#include <string>
#include <utility>

#include "autodiff/tape.hpp"
#include "python/src/arrays.hpp"

namespace nelbo::python {

/// How long variables may be used: as long as the tape that it owns lives, or until a recording for the
/// laboratory's own tapes is over.
struct Life {
  std::unique_ptr<Tape> tape;
  bool over = false;
};

/// A Var that knows when it is over.
struct Variable {
  Var var;
  std::shared_ptr<Life> life;

  /// Throws Error where the recording that it belongs to is over.
  Var get() const;
  Variable with(Var other) const { return {other, life}; }
};

/// The recording of one call of a Python function: variables made in it are over when it ends.
class RecordingOfPython {
 public:
  RecordingOfPython() : life_(std::make_shared<Life>()) {}
  ~RecordingOfPython() { life_->over = true; }
  RecordingOfPython(const RecordingOfPython&) = delete;
  RecordingOfPython& operator=(const RecordingOfPython&) = delete;

  Variable variable(Var var) const { return {var, life_}; }
  const std::shared_ptr<Life>& life() const { return life_; }

 private:
  std::shared_ptr<Life> life_;
};

/// What stands beside a variable in an operator: itself, or a number or an array, which become constants of
/// its tape and type.
Var operand(nb::handle given, const Variable& beside);

/// What a Python function returned. Throws Error, beginning with `what`, where it is no variable.
Var variable_made(const std::string& what, const nb::object& made);

/// The first of them that is a variable. Throws Error, naming `op`, where none is.
const Variable& variable_among(std::initializer_list<nb::handle> given, const char* op);

nb::class_<Variable> bind_variable(nb::module_& module);
/// Also what of them variables have as methods.
void bind_ops(nb::module_& module, nb::class_<Variable>& variable);
void bind_tape(nb::module_& module);

}  // namespace nelbo::python
