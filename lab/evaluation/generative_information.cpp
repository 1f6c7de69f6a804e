#include "lab/evaluation/generative_information.hpp"

#include <algorithm>
#include <cmath>

#include "autodiff/error.hpp"
#include "autodiff/ops.hpp"
#include "autodiff/random_variables.hpp"
#include "autodiff/tape.hpp"
#include "lab/training/replay_by_size.hpp"
#include "objectives/draw/draw.hpp"

namespace nelbo {
namespace {

constexpr std::size_t pairs_at_a_time = 20;

/// Pairs (z, x) of the model's own, and log P(x|z) / P(x) of them.
class Pairs {
 public:
  Pairs(const Model& model, std::size_t rows, std::size_t samples)
      : codes_(model.codes()), noise_kind_(model.likelihood()->noise()) {
    const std::int64_t b = std::int64_t(rows);
    {
      const Recording recording(make_);
      const auto prior = model.prior();
      prior_noise_ = make_.leaf({1, b, prior->noise_dimensions()});
      data_noise_ = make_.leaf({1, b, model.features()});
      z_ = contiguous(prior->sample(prior_noise_));
      x_ = contiguous(model.likelihood()->sample(model.decode(z_), data_noise_));
      make_.keep(z_);
      make_.keep(x_);
    }
    const Recording recording(weigh_);
    code_ = weigh_.leaf({1, b, codes_.dimensions()});
    datum_ = weigh_.leaf({b, model.features()});
    importance_ = weigh_.leaf({std::int64_t(samples), b, codes_.dimensions()});
    Draw draw(model, datum_, importance_);
    value_ = reshape(model.log_likelihood(code_, datum_), {b}) - logmeanexp(draw.log_weights(), 0);
    weigh_.keep(value_);
  }

  /// Of pairs number first, first + 1, ...
  std::vector<double> run(std::uint64_t seed, std::size_t first) {
    using namespace random_variables;
    const auto fill = [&](Tape& tape, Var leaf, const auto& kind, const RandomVariable& variable) {
      fill_noise(kind, tape.data(leaf),
                 {.stream = variable.of(seed), .first_datum = std::uint32_t(first)});
    };
    fill(make_, prior_noise_, Noise::normal, mi_dec_z);
    fill(make_, data_noise_, noise_kind_, mi_dec_x);
    fill(weigh_, importance_, codes_, mi_dec_weights);
    make_.forward();
    weigh_.data(code_).copy_from(z_.value());
    weigh_.data(datum_).copy_from(x_.value().reshape(datum_.shape()));
    weigh_.forward();
    return value_.value().values();
  }

 private:
  CodeSpace codes_;
  Noise noise_kind_;
  Tape make_{{.mode = Tape::Mode::replay, .gradients = false}};
  Tape weigh_{{.mode = Tape::Mode::replay, .gradients = false}};
  Var prior_noise_, data_noise_, z_, x_, code_, datum_, importance_, value_;
};

}  // namespace

MeanAndError generative_information(const Model& model, std::size_t pairs, std::size_t samples,
                                    std::uint64_t seed) {
  if (model.likelihood() == nullptr) {
    throw Error("mi_dec: the model makes no data of its own, it gives log P(x|z) alone");
  }
  if (model.conditions() > 0) {
    throw Error("mi_dec: the model makes data of a condition alone; take no pairs (0)");
  }
  RunningMean information;
  ReplayBySize<Pairs> tapes(pairs_at_a_time, [&](std::size_t rows) {
    return std::make_unique<Pairs>(model, rows, samples);
  });
  for (std::size_t first = 0; first < pairs; first += pairs_at_a_time) {
    Pairs& tape = tapes.of(std::min(pairs_at_a_time, pairs - first));
    for (const double one : tape.run(seed, first)) information.add(one);
  }
  return information.result();
}

}  // namespace nelbo
