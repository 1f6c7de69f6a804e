#pragma once

namespace nelbo {

/// Exit codes of every command.
enum ExitCode : int {
  exit_done = 0,
  exit_failure = 1,        // bad data, or a failure while running
  exit_usage = 2,          // wrong flags or a wrong expression
  exit_not_finite = 4,     // a number was NaN or infinite
  exit_interrupted = 130,  // Ctrl-C
  exit_terminated = 143,   // SIGTERM
};

}  // namespace nelbo
