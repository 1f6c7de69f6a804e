#include "objectives/draw/draw.hpp"

#include "autodiff/error.hpp"
#include "autodiff/ops.hpp"

namespace nelbo {

Draw::Draw(const Model& model, const Batch& batch, Var noise, Population population,
           const Auxiliaries* auxiliaries, std::shared_ptr<const Estimation> estimation)
    : model_(model),
      auxiliaries_(auxiliaries),
      estimation_(std::move(estimation)),
      data_(batch),
      noise_(noise),
      population_(std::move(population)),
      posterior_(model.posterior(batch)) {
  const Shape expected{noise.shape()[0], x().shape()[0], model.codes().dimensions()};
  if (!(noise.shape() == expected)) {
    throw Error("draw: noise " + noise.shape().text() + " for data " + x().shape().text() +
                "; expected [S, B, D] = " + expected.text());
  }
}

const Prior& Draw::prior() {
  if (!prior_) prior_ = model_.prior(data_.condition);
  return *prior_;
}

Codes& Draw::codes() {
  if (codes_) return *codes_;
  const PosteriorSample sample =
      estimation_ ? estimation_->sample(*posterior_, noise_) : posterior_->draw(noise_);
  // The gate stands on the whole code, after all its layers are drawn.
  Var seen = sample.z;
  if (estimation_ && estimation_->one_sweep()) {
    switch (estimation_->path()) {
      case Estimation::Path::open:
        break;
      case Estimation::Path::none:
        seen = stop(sample.z);
        break;
      case Estimation::Path::weighed:
        gate_ = Tape::current().leaf({samples(), batch()}, dtype());
        seen = nelbo::gate(sample.z, *gate_);
    }
  }
  return codes_.emplace(*this, sample, seen);
}

Codes& Draw::codes(const Key& key, const std::function<Var()>& z) {
  const auto found = other_codes_.find(key.text());
  if (found != other_codes_.end()) return found->second;
  return other_codes_.try_emplace(key.text(), *this, z()).first->second;
}

Codes& Draw::codes_of(const Key& key, const std::function<PosteriorSample()>& sample) {
  const auto found = other_codes_.find(key.text());
  if (found != other_codes_.end()) return found->second;
  const PosteriorSample own = sample();
  return other_codes_.try_emplace(key.text(), *this, own, own.z).first->second;
}

Var Draw::severed(Var of_samples) {
  // Estimators may give samples a derivative that they do not have (straight_through).
  if (posterior_->has_rsample() || (estimation_ && estimation_->moves_samples())) {
    return of_samples;
  }
  return Tape::current().severed(
      of_samples, model_.encoder(),
      "no gradient passes through the samples of a " + posterior_->family() + " posterior: " +
          (estimation_ ? estimation_->advice()
                       : "give the draw an estimation, such as EstimatorChoice(rloo())"));
}

Var Draw::expectation(const PerCode& of) {
  const bool estimated = estimation_ && estimation_->has_expectations();
  if (estimated && !posterior_->has_rsample()) return estimation_->expectation(*this, of);
  return severed(of(codes()));
}

Var Draw::z(const std::string& what) {
  if (posterior_->has_rsample()) return z();
  throw Error(what + ": " + no_rsample(posterior_->family()));
}

Var Draw::kl() {
  return once(Key::nelbo("kl"), [&] {
    if (const std::optional<Var> kl = prior().kl(*posterior_)) return *kl;
    throw Error("div(exact): the divergence of a " + posterior_->family() +
                " posterior from the prior " + prior().text() + " has no closed form; use div(mc)");
  });
}

Var Draw::prior_sample() {
  return once(Key::nelbo("prior_sample"), [&] {
    const std::int64_t width = prior().noise_dimensions();
    return prior().sample(input(Key::nelbo("prior noise"), {batch(), width},
                                [width](const Tensor& data, const Moment& moment) {
                                  fill_noise(Noise::normal,
                                             data.reshape({1, data.shape()[0], width}),
                                             moment.block(moment.variables.prior));
                                }));
  });
}

// Memo
// ------------------------------------------------------------------------------------------------

Var Draw::once(const Key& key, const std::function<Var()>& compute) {
  if (const auto found = named_.find(key.text()); found != named_.end()) return found->second;
  const Var value = compute();
  named_.emplace(key.text(), value);
  return value;
}

Var Draw::once(const std::shared_ptr<const void>& key, const std::function<Var()>& compute) {
  if (const auto found = objects_.find(key); found != objects_.end()) return found->second;
  const Var value = compute();
  objects_.emplace(key, value);
  return value;
}

// Inputs
// ------------------------------------------------------------------------------------------------

Var Draw::input(const Key& key, const Shape& shape,
                std::function<void(const Tensor&, const Moment&)> fill,
                std::optional<DType> dtype) {
  return once(Key::nelbo("input " + key.text()), [&] {
    const Var leaf = Tape::current().leaf(shape, dtype.value_or(this->dtype()));
    inputs_.push_back({leaf, std::move(fill)});
    return leaf;
  });
}

namespace {

/// FNV-1a: the place of a name in a family of variables does not depend on what stands beside it.
std::size_t place_of(const std::string& name, std::size_t count) {
  std::uint64_t hash = 14695981039346656037u;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
  return std::size_t(hash % count);
}

}  // namespace

Var Draw::own_noise(const std::string& name, const Shape& shape, Noise kind, bool of_data) {
  const std::size_t member = place_of(name, random_variables::training.inputs.count);
  const OwnNoise& own =
      own_noise_.try_emplace(member, OwnNoise{name, shape, kind, of_data}).first->second;
  if (own.name != name) {
    throw Error("noise '" + name + "' would have the numbers of '" + own.name +
                "'; choose another name");
  }
  if (!(own.shape == shape) || own.kind != kind || own.of_data != of_data) {
    throw Error("noise '" + name + "' is " + own.shape.text() +
                " already, and here its shape, kind or owner is another; choose another name");
  }
  return input(Key::nelbo("noise " + name), shape, [=](const Tensor& data, const Moment& moment) {
    RandomBlock block{.stream = moment.variables.inputs.of(moment.seed, member),
                      .step = of_data ? moment.step : moment.own_step(),
                      .datum = of_data ? moment.rows.data() : nullptr};
    fill_noise(kind, data.reshape({1, shape[0], shape[1]}), block);
  });
}

Var Draw::noise(const std::string& name, std::int64_t rows, std::int64_t numbers, Noise kind) {
  return own_noise(name, {rows, numbers}, kind, false);
}

Var Draw::noise_of_data(const std::string& name, std::int64_t numbers, Noise kind) {
  return own_noise(name, {batch(), numbers}, kind, true);
}

Var Draw::scheduled(const Schedule& schedule) {
  return once(Key::nelbo("schedule " + schedule.text()), [&] {
    const auto fill = [schedule](const Tensor& data, const Moment& moment) {
      data.set({}, schedule.at(moment.scheduled));
    };
    const Var leaf = input(Key::nelbo("schedule " + schedule.text()), {}, fill);
    Tape::current().data(leaf).set({}, schedule.at(0));
    return leaf;
  });
}

void Draw::fill(const Moment& moment) const {
  for (const Input& one : inputs_) one.fill(one.leaf.tape().data(one.leaf), moment);
}

// Networks that learn beside the model
// ------------------------------------------------------------------------------------------------

const Layer& Draw::network(const std::string& group, const std::string& what) const {
  const Layer* const found = auxiliaries_ ? auxiliaries_->find(group) : nullptr;
  if (found != nullptr) return *found;
  throw Error(what + ": this draw has no " + group + " network");
}

void Draw::learn(const std::string& group, Var loss) { losses_.insert_or_assign(group, loss); }

}  // namespace nelbo
