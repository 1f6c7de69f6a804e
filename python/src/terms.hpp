#pragma once
#include <nanobind/nanobind.h>

namespace nelbo::python {

/// Terms, their algebra, and what expressions say.
void bind_terms(nanobind::module_& module);
/// Terms that Python functions record, and the draw that they are given.
void bind_own_terms(nanobind::module_& module);
/// Bounds and gradient estimators that are Python functions.
void bind_own_bounds(nanobind::module_& module);

}  // namespace nelbo::python
