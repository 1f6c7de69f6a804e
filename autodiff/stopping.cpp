#include "autodiff/stopping.hpp"

#include <atomic>

namespace nelbo {
namespace {

thread_local bool may_stop = false;
std::atomic<bool> asked_to{false};
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler may not lock");

}  // namespace

StoppableScope::StoppableScope() : before_(may_stop) { may_stop = true; }
StoppableScope::~StoppableScope() { may_stop = before_; }

bool stoppable() { return may_stop; }
void set_stoppable(bool yes) { may_stop = yes; }

void ask_to_stop(bool asked) { asked_to.store(asked, std::memory_order_relaxed); }
void stop_if_asked() {
  if (asked_to.load(std::memory_order_relaxed)) throw Stopped{};
}

}  // namespace nelbo
