#include "autodiff/optimizer.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "autodiff/error.hpp"
#include "autodiff/kernels/dispatch.hpp"
#include "autodiff/number_text.hpp"
#include "autodiff/threads.hpp"

namespace nelbo {
namespace {

using Rule = OptimizerConfig::Rule;

void require(bool holds, const char* name, double value, const char* range) {
  if (!holds) throw Error(std::string("optimizer: ") + name + " = " + shortest(value) + range);
}

void check(const OptimizerConfig& config) {
  const auto fraction = [](double x) { return x >= 0 && x < 1; };
  const auto not_negative = [](double x) { return x >= 0 && std::isfinite(x); };
  require(not_negative(config.clip_norm), "clip_norm", config.clip_norm,
          " must be finite and at least 0 (0: no clipping)");
  if (config.rule == Rule::sgd) {
    require(fraction(config.momentum), "momentum", config.momentum, " must be in [0, 1)");
    return;
  }
  require(fraction(config.beta1), "beta1", config.beta1, " must be in [0, 1)");
  require(fraction(config.beta2), "beta2", config.beta2, " must be in [0, 1)");
  require(config.epsilon > 0 && std::isfinite(config.epsilon), "epsilon", config.epsilon,
          " must be positive: a parameter without gradient would become 0 / 0");
  require(not_negative(config.initial_second_moment), "initial_second_moment",
          config.initial_second_moment, " must be finite and at least 0");
  require(not_negative(config.weight_decay), "weight_decay", config.weight_decay,
          " must be finite and at least 0");
  require(config.rule == Rule::adamw || config.weight_decay == 0, "weight_decay",
          config.weight_decay, " needs the rule adamw; adam would mix it into the moments");
}

void check_disjoint(std::vector<Range> ranges) {
  std::sort(ranges.begin(), ranges.end(),
            [](const Range& a, const Range& b) { return a.offset < b.offset; });
  std::size_t end = 0;
  for (const Range& range : ranges) {
    if (range.length == 0) continue;
    if (range.offset < end) {
      throw Error("optimizer: the range at " + std::to_string(range.offset) + " of length " +
                  std::to_string(range.length) + " overlaps one that ends at " +
                  std::to_string(end));
    }
    end = range.offset + range.length;
  }
}

/// The numbers of the kernel at step t = 1, 2, ...
kernels::AdamStep adam_step(const OptimizerConfig& config, std::uint64_t t, double eta,
                            double scale) {
  const double n = static_cast<double>(t);
  const double correction1 = config.bias_correction ? 1 - std::pow(config.beta1, n) : 1;
  const double correction2 = config.bias_correction ? 1 - std::pow(config.beta2, n) : 1;
  kernels::AdamStep step{};
  step.beta1 = config.beta1;
  step.beta2 = config.beta2;
  step.epsilon = config.epsilon;
  step.scale = scale;
  step.decay = eta * config.weight_decay;
  if (config.epsilon_hat) {
    step.rate = eta * std::sqrt(correction2) / correction1;
    step.root = 1;
  } else {
    step.rate = eta / correction1;
    step.root = 1 / std::sqrt(correction2);
  }
  return step;
}

template <class T>
const auto& functions() {
  return kernels_for<T>(active_kernels().optimizer());
}

/// The factor that brings a gradient of this norm down to at most `limit`.
double clip_scale(double norm, double limit) { return norm > limit ? limit / norm : 1; }

}  // namespace

OptimizerConfig OptimizerConfig::burda() {
  OptimizerConfig config;
  config.beta1 = 0.99;
  config.epsilon = 1e-4;
  config.epsilon_hat = true;
  config.initial_second_moment = 1;
  return config;
}

std::string to_string(const OptimizerConfig& config) {
  std::string text;
  const auto add = [&](const char* name, double value, double default_value) {
    if (value == default_value) return;
    if (!text.empty()) text += ", ";
    text += name;
    text += '=';
    text += shortest(value);
  };
  const OptimizerConfig standard;
  std::string name;
  if (config.rule == Rule::sgd) {
    name = "sgd";
    add("momentum", config.momentum, -1);
  } else {
    name = config.rule == Rule::adam ? "adam" : "adamw";
    add("beta1", config.beta1, -1);
    add("beta2", config.beta2, -1);
    add(config.epsilon_hat ? "epsilon_hat" : "epsilon", config.epsilon, -1);
    add("bias_correction", config.bias_correction, true);
    add("initial_second_moment", config.initial_second_moment, standard.initial_second_moment);
    add("weight_decay", config.weight_decay, standard.weight_decay);
  }
  add("clip_norm", config.clip_norm, standard.clip_norm);
  return name + "(" + text + ")";
}

Optimizer::Optimizer(const OptimizerConfig& config, std::vector<Range> ranges, DType dtype)
    : config_(config), ranges_(std::move(ranges)), dtype_(dtype) {
  check(config_);
  check_disjoint(ranges_);
  if (dtype_ == DType::i32) throw Error("optimizer: parameters must be f32 or f64, not i32");
  for (const Range& range : ranges_) {
    for (std::size_t done = 0; done < range.length; done += chunk_elements) {
      const std::size_t length = std::min(chunk_elements, range.length - done);
      chunks_.push_back({range.offset + done, size_ + done, length});
    }
    size_ += range.length;
  }
  const Shape shape{static_cast<std::int64_t>(size_)};
  if (has_m()) m_ = Tensor(shape, dtype_);
  if (has_v()) v_ = Tensor(shape, dtype_);
  partial_ = std::make_unique<double[]>(chunks_.size());
  reset();
}

bool Optimizer::has_m() const { return config_.rule != Rule::sgd || config_.momentum > 0; }
bool Optimizer::has_v() const { return config_.rule != Rule::sgd; }

std::vector<Optimizer::State> Optimizer::state() const {
  std::vector<State> all;
  if (has_m()) all.push_back({"m", m_});
  if (has_v()) all.push_back({"v", v_});
  return all;
}

void Optimizer::reset() {
  steps_ = 0;
  dispatch(dtype_, [&](auto t) {
    using T = decltype(t);
    if (has_m()) std::fill_n(m_.data_as<T>(), size_, T(0));
    if (has_v()) std::fill_n(v_.data_as<T>(), size_, static_cast<T>(config_.initial_second_moment));
  });
}

template <class T>
double Optimizer::norm_as(const T* gradients) const {
  const auto square_sum = functions<T>().square_sum;
  parallel_for(chunks_.size(), [&](std::size_t i) {
    partial_[i] = square_sum(chunks_[i].length, gradients + chunks_[i].offset);
  });
  double sum = 0;
  for (std::size_t i = 0; i < chunks_.size(); ++i) sum += partial_[i];
  return std::sqrt(sum);
}

template <class T>
void Optimizer::step_as(T* parameters, const T* gradients, double learning_rate) {
  const double scale =
      config_.clip_norm > 0 ? clip_scale(norm_as(gradients), config_.clip_norm) : 1;
  ++steps_;
  if (config_.rule == Rule::sgd) {
    const kernels::SgdStep step{learning_rate, config_.momentum, scale};
    const auto sgd = functions<T>().sgd;
    T* const m = has_m() ? m_.data_as<T>() : nullptr;
    parallel_for(chunks_.size(), [&](std::size_t i) {
      const Chunk& chunk = chunks_[i];
      sgd(step, chunk.length, parameters + chunk.offset, gradients + chunk.offset,
          m == nullptr ? nullptr : m + chunk.state);
    });
    return;
  }
  const kernels::AdamStep step = adam_step(config_, steps_, learning_rate, scale);
  const auto adam = functions<T>().adam;
  T* const m = m_.data_as<T>();
  T* const v = v_.data_as<T>();
  parallel_for(chunks_.size(), [&](std::size_t i) {
    const Chunk& chunk = chunks_[i];
    adam(step, chunk.length, parameters + chunk.offset, gradients + chunk.offset, m + chunk.state,
         v + chunk.state);
  });
}

void Optimizer::step(float* parameters, const float* gradients, double learning_rate) {
  check_dtype(DType::f32);
  step_as(parameters, gradients, learning_rate);
}
void Optimizer::step(double* parameters, const double* gradients, double learning_rate) {
  check_dtype(DType::f64);
  step_as(parameters, gradients, learning_rate);
}
void Optimizer::step(void* parameters, const void* gradients, double learning_rate) {
  dispatch(dtype_, [&](auto t) {
    using T = decltype(t);
    step_as(static_cast<T*>(parameters), static_cast<const T*>(gradients), learning_rate);
  });
}

double Optimizer::gradient_norm(const float* gradients) const {
  check_dtype(DType::f32);
  return norm_as(gradients);
}
double Optimizer::gradient_norm(const double* gradients) const {
  check_dtype(DType::f64);
  return norm_as(gradients);
}
double Optimizer::gradient_norm(const void* gradients) const {
  return dispatch(dtype_, [&](auto t) {
    using T = decltype(t);
    return norm_as(static_cast<const T*>(gradients));
  });
}

void Optimizer::check_dtype(DType given) const {
  if (given != dtype_) {
    throw Error(std::string("optimizer: the buffers hold ") + name_of(given) +
                ", but the optimiser was made for " + name_of(dtype_));
  }
}

}  // namespace nelbo
