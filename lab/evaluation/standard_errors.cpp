#include "lab/evaluation/standard_errors.hpp"

#include <algorithm>
#include <memory>
#include <numeric>
#include <vector>

#include "autodiff/ops/elementwise_ops.hpp"
#include "autodiff/random_variables.hpp"
#include "autodiff/tape.hpp"
#include "objectives/draw/draw.hpp"

namespace nelbo {
namespace {

constexpr std::size_t largest_batch = 100;

/// log P(x|z) and log Q/P0 or its expectation of every datum of a batch, recorded once and
/// replayed.
class PerDatumTape {
 public:
  PerDatumTape(const Vae& model, std::size_t batch) : model_(model), batch_(batch) {
    const Recording recording(tape_);
    x_ = tape_.leaf({std::int64_t(batch), model.features()});
    noise_ = tape_.leaf({1, std::int64_t(batch), model.dimensions()});
    Draw draw(model, x_, noise_);
    log_likelihood_ = draw.log_likelihood();  // [1, B]
    const bool exact = has_exact_div(model.config().prior);
    div_ = exact ? draw.kl() : draw.log_posterior() - draw.log_prior();  // [B] or [1, B]
    tape_.keep(log_likelihood_);
    tape_.keep(div_);
  }

  std::size_t batch() const { return batch_; }

  void run(const Examples& examples, std::span<const std::uint32_t> rows, std::uint64_t seed) {
    examples.fill(tape_.data(x_).data_as<float>(), rows, 0);
    model_.fill_noise(tape_.data(noise_),
                      {.stream = random_variables::evaluation.z.of(seed), .datum = rows.data()});
    tape_.forward();
  }
  std::vector<double> log_likelihood() const { return log_likelihood_.value().values(); }
  std::vector<double> div() const { return div_.value().values(); }

 private:
  const Vae& model_;
  Tape tape_{{.mode = Tape::Mode::replay, .gradients = false}};
  std::size_t batch_;
  Var x_, noise_, log_likelihood_, div_;
};

}  // namespace

TermMeans estimate_terms(const Vae& model, const Examples& examples, std::uint64_t seed) {
  std::vector<std::uint32_t> all(examples.count());
  std::iota(all.begin(), all.end(), 0u);
  PerDatumTape full(model, std::min(largest_batch, all.size()));
  std::unique_ptr<PerDatumTape> partial;
  if (const std::size_t rest = all.size() % full.batch(); rest != 0) {
    partial = std::make_unique<PerDatumTape>(model, rest);
  }
  RunningMean elbo, nell, div;
  for (std::size_t first = 0; first < all.size(); first += full.batch()) {
    const auto rows = std::span<const std::uint32_t>(all).subspan(
        first, std::min(full.batch(), all.size() - first));
    PerDatumTape& batch = rows.size() == full.batch() ? full : *partial;
    batch.run(examples, rows, seed);
    const std::vector<double> log_likelihood = batch.log_likelihood(), divs = batch.div();
    for (std::size_t b = 0; b < rows.size(); ++b) {
      nell.add(-log_likelihood[b]);
      div.add(divs[b]);
      elbo.add(log_likelihood[b] - divs[b]);
    }
  }
  return {elbo.result(), nell.result(), div.result()};
}

}  // namespace nelbo
