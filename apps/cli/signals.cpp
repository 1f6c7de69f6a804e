#include "apps/cli/signals.hpp"

#include <unistd.h>

#include <atomic>
#include <csignal>

#include "apps/exit_code.hpp"

namespace nelbo {
namespace {

std::atomic<int> pending{0};
std::atomic<bool> borrowed{false};
static_assert(std::atomic<int>::is_always_lock_free, "a signal handler may not lock");

void set_action(int signal, void (*action)(int)) {
  struct sigaction how {};
  how.sa_handler = action;
  how.sa_flags = SA_RESTART;
  sigemptyset(&how.sa_mask);
  sigaction(signal, &how, nullptr);
}

void leave(int signal) { _exit(exit_code_of_signal(signal)); }

void note(int signal) {
  pending.store(signal, std::memory_order_relaxed);
  if (!borrowed.load(std::memory_order_relaxed)) exit_on_signals();
}

}  // namespace

void exit_on_signals() {
  set_action(SIGINT, leave);
  set_action(SIGTERM, leave);
  set_action(SIGXFSZ, SIG_IGN);  // a file that may not grow is an error of its write
}

void install_signal_handlers() {
  pending = 0;
  set_action(SIGINT, note);
  set_action(SIGTERM, note);
}

int pending_signal() { return pending.load(std::memory_order_relaxed); }

BorrowedProcess::BorrowedProcess() {
  pending = 0;
  borrowed = true;
  sigaction(SIGINT, nullptr, &interrupt_);
  sigaction(SIGTERM, nullptr, &terminate_);
}

BorrowedProcess::~BorrowedProcess() {
  sigaction(SIGINT, &interrupt_, nullptr);
  sigaction(SIGTERM, &terminate_, nullptr);
  borrowed = false;
}

int exit_code_of_signal(int signal) {
  return signal == SIGTERM ? exit_terminated : exit_interrupted;
}

}  // namespace nelbo
