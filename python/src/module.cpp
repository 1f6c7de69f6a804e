// nelbo._core: what of nelbo Python reaches.
#include <nanobind/nanobind.h>

#include <exception>
#include <filesystem>

#include "apps/cli/refusal.hpp"
#include "autodiff/error.hpp"
#include "autodiff/stopping.hpp"
#include "lab/training/trainer.hpp"
#include "python/src/commands.hpp"
#include "python/src/data.hpp"
#include "python/src/laboratory.hpp"
#include "python/src/terms.hpp"
#include "python/src/variable.hpp"

namespace nelbo::python {
namespace {

void translate(const std::exception_ptr& thrown, void*) {
  try {
    std::rethrow_exception(thrown);
  } catch (const Error& error) {
    PyErr_SetString(PyExc_ValueError, error.what());
  } catch (const std::filesystem::filesystem_error& error) {
    PyErr_SetString(PyExc_OSError, reason_of(error).c_str());
  } catch (const Stopped&) {
    PyErr_SetNone(PyExc_KeyboardInterrupt);
  }
}

}  // namespace
}  // namespace nelbo::python

NB_MODULE(_core, module) {
  using namespace nelbo::python;
  namespace nb = nanobind;
  nb::set_leak_warnings(false);  // words of own terms hold Python's functions to the end
  nb::register_exception_translator(&translate);
  // Registered later, asked first.
  nb::exception<nelbo::NotFinite>(module, "NotFinite", PyExc_ValueError).attr("__doc__") =
      "A number was not finite: NaN or infinite.";
  nb::class_<Variable> variable = bind_variable(module);
  bind_ops(module, variable);
  bind_tape(module);
  bind_terms(module);
  bind_own_terms(module);
  bind_own_bounds(module);
  bind_own_models(module);
  bind_own_distributions(module);
  bind_data(module);
  bind_models(module);
  bind_trainer(module);
  bind_numbers(module);
  bind_worlds(module);
  bind_commands(module);
}
