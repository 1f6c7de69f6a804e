#pragma once
#include "autodiff/tape.hpp"

namespace nelbo {

/// While it lives, `object` belongs to what this thread records on `tape`; both must outlive the recording.
/// Scopes may nest: of those on one tape the innermost counts.
template <class Object>
class OfRecording {
 public:
  OfRecording(Tape& tape, Object& object) : tape_(&tape), object_(&object), before_(innermost_) {
    innermost_ = this;
  }
  ~OfRecording() { innermost_ = before_; }
  OfRecording(const OfRecording&) = delete;
  OfRecording& operator=(const OfRecording&) = delete;

  /// That of a recording, or null.
  static Object* of(const Tape& tape) {
    const OfRecording* one = innermost_;
    while (one != nullptr && one->tape_ != &tape) one = one->before_;
    return one == nullptr ? nullptr : one->object_;
  }
  /// That of the tape that is being recorded.
  static Object* current() { return innermost_ == nullptr ? nullptr : of(Tape::current()); }

 private:
  inline static thread_local OfRecording* innermost_ = nullptr;
  Tape* tape_;
  Object* object_;
  OfRecording* before_;
};

}  // namespace nelbo
