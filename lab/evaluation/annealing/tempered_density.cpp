#include "lab/evaluation/annealing/tempered_density.hpp"

#include <algorithm>

#include "autodiff/error.hpp"
#include "autodiff/ops.hpp"
#include "autodiff/setting_error.hpp"

namespace nelbo::annealing {
namespace {

void check(const Model& model) {
  const CodeSpace codes = model.codes();
  if (codes.kind != CodeSpace::Kind::continuous || codes.labels > 0) {
    const std::string text = codes.text();
    const std::string why =
        codes.differentiable()
            ? "annealing moves codes freely over the real numbers, and here they are " + text
            : "annealing moves codes along the gradient of their density, which " + text +
                  " codes have not";
    throw SettingError("", why + "; take a model of continuous codes, or bounds on many draws");
  }
  if (model.store().dtype() != DType::f32) {
    throw SettingError("", "annealing: the model's parameters are float64; it takes float32");
  }
}

std::vector<float>& copy(const Tensor& from, std::vector<float>& to) {
  std::copy_n(from.data_as<float>(), to.size(), to.begin());
  return to;
}

/// log Q(z|x) of codes that have moved from where they were drawn.
Var log_q_of_moved(const Model& model, const Batch& batch, Var z) {
  try {
    return model.posterior(batch)->log_prob(z);
  } catch (const Error& error) {  // some flows have no inverse
    throw SettingError("from", std::string(error.what()) + ", or let chains begin at the prior");
  }
}

Var minus_squared_error(const Model& model, Var z, const Batch& batch) {
  const Likelihood* likelihood = model.likelihood();
  if (likelihood == nullptr) {
    throw SettingError(
        "", "annealing: the model has no mean E[X|z], whose squared error could be taken");
  }
  if (likelihood->of_observed()) {
    throw SettingError(
        "",
        "annealing: the squared error of data with missing entries is not told; take the "
        "model's own log P(x|z)");
  }
  return -sum(square(likelihood->mean(model.decode(z, batch.condition)) - batch.x), -1);
}

}  // namespace

ChainPoints::ChainPoints(std::int64_t chains, std::int64_t data, std::int64_t dimensions)
    : z(std::size_t(chains * data * dimensions)),
      base(std::size_t(chains * data)),
      tilt(base.size()),
      base_slope(z.size()),
      tilt_slope(z.size()) {}

TemperedDensity::TemperedDensity(const Model& model, Path path, std::int64_t chains,
                                 std::int64_t data)
    : chains_(chains), data_(data), dimensions_(model.codes().dimensions()) {
  check(model);
  record(model, path);
  record_start(model, path);
}

void TemperedDensity::record(const Model& model, Path path) {
  const Recording recording(tape_);
  x_ = tape_.leaf({data_, model.shown()});
  const Batch batch = model.batch(x_);
  z_ = tape_.leaf({chains_, data_, dimensions_}, DType::f32, true);
  if (path == Path::from_encoder) {
    const Var log_q = log_q_of_moved(model, batch, z_);
    base_ = contiguous(log_q);
    tilt_ = contiguous(model.log_joint(z_, batch) - log_q);
  } else {
    base_ = contiguous(model.prior(batch.condition)->log_prob(z_));
    tilt_ = contiguous(path == Path::from_prior ? model.log_likelihood(z_, batch)
                                                : minus_squared_error(model, z_, batch));
  }
}

void TemperedDensity::record_start(const Model& model, Path path) {
  const Recording recording(start_tape_);
  start_x_ = start_tape_.leaf({data_, model.shown()});
  const Batch batch = model.batch(start_x_);
  if (path == Path::from_encoder) {
    start_noise_ = start_tape_.leaf({chains_, data_, dimensions_});
    start_noise_kind_ = model.codes().noise();
    start_z_ = contiguous(model.posterior(batch)->draw(start_noise_).z);
  } else {
    const auto prior = model.prior(batch.condition);
    start_noise_ = start_tape_.leaf({chains_, data_, prior->noise_dimensions()});
    start_z_ = contiguous(prior->sample(start_noise_));
  }
  start_tape_.keep(start_z_);
}

std::span<float> TemperedDensity::x() {
  const Tensor memory = tape_.data(x_);
  return {memory.data_as<float>(), std::size_t(memory.size())};
}

void TemperedDensity::start(ChainPoints& points, const Stream& stream,
                            std::span<const std::uint32_t> ids) {
  const Tensor noise = start_tape_.data(start_noise_);
  fill_noise(start_noise_kind_, noise, {.stream = stream, .datum = ids.data()});
  start_tape_.data(start_x_).copy_from(tape_.data(x_));
  start_tape_.forward();
  copy(start_z_.value(), points.z);
}

void TemperedDensity::slope(Var root, std::vector<float>& to) {
  if (!tape_.differentiable(root)) return;  // and stays 0
  tape_.backward(root);
  copy(tape_.adjoint(z_), to);
}

void TemperedDensity::evaluate(ChainPoints& points) {
  std::copy(points.z.begin(), points.z.end(), tape_.data(z_).data_as<float>());
  tape_.forward();
  copy(base_.value(), points.base);
  copy(tilt_.value(), points.tilt);
  slope(base_, points.base_slope);
  slope(tilt_, points.tilt_slope);
}

}  // namespace nelbo::annealing
