#include "objectives/estimators/estimate_op.hpp"

#include <algorithm>
#include <array>

#include "autodiff/dtype.hpp"
#include "autodiff/error.hpp"
#include "autodiff/operator.hpp"
#include "autodiff/ops/shape_ops.hpp"
#include "autodiff/scratch.hpp"
#include "objectives/bounds/for_each_datum.hpp"

namespace nelbo {
namespace {

struct Rule {
  Bound bound;
  std::shared_ptr<const GradientRule> phi, theta;
};

struct SavedEstimate {
  const Rule* rule;
  void* gate;  // or null
  bool baseline;
};

const Op estimate_op{
    .name = "estimate",
    .forward =
        [](const Frame& frame) {
          const std::int64_t samples = frame.in_shape(0)[0], batch = frame.in_shape(0)[1];
          const std::size_t n = std::size_t(samples);
          const SavedEstimate& saved = frame.saved<SavedEstimate>();
          dispatch(frame.dtype(), [&](auto type) {
            using T = decltype(type);
            const T* const logs = frame.in<T>(0);
            const T* const baseline = saved.baseline ? frame.in<T>(1) : nullptr;
            T* const gate = static_cast<T*>(saved.gate);
            T *const value = frame.out<T>(0), *const decoder = frame.out<T>(1),
                     *const path = frame.out<T>(2), *const direct = frame.out<T>(3);
            for_each_datum(batch, samples, [&](std::int64_t b) {
              const std::span<double> all(scratch_array<double>(Scratch::rows, 12 * n), 12 * n);
              const auto row = [&](std::size_t i) { return all.subspan(i * n, n); };
              const auto f = row(0), a = row(1), h = row(2);
              for (std::int64_t s = 0; s < samples; ++s) f[s] = double(logs[s * batch + b]);
              const auto& [bound, phi, theta] = *saved.rule;
              const double l = bound.function()(f, a, h);
              WeightedRule::Weights w{l, row(3), row(4), row(5), all.subspan(6 * n)};
              weigh(phi->weighted(), theta->weighted(),
                    {bound, f, a, h, l, baseline ? double(baseline[b]) : 0}, w);
              value[b] = T(w.value);
              for (std::int64_t s = 0; s < samples; ++s) {
                const std::int64_t at = s * batch + b;
                decoder[at] = T(w.decoder[s]);
                path[at] = T(w.path[s]);
                direct[at] = T(w.path[s] + w.score[s]);
                // Where a weight underflows in double, so does its row's cotangent.
                if (gate) gate[at] = w.decoder[s] == 0 ? T(0) : T(w.path[s] / w.decoder[s]);
              }
            });
          });
        },
    .vjp = nullptr,
};

struct SavedCarry {
  double scale;
};

const Op carry_op{
    .name = "carry",
    .forward =
        [](const Frame& frame) {
          dispatch(frame.dtype(), [&](auto type) {
            using T = decltype(type);
            std::copy_n(frame.in<T>(0), frame.out_shape().size(), frame.out<T>());
          });
        },
    .vjp =
        [](const Frame& frame) {
          dispatch(frame.dtype(), [&](auto type) {
            using T = decltype(type);
            const T* const dvalue = frame.cotangent<T>();
            const std::int64_t batch = frame.out_shape().size();
            if (frame.wants(0)) {
              const auto to = frame.adjoint<T>(0);
              for (std::int64_t b = 0; b < batch; ++b) {
                to.data[b] = to.add ? to.data[b] + dvalue[b] : dvalue[b];
              }
            }
            if (!frame.wants(1)) return;
            const auto to = frame.adjoint<T>(1);
            const T* const weights = frame.in<T>(2);
            const T scale = T(frame.saved<SavedCarry>().scale);
            const std::int64_t samples = frame.in_shape(1)[0];
            for (std::int64_t s = 0; s < samples; ++s) {
              for (std::int64_t b = 0; b < batch; ++b) {
                const std::int64_t at = s * batch + b;
                const T add = scale * dvalue[b] * weights[at];
                to.data[at] = to.add ? to.data[at] + add : add;
              }
            }
          });
        },
};

}  // namespace

EstimateVars estimate(const Bound& bound, const WeightedRule& phi, const WeightedRule& theta, Var f,
                      std::optional<Var> baseline, std::optional<Var> gate) {
  const Shape shape = f.shape();
  if (shape.rank() != 2 || shape[0] != bound.samples()) {
    throw Error("estimate: log-weights " + shape.text() + " for " + bound.text() +
                "; expected [S, B] with S = " + std::to_string(bound.samples()));
  }
  const Shape per_datum{shape[1]};
  if (baseline && !(baseline->shape() == per_datum)) {
    throw Error("estimate: a baseline " + baseline->shape().text() + " for log-weights " +
                shape.text() + "; expected [B]");
  }
  if (gate && !(gate->shape() == shape)) {
    throw Error("estimate: a gate " + gate->shape().text() + " for log-weights " + shape.text());
  }
  Recorder recorder = Recorder::current();
  std::vector<Var> inputs{stop(f)};
  if (baseline) inputs.push_back(stop(*baseline));
  const Spec rows{shape, f.dtype()};
  const std::array<Spec, 4> outputs{{{per_datum, f.dtype()}, rows, rows, rows}};
  const auto rule =
      std::make_shared<const Rule>(Rule{bound, phi.shared_from_this(), theta.shared_from_this()});
  recorder.own(rule);
  const SavedEstimate saved{rule.get(), gate ? gate->tape().data(*gate).data() : nullptr,
                            baseline.has_value()};
  const Var value = recorder.record(estimate_op, inputs, outputs, &saved, sizeof saved);
  return {value, recorder.output(value, 1), recorder.output(value, 2), recorder.output(value, 3)};
}

Var weight_of(const WeightedRule::Direct& direct, const EstimateVars& weights) {
  using By = WeightedRule::Direct::By;
  if (direct.by == By::score) return weights.direct;
  if (direct.by == By::decoder) return weights.decoder;
  return Tape::current().leaf(Tensor::full(direct.x.shape(), 1, direct.x.dtype()));
}

Var carry(Var value, Var x, Var weights, double scale) {
  const Shape shape = x.shape();
  if (shape.rank() != 2 || !(weights.shape() == shape) || !(value.shape() == Shape{shape[1]})) {
    throw Error("carry: values " + value.shape().text() + ", x " + shape.text() + " and weights " +
                weights.shape().text() + " are no [B], [S, B] and [S, B]");
  }
  return record(carry_op, {value, x, stop(weights)}, value.shape(), SavedCarry{scale});
}

}  // namespace nelbo
