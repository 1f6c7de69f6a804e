// Networks of Python functions: they declare their layers once for each model, and are recorded as any others.
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "autodiff/error.hpp"
#include "models/activation_words.hpp"
#include "models/architectures/architecture.hpp"
#include "models/architectures/head.hpp"
#include "models/architectures/output.hpp"
#include "models/layers.hpp"
#include "python/src/held.hpp"
#include "python/src/laboratory.hpp"
#include "python/src/own_words.hpp"
#include "python/src/variable.hpp"

namespace nelbo::python {
namespace {

/// A declared layer.
struct PythonLayer {
  Layer layer;
};

/// What a model's networks are made for, while they are declared.
struct Networks {
  const VaeConfig* config;
  const DataMoments* moments;
  ParameterStore* store;
  std::shared_ptr<Life> life;

  const VaeConfig& get() const {
    if (life->over)
      throw Error("networks are declared while the model is made, and not afterwards");
    return *config;
  }
  ParameterStore& parameters() const {
    get();
    return *store;
  }
  /// Which parameters a layer's are among: by its name.
  static std::string group_of(const std::string& name) {
    if (name.starts_with("encoder.")) return "phi";
    if (name.starts_with("decoder.")) return "theta";
    throw Error("layer '" + name + "': its name begins with 'encoder.' or 'decoder.'");
  }
};

Activation activation_of(const std::string& name) {
  return name.empty() ? Activation::identity : parse_activation(name);
}

/// A Python function of a variable as a layer.
Layer layer_of(const std::string& what, nb::object function) {
  return [what, function = held<const nb::object>(std::move(function))](Var x) {
    const nb::gil_scoped_acquire acquired;
    const RecordingOfPython recording;
    return variable_made(what, (*function)(recording.variable(x)));
  };
}

using FunctionHeld = std::shared_ptr<const nb::object>;

Coders coders_of(const std::string& name, const VaeConfig& config, const DataMoments& moments,
                 ParameterStore& store) {
  const nb::gil_scoped_acquire acquired;
  const RecordingOfPython declaration;
  const nb::object made = (*own_words_of<FunctionHeld>().at(name))(
      Networks{&config, &moments, &store, declaration.life()});
  if (!nb::isinstance<nb::tuple>(made) || nb::len(made) != 2) {
    throw Error("model '" + name + "': the function returns two functions, encoder and decoder");
  }
  return {layer_of("the encoder of '" + name + "'", made[0]),
          layer_of("the decoder of '" + name + "'", made[1])};
}

void define(const std::string& name, nb::object function, const std::string& summary,
            std::int64_t latent) {
  if (!own_words_of<FunctionHeld>().take(name, held<const nb::object>(std::move(function)),
                                         architectures(), "model")) {
    return;
  }
  architectures().add({.name = name,
                       .summary = summary,
                       .latent = latent,
                       .coders = [name](const VaeConfig& config, const DataMoments& moments,
                                        ParameterStore& store) {
                         return coders_of(name, config, moments, store);
                       }});
}

PythonLayer sequential(const nb::list& parts) {
  Sequential all;
  for (const nb::handle part : parts) {
    all.append(nb::isinstance<PythonLayer>(part) ? nb::cast<const PythonLayer&>(part).layer
                                                 : layer_of("a layer", nb::borrow(part)));
  }
  return {all};
}

void bind_networks(nb::module_& module) {
  nb::class_<Networks>(
      module, "Networks",
      "What a model's networks are made for: sizes, and the layers that are declared.")
      .def_prop_ro(
          "inputs", [](const Networks& self) { return self.get().encoder_inputs(); },
          "Numbers of a datum that the encoder is shown, X.")
      .def_prop_ro(
          "example",
          [](const Networks& self) {
            const auto dims = self.get().example.dims();
            return std::vector<std::int64_t>(dims.begin(), dims.end());
          },
          "The shape of one example.")
      .def_prop_ro(
          "codes",
          [](const Networks& self) { return self.get().dimensions() + self.get().conditions; },
          "Numbers of a code that the decoder is shown, D.")
      .def_prop_ro(
          "latent", [](const Networks& self) { return self.get().latent; }, "Latent variables.")
      .def(
          "linear",
          [](const Networks& self, const std::string& name, std::int64_t inputs,
             std::int64_t outputs, const std::string& activation) {
            return PythonLayer{Linear(self.parameters(), name, Networks::group_of(name), inputs,
                                      outputs, activation_of(activation))};
          },
          nb::arg("name"), nb::arg("inputs"), nb::arg("outputs"), nb::arg("activation") = "",
          "activation(x W + b): [..., inputs] to [..., outputs]. Parameters name.weight, "
          "name.bias.")
      .def(
          "conv2d",
          [](const Networks& self, const std::string& name, std::int64_t channels,
             std::int64_t features, int kernel, int stride, int padding,
             const std::string& activation) {
            return PythonLayer{Conv2d(self.parameters(), name, Networks::group_of(name), channels,
                                      features, {kernel, stride, padding},
                                      activation_of(activation))};
          },
          nb::arg("name"), nb::arg("channels"), nb::arg("features"), nb::arg("kernel") = 3,
          nb::arg("stride") = 1, nb::arg("padding") = 0, nb::arg("activation") = "",
          "Images [B, H, W, channels] to [B, OH, OW, features], channel-last.")
      .def(
          "conv_transpose2d",
          [](const Networks& self, const std::string& name, std::int64_t channels,
             std::int64_t features, int kernel, int stride, int padding,
             const std::string& activation) {
            return PythonLayer{ConvTranspose2d(self.parameters(), name, Networks::group_of(name),
                                               channels, features, {kernel, stride, padding},
                                               activation_of(activation))};
          },
          nb::arg("name"), nb::arg("channels"), nb::arg("features"), nb::arg("kernel") = 3,
          nb::arg("stride") = 1, nb::arg("padding") = 0, nb::arg("activation") = "",
          "The transpose of conv2d with respect to its input.")
      .def(
          "layer_norm",
          [](const Networks& self, const std::string& name, std::int64_t size) {
            return PythonLayer{LayerNorm(self.parameters(), name, Networks::group_of(name), size)};
          },
          nb::arg("name"), nb::arg("size"), "Layer normalisation over the last axis.")
      .def(
          "dropout", [](const Networks&, double rate) { return PythonLayer{Dropout(rate)}; },
          nb::arg("rate"), "Drops units in training, and nowhere else.")
      .def(
          "encoder_head",
          [](const Networks& self, std::int64_t features) {
            return PythonLayer{encoder_head(self.parameters(), features, self.get())};
          },
          nb::arg("features"),
          "The encoder's last layer, encoder.head: [B, features] to the posterior's parameters.")
      .def(
          "decoder_output",
          [](const Networks& self, std::int64_t features) {
            return PythonLayer{
                decoder_output(self.parameters(), features, self.get(), *self.moments)};
          },
          nb::arg("features"),
          "The decoder's last layer, decoder.output: [S, B, features] to the likelihood's output, "
          "whose bias starts at the data's mean.");
}

}  // namespace

void bind_own_models(nb::module_& module) {
  nb::class_<PythonLayer>(module, "Layer", "A declared layer: a function of a variable.")
      .def(
          "__call__",
          [](const PythonLayer& self, const Variable& x) { return x.with(self.layer(x.get())); },
          nb::arg("x"));
  bind_networks(module);
  module.def(
      "sequential", &sequential, nb::arg("layers"),
      nb::sig("def sequential(layers: list[collections.abc.Callable[[Var], Var]]) -> Layer"));
  module.def("define_model", &define, nb::arg("name"), nb::arg("function"), nb::arg("summary"),
             nb::arg("latent"));
}

}  // namespace nelbo::python
