#include "models/flows/masked_affine_score.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "autodiff/operator.hpp"
#include "autodiff/ops/shape_ops.hpp"
#include "autodiff/scratch.hpp"
#include "autodiff/threads.hpp"

namespace nelbo {
namespace {

struct Saved {
  const std::int64_t* descending;  // [D]
};

/// Lanes of a sum, which the compiler may not choose for itself.
constexpr std::int64_t lanes = 8;

template <class T>
T dot(const T* a, const T* b, std::int64_t n) {
  std::array<T, lanes> sums{};
  std::int64_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    for (std::int64_t l = 0; l < lanes; ++l) sums[std::size_t(l)] += a[i + l] * b[i + l];
  }
  for (; i < n; ++i) sums[0] += a[i] * b[i];
  T all = 0;
  for (const T sum : sums) all += sum;
  return all;
}

template <class T>
struct Weights {
  const T* in;   // [D, H]
  const T* out;  // [2D, H]: of m, then of r
  std::int64_t d, h;
};

/// One code. With t the result, J^T t = s - grad sum a reads
///   exp(a_i) t_i + sum_k W_ik (1 - h_k^2) c_k = s_i,
///   c_k = sum_j V_kj t_j + U_kj a'_j (1 + z_j exp(a_j) t_j),
/// where masks leave j after i alone.
template <class T>
void solve(const Weights<T>& w, const std::int64_t* descending, const T* s, const T* z, const T* a,
           const T* hidden, T* t, T* scratch) {
  T *const c = scratch, *const slope = scratch + w.h;
  for (std::int64_t k = 0; k < w.h; ++k) {
    c[k] = 0;
    slope[k] = 1 - hidden[k] * hidden[k];
  }
  for (std::int64_t step = 0; step < w.d; ++step) {
    const std::int64_t i = descending[step];
    const T scale = std::exp(a[i]);
    t[i] = (s[i] - dot(w.in + i * w.h, c, w.h)) / scale;
    const T of_log_scale = (1 - a[i] * a[i] / 4) * (1 + z[i] * scale * t[i]);
    const T *const shift = w.out + i * w.h, *const log_scale = w.out + (w.d + i) * w.h;
    for (std::int64_t k = 0; k < w.h; ++k) {
      c[k] += slope[k] * (shift[k] * t[i] + log_scale[k] * of_log_scale);
    }
  }
}

const Op masked_affine_score_op{
    .name = "masked_affine_score",
    .forward =
        [](const Frame& frame) {
          const std::int64_t d = frame.out_shape()[-1], codes = frame.out_shape().size() / d;
          const std::int64_t h = frame.in_shape(3)[-1];
          const std::int64_t* const descending = frame.saved<Saved>().descending;
          const std::int64_t at_once =
              std::max<std::int64_t>(1, std::int64_t(chunk_elements) / (3 * d * h));
          dispatch(frame.dtype(), [&](auto type) {
            using T = decltype(type);
            const Weights<T> w{frame.in<T>(4), frame.in<T>(5), d, h};
            const T *const s = frame.in<T>(0), *const z = frame.in<T>(1), *const a = frame.in<T>(2),
                           *const hidden = frame.in<T>(3);
            T* const out = frame.out<T>();
            parallel_for(std::size_t((codes + at_once - 1) / at_once), [&](std::size_t chunk) {
              T* const scratch = scratch_array<T>(Scratch::rows, std::size_t(2 * h));
              const std::int64_t first = std::int64_t(chunk) * at_once;
              for (std::int64_t row = first; row < std::min(codes, first + at_once); ++row) {
                solve(w, descending, s + row * d, z + row * d, a + row * d, hidden + row * h,
                      out + row * d, scratch);
              }
            });
          });
        },
    .vjp = nullptr,
};

}  // namespace

Var masked_affine_score(const MaskedAffineStep& step,
                        const std::shared_ptr<const std::vector<std::int64_t>>& descending) {
  Recorder::current().own(descending);
  const Var of_output = contiguous(transpose(stop(step.output_weight)));
  return record(masked_affine_score_op,
                {stop(step.score), stop(step.z), stop(step.log_scale), stop(step.hidden),
                 stop(step.hidden_weight), of_output},
                step.z.shape(), Saved{descending->data()});
}

}  // namespace nelbo
