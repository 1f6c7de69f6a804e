// One streaming pass per optimiser step: reads g and p, m, v, writes p, m, v. The last, incomplete
// vector goes through the same code as the others, so that an element's bits do not depend on where
// it lies.
#include "autodiff/kernels/optimizer.hpp"

#include <cstdint>

#include "autodiff/kernels/simd.hpp"

namespace nelbo::kernels::NELBO_ISA {
namespace {

/// Calls update(g, arrays) for every vector of n elements; arrays are changed in place.
template <class T, std::size_t N, class Update>
void stream(std::size_t n, const T* g, T* const (&arrays)[N], Update update) {
  constexpr std::size_t width = lanes<T>;
  const std::size_t full = n / width * width;
  T* at[N];
  for (std::size_t i = 0; i < full; i += width) {
    for (std::size_t k = 0; k < N; ++k) at[k] = arrays[k] + i;
    update(g + i, at);
  }
  if (full == n) return;
  T padded_g[width] = {};
  T padded[N][width] = {};
  for (std::size_t i = full; i < n; ++i) {
    padded_g[i - full] = g[i];
    for (std::size_t k = 0; k < N; ++k) padded[k][i - full] = arrays[k][i];
  }
  for (std::size_t k = 0; k < N; ++k) at[k] = padded[k];
  update(padded_g, at);
  for (std::size_t i = full; i < n; ++i) {
    for (std::size_t k = 0; k < N; ++k) arrays[k][i] = padded[k][i - full];
  }
}

template <class T>
Batch<T> load(const T* from) {
  return Batch<T>::load_unaligned(from);
}

template <class T, bool past_caches>
void store(T* to, const Batch<T>& value) {
  if constexpr (past_caches) {
    stream_store(to, value);
  } else {
    value.store_unaligned(to);
  }
}

template <class T, bool past_caches>
void sgd_to(const SgdStep& step, std::size_t n, T* p, const T* g, T* m) {
  const Batch<T> rate(static_cast<T>(step.rate));
  const Batch<T> scale(static_cast<T>(step.scale));
  if (m == nullptr) {
    stream<T, 1>(n, g, {p}, [&](const T* g_at, T* const* at) {
      store<T, past_caches>(at[0], xsimd::fnma(rate, scale * load(g_at), load(at[0])));
    });
    return;
  }
  const Batch<T> momentum(static_cast<T>(step.momentum));
  stream<T, 2>(n, g, {p, m}, [&](const T* g_at, T* const* at) {
    const Batch<T> velocity = xsimd::fma(momentum, load(at[1]), scale * load(g_at));
    store<T, past_caches>(at[0], xsimd::fnma(rate, velocity, load(at[0])));
    velocity.store_unaligned(at[1]);
  });
}

template <class T, bool past_caches>
void adam_to(const AdamStep& step, std::size_t n, T* p, const T* g, T* m, T* v) {
  const Batch<T> rate(static_cast<T>(step.rate));
  const Batch<T> scale(static_cast<T>(step.scale));
  const Batch<T> decay(static_cast<T>(step.decay));
  const Batch<T> root(static_cast<T>(step.root));
  const Batch<T> epsilon(static_cast<T>(step.epsilon));
  const Batch<T> beta1(static_cast<T>(step.beta1)), rest1(static_cast<T>(1 - step.beta1));
  const Batch<T> beta2(static_cast<T>(step.beta2)), rest2(static_cast<T>(1 - step.beta2));
  stream<T, 3>(n, g, {p, m, v}, [&](const T* g_at, T* const* at) {
    const Batch<T> gradient = scale * load(g_at);
    const Batch<T> first = xsimd::fma(beta1, load(at[1]), rest1 * gradient);
    const Batch<T> second = xsimd::fma(beta2, load(at[2]), rest2 * gradient * gradient);
    const Batch<T> direction = first / xsimd::fma(root, xsimd::sqrt(second), epsilon);
    const Batch<T> decayed = xsimd::fnma(decay, load(at[0]), load(at[0]));
    store<T, past_caches>(at[0], xsimd::fnma(rate, direction, decayed));
    first.store_unaligned(at[1]);
    second.store_unaligned(at[2]);
  });
}

/// Whether p can be written past the caches: in whole registers.
template <class T>
bool can_stream(const T* p, std::size_t n) {
  return reinterpret_cast<std::uintptr_t>(p) % sizeof(Batch<T>) == 0 && n % lanes<T> == 0;
}

template <class T>
void sgd(const SgdStep& step, std::size_t n, T* p, const T* g, T* m) {
  if (!step.past_caches || !can_stream(p, n)) return sgd_to<T, false>(step, n, p, g, m);
  sgd_to<T, true>(step, n, p, g, m);
  fence_streams();
}

template <class T>
void adam(const AdamStep& step, std::size_t n, T* p, const T* g, T* m, T* v) {
  if (!step.past_caches || !can_stream(p, n)) return adam_to<T, false>(step, n, p, g, m, v);
  adam_to<T, true>(step, n, p, g, m, v);
  fence_streams();
}

/// Sixteen running sums, added as a tree.
template <class T>
double square_sum(std::size_t n, const T* g) {
  constexpr std::size_t width = 16;
  double sums[width] = {};
  std::size_t i = 0;
  for (; i + width <= n; i += width) {
    for (std::size_t k = 0; k < width; ++k) {
      sums[k] += static_cast<double>(g[i + k]) * static_cast<double>(g[i + k]);
    }
  }
  for (std::size_t k = 0; i < n; ++i, ++k) {
    sums[k] += static_cast<double>(g[i]) * static_cast<double>(g[i]);
  }
  for (std::size_t half = width / 2; half > 0; half /= 2) {
    for (std::size_t k = 0; k < half; ++k) sums[k] += sums[k + half];
  }
  return sums[0];
}

}  // namespace

extern const OptimizerKernels optimizer_kernels;
const OptimizerKernels optimizer_kernels = {{sgd<float>, adam<float>, square_sum<float>},
                                            {sgd<double>, adam<double>, square_sum<double>}};

}  // namespace nelbo::kernels::NELBO_ISA
