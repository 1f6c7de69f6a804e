// Likelihoods and priors of Python functions, which are called once for each recording, with the GIL, on the
// thread that records.
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "autodiff/error.hpp"
#include "autodiff/ops.hpp"
#include "models/init.hpp"
#include "models/likelihoods/likelihood_words.hpp"
#include "models/priors/prior_family.hpp"
#include "python/src/arrays.hpp"
#include "python/src/held.hpp"
#include "python/src/laboratory.hpp"
#include "python/src/own_words.hpp"
#include "python/src/variable.hpp"

namespace nelbo::python {
namespace {

/// What Python says of a likelihood.
struct LikelihoodFunctions {
  std::string name, summary;
  std::int64_t parameters;
  bool mass, uniform_noise;
  Support support;
  nb::object log_prob, mean, sample, start;
};
using LikelihoodHeld = std::shared_ptr<const LikelihoodFunctions>;

class OwnLikelihood final : public Likelihood {
 public:
  explicit OwnLikelihood(LikelihoodHeld functions) : functions_(std::move(functions)) {}

  std::string text() const override { return functions_->name; }
  bool is_mass() const override { return functions_->mass; }
  Support support() const override { return functions_->support; }
  std::int64_t outputs() const override { return functions_->parameters; }
  Noise noise() const override {
    return functions_->uniform_noise ? Noise::uniform : Noise::normal;
  }
  Var feature_log_prob(Var output, Var x) const override {
    return called("log_prob", functions_->log_prob, &x, output);
  }
  Var mean(Var output) const override { return called("mean", functions_->mean, nullptr, output); }
  Var sample(Var output, Var noise) const override {
    return stop(called("sample", functions_->sample, &noise, output));
  }
  Tensor output_start(const DataMoments& moments) const override {
    const std::int64_t features = moments.mean.size();
    const Tensor start = Tensor::full({outputs() * features}, 0, DType::f64);
    const nb::gil_scoped_acquire acquired;
    if (functions_->start.is_none()) return start;
    const nb::object made = functions_->start(numpy_of(moments.mean), numpy_of(moments.variance));
    const std::vector<double> values =
        doubles_of(array_of(nb::module_::import_("numpy").attr("asarray")(made)));
    if (std::int64_t(values.size()) != start.size()) {
      throw Error("likelihood '" + text() + "': start returned " + std::to_string(values.size()) +
                  " numbers; they are [" + std::to_string(outputs()) + ", " +
                  std::to_string(features) + "], for each parameter of each feature");
    }
    std::copy(values.begin(), values.end(), start.data_as<double>());
    return start;
  }

 private:
  /// f(first, parameters...), each parameter [S, B, X]; what it returns is of that shape.
  Var called(const char* what, const nb::object& function, const Var* first, Var output) const {
    const nb::gil_scoped_acquire acquired;
    const RecordingOfPython recording;
    nb::list arguments;
    if (first != nullptr) arguments.append(nb::cast(recording.variable(*first)));
    for (std::int64_t p = 0; p < outputs(); ++p) {
      arguments.append(nb::cast(recording.variable(parameter(output, p))));
    }
    const std::string name = "likelihood '" + text() + "': " + what;
    const Var made = variable_made(name, function(*nb::tuple(arguments)));
    const Shape of = parameter(output, 0).shape();
    if (made.shape() == of) return made;
    throw Error(name + " returned " + made.shape().text() + "; its values are of each feature, " +
                of.text());
  }

  LikelihoodHeld functions_;
};

/// What Python says of a prior.
struct PriorFunctions {
  std::string name, summary;
  bool factorised;
  std::int64_t noise;  // 0: one number for each of a code
  nb::object log_prob, sample, parameters;
};
using PriorHeld = std::shared_ptr<const PriorFunctions>;
using NamedVars = std::vector<std::pair<std::string, Var>>;

class OwnPrior final : public Prior {
 public:
  OwnPrior(PriorHeld functions, std::int64_t dimensions, NamedVars parameters)
      : functions_(std::move(functions)),
        dimensions_(dimensions),
        parameters_(std::move(parameters)) {}

  std::string text() const override { return functions_->name; }
  bool factorised() const override { return functions_->factorised; }
  Var log_prob(Var z) const override {
    const Var made = called("log_prob", functions_->log_prob, z, densities(z));
    return factorised() ? sum(made, -1) : made;
  }
  Var marginal_log_prob(Var z) const override {
    if (!factorised()) return Prior::marginal_log_prob(z);
    return called("log_prob", functions_->log_prob, z, densities(z));
  }
  std::int64_t noise_dimensions() const override {
    return functions_->noise > 0 ? functions_->noise : dimensions_;
  }
  Var sample(Var noise) const override {
    Shape codes = without_last(noise.shape());
    codes.push_back(dimensions_);
    return stop(called("sample", functions_->sample, noise, codes));
  }

 private:
  static Shape without_last(const Shape& of) {
    Shape rest;
    for (int axis = 0; axis + 1 < of.rank(); ++axis) rest.push_back(of[axis]);
    return rest;
  }
  Shape densities(Var z) const { return factorised() ? z.shape() : without_last(z.shape()); }

  Var called(const char* what, const nb::object& function, Var of, const Shape& wanted) const {
    const nb::gil_scoped_acquire acquired;
    const RecordingOfPython recording;
    nb::dict named;
    for (const auto& [key, value] : parameters_) {
      named[key.c_str()] = nb::cast(recording.variable(value));
    }
    const std::string name = "prior '" + text() + "': " + what;
    const Var made = variable_made(name, function(recording.variable(of), **named));
    if (made.shape() == wanted) return made;
    throw Error(name + " of " + of.shape().text() + " returned " + made.shape().text() + ", not " +
                wanted.text());
  }

  PriorHeld functions_;
  std::int64_t dimensions_;
  NamedVars parameters_;
};

/// Declares what `parameters`, a dict or a function of D, begins with.
PriorRecorder declared(const PriorHeld& functions, const PriorContext& context) {
  const std::int64_t dimensions = context.codes.dimensions();
  std::vector<std::pair<std::string, ParameterId>> ids;
  {
    const nb::gil_scoped_acquire acquired;
    const nb::object given = nb::isinstance<nb::callable>(functions->parameters)
                                 ? functions->parameters(dimensions)
                                 : functions->parameters;
    for (const auto& [key, value] : nb::cast<nb::dict>(given)) {
      const std::string name = nb::cast<std::string>(key);
      const AnyArray array = array_of(value);
      const Tensor view = tensor_of(array, DType::f64);
      const Tensor start(view.shape(), DType::f64);
      start.copy_from(view);
      ids.emplace_back(name, context.store.add(context.name + "." + name, "psi", start.shape(),
                                               constant(start)));
    }
  }
  return [functions, dimensions, ids, &store = context.store] {
    NamedVars values;
    for (const auto& [name, id] : ids) {
      values.emplace_back(name, Tape::current().parameter(store, id));
    }
    return std::make_shared<OwnPrior>(functions, dimensions, std::move(values));
  };
}

void define_likelihood(const std::string& name, const std::string& summary, std::int64_t parameters,
                       bool mass, bool uniform_noise, std::pair<double, double> support, bool whole,
                       nb::object log_prob, nb::object mean, nb::object sample, nb::object start) {
  if (parameters < 1) throw Error("likelihood '" + name + "': at least one parameter is needed");
  LikelihoodHeld functions = held<const LikelihoodFunctions>(
      {name,
       summary,
       parameters,
       mass,
       uniform_noise,
       {.least = support.first, .greatest = support.second, .whole = whole},
       std::move(log_prob),
       std::move(mean),
       std::move(sample),
       std::move(start)});
  OwnWords<LikelihoodHeld>& own = own_words_of<LikelihoodHeld>();
  if (!own.take(name, std::move(functions), likelihoods(), "likelihood")) return;
  likelihoods().add({name, name, summary, [&own](const Choice& choice) {
                       choice.no_argument();
                       return std::make_shared<OwnLikelihood>(own.at(choice.name));
                     }});
}

void define_prior(const std::string& name, const std::string& summary, bool factorised,
                  std::int64_t noise, nb::object log_prob, nb::object sample,
                  nb::object parameters) {
  PriorHeld functions =
      held<const PriorFunctions>({name, summary, factorised, noise, std::move(log_prob),
                                  std::move(sample), std::move(parameters)});
  OwnWords<PriorHeld>& own = own_words_of<PriorHeld>();
  if (!own.take(name, std::move(functions), priors(), "prior")) return;
  priors().add({name, name, summary, [&own](const Choice& choice) -> PriorFamily {
                  choice.no_argument();
                  const PriorHeld& functions = own.at(choice.name);
                  return {.text = choice.text,
                          .unfit = [name = choice.name](const CodeSpace& codes) -> std::string {
                            return codes.discrete() ? name + " needs real codes" : "";
                          },
                          .declare =
                              [functions](const PriorContext& context) {
                                return declared(functions, context);
                              }};
                }});
}

}  // namespace

void bind_own_distributions(nb::module_& module) {
  module.def(
      "define_likelihood",
      [](const std::string& name, const std::string& summary, std::int64_t parameters, bool mass,
         bool uniform_noise, double least, double greatest, bool whole, nb::object log_prob,
         nb::object mean, nb::object sample, nb::object start) {
        define_likelihood(name, summary, parameters, mass, uniform_noise, {least, greatest}, whole,
                          std::move(log_prob), std::move(mean), std::move(sample),
                          std::move(start));
      },
      nb::arg("name"), nb::arg("summary"), nb::arg("parameters"), nb::arg("mass"),
      nb::arg("uniform_noise"), nb::arg("least"), nb::arg("greatest"), nb::arg("whole"),
      nb::arg("log_prob"), nb::arg("mean"), nb::arg("sample"), nb::arg("start").none());
  module.def("define_prior", &define_prior, nb::arg("name"), nb::arg("summary"),
             nb::arg("factorised"), nb::arg("noise"), nb::arg("log_prob"), nb::arg("sample"),
             nb::arg("parameters"));
}

}  // namespace nelbo::python
