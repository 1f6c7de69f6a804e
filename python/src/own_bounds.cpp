// Bounds and estimators that are Python functions of one datum's arrays: called at every step for every datum, with
// the GIL, so that they are slow. What they raise cannot pass through the threads that call them: it is told as
// Python tells what nobody can catch, and the value is NaN, which ends the training.
#include <nanobind/stl/string.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "autodiff/error.hpp"
#include "objectives/bounds/arguments.hpp"
#include "objectives/language/estimator_words.hpp"
#include "objectives/language/vocabulary.hpp"
#include "objectives/terms/bound_terms.hpp"
#include "python/src/arrays.hpp"
#include "python/src/held.hpp"
#include "python/src/own_words.hpp"
#include "python/src/terms.hpp"

namespace nelbo::python {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

struct OwnFunction {
  std::string name, meaning, bias;
  bool path = false;  // of an estimator: whether its samples are differentiated
  nb::object function;
};
using FunctionHeld = std::shared_ptr<const OwnFunction>;

struct BoundMeaning {
  FunctionHeld function;
};
struct EstimatorMeaning {
  FunctionHeld function;
};

nb::object array_from(std::span<const double> values) {
  return numpy_of(std::vector<double>(values.begin(), values.end()), {std::int64_t(values.size())});
}

/// Part i of what the function returned, as many numbers as there are samples.
void put(const nb::object& made, std::size_t i, std::span<double> to) {
  const std::vector<double> values = doubles_of(array_of(made[i]));
  if (values.size() != to.size()) {
    throw nb::value_error(("its part " + std::to_string(i) + " has " +
                           std::to_string(values.size()) + " numbers for " +
                           std::to_string(to.size()) + " samples")
                              .c_str());
  }
  std::copy(values.begin(), values.end(), to.begin());
}

/// Does `call` with the GIL; false, and the reason told, where it raises.
template <class Call>
bool did(const OwnFunction& function, const Call& call) noexcept {
  const nb::gil_scoped_acquire acquired;
  try {
    call();
    return true;
  } catch (nb::python_error& error) {
    error.restore();
  } catch (const std::exception& error) {
    PyErr_SetString(PyExc_ValueError, (function.name + ": " + error.what()).c_str());
  }
  PyErr_WriteUnraisable(function.function.ptr());
  return false;
}

Bound bound_of(const FunctionHeld& function, std::int64_t m) {
  const bounds::Arguments written = bounds::Arguments(function->name).samples("m", m);
  return Bound({.text = written.text(),
                .formula = "\\mathrm{" + function->name + "}(f_1, \\ldots, f_m)",
                .equation = "",
                .meaning = function->meaning,
                .samples = m,
                .side = Bound::Side::neither,
                .bias = Bound::Bias::undetermined,
                .family = written.family()},
               [function](std::span<const double> f, std::span<double> a, std::span<double> h) {
                 double value = nan;
                 const bool made = did(*function, [&] {
                   const nb::object found = function->function(array_from(f));
                   put(found, 1, a);
                   put(found, 2, h);
                   value = nb::cast<double>(nb::float_(found[0]));
                 });
                 if (!made) std::fill(a.begin(), a.end(), nan);
                 return made ? value : nan;
               });
}

Estimator estimator_of(const FunctionHeld& function) {
  using Of = Estimator;
  return Estimator({.text = function->name,
                    .formula = "a Python function",
                    .meaning = function->meaning,
                    .source = "",
                    .path = function->path ? Of::Path::own : Of::Path::none,
                    .score = Of::Score::own,
                    .bias = [function](const Bound&) { return function->bias; }},
                   [function](const Of::Datum& datum, Of::Weights& weights) {
                     const bool made = did(*function, [&] {
                       const nb::object found = function->function(
                           array_from(datum.f), array_from(datum.a), array_from(datum.h));
                       if (function->path) put(found, 0, weights.path);
                       put(found, 1, weights.score);
                     });
                     if (!made) weights.value = nan;
                   });
}

}  // namespace

void bind_own_bounds(nb::module_& module) {
  module.def(
      "define_bound",
      [](const std::string& name, const std::string& meaning, nb::object function) {
        OwnWords<BoundMeaning>& own = own_words_of<BoundMeaning>();
        const FunctionHeld made = held<const OwnFunction>(
            {.name = name, .meaning = meaning, .bias = "", .function = std::move(function)});
        if (!own.take(name, {made}, vocabulary(), "word")) return;
        vocabulary().add(
            {name, name + "(m=8)", meaning, Word::Kind::bound, [&own, name](Call& call) {
               return bound_term(bound_of(own.at(name).function, call.whole("m", 8)));
             }});
      },
      nb::arg("name"), nb::arg("meaning"), nb::arg("function"));
  module.def(
      "define_estimator",
      [](const std::string& name, const std::string& meaning, const std::string& bias, bool path,
         nb::object function) {
        OwnWords<EstimatorMeaning>& own = own_words_of<EstimatorMeaning>();
        const FunctionHeld made =
            held<const OwnFunction>({name, meaning, bias, path, std::move(function)});
        if (!own.take(name, {made}, estimator_vocabulary(), "word")) return;
        estimator_vocabulary().add(
            {name, name, [&own, name](Call&) { return estimator_of(own.at(name).function); }});
      },
      nb::arg("name"), nb::arg("meaning"), nb::arg("bias"), nb::arg("path"), nb::arg("function"));
}

}  // namespace nelbo::python
