#pragma once
#include <nanobind/nanobind.h>

namespace nelbo::python {

/// Commands of nelbo run in this process.
void bind_commands(nanobind::module_& module);

}  // namespace nelbo::python
