#pragma once
#include <csignal>

#include "autodiff/stopping.hpp"

namespace nelbo {

/// SIGINT and SIGTERM end the process at once with exit code 130 or 143, as a number that every
/// caller sees the same way (a shell and Python's subprocess report a death by signal differently).
/// A file beyond the limit of `ulimit -f` ends nothing: writing it fails, and the message names it.
void exit_on_signals();

/// From now on SIGINT and SIGTERM are only noted, so that the caller can finish its step and save;
/// the second of them ends the process as above. They are noted even where the shell had them
/// ignored: `nelbo train &` in a script starts with SIGINT ignored, and `kill -INT` must save there
/// too.
void install_signal_handlers();

/// SIGINT or SIGTERM once it has been noted, else 0. Cheap enough to ask at every step.
int pending_signal();

/// As long as it lives the process is another's (a Python interpreter's), whose handlers are put back
/// in the end, and which no signal ends: SIGINT stops what this thread computes (autodiff/stopping.hpp),
/// or after install_signal_handlers() is noted, however often it comes. Several threads may have one.
class BorrowedProcess {
 public:
  BorrowedProcess();
  ~BorrowedProcess();
  BorrowedProcess(const BorrowedProcess&) = delete;
  BorrowedProcess& operator=(const BorrowedProcess&) = delete;

 private:
  StoppableScope stoppable_;
};

/// exit_interrupted for SIGINT, exit_terminated for SIGTERM (apps/exit_code.hpp).
int exit_code_of_signal(int signal);

}  // namespace nelbo
