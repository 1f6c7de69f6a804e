#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lab/data/examples.hpp"
#include "lab/statistics/mean_and_error.hpp"
#include "models/model.hpp"

namespace nelbo {

/// The terms of the bound, nats per datum.
struct TermMeans {
  MeanAndError elbo;  // -(nell + div), Zheng eqs (13)-(14)
  MeanAndError nell;  // eq. (15), one draw of z per datum
  MeanAndError div;   // eq. (16), closed form
  /// Of a model of several layers what of div each has, by name; else empty.
  std::vector<std::pair<std::string, MeanAndError>> div_layers = {};
  /// Of a model that infers labels the share of examples whose label Q(c|x) finds the most probable.
  std::optional<MeanAndError> accuracy = {};
};

/// The same of single examples, [N] each, nats.
struct TermsByExample {
  std::vector<double> nell, div;
  std::vector<std::pair<std::string, std::vector<double>>> div_layers;
  std::vector<double> hits =
      {};  // 1 of a label that is found, 0 of others; empty where none is known
  /// -(nell + div).
  std::vector<double> elbo() const;
  TermMeans means() const;
};

/// Evaluates the first `count` examples once each, in batches and without gradients, with the noise that
/// `nelbo train` uses for its held-out figures under the same seed.
TermsByExample terms_by_example(const Model& model, const Examples& examples, std::size_t count,
                                std::uint64_t seed);

/// What each layer of a model of several has of div, by name, over the first `count` examples, at most
/// all; empty of other models.
std::vector<std::pair<std::string, double>> layer_divergences(const Model& model,
                                                              const Examples& examples,
                                                              std::size_t count,
                                                              std::uint64_t seed);

/// The accuracy of terms_by_example() over the first `count` examples, at most all.
std::optional<double> label_accuracy(const Model& model, const Examples& examples,
                                     std::size_t count, std::uint64_t seed);

/// The means of all examples.
TermMeans estimate_terms(const Model& model, const Examples& examples, std::uint64_t seed);

}  // namespace nelbo
