#include "objectives/bounds/bound_op.hpp"

#include <array>

#include "autodiff/dtype.hpp"
#include "autodiff/error.hpp"
#include "autodiff/operator.hpp"
#include "autodiff/ops/shape_ops.hpp"
#include "autodiff/scratch.hpp"
#include "objectives/bounds/for_each_datum.hpp"

namespace nelbo {
namespace {

struct SavedFunction {
  const Bound::Function* function;
};

const Op bound_op{
    .name = "bound_value",
    .forward =
        [](const Frame& frame) {
          const std::int64_t samples = frame.in_shape(0)[0], batch = frame.in_shape(0)[1];
          const Bound::Function& bound = *frame.saved<SavedFunction>().function;
          dispatch(frame.dtype(), [&](auto type) {
            using T = decltype(type);
            const T* f = frame.in<T>(0);
            T *value = frame.out<T>(0), *a = frame.out<T>(1), *h = frame.out<T>(2);
            for_each_datum(batch, samples, [&](std::int64_t b) {
              const std::size_t n = std::size_t(samples);
              double* column = scratch_array<double>(Scratch::rows, 3 * n);
              for (std::int64_t s = 0; s < samples; ++s) column[s] = double(f[s * batch + b]);
              value[b] = T(bound({column, n}, {column + n, n}, {column + 2 * n, n}));
              for (std::int64_t s = 0; s < samples; ++s) {
                a[s * batch + b] = T(column[samples + s]);
                h[s * batch + b] = T(column[2 * samples + s]);
              }
            });
          });
        },
    .vjp =
        [](const Frame& frame) {
          if (!frame.wants(0)) return;
          const std::int64_t samples = frame.in_shape(0)[0], batch = frame.in_shape(0)[1];
          dispatch(frame.dtype(), [&](auto type) {
            using T = decltype(type);
            const T *a = frame.out<T>(1), *dvalue = frame.cotangent<T>(0);
            const auto df = frame.adjoint<T>(0);
            for (std::int64_t s = 0; s < samples; ++s) {
              for (std::int64_t b = 0; b < batch; ++b) {
                const T add = dvalue[b] * a[s * batch + b];
                T& to = df.data[s * batch + b];
                to = df.add ? to + add : add;
              }
            }
          });
        },
};

}  // namespace

BoundVars bound_with_coefficients(const Bound& bound, Var f) {
  const Shape& shape = f.shape();
  if (shape.rank() != 2 || shape[0] != bound.samples()) {
    throw Error("bound_value: log-weights " + shape.text() + " for " + bound.text() +
                "; expected [S, B] with S = " + std::to_string(bound.samples()));
  }
  Recorder recorder = Recorder::current();
  const std::array<Var, 1> inputs{f};
  const std::array<Spec, 3> outputs{
      {{Shape{shape[1]}, f.dtype()}, {shape, f.dtype()}, {shape, f.dtype()}}};
  const auto own = std::make_shared<const Bound>(bound);
  recorder.own(own);
  const SavedFunction saved{&own->function()};
  const Var value = recorder.record(bound_op, inputs, outputs, &saved, sizeof saved);
  return {value, stop(recorder.output(value, 1)), stop(recorder.output(value, 2))};
}

Var bound_value(const Bound& bound, Var f) { return bound_with_coefficients(bound, f).value; }

}  // namespace nelbo
