#include "apps/cli/signals.hpp"

#include <unistd.h>

#include <atomic>
#include <csignal>
#include <mutex>

#include "apps/exit_code.hpp"
#include "autodiff/stopping.hpp"

namespace nelbo {
namespace {

std::atomic<int> pending{0};
std::atomic<bool> borrowed{false};

/// Whoever's the process is, and how many have borrowed it.
struct Lender {
  std::mutex mutex;
  int borrowers = 0;
  struct sigaction interrupt {
  }, terminate{};
};
Lender& lender() {
  static Lender of_process;
  return of_process;
}

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

/// Of a borrowed process: for what is computed, and for what asks pending_signal().
void stop(int signal) {
  pending.store(signal, std::memory_order_relaxed);
  ask_to_stop(true);
}

}  // namespace

void exit_on_signals() {
  set_action(SIGINT, leave);
  set_action(SIGTERM, leave);
  set_action(SIGXFSZ, SIG_IGN);  // a file that may not grow is an error of its write
}

void install_signal_handlers() {
  set_stoppable(false);
  if (!borrowed) pending = 0;  // else it came since the process was borrowed, and counts
  set_action(SIGINT, note);
  set_action(SIGTERM, note);
}

int pending_signal() { return pending.load(std::memory_order_relaxed); }

BorrowedProcess::BorrowedProcess() {
  Lender& of = lender();
  const std::lock_guard held(of.mutex);
  if (of.borrowers++ > 0) return;
  pending = 0;
  ask_to_stop(false);
  borrowed = true;
  sigaction(SIGINT, nullptr, &of.interrupt);
  sigaction(SIGTERM, nullptr, &of.terminate);
  if (of.interrupt.sa_handler != SIG_IGN) set_action(SIGINT, stop);
}

BorrowedProcess::~BorrowedProcess() {
  Lender& of = lender();
  const std::lock_guard held(of.mutex);
  if (--of.borrowers > 0) return;
  sigaction(SIGINT, &of.interrupt, nullptr);
  sigaction(SIGTERM, &of.terminate, nullptr);
  borrowed = false;
}

int exit_code_of_signal(int signal) {
  return signal == SIGTERM ? exit_terminated : exit_interrupted;
}

}  // namespace nelbo
