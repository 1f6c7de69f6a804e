#include "lab/evaluation/standard_errors.hpp"

#include "autodiff/ops/elementwise_ops.hpp"
#include "lab/evaluation/draw_tape.hpp"
#include "lab/training/replay_by_size.hpp"
#include "objectives/draw/draw.hpp"

namespace nelbo {
namespace {

constexpr std::size_t largest_batch = 100;

}  // namespace

TermMeans estimate_terms(const Model& model, const Examples& examples, std::uint64_t seed) {
  const bool exact = has_exact_div(model);
  ReplayBySize<DrawTape> tapes(std::min(largest_batch, examples.count()), [&](std::size_t batch) {
    return std::make_unique<DrawTape>(model, 1, batch, [exact](Draw& draw) {
      const Var div = exact ? draw.kl() : draw.log_posterior() - draw.log_prior();
      return std::vector<Var>{draw.log_likelihood(), div};  // [1, B], and [B] or [1, B]
    });
  });
  RunningMean elbo, nell, div;
  const std::vector<std::uint32_t> all = all_rows(examples.count());
  tapes.for_each_batch(all, [&](DrawTape& tape, std::span<const std::uint32_t> rows) {
    tape.load(examples, rows);
    tape.run(seed, rows);
    const std::vector<double> log_likelihood = tape.value(0).values(),
                              divs = tape.value(1).values();
    for (std::size_t b = 0; b < rows.size(); ++b) {
      nell.add(-log_likelihood[b]);
      div.add(divs[b]);
      elbo.add(log_likelihood[b] - divs[b]);
    }
  });
  return {elbo.result(), nell.result(), div.result()};
}

}  // namespace nelbo
