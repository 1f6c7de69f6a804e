#pragma once
#include <nanobind/nanobind.h>

namespace nelbo::python {

/// Data sets, also of arrays in memory.
void bind_data(nanobind::module_& module);

}  // namespace nelbo::python
