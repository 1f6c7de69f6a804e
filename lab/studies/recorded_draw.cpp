#include "lab/studies/recorded_draw.hpp"

#include <algorithm>
#include <chrono>

#include "autodiff/dtype.hpp"
#include "autodiff/ops.hpp"
#include "lab/training/replay_by_size.hpp"
#include "objectives/estimators/baseline.hpp"

namespace nelbo::gradvar {
namespace {

using Clock = std::chrono::steady_clock;

}  // namespace

/// Adds the time since the last call, or since it was made, to `seconds`.
class RecordedDraw::Laps {
 public:
  void operator()(double& seconds) {
    const Clock::time_point now = Clock::now();
    seconds += std::chrono::duration<double>(now - last_).count();
    last_ = now;
  }

 private:
  Clock::time_point last_ = Clock::now();
};

RecordedDraw::RecordedDraw(const StudyModel& model, const Bound& bound,
                           const std::vector<EstimatorChoice>& estimators, Coupling coupling)
    : model_(with_own_data(model)),
      bound_(bound),
      coupling_(coupling),
      samples_(bound.samples()),
      batch_(model.batch()),
      rows_(all_rows(std::size_t(model.batch()))),
      dtype_(model.model.store().dtype()),
      scratch_(12 * std::size_t(samples_)) {
  const Shape rows{samples_, batch_};
  decoder_weights_.emplace_back(rows, dtype_);
  const auto other_decoder = [](const Estimator& estimator) {
    return estimator.weighted() && estimator.weighted()->properties().other_decoder;
  };
  for (const EstimatorChoice& choice : estimators) {
    Part part{choice, 0, Tensor(rows, dtype_), Tensor(rows, dtype_)};
    if (other_decoder(choice.phi) || other_decoder(choice.theta)) {
      part.decoder = decoder_weights_.size();
      decoder_weights_.emplace_back(rows, dtype_);
    }
    const WeightedRule* const phi = choice.phi.weighted();
    needs_path_ |= phi && phi->properties().path != Estimator::Path::none;
    parts_.push_back(std::move(part));
    encoder_sinks_.emplace_back(model.model.store());
  }
  for (std::size_t i = 0; i < decoder_weights_.size(); ++i) {
    decoder_sinks_.emplace_back(model.model.store());
  }
  for (Part& part : parts_) {
    const Estimator &phi = part.estimators.phi, &theta = part.estimators.theta;
    if (!phi.weighted()) part.whole = &whole_of(phi);
    if (theta.weighted() || theta.rule().samples_decoder(model.model)) continue;
    part.decoder_whole = &whole_of(theta);
    const auto at = std::find_if(wholes_.begin(), wholes_.end(), [&](const WholeDraw& whole) {
      return &whole == part.decoder_whole;
    });
    part.decoder = decoder_weights_.size() + std::size_t(at - wholes_.begin());
  }
  seconds_for_decoder_.resize(decoder_weights_.size());
  ones_ = Tensor::full(rows, 1, dtype_);
  record();
}

WholeDraw& RecordedDraw::whole_of(const Estimator& estimator) {
  const auto found = std::find(whole_names_.begin(), whole_names_.end(), estimator.text());
  if (found != whole_names_.end()) return wholes_[std::size_t(found - whole_names_.begin())];
  whole_names_.push_back(estimator.text());
  return wholes_.emplace_back(model_, bound_, estimator);
}

void RecordedDraw::record() {
  record_encoder();
  find_baseline();
  const Model& model = model_.model;
  const Recording recording(decoder_);
  z_leaf_ = decoder_.leaf({samples_, batch_, model.codes().dimensions()}, dtype_, true);
  x_of_decoder_ = decoder_.leaf(model_.x);
  log_p_ = model.log_joint(z_leaf_, model.batch(x_of_decoder_));
}

void RecordedDraw::record_encoder() {
  const Recording recording(encoder_);
  noise_ = encoder_.leaf({samples_, batch_, model_.model.codes().dimensions()}, dtype_);
  x_ = encoder_.leaf(model_.x);
  draw_.emplace(model_.model, model_.model.batch(x_), noise_, Population{}, model_.auxiliaries);
  path_ = encoder_.leaf({samples_, batch_}, dtype_);
  gated_z_ = gate(draw_->codes().z(), path_);
  for (Part& part : parts_) {
    const WeightedRule* const phi = part.estimators.phi.weighted();
    if (phi == nullptr) continue;
    for (const WeightedRule::Direct& direct : phi->direct(CodeBlock(*draw_), bound_)) {
      part.aside.push_back({direct, Tensor(direct.x.shape(), dtype_)});
    }
  }
}

void RecordedDraw::find_baseline() {
  const bool learned = std::any_of(parts_.begin(), parts_.end(), [](const Part& part) {
    return part.estimators.phi.baseline() == Estimator::Baseline::learned;
  });
  if (!learned) return;
  Tape tape;
  const Recording eager(tape);
  baseline_ = (*model_.auxiliaries->find(baseline_group))(model_.model.batch(tape.leaf(model_.x)).x)
                  .value()
                  .values();
}

void RecordedDraw::take_data(std::uint64_t seed, std::uint64_t r) {
  if (!model_.anew) return;
  const Tensor x = encoder_.data(x_);
  model_.anew(x, seed, r);
  model_.x.copy_from(x);
  decoder_.data(x_of_decoder_).copy_from(x);
  for (WholeDraw& whole : wholes_) whole.x().copy_from(x);
  find_baseline();
}

void RecordedDraw::fill(const DrawVariables& of, std::uint64_t seed, std::uint64_t r) {
  nelbo::fill_noise(model_.model.codes(), encoder_.data(noise_),
                    {.stream = of.z.of(seed), .step = r}, coupling_);
  draw_->fill({of, seed, r, rows_});
}

/// The bound of every datum and each estimator's weights, as parts of the mean over the data.
template <class T>
void RecordedDraw::weigh(Laps& laps) {
  const std::size_t n = std::size_t(samples_);
  const std::span<double> all(scratch_);
  const auto row = [&](std::size_t i) { return all.subspan(i * n, n); };
  const auto f = row(0), a = row(1), h = row(2);
  const T* const log_p = log_p_.value().template data_as<T>();
  const T* const log_q = draw_->codes().log_posterior().value().template data_as<T>();
  const double share = 1 / double(batch_);
  value_ = 0;
  for (std::int64_t b = 0; b < batch_; ++b) {
    for (std::int64_t s = 0; s < samples_; ++s) {
      const std::int64_t at = s * batch_ + b;
      f[s] = double(log_p[at]) - double(log_q[at]);
    }
    const double l = bound_.function()(f, a, h);
    value_ += share * l;
    T* const decoder = decoder_weights_[0].data_as<T>();
    for (std::int64_t s = 0; s < samples_; ++s) decoder[s * batch_ + b] = T(share * a[s]);
    laps(seconds_forward_);
    for (Part& part : parts_) {
      double baseline = 0;
      switch (part.estimators.phi.baseline()) {
        case Estimator::Baseline::none:
          break;
        case Estimator::Baseline::mean:
          baseline = mean_baseline_;
          break;
        case Estimator::Baseline::learned:
          baseline = baseline_[std::size_t(b)];
          break;
      }
      Estimator::Weights w{l, row(3), row(4), row(5), all.subspan(6 * n)};
      part.estimators({bound_, f, a, h, l, baseline}, w);
      T* const path = part.path.data_as<T>();
      T* const minus_path = part.minus_path.data_as<T>();
      const bool other = part.decoder != 0 && !part.decoder_whole;
      T* const own = other ? decoder_weights_[part.decoder].data_as<T>() : nullptr;
      for (std::int64_t s = 0; s < samples_; ++s) {
        const std::int64_t at = s * batch_ + b;
        path[at] = T(share * w.path[s]);
        minus_path[at] = T(-share * w.path[s]);
        if (other) own[at] = T(share * w.decoder[s]);
      }
      for (const Aside& aside : part.aside) {
        using By = WeightedRule::Direct::By;
        T* const to = aside.weights.data_as<T>();
        const double scale = share * aside.of.scale;
        for (std::int64_t s = 0; s < aside.weights.shape()[0]; ++s) {
          to[s * batch_ + b] = T(scale * (aside.of.by == By::score     ? w.path[s] + w.score[s]
                                          : aside.of.by == By::decoder ? w.decoder[s]
                                                                       : 1));
        }
      }
      laps(part.seconds);
    }
  }
}

/// From the derivative in z through the encoder.
void RecordedDraw::sweep(Part& part, GradientSink& sink) {
  if (part.whole) return;
  roots_.clear();
  if (part.estimators.phi.weighted()->properties().path != Estimator::Path::none) {
    encoder_.data(path_).copy_from(part.path);
    roots_.push_back({gated_z_, &dz_});
    roots_.push_back({draw_->codes().log_posterior(), &part.minus_path});
  }
  for (const Aside& aside : part.aside) roots_.push_back({aside.of.x, &aside.weights});
  const bool reaches = part.estimators.phi.weighted()->reaches_decoder();
  encoder_.backward(roots_, reaches ? model_.model.encoder() : all_groups & ~leaf_group, &sink);
}

void RecordedDraw::replicate(const DrawVariables& of, std::uint64_t seed, std::uint64_t r) {
  dispatch(dtype_, [&](auto type) {
    using T = decltype(type);
    take_data(seed, r);
    Laps laps;
    fill(of, seed, r);
    encoder_.forward();
    decoder_.data(z_leaf_).copy_from(draw_->codes().z().value());
    decoder_.forward();
    weigh<T>(laps);
    if (needs_path_) {
      ++sweeps_for_z_;
      const Root root{log_p_, &ones_};
      decoder_.backward({&root, 1}, leaf_group, nullptr);
      dz_ = decoder_.adjoint(z_leaf_);  // a view: it holds until the decoder's next sweep
      laps(seconds_for_z_);
    }
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      sweep(parts_[i], encoder_sinks_[i]);
      laps(parts_[i].seconds);
    }
    for (std::size_t i = 0; i < decoder_weights_.size(); ++i) {
      ++sweeps_for_decoder_;
      const Root root{log_p_, &decoder_weights_[i]};
      decoder_.backward({&root, 1}, all_groups & ~leaf_group, &decoder_sinks_[i]);
      laps(seconds_for_decoder_[i]);
    }
    for (WholeDraw& whole : wholes_) whole.replicate(encoder_.data(noise_));
    if (!model_.model.prior_moves_encoder()) return;
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      if (!parts_[i].whole) encoder_sinks_[i].add(decoder_sinks_[parts_[i].decoder]);
    }
  });
}

double RecordedDraw::seconds_of(std::size_t i) const {
  const Part& part = parts_[i];
  if (part.whole && part.whole == part.decoder_whole) return part.whole->seconds();
  double seconds = seconds_forward_ + part.seconds;
  seconds +=
      part.decoder_whole ? part.decoder_whole->seconds() : seconds_for_decoder_[part.decoder];
  if (part.whole) return seconds + part.whole->seconds();
  const WeightedRule& phi = *part.estimators.phi.weighted();
  return seconds + (phi.properties().path != Estimator::Path::none ? seconds_for_z_ : 0);
}

}  // namespace nelbo::gradvar
