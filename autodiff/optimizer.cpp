#include "autodiff/optimizer.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "autodiff/error.hpp"
#include "autodiff/internal/partition.hpp"
#include "autodiff/kernels/dispatch.hpp"
#include "autodiff/number_text.hpp"
#include "autodiff/threads.hpp"

namespace nelbo {
namespace {

using Rule = OptimizerConfig::Rule;

// Elements of one update: worth a task, and so few that a thread's share of a tensor ends near that of the
// tensor's gradient. It begins where a cache line does.
constexpr std::size_t update_elements = 24576, line_elements = 16;

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

/// 1 - beta^t of both moments, where they are corrected.
struct Corrections {
  double first = 1;
  double second = 1;
};

/// At step t = 1, 2, ...
Corrections corrections(const OptimizerConfig& config, std::uint64_t t) {
  if (!config.bias_correction) return {};
  const double n = static_cast<double>(t);
  return {1 - std::pow(config.beta1, n), 1 - std::pow(config.beta2, n)};
}

/// The numbers of the kernel.
kernels::AdamStep adam_step(const OptimizerConfig& config, const Corrections& by, double eta,
                            double scale, bool past_caches) {
  kernels::AdamStep step{};
  step.beta1 = config.beta1;
  step.beta2 = config.beta2;
  step.epsilon = config.epsilon;
  step.scale = scale;
  step.past_caches = past_caches;
  step.decay = eta * config.weight_decay;
  if (config.epsilon_hat) {
    step.rate = eta * std::sqrt(by.second) / by.first;
    step.root = 1;
  } else {
    step.rate = eta / by.first;
    step.root = 1 / std::sqrt(by.second);
  }
  return step;
}

template <class T>
const auto& functions() {
  return kernels_for<T>(active_kernels().optimizer());
}

}  // namespace

OptimizerConfig OptimizerConfig::burda() {
  OptimizerConfig config;
  config.beta1 = 0.99;
  config.epsilon = 1e-4;
  config.epsilon_hat = true;
  config.initial_second_moment = 1;
  return config;
}

std::string unfit(const OptimizerConfig& config) {
  std::string first;
  const auto require = [&](bool holds, const char* name, double value, const char* range) {
    if (!holds && first.empty()) first = std::string(name) + " = " + shortest(value) + range;
  };
  const auto fraction = [](double x) { return x >= 0 && x < 1; };
  // Parameters may be float: what is beyond its range would become infinite, or 0.
  constexpr double most = std::numeric_limits<float>::max();
  const auto not_negative = [](double x) { return x >= 0 && x <= most; };
  if (config.rule == Rule::sgd) {
    require(fraction(config.momentum), "momentum", config.momentum, " must be in [0, 1)");
    return first;
  }
  require(fraction(config.beta1), "beta1", config.beta1, " must be in [0, 1)");
  require(fraction(config.beta2), "beta2", config.beta2, " must be in [0, 1)");
  require(config.epsilon >= std::numeric_limits<float>::min() && config.epsilon <= most, "epsilon",
          config.epsilon,
          " must be positive as a float: a parameter without gradient would become 0 / 0");
  require(not_negative(config.initial_second_moment), "initial_second_moment",
          config.initial_second_moment, " must be finite as a float, and at least 0");
  require(not_negative(config.weight_decay), "weight_decay", config.weight_decay,
          " must be finite as a float, and at least 0");
  require(config.rule == Rule::adamw || config.weight_decay == 0, "weight_decay",
          config.weight_decay, " needs the rule adamw; adam would mix it into the moments");
  return first;
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
  return name + "(" + text + ")";
}

Optimizer::Optimizer(const OptimizerConfig& config, std::vector<Range> ranges, DType dtype,
                     const std::vector<Range>& tensors)
    : config_(config), ranges_(std::move(ranges)), dtype_(dtype) {
  if (const std::string why = unfit(config_); !why.empty()) throw Error("optimizer: " + why);
  check_disjoint(ranges_);
  if (dtype_ == DType::i32) throw Error("optimizer: parameters must be f32 or f64, not i32");
  for (std::size_t i = 0; i < ranges_.size(); ++i) {
    const Range& range = ranges_[i];
    for (std::size_t done = 0; done < range.length; done += chunk_elements) {
      const std::size_t length = std::min(chunk_elements, range.length - done);
      chunks_.push_back({range.offset + done, size_ + done, length, i});
    }
    size_ += range.length;
  }
  cut_updates(tensors);
  const Shape shape{static_cast<std::int64_t>(size_)};
  if (has_m()) m_ = Tensor(shape, dtype_);
  if (has_v()) v_ = Tensor(shape, dtype_);
  partial_ = std::make_unique<double[]>(chunks_.size());
  reset();
}

void Optimizer::cut_updates(const std::vector<Range>& tensors) {
  if (size_ <= chunk_elements) {  // work for one thread
    updates_ = chunks_;
    return;
  }
  std::vector<std::size_t> starts;
  for (const Range& tensor : tensors) starts.push_back(tensor.offset);
  std::sort(starts.begin(), starts.end());
  struct Placed {
    double place;  // of its middle in the tensor, 0 to 1
    Chunk chunk;
  };
  std::vector<Placed> all;
  std::size_t state = 0;
  for (std::size_t r = 0; r < ranges_.size(); ++r) {
    const std::size_t end = ranges_[r].offset + ranges_[r].length;
    for (std::size_t begin = ranges_[r].offset; begin < end;) {
      const auto next = std::upper_bound(starts.begin(), starts.end(), begin);
      const std::size_t length = (next == starts.end() ? end : std::min(*next, end)) - begin;
      const std::size_t lines = divide_up(length, line_elements);
      const std::size_t pieces = divide_up(length, update_elements);
      for (std::size_t i = 0; i < pieces; ++i) {
        const std::size_t first = line_elements * part(lines, pieces, i);
        const std::size_t last = std::min(length, line_elements * part(lines, pieces, i + 1));
        all.push_back(
            {(double(i) + 0.5) / double(pieces), {begin + first, state + first, last - first, r}});
      }
      begin += length;
      state += length;
    }
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const Placed& a, const Placed& b) { return a.place < b.place; });
  for (const Placed& one : all) updates_.push_back(one.chunk);
}

std::vector<Range> Optimizer::updates() const {
  std::vector<Range> all;
  for (const Chunk& chunk : updates_) all.push_back({chunk.offset, chunk.length});
  return all;
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
void Optimizer::step_as(T* parameters, const T* gradients, std::span<const double> rates,
                        double scale) {
  ++steps_;
  const auto rate_of = [&](const Chunk& chunk) {
    return rates.size() == 1 ? rates[0] : rates[chunk.range];
  };
  const bool past_caches = cores_are_far();
  T* const m = has_m() ? m_.data_as<T>() : nullptr;
  if (config_.rule == Rule::sgd) {
    const auto sgd = functions<T>().sgd;
    parallel_for(updates_.size(), [&](std::size_t i) {
      const Chunk& chunk = updates_[i];
      sgd({rate_of(chunk), config_.momentum, scale, past_caches}, chunk.length,
          parameters + chunk.offset, gradients + chunk.offset,
          m == nullptr ? nullptr : m + chunk.state);
    });
    return;
  }
  const Corrections by = corrections(config_, steps_);
  const auto adam = functions<T>().adam;
  T* const v = v_.data_as<T>();
  parallel_for(updates_.size(), [&](std::size_t i) {
    const Chunk& chunk = updates_[i];
    adam(adam_step(config_, by, rate_of(chunk), scale, past_caches), chunk.length,
         parameters + chunk.offset, gradients + chunk.offset, m + chunk.state, v + chunk.state);
  });
}

void Optimizer::step(float* parameters, const float* gradients, double learning_rate,
                     double scale) {
  check_dtype(DType::f32);
  step_as(parameters, gradients, std::span<const double>(&learning_rate, 1), scale);
}
void Optimizer::step(double* parameters, const double* gradients, double learning_rate,
                     double scale) {
  check_dtype(DType::f64);
  step_as(parameters, gradients, std::span<const double>(&learning_rate, 1), scale);
}
void Optimizer::step(void* parameters, const void* gradients, double learning_rate, double scale) {
  dispatch(dtype_, [&](auto t) {
    using T = decltype(t);
    step_as(static_cast<T*>(parameters), static_cast<const T*>(gradients),
            std::span<const double>(&learning_rate, 1), scale);
  });
}
void Optimizer::step(void* parameters, const void* gradients,
                     std::span<const double> learning_rates, double scale) {
  if (learning_rates.size() != ranges_.size()) {
    throw Error("optimizer: " + std::to_string(learning_rates.size()) + " learning rates for " +
                std::to_string(ranges_.size()) + " ranges");
  }
  dispatch(dtype_, [&](auto t) {
    using T = decltype(t);
    step_as(static_cast<T*>(parameters), static_cast<const T*>(gradients), learning_rates, scale);
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
