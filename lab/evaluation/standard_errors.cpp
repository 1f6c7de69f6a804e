#include "lab/evaluation/standard_errors.hpp"

#include <algorithm>

#include "autodiff/ops/elementwise_ops.hpp"
#include "lab/evaluation/draw_tape.hpp"
#include "lab/training/replay_by_size.hpp"
#include "objectives/draw/draw.hpp"
#include "objectives/estimators/estimators.hpp"
#include "objectives/terms/label_terms.hpp"

namespace nelbo {
namespace {

constexpr std::size_t largest_batch = 100;

/// The layers of a model of several; none of one.
std::vector<CodeLayer> layers_of(const Model& model) {
  const std::vector<CodeLayer> layers = model.layers();
  return layers.size() > 1 ? layers : std::vector<CodeLayer>{};
}

/// log P(x|z), [S, B] or [B]: of a model that infers labels its mean over them.
Var log_likelihood_of(Draw& draw) {
  if (draw.model().codes().labels == 0) return draw.log_likelihood();
  return estimators::enumeration().rule().expectation(
      draw, [](Codes& codes) { return codes.log_likelihood(); });
}

/// log Q(z|x) - log P0(z) likewise.
Var sampled_div_of(Draw& draw) {
  if (draw.model().codes().labels == 0) return draw.log_posterior() - draw.log_prior();
  return estimators::enumeration().rule().expectation(
      draw, [](Codes& codes) { return codes.log_posterior() - codes.log_prior(); });
}

}  // namespace

std::vector<double> TermsByExample::elbo() const {
  std::vector<double> values(nell.size());
  for (std::size_t n = 0; n < values.size(); ++n) values[n] = -nell[n] - div[n];
  return values;
}

TermMeans TermsByExample::means() const {
  const auto mean_of = [](const std::vector<double>& values) {
    RunningMean mean;
    for (const double value : values) mean.add(value);
    return mean.result();
  };
  TermMeans means{mean_of(elbo()), mean_of(nell), mean_of(div)};
  for (const auto& [layer, values] : div_layers)
    means.div_layers.emplace_back(layer, mean_of(values));
  if (!hits.empty()) means.accuracy = mean_of(hits);
  return means;
}

TermsByExample terms_by_example(const Model& model, const Examples& examples, std::size_t count,
                                std::uint64_t seed) {
  const bool exact = has_exact_div(model);
  const std::vector<CodeLayer> layers = layers_of(model);
  const bool labelled = model.codes().labels > 0 && !examples.split().labels.empty();
  ReplayBySize<DrawTape> tapes(std::min(largest_batch, count), [&](std::size_t batch) {
    return std::make_unique<DrawTape>(model, 1, batch, [exact, labelled, &layers](Draw& draw) {
      const Var div = exact ? draw.kl() : sampled_div_of(draw);
      std::vector<Var> all{log_likelihood_of(draw), div};  // [1, B], and [B] or [1, B]
      for (std::size_t l = 0; l < layers.size(); ++l) {
        all.push_back(draw.codes().layer_divergence(l));
      }
      if (labelled) all.push_back(label_hits(draw));
      return all;
    });
  });
  TermsByExample terms;
  for (const CodeLayer& layer : layers) terms.div_layers.push_back({layer.name, {}});
  const std::vector<std::uint32_t> all = all_rows(count);
  tapes.for_each_batch(all, [&](DrawTape& tape, std::span<const std::uint32_t> rows) {
    tape.load(examples, rows);
    tape.run(seed, rows);
    for (const double log_likelihood : tape.value(0).values())
      terms.nell.push_back(-log_likelihood);
    for (const double div : tape.value(1).values()) terms.div.push_back(div);
    for (std::size_t l = 0; l < layers.size(); ++l) {
      for (const double div : tape.value(2 + l).values()) terms.div_layers[l].second.push_back(div);
    }
    if (!labelled) return;
    for (const double hit : tape.value(2 + layers.size()).values()) terms.hits.push_back(hit);
  });
  return terms;
}

std::vector<std::pair<std::string, double>> layer_divergences(const Model& model,
                                                              const Examples& examples,
                                                              std::size_t count,
                                                              std::uint64_t seed) {
  std::vector<std::pair<std::string, double>> all;
  if (layers_of(model).empty()) return all;
  const TermsByExample terms =
      terms_by_example(model, examples, std::min(count, examples.count()), seed);
  for (const auto& [name, mean] : terms.means().div_layers) all.emplace_back(name, mean.mean);
  return all;
}

std::optional<double> label_accuracy(const Model& model, const Examples& examples,
                                     std::size_t count, std::uint64_t seed) {
  if (model.codes().labels == 0) return std::nullopt;
  const auto accuracy =
      terms_by_example(model, examples, std::min(count, examples.count()), seed).means().accuracy;
  return accuracy ? std::optional(accuracy->mean) : std::nullopt;
}

TermMeans estimate_terms(const Model& model, const Examples& examples, std::uint64_t seed) {
  return terms_by_example(model, examples, examples.count(), seed).means();
}

}  // namespace nelbo
