#pragma once
#include <nanobind/nanobind.h>

namespace nelbo::python {

/// Trained models.
void bind_models(nanobind::module_& module);
/// Models in training.
void bind_trainer(nanobind::module_& module);
/// Numbers of arrays: metrics of codes, the tail of weights, densities of mixtures.
void bind_numbers(nanobind::module_& module);
/// Worlds with exact answers.
void bind_worlds(nanobind::module_& module);

}  // namespace nelbo::python
