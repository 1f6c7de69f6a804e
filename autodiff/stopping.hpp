#pragma once

namespace nelbo {

/// What a computation ends with that was asked to stop. No failure: handlers of errors let it pass.
struct Stopped {};

/// As long as it lives, what this thread computes may be stopped: parallel_for throws Stopped before
/// its next chunk. Elsewhere (a step of training) the question is never asked.
class StoppableScope {
 public:
  StoppableScope();
  ~StoppableScope();
  StoppableScope(const StoppableScope&) = delete;
  StoppableScope& operator=(const StoppableScope&) = delete;

 private:
  bool before_;
};

/// Whether what this thread computes may be stopped. `false` ends it within the scope, for who saves
/// what it has before it leaves.
bool stoppable();
void set_stoppable(bool yes);

/// Asks all that may be stopped to stop, or takes it back. A signal handler may call it.
void ask_to_stop(bool asked);
/// Throws Stopped where it was asked for.
void stop_if_asked();

}  // namespace nelbo
