#pragma once
#include <nanobind/nanobind.h>

#include "apps/cli/signals.hpp"

namespace nelbo::python {

/// As long as it lives, this thread computes: other Python threads run, and Ctrl-C ends it with
/// KeyboardInterrupt.
struct Computing {
  nanobind::gil_scoped_release released;
  BorrowedProcess borrowed;
};

}  // namespace nelbo::python
