// Worlds with exact answers, for oracles.
#include <nanobind/stl/string.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "autodiff/error.hpp"
#include "models/worlds/linear_gaussian.hpp"
#include "python/src/arrays.hpp"
#include "python/src/laboratory.hpp"

namespace nelbo::python {
namespace {

using Parameters = LinearGaussianParameters;

/// Names and members, in the order of the struct.
const std::vector<std::pair<const char*, Tensor Parameters::*>>& members() {
  static const std::vector<std::pair<const char*, Tensor Parameters::*>> all{
      {"data_mean", &Parameters::data_mean},   {"data_cov", &Parameters::data_cov},
      {"enc_weight", &Parameters::enc_weight}, {"enc_bias", &Parameters::enc_bias},
      {"enc_var", &Parameters::enc_var},       {"prior_mean", &Parameters::prior_mean},
      {"prior_cov", &Parameters::prior_cov},   {"dec_weight", &Parameters::dec_weight},
      {"dec_bias", &Parameters::dec_bias},     {"dec_var", &Parameters::dec_var}};
  return all;
}

/// A copy of an array, float64.
Tensor doubles(nb::handle given) {
  const AnyArray array = array_of(given);
  const Tensor view = tensor_of(array, DType::f64);
  const Tensor copy(view.shape(), DType::f64);
  copy.copy_from(view);
  return copy;
}

LinearGaussian world_of(const nb::dict& given) {
  Parameters parameters;
  for (const auto& [name, member] : members()) {
    if (!given.contains(name))
      throw Error(std::string("linear_gaussian: '") + name + "' is missing");
    parameters.*member = doubles(given[name]);
  }
  return LinearGaussian(parameters);
}

nb::dict dictionary(const Parameters& parameters) {
  nb::dict all;
  for (const auto& [name, member] : members()) all[name] = numpy_of(parameters.*member);
  return all;
}

using Densities = std::vector<double> (LinearGaussian::*)(const Tensor&, const Tensor&) const;
using Density = std::vector<double> (LinearGaussian::*)(const Tensor&) const;

nb::object vector_of(std::vector<double> values) {
  const auto count = std::int64_t(values.size());
  return numpy_of(std::move(values), {count});
}

constexpr const char* of_two =
    "(self, x: object, z: object) -> numpy.typing.NDArray[numpy.float64]";
constexpr const char* of_one = "(self, at: object) -> numpy.typing.NDArray[numpy.float64]";

}  // namespace

void bind_worlds(nb::module_& module) {
  nb::class_<LinearGaussian> type(
      module, "LinearGaussian",
      "A world in which everything is Gaussian: every term of Zheng eqs "
      "(3)-(35) in closed form. Arrays are float64.");
  const auto two = [&](const char* name, Densities f, const char* doc) {
    type.def(
        name,
        [f](const LinearGaussian& self, nb::object x, nb::object z) {
          return vector_of((self.*f)(doubles(x), doubles(z)));
        },
        nb::arg("x"), nb::arg("z"), nb::sig((std::string("def ") + name + of_two).c_str()), doc);
  };
  const auto one = [&](const char* name, Density f, const char* doc) {
    type.def(
        name,
        [f](const LinearGaussian& self, nb::object at) {
          return vector_of((self.*f)(doubles(at)));
        },
        nb::arg("at"), nb::sig((std::string("def ") + name + of_one).c_str()), doc);
  };
  type.def_prop_ro(
          "parameters", [](const LinearGaussian& self) { return dictionary(self.parameters()); },
          nb::sig("def parameters(self) -> dict[str, "
                  "numpy.typing.NDArray[numpy.float64]]"))
      .def_prop_ro(
          "exact",
          [](const LinearGaussian& self) {
            nb::dict all;
            for (const auto& [name, value] : named_terms(self.exact())) {
              all[nb::str(name.c_str())] = value;
            }
            return all;
          },
          nb::sig("def exact(self) -> dict[str, float]"), "Every term by its name, nats per datum.")
      .def(
          "sample_data",
          [](const LinearGaussian& self, nb::object noise) {
            return numpy_of(self.sample_data(doubles(noise)), true);
          },
          nb::arg("noise"),
          nb::sig("def sample_data(self, noise: object) -> numpy.typing.NDArray[numpy.float64]"),
          "x [S, X] of standard normal noise [S, X].")
      .def(
          "sample_encoder",
          [](const LinearGaussian& self, nb::object x, nb::object noise) {
            return numpy_of(self.sample_encoder(doubles(x), doubles(noise)), true);
          },
          nb::arg("x"), nb::arg("noise"),
          nb::sig("def sample_encoder(self, x: object, noise: object) -> "
                  "numpy.typing.NDArray[numpy.float64]"),
          "z [S, D] of Q(Z|x), of standard normal noise [S, D].");
  two("log_encoder", &LinearGaussian::log_encoder, "log Q(z|x), [S], nats.");
  two("log_decoder", &LinearGaussian::log_decoder, "log P(x|z), [S], nats.");
  two("log_posterior", &LinearGaussian::log_posterior, "log P_dec(z|x), [S], nats.");
  one("log_prior", &LinearGaussian::log_prior, "log P0(z), [S], nats.");
  one("log_aggregate", &LinearGaussian::log_aggregate, "log P_enc(z), [S], nats.");
  one("log_evidence", &LinearGaussian::log_evidence, "log P_dec(x), [S], nats.");
  module.def("linear_gaussian", &world_of, nb::arg("parameters"),
             nb::sig("def linear_gaussian(parameters: dict[str, typing.Any]) -> LinearGaussian"));
  module.def("golden_linear_gaussian", &golden_linear_gaussian);
  module.def("random_linear_gaussian", &random_linear_gaussian, nb::arg("data_dimensions"),
             nb::arg("latent_dimensions"), nb::arg("seed"));
}

}  // namespace nelbo::python
