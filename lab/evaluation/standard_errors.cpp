#include "lab/evaluation/standard_errors.hpp"

#include "autodiff/ops/elementwise_ops.hpp"
#include "lab/evaluation/draw_tape.hpp"
#include "lab/training/replay_by_size.hpp"
#include "objectives/draw/draw.hpp"

namespace nelbo {
namespace {

constexpr std::size_t largest_batch = 100;

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
  return {mean_of(elbo()), mean_of(nell), mean_of(div)};
}

TermsByExample terms_by_example(const Model& model, const Examples& examples, std::size_t count,
                                std::uint64_t seed) {
  const bool exact = has_exact_div(model);
  ReplayBySize<DrawTape> tapes(std::min(largest_batch, count), [&](std::size_t batch) {
    return std::make_unique<DrawTape>(model, 1, batch, [exact](Draw& draw) {
      const Var div = exact ? draw.kl() : draw.log_posterior() - draw.log_prior();
      return std::vector<Var>{draw.log_likelihood(), div};  // [1, B], and [B] or [1, B]
    });
  });
  TermsByExample terms;
  const std::vector<std::uint32_t> all = all_rows(count);
  tapes.for_each_batch(all, [&](DrawTape& tape, std::span<const std::uint32_t> rows) {
    tape.load(examples, rows);
    tape.run(seed, rows);
    for (const double log_likelihood : tape.value(0).values())
      terms.nell.push_back(-log_likelihood);
    for (const double div : tape.value(1).values()) terms.div.push_back(div);
  });
  return terms;
}

TermMeans estimate_terms(const Model& model, const Examples& examples, std::uint64_t seed) {
  return terms_by_example(model, examples, examples.count(), seed).means();
}

}  // namespace nelbo
