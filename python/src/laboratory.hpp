#pragma once
#include <nanobind/nanobind.h>

#include "autodiff/parameters.hpp"

namespace nelbo::python {

/// Every parameter by its name: views of the store's memory, which `owner` keeps.
nanobind::dict parameters_of(const ParameterStore& store, nanobind::handle owner);

/// Trained models.
void bind_models(nanobind::module_& module);
/// Models whose networks are Python functions.
void bind_own_models(nanobind::module_& module);
/// Likelihoods and priors of Python functions.
void bind_own_distributions(nanobind::module_& module);
/// Models in training.
void bind_trainer(nanobind::module_& module);
/// Numbers of arrays: metrics of codes, the tail of weights, densities of mixtures.
void bind_numbers(nanobind::module_& module);
/// Worlds with exact answers.
void bind_worlds(nanobind::module_& module);

}  // namespace nelbo::python
