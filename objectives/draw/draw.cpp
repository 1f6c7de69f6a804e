#include "objectives/draw/draw.hpp"

#include "autodiff/error.hpp"
#include "autodiff/ops.hpp"
#include "objectives/estimators/relaxed.hpp"

namespace nelbo {

Draw::Draw(const Model& model, const Batch& batch, Var noise, Population population,
           const Auxiliaries* auxiliaries, std::optional<Estimation> estimation)
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

void Draw::sample() {
  const Estimator::Properties* const phi =
      estimation_ ? &estimation_->estimators.phi.properties() : nullptr;
  const PosteriorSample sample =
      phi && phi->codes == Estimator::Codes::straight_through
          ? estimators::straight_through_sample(*posterior_, noise_, phi->temperature)
          : posterior_->draw(noise_);
  z_ = sample.z;
  log_posterior_ = sample.log_prob;
}

Var Draw::z() {
  if (!z_) sample();
  return *z_;
}

Var Draw::z(const std::string& what) {
  if (posterior_->has_rsample()) return z();
  throw Error(what + ": " + no_rsample(posterior_->family()));
}

Var Draw::log_posterior() {
  if (!log_posterior_) sample();
  return *log_posterior_;
}

Var Draw::weighed_z() {
  if (!estimation_ || !estimation_->one_sweep) return z();
  return once("weighed_z", [&] {
    switch (estimation_->estimators.phi.properties().path) {
      case Estimator::Path::none:
        return stop(z());
      case Estimator::Path::decoder:
        return z();
      case Estimator::Path::own:
        break;
    }
    gate_ = Tape::current().leaf({samples(), batch()}, dtype());
    return nelbo::gate(z(), *gate_);
  });
}

Var Draw::decoded() {
  return once("decoded", [&] { return model_.decode(weighed_z(), data_.condition); });
}

Var Draw::log_likelihood() {
  return once("log_likelihood", [&] {
    if (const Likelihood* likelihood = model_.likelihood()) {
      return likelihood->log_prob(decoded(), x());
    }
    return model_.log_likelihood(weighed_z(), data_);
  });
}

Var Draw::log_prior() {
  return once("log_prior", [&] { return prior().log_prob(weighed_z()); });
}

Var Draw::log_prior_marginals() {
  return once("log_prior_marginals", [&] { return prior().marginal_log_prob(z()); });
}

Var Draw::kl() {
  return once("kl", [&] {
    if (const std::optional<Var> kl = prior().kl(*posterior_)) return *kl;
    throw Error("div(exact): the divergence of a " + posterior_->family() +
                " posterior from the prior " + prior().text() + " has no closed form; use div(mc)");
  });
}

Var Draw::log_weights() {
  return once("log_weights", [&] { return log_likelihood() + (log_prior() - log_posterior()); });
}

Var Draw::prior_sample() {
  return once("prior_sample", [&] {
    const std::int64_t width = prior().noise_dimensions();
    return prior().sample(
        input("prior noise", {batch(), width}, [width](const Tensor& data, const Moment& moment) {
          fill_noise(Noise::normal, data.reshape({1, data.shape()[0], width}),
                     moment.block(moment.variables.prior));
        }));
  });
}

// Memo
// ------------------------------------------------------------------------------------------------

Var Draw::once(const std::string& key, const std::function<Var()>& compute) {
  if (const auto found = named_.find(key); found != named_.end()) return found->second;
  const Var value = compute();
  named_.emplace(key, value);
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

Var Draw::input(const std::string& key, const Shape& shape,
                std::function<void(const Tensor&, const Moment&)> fill,
                std::optional<DType> dtype) {
  return once("input " + key, [&] {
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
  return input("noise " + name, shape, [=](const Tensor& data, const Moment& moment) {
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
  return once("schedule " + schedule.text(), [&] {
    const auto fill = [schedule](const Tensor& data, const Moment& moment) {
      data.set({}, schedule.at(moment.scheduled));
    };
    const Var leaf = input(schedule.text(), {}, fill);
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
