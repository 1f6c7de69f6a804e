#include "autodiff/ops/reduce_ops.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "autodiff/error.hpp"
#include "autodiff/internal/reduce_slabs.hpp"
#include "autodiff/kernels/dispatch.hpp"
#include "autodiff/operator.hpp"
#include "autodiff/scratch.hpp"

namespace nelbo {
namespace {

using kernels::Slab;
using Layout = ReductionLayout;

template <class T>
const auto& functions() {
  return kernels_for<T>(active_kernels().reduce());
}

template <class T>
T larger(T a, T b) {
  return a > b || std::isnan(a) ? a : b;
}

template <class T, class Kernel>
void reduce_sum(const Layout& layout, T* out, Kernel&& kernel) {
  reduce_slabs(layout, out, kernel, [](double a, double b) { return a + b; });
}

template <class T>
void reduce_max(const Layout& layout, const T* x, T* out) {
  reduce_slabs(
      layout, out,
      [&](Slab slab, std::int64_t at, std::int64_t, T* to) {
        functions<T>().max(slab, x + at, to);
      },
      larger<double>);
}

/// sum of exp(x - m) for the maximum m, which is written too.
template <class T>
void reduce_exp(const Layout& layout, const T* x, T* m, T* sum) {
  reduce_max(layout, x, m);
  reduce_sum(layout, sum, [&](Slab slab, std::int64_t at, std::int64_t o, T* to) {
    functions<T>().exp_sum(slab, x + at, m + o, to);
  });
}

/// y = log(x) over n numbers.
template <class T>
void log_all(std::int64_t n, const T* x, T* y) {
  kernels_for<T>(active_kernels().elementwise().log)
      .value(nullptr, static_cast<std::size_t>(n), x, y);
}

// Each operator's forward and vjp, for T = float and double ---------------------------------------

/// constant times the sum: sum and mean.
struct Sum {
  template <class T>
  static void forward(const Frame& f, const Layout& layout) {
    const T* x = f.in<T>(0);
    T* y = f.out<T>();
    reduce_sum(layout, y, [&](Slab slab, std::int64_t at, std::int64_t, T* to) {
      functions<T>().sum(slab, x + at, to);
    });
    for (std::int64_t i = 0; i < layout.outputs(); ++i) y[i] *= T(layout.constant);
  }
  template <class T>
  static void vjp(const Frame& f, const Layout& layout) {
    T* c = f.cotangent<T>();
    for (std::int64_t i = 0; i < layout.outputs(); ++i) c[i] *= T(layout.constant);
    const auto dx = f.adjoint<T>(0);
    Slabs(layout).for_each([&](Slab slab, std::int64_t at, std::int64_t, std::int64_t o) {
      functions<T>().spread(slab, c + o, dx.data + at, dx.add);
    });
  }
};

struct Max {
  template <class T>
  static void forward(const Frame& f, const Layout& layout) {
    reduce_max(layout, f.in<T>(0), f.out<T>());
  }
  template <class T>
  static void vjp(const Frame& f, const Layout& layout) {
    const T* x = f.in<T>(0);
    const T* y = f.out<T>();
    T* c = f.cotangent<T>();
    T* ties = scratch_array<T>(Scratch::rows, static_cast<std::size_t>(layout.outputs()));
    reduce_sum(layout, ties, [&](Slab slab, std::int64_t at, std::int64_t o, T* to) {
      functions<T>().count_equal(slab, x + at, y + o, to);
    });
    for (std::int64_t i = 0; i < layout.outputs(); ++i) c[i] /= ties[i];
    const auto dx = f.adjoint<T>(0);
    Slabs(layout).for_each([&](Slab slab, std::int64_t at, std::int64_t, std::int64_t o) {
      functions<T>().spread_equal(slab, x + at, y + o, c + o, dx.data + at, dx.add);
    });
  }
};

/// Outputs: log sum exp(x) - constant, the maximum m, and the sum of exp(x - m), which give the
/// weights exp(x - m) / sum in the backward pass without the rounding error of the result.
struct LogSumExp {
  template <class T>
  static void forward(const Frame& f, const Layout& layout) {
    T* y = f.out<T>(0);
    T* m = f.out<T>(1);
    T* sum = f.out<T>(2);
    reduce_exp(layout, f.in<T>(0), m, sum);
    log_all(layout.outputs(), sum, y);
    for (std::int64_t i = 0; i < layout.outputs(); ++i) {
      y[i] = m[i] + y[i] - T(layout.constant);
      if (std::isinf(m[i]) && m[i] < 0) sum[i] = -m[i];  // weights 0 where all x are -infinity
    }
  }
  template <class T>
  static void vjp(const Frame& f, const Layout& layout) {
    const T* x = f.in<T>(0);
    const T* m = f.out<T>(1);
    const T* sum = f.out<T>(2);
    T* c = f.cotangent<T>();
    for (std::int64_t i = 0; i < layout.outputs(); ++i) c[i] /= sum[i];
    const auto dx = f.adjoint<T>(0);
    Slabs(layout).for_each([&](Slab slab, std::int64_t at, std::int64_t, std::int64_t o) {
      functions<T>().spread_exp(slab, x + at, m + o, c + o, dx.data + at, dx.add);
    });
  }
};

/// Outputs: the variance and the mean. constant is 1 / (n - 1) or 1 / n.
struct Variance {
  template <class T>
  static void forward(const Frame& f, const Layout& layout) {
    const T* x = f.in<T>(0);
    T* y = f.out<T>(0);
    T* mean = f.out<T>(1);
    reduce_sum(layout, mean, [&](Slab slab, std::int64_t at, std::int64_t, T* to) {
      functions<T>().sum(slab, x + at, to);
    });
    for (std::int64_t i = 0; i < layout.outputs(); ++i) mean[i] /= T(layout.rows);
    reduce_sum(layout, y, [&](Slab slab, std::int64_t at, std::int64_t o, T* to) {
      functions<T>().square_sum(slab, x + at, mean + o, to);
    });
    for (std::int64_t i = 0; i < layout.outputs(); ++i) y[i] *= T(layout.constant);
  }
  template <class T>
  static void vjp(const Frame& f, const Layout& layout) {
    const T* x = f.in<T>(0);
    const T* mean = f.out<T>(1);
    T* c = f.cotangent<T>();
    for (std::int64_t i = 0; i < layout.outputs(); ++i) c[i] *= T(2 * layout.constant);
    const auto dx = f.adjoint<T>(0);
    Slabs(layout).for_each([&](Slab slab, std::int64_t at, std::int64_t, std::int64_t o) {
      functions<T>().spread_difference(slab, x + at, mean + o, c + o, dx.data + at, dx.add);
    });
  }
};

struct Softmax {
  template <class T>
  static void forward(const Frame& f, const Layout& layout) {
    const T* x = f.in<T>(0);
    T* y = f.out<T>();
    T* m = scratch_array<T>(Scratch::rows, static_cast<std::size_t>(2 * layout.outputs()));
    T* sum = m + layout.outputs();
    reduce_exp(layout, x, m, sum);
    for (std::int64_t i = 0; i < layout.outputs(); ++i) sum[i] = 1 / sum[i];
    Slabs(layout).for_each([&](Slab slab, std::int64_t at, std::int64_t, std::int64_t o) {
      functions<T>().spread_exp(slab, x + at, m + o, sum + o, y + at, false);
    });
  }
  template <class T>
  static void vjp(const Frame& f, const Layout& layout) {
    const T* y = f.out<T>();
    const T* dy = f.cotangent<T>();
    T* c = scratch_array<T>(Scratch::rows, static_cast<std::size_t>(layout.outputs()));
    reduce_sum(layout, c, [&](Slab slab, std::int64_t at, std::int64_t, T* to) {
      functions<T>().dot(slab, y + at, dy + at, to);
    });
    const auto dx = f.adjoint<T>(0);
    Slabs(layout).for_each([&](Slab slab, std::int64_t at, std::int64_t, std::int64_t o) {
      functions<T>().softmax_vjp(slab, y + at, dy + at, c + o, dx.data + at, dx.add);
    });
  }
};

struct LogSoftmax {
  template <class T>
  static void forward(const Frame& f, const Layout& layout) {
    const T* x = f.in<T>(0);
    T* y = f.out<T>();
    T* m = scratch_array<T>(Scratch::rows, static_cast<std::size_t>(2 * layout.outputs()));
    T* sum = m + layout.outputs();
    reduce_exp(layout, x, m, sum);
    log_all(layout.outputs(), sum, sum);
    Slabs(layout).for_each([&](Slab slab, std::int64_t at, std::int64_t, std::int64_t o) {
      functions<T>().subtract(slab, x + at, m + o, sum + o, y + at);
    });
  }
  template <class T>
  static void vjp(const Frame& f, const Layout& layout) {
    const T* y = f.out<T>();
    const T* dy = f.cotangent<T>();
    T* c = scratch_array<T>(Scratch::rows, static_cast<std::size_t>(layout.outputs()));
    reduce_sum(layout, c, [&](Slab slab, std::int64_t at, std::int64_t, T* to) {
      functions<T>().sum(slab, dy + at, to);
    });
    const auto dx = f.adjoint<T>(0);
    Slabs(layout).for_each([&](Slab slab, std::int64_t at, std::int64_t, std::int64_t o) {
      functions<T>().log_softmax_vjp(slab, y + at, dy + at, c + o, dx.data + at, dx.add);
    });
  }
};

template <class Rules>
constexpr Op reduction(const char* name) {
  return {.name = name,
          .forward =
              [](const Frame& f) {
                dispatch(f.dtype(), [&](auto t) {
                  Rules::template forward<decltype(t)>(f, f.saved<Layout>());
                });
              },
          .vjp =
              [](const Frame& f) {
                if (!f.wants(0) || !f.has_cotangent()) return;
                dispatch(f.dtype(),
                         [&](auto t) { Rules::template vjp<decltype(t)>(f, f.saved<Layout>()); });
              }};
}

const Op sum_op = reduction<Sum>("sum");
const Op mean_op = reduction<Sum>("mean");
const Op max_op = reduction<Max>("max");
const Op logsumexp_op = reduction<LogSumExp>("logsumexp");
const Op logmeanexp_op = reduction<LogSumExp>("logmeanexp");
const Op variance_op = reduction<Variance>("variance");
const Op softmax_op = reduction<Softmax>("softmax");
const Op log_softmax_op = reduction<LogSoftmax>("log_softmax");

using Order = std::array<int, max_rank>;

Var permuted(Var x, const Order& order) {
  Shape shape = x.shape();
  Recorder recorder(x.tape());
  const Strides from = recorder.strides(x);
  Strides strides{};
  for (int i = 0; i < shape.rank(); ++i) {
    shape[i] = x.shape()[order[i]];
    strides[i] = from[order[i]];
  }
  return recorder.view(x, shape, strides, 0);
}

/// The operand with its reduced axes adjacent, and where its axes went.
struct Arranged {
  Var x;
  Layout layout;
  Order order{};
  bool moved = false;
};

/// Reduced axes that are not adjacent (axes of length 1 aside) become the last ones.
Arranged arrange(Var x, unsigned mask) {
  const Shape shape = x.shape();
  Arranged a;
  a.x = x;
  int first = max_rank, last = -1;
  for (int i = 0; i < shape.rank(); ++i) {
    if (!((mask >> i) & 1) || shape[i] == 1) continue;
    first = std::min(first, i);
    last = i;
  }
  for (int i = first; i < last; ++i) a.moved |= !((mask >> i) & 1) && shape[i] != 1;
  for (int i = 0; i < shape.rank(); ++i) {
    const bool reduced = (mask >> i) & 1;
    if (reduced) {
      a.layout.rows *= shape[i];
    } else if (i < first || a.moved) {
      a.layout.outer *= shape[i];
    } else {
      a.layout.width *= shape[i];
    }
  }
  if (a.moved) {
    int to = 0;
    for (const bool reduced : {false, true}) {
      for (int i = 0; i < shape.rank(); ++i) {
        if (bool((mask >> i) & 1) == reduced) a.order[to++] = i;
      }
    }
    a.x = permuted(x, a.order);
  }
  return a;
}

/// Records a reduction with `extra` further outputs of the same shape.
template <class Constant>
Var record_reduction(const Op& op, Var x, const Axes& axes, Keep keep, int extra,
                     Constant&& constant) {
  const unsigned mask = axes.mask(x.shape(), op.name);
  Shape out;
  for (int i = 0; i < x.shape().rank(); ++i) {
    const bool reduced = (mask >> i) & 1;
    if (!reduced) out.push_back(x.shape()[i]);
    if (reduced && keep == Keep::yes) out.push_back(1);
  }
  Arranged a = arrange(x, mask);
  a.layout.constant = constant(double(a.layout.rows));
  const std::array<Var, 1> inputs{a.x};
  const Spec spec{out, common_dtype(op, inputs)};
  const std::array<Spec, 3> specs{spec, spec, spec};
  return Recorder::current().record(op, inputs, {specs.data(), std::size_t(1 + extra)}, &a.layout,
                                    sizeof a.layout);
}

/// Records an operator whose result has the shape of its operand.
Var record_normalization(const Op& op, Var x, const Axes& axes) {
  const Arranged a = arrange(x, axes.mask(x.shape(), op.name));
  const Var y = record(op, {a.x}, a.x.shape(), a.layout);
  if (!a.moved) return y;
  Order back{};
  for (int i = 0; i < x.shape().rank(); ++i) back[a.order[i]] = i;
  return permuted(y, back);
}

}  // namespace

Axes::Axes(std::initializer_list<int> axes) {
  if (axes.size() > std::size_t(max_rank)) {
    throw Error("axes: " + std::to_string(axes.size()) + " axes named; a shape has at most " +
                std::to_string(max_rank));
  }
  for (int axis : axes) axes_[count_++] = axis;
}

unsigned Axes::mask(const Shape& shape, const char* op) const {
  if (count_ == 0) return (1u << shape.rank()) - 1;
  unsigned mask = 0;
  for (int i = 0; i < count_; ++i) {
    const unsigned bit = 1u << normalize_axis(axes_[i], shape, op);
    if (mask & bit) {
      throw Error(std::string(op) + ": axis " + std::to_string(axes_[i]) + " of shape " +
                  shape.text() + " is named twice");
    }
    mask |= bit;
  }
  return mask;
}

Var sum(Var x, const Axes& axes, Keep keep) {
  return record_reduction(sum_op, x, axes, keep, 0, [](double) { return 1.0; });
}

Var mean(Var x, const Axes& axes, Keep keep) {
  return record_reduction(mean_op, x, axes, keep, 0, [](double n) { return 1 / n; });
}

Var max(Var x, const Axes& axes, Keep keep) {
  return record_reduction(max_op, x, axes, keep, 0, [](double) { return 0.0; });
}

Var logsumexp(Var x, const Axes& axes, Keep keep) {
  return record_reduction(logsumexp_op, x, axes, keep, 2, [](double) { return 0.0; });
}

Var logmeanexp(Var x, const Axes& axes, Keep keep) {
  return record_reduction(logmeanexp_op, x, axes, keep, 2, [](double n) { return std::log(n); });
}

Var variance(Var x, const Axes& axes, Divisor divisor, Keep keep) {
  const double less = divisor == Divisor::n ? 0 : 1;
  return record_reduction(variance_op, x, axes, keep, 1, [=](double n) { return 1 / (n - less); });
}

Var softmax(Var x, const Axes& axes) { return record_normalization(softmax_op, x, axes); }

Var log_softmax(Var x, const Axes& axes) { return record_normalization(log_softmax_op, x, axes); }

}  // namespace nelbo
