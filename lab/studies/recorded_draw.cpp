#include "lab/studies/recorded_draw.hpp"

#include <algorithm>
#include <chrono>

#include "autodiff/dtype.hpp"
#include "autodiff/ops.hpp"
#include "objectives/estimators/baseline.hpp"
#include "objectives/estimators/disarm.hpp"
#include "objectives/estimators/dream.hpp"

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
      dtype_(model.model.store().dtype()),
      scratch_(12 * std::size_t(samples_)) {
  const Shape rows{samples_, batch_};
  decoder_weights_.emplace_back(rows, dtype_);
  for (const EstimatorChoice& choice : estimators) {
    Part part{choice, 0, Tensor(rows, dtype_), Tensor(rows, dtype_), Tensor(rows, dtype_)};
    const bool own =
        choice.phi.properties().other_decoder || choice.theta.properties().other_decoder;
    if (own) {
      part.decoder = decoder_weights_.size();
      decoder_weights_.emplace_back(rows, dtype_);
    }
    const Estimator::Properties& phi = choice.phi.properties();
    needs_exact_ |= phi.exact_div;
    needs_path_ |= phi.path != Estimator::Path::none && !phi.exact_div &&
                   phi.codes == Estimator::Codes::samples;
    parts_.push_back(std::move(part));
    encoder_sinks_.emplace_back(model.model.store());
  }
  for (std::size_t i = 0; i < decoder_weights_.size(); ++i) {
    decoder_sinks_.emplace_back(model.model.store());
  }
  for (Part& part : parts_) {
    const Estimator &phi = part.estimators.phi, &theta = part.estimators.theta;
    const bool straight = phi.properties().codes == Estimator::Codes::straight_through;
    if (phi.elsewhere() || straight) part.whole = &whole_of(phi);
    if (!theta.elsewhere() && !(straight && theta.text() == phi.text())) continue;
    part.decoder_whole = &whole_of(theta);
    const auto at = std::find_if(wholes_.begin(), wholes_.end(), [&](const WholeDraw& whole) {
      return &whole == part.decoder_whole;
    });
    part.decoder = decoder_weights_.size() + std::size_t(at - wholes_.begin());
  }
  seconds_for_decoder_.resize(decoder_weights_.size());
  ones_ = Tensor::full(rows, 1, dtype_);
  if (needs_exact_)
    dz_likelihood_ = Tensor({samples_, batch_, model.model.codes().dimensions()}, dtype_);
  dkl_ = Tensor::full({batch_}, -1.0 / double(batch_), dtype_);
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
  const Batch batch(x_of_decoder_);
  if (!needs_exact_) {
    log_p_ = model.log_joint(z_leaf_, batch);
    return;
  }
  log_likelihood_ = model.log_likelihood(z_leaf_, batch);
  log_p_ = *log_likelihood_ + model.prior()->log_prob(z_leaf_);
}

void RecordedDraw::record_encoder() {
  const auto any = [&](auto asks) {
    return std::any_of(parts_.begin(), parts_.end(),
                       [&](const Part& part) { return asks(part.estimators.phi.properties()); });
  };
  using Phi = Estimator::Properties;
  const Model& model = model_.model;
  const std::int64_t dimensions = model.codes().dimensions();
  const Recording recording(encoder_);
  noise_ = encoder_.leaf({samples_, batch_, dimensions}, dtype_);
  x_ = encoder_.leaf(model_.x);
  const auto q = model.posterior(x_);
  const PosteriorSample sample = q->draw(noise_);
  z_ = sample.z;
  path_ = encoder_.leaf({samples_, batch_}, dtype_);
  gated_z_ = gate(z_, path_);
  log_q_ = sample.log_prob;
  if (any([](const Phi& phi) { return phi.score == Estimator::Score::own; })) {
    log_q_fixed_ = q->log_prob(stop(z_));
  }
  if (any([](const Phi& phi) { return phi.codes == Estimator::Codes::pairs; })) {
    flips_ = estimators::flips(*q, z_);
  }
  if (needs_exact_) kl_ = model.prior()->kl(*q);
  if (any([](const Phi& phi) { return phi.sleep > 0; })) {
    const auto prior = model.prior();
    dream_.emplace();
    dream_->prior_noise = encoder_.leaf({batch_, prior->noise_dimensions()}, dtype_);
    dream_->data_noise = encoder_.leaf({batch_, model.features()}, dtype_);
    const Var z = reshape(prior->sample(dream_->prior_noise), {1, batch_, dimensions});
    dream_->log_posterior = estimators::dream_log_posterior(model, z, dream_->data_noise);
    ddream_ = Tensor({1, batch_}, dtype_);
  }
}

void RecordedDraw::find_baseline() {
  const bool learned = std::any_of(parts_.begin(), parts_.end(), [](const Part& part) {
    return part.estimators.phi.properties().baseline == Estimator::Baseline::learned;
  });
  if (!learned) return;
  Tape tape;
  const Recording eager(tape);
  baseline_ = (*model_.auxiliaries->find(baseline_group))(tape.leaf(model_.x)).value().values();
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
  nelbo::fill_noise(model_.model.codes().noise(), encoder_.data(noise_),
                    {.stream = of.z.of(seed), .step = r}, coupling_);
  if (!dream_) return;
  const auto fill_leaf = [&](Var leaf, Noise kind, const RandomVariable& variable) {
    nelbo::fill_noise(kind, encoder_.data(leaf).reshape({1, batch_, leaf.shape()[-1]}),
                      {.stream = variable.of(seed), .step = r});
  };
  fill_leaf(dream_->prior_noise, Noise::normal, of.prior);
  fill_leaf(dream_->data_noise, model_.model.likelihood()->noise(), of.dream);
}

/// The bound of every datum and each estimator's weights, as parts of the mean over the data.
template <class T>
void RecordedDraw::weigh(Laps& laps) {
  const std::size_t n = std::size_t(samples_);
  const std::span<double> all(scratch_);
  const auto row = [&](std::size_t i) { return all.subspan(i * n, n); };
  const auto f = row(0), a = row(1), h = row(2);
  const T* const log_p = log_p_.value().template data_as<T>();
  const T* const log_q = log_q_.value().template data_as<T>();
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
      switch (part.estimators.phi.properties().baseline) {
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
      T* const direct = part.direct.data_as<T>();
      const bool pairs = part.estimators.phi.properties().codes == Estimator::Codes::pairs;
      const bool other = part.decoder != 0 && !part.decoder_whole;
      T* const own = other ? decoder_weights_[part.decoder].data_as<T>() : nullptr;
      for (std::int64_t s = 0; s < samples_; ++s) {
        const std::int64_t at = s * batch_ + b;
        path[at] = T(share * w.path[s]);
        minus_path[at] = T(-share * (pairs ? w.decoder[s] : w.path[s]));
        direct[at] = T(share * (w.path[s] + w.score[s]));
        if (other) own[at] = T(share * w.decoder[s]);
      }
      laps(part.seconds);
    }
  }
}

/// From the derivative in z through the encoder.
template <class T>
void RecordedDraw::sweep(Part& part, GradientSink& sink) {
  if (part.whole) return;
  const Estimator::Properties& phi = part.estimators.phi.properties();
  std::array<Root, 4> roots;
  std::size_t count = 0;
  if (phi.path != Estimator::Path::none) {
    encoder_.data(path_).copy_from(part.path);
    roots[count++] = {gated_z_, phi.exact_div ? &dz_likelihood_ : &dz_};
    roots[count++] = phi.exact_div ? Root{*kl_, &dkl_} : Root{log_q_, &part.minus_path};
  }
  if (phi.codes == Estimator::Codes::pairs) {
    roots[count++] = {flips_, &part.direct};
    roots[count++] = {log_q_fixed_, &part.minus_path};
  } else if (phi.score == Estimator::Score::own) {
    roots[count++] = {log_q_fixed_, &part.direct};
  }
  if (phi.sleep > 0) {
    std::fill_n(ddream_.data_as<T>(), batch_, T(phi.sleep / double(batch_)));
    roots[count++] = {dream_->log_posterior, &ddream_};
  }
  encoder_.backward({roots.data(), count}, all_groups & ~leaf_group, &sink);
}

void RecordedDraw::replicate(const DrawVariables& of, std::uint64_t seed, std::uint64_t r) {
  dispatch(dtype_, [&](auto type) {
    using T = decltype(type);
    take_data(seed, r);
    Laps laps;
    fill(of, seed, r);
    encoder_.forward();
    decoder_.data(z_leaf_).copy_from(z_.value());
    decoder_.forward();
    weigh<T>(laps);
    const auto derivative_in_z = [&](Var of) {
      ++sweeps_for_z_;
      const Root root{of, &ones_};
      decoder_.backward({&root, 1}, leaf_group, nullptr);
      return decoder_.adjoint(z_leaf_);
    };
    if (needs_exact_) {
      dz_likelihood_.copy_from(derivative_in_z(*log_likelihood_));
      laps(seconds_likelihood_);
    }
    if (needs_path_) {
      dz_ = derivative_in_z(log_p_);  // a view: it holds until the decoder's next sweep
      laps(seconds_for_z_);
    }
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      sweep<T>(parts_[i], encoder_sinks_[i]);
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
      encoder_sinks_[i].add(decoder_sinks_[parts_[i].decoder]);
    }
  });
}

double RecordedDraw::seconds_of(std::size_t i) const {
  const Part& part = parts_[i];
  const Estimator::Properties& phi = part.estimators.phi.properties();
  if (part.whole && part.whole == part.decoder_whole) return part.whole->seconds();
  double seconds = seconds_forward_ + part.seconds;
  seconds +=
      part.decoder_whole ? part.decoder_whole->seconds() : seconds_for_decoder_[part.decoder];
  if (part.whole) return seconds + part.whole->seconds();
  if (phi.exact_div) seconds += seconds_likelihood_;
  if (phi.path != Estimator::Path::none && !phi.exact_div) seconds += seconds_for_z_;
  return seconds;
}

}  // namespace nelbo::gradvar
