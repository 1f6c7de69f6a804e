#include "autodiff/kernels/reduce.hpp"

#include "autodiff/kernels/math.hpp"
#include "autodiff/kernels/partial.hpp"

namespace nelbo::kernels::NELBO_ISA {
namespace {

/// c [width] beside a slab: one number for a run, else the numbers of the columns at hand.
template <class T>
class Columns {
 public:
  Columns(const T* data, Slab slab) : data_(data), single_(slab.stride == 1), number_(*data) {}
  Batch<T> operator()(std::size_t column, std::size_t n) const {
    return single_ ? number_ : load(data_ + column, n);
  }

 private:
  const T* data_;
  bool single_;
  Batch<T> number_;
};

// A term is a function (offset in the slab, column, count) of `count` consecutive numbers.

/// Sum of a run: four accumulators over blocks of 4096 numbers, the blocks in double.
template <class T, class Term>
T sum_run(std::size_t n, Term term) {
  using V = Batch<T>;
  constexpr std::size_t w = lanes<T>, block = 4096;
  double total = 0;
  for (std::size_t start = 0; start < n; start += block) {
    const std::size_t stop = start + block < n ? start + block : n;
    V s0(0), s1(0), s2(0), s3(0);
    std::size_t i = start;
    for (; i + 4 * w <= stop; i += 4 * w) {
      s0 += term(i, 0, w);
      s1 += term(i + w, 0, w);
      s2 += term(i + 2 * w, 0, w);
      s3 += term(i + 3 * w, 0, w);
    }
    for (; i + w <= stop; i += w) s0 += term(i, 0, w);
    T part = NELBO_ISA::reduce_add((s0 + s1) + (s2 + s3));
    if (i < stop) {
      T last[lanes<T>];
      term(i, 0, stop - i).store_unaligned(last);
      for (std::size_t k = 0; k < stop - i; ++k) part += last[k];
    }
    total += double(part);
  }
  return T(total);
}

/// Sums of `count` columns from `column` on: plain over blocks of 256 rows, the blocks with
/// compensation.
template <std::size_t registers, class T, class Term>
void sum_column_tile(Slab slab, std::size_t column, std::size_t count, T* out, Term term) {
  using V = Batch<T>;
  constexpr std::size_t w = lanes<T>, block = 256;
  V total[registers], lost[registers];
  for (std::size_t k = 0; k < registers; ++k) total[k] = lost[k] = V(0);
  for (std::size_t start = 0; start < slab.rows; start += block) {
    const std::size_t stop = start + block < slab.rows ? start + block : slab.rows;
    V part[registers];
    for (std::size_t k = 0; k < registers; ++k) part[k] = V(0);
    for (std::size_t r = start; r < stop; ++r) {
      for (std::size_t k = 0; k < registers; ++k) {
        const std::size_t c = column + k * w;
        part[k] += term(r * slab.stride + c, c, count);
      }
    }
    for (std::size_t k = 0; k < registers; ++k) {
      const V sum = total[k] + part[k], added = sum - total[k];
      lost[k] += (total[k] - (sum - added)) + (part[k] - added);
      total[k] = sum;
    }
  }
  // Infinite sums leave NaN in what was lost.
  for (std::size_t k = 0; k < registers; ++k) {
    store(out + column + k * w, count, select(lost[k] == lost[k], total[k] + lost[k], total[k]));
  }
}

template <class T, class Term>
void sum_slab(Slab slab, T* out, Term term) {
  constexpr std::size_t w = lanes<T>;
  if (slab.stride == 1) {
    *out = sum_run<T>(slab.rows, term);
    return;
  }
  const std::size_t width = slab.width;
  std::size_t c = 0;
  for (; c + 4 * w <= width; c += 4 * w) sum_column_tile<4>(slab, c, w, out, term);
  for (; c + w <= width; c += w) sum_column_tile<1>(slab, c, w, out, term);
  if (c < width) sum_column_tile<1>(slab, c, width - c, out, term);
}

/// The larger of a and b, NaN if either is.
template <class V>
V larger(const V& a, const V& b) {
  return select(a > b, a, select(b >= a, b, a + b));
}

template <class T>
T max_run(std::size_t n, const T* x) {
  using V = Batch<T>;
  constexpr std::size_t w = lanes<T>;
  V m0 = -infinity<T>(), m1 = m0;
  std::size_t i = 0;
  for (; i + 2 * w <= n; i += 2 * w) {
    m0 = larger(m0, V::load_unaligned(x + i));
    m1 = larger(m1, V::load_unaligned(x + i + w));
  }
  for (; i + w <= n; i += w) m0 = larger(m0, V::load_unaligned(x + i));
  T candidate[lanes<T>];
  larger(m0, m1).store_unaligned(candidate);
  T m = candidate[0];
  const auto consider = [&m](T value) {
    if (value > m || value != value) m = value;
  };
  for (std::size_t k = 1; k < w; ++k) consider(candidate[k]);
  for (; i < n; ++i) consider(x[i]);
  return m;
}

template <class T>
void max_slab(Slab slab, const T* x, T* out) {
  constexpr std::size_t w = lanes<T>;
  if (slab.stride == 1) {
    *out = max_run(slab.rows, x);
    return;
  }
  for (std::size_t c = 0; c < slab.width; c += w) {
    const std::size_t n = slab.width - c < w ? slab.width - c : w;
    Batch<T> m = -infinity<T>();
    for (std::size_t r = 0; r < slab.rows; ++r) m = larger(m, load(x + r * slab.stride + c, n));
    store(out + c, n, m);
  }
}

/// to (+)= term over a slab.
template <class T, class Term>
void map_slab(Slab slab, T* to, bool add, Term term) {
  constexpr std::size_t w = lanes<T>;
  const bool run = slab.stride == 1;
  const std::size_t runs = run ? 1 : slab.rows, length = run ? slab.rows : slab.width;
  for (std::size_t r = 0; r < runs; ++r) {
    const std::size_t start = r * slab.stride;
    std::size_t c = 0;
    for (; c + w <= length; c += w) accumulate(to + start + c, w, term(start + c, c, w), add);
    if (c < length) accumulate(to + start + c, length - c, term(start + c, c, length - c), add);
  }
}

template <class T>
Batch<T> exp_from(const Batch<T>& x, const Batch<T>& m) {
  return select(x == m, Batch<T>(1), exp(x - m));
}

template <class T>
struct Reduce {
  using V = Batch<T>;
  using Size = std::size_t;

  static void sum(Slab slab, const T* x, T* out) {
    sum_slab(slab, out, [=](Size i, Size, Size n) { return load(x + i, n); });
  }
  static void exp_sum(Slab slab, const T* x, const T* shift, T* out) {
    const Columns<T> m(shift, slab);
    sum_slab(slab, out, [=](Size i, Size c, Size n) { return exp_from(load(x + i, n), m(c, n)); });
  }
  static void square_sum(Slab slab, const T* x, const T* shift, T* out) {
    const Columns<T> m(shift, slab);
    sum_slab(slab, out, [=](Size i, Size c, Size n) {
      const V d = load(x + i, n) - m(c, n);
      return d * d;
    });
  }
  static void count_equal(Slab slab, const T* x, const T* y, T* out) {
    const Columns<T> m(y, slab);
    sum_slab(slab, out,
             [=](Size i, Size c, Size n) { return select(load(x + i, n) == m(c, n), V(1), V(0)); });
  }
  static void dot(Slab slab, const T* x, const T* z, T* out) {
    sum_slab(slab, out, [=](Size i, Size, Size n) { return load(x + i, n) * load(z + i, n); });
  }

  static void spread(Slab slab, const T* c, T* to, bool add) {
    const Columns<T> value(c, slab);
    map_slab(slab, to, add, [=](Size, Size column, Size n) { return value(column, n); });
  }
  static void spread_equal(Slab slab, const T* x, const T* m, const T* c, T* to, bool add) {
    const Columns<T> value(c, slab), target(m, slab);
    map_slab(slab, to, add, [=](Size i, Size column, Size n) {
      return select(load(x + i, n) == target(column, n), value(column, n), V(0));
    });
  }
  static void spread_exp(Slab slab, const T* x, const T* m, const T* c, T* to, bool add) {
    const Columns<T> value(c, slab), shift(m, slab);
    map_slab(slab, to, add, [=](Size i, Size column, Size n) {
      return value(column, n) * exp_from(load(x + i, n), shift(column, n));
    });
  }
  static void spread_difference(Slab slab, const T* x, const T* m, const T* c, T* to, bool add) {
    const Columns<T> value(c, slab), shift(m, slab);
    map_slab(slab, to, add, [=](Size i, Size column, Size n) {
      return value(column, n) * (load(x + i, n) - shift(column, n));
    });
  }
  static void subtract(Slab slab, const T* x, const T* m, const T* c, T* to) {
    const Columns<T> value(c, slab), shift(m, slab);
    map_slab(slab, to, false, [=](Size i, Size column, Size n) {
      return (load(x + i, n) - shift(column, n)) - value(column, n);
    });
  }
  static void softmax_vjp(Slab slab, const T* y, const T* dy, const T* c, T* to, bool add) {
    const Columns<T> value(c, slab);
    map_slab(slab, to, add, [=](Size i, Size column, Size n) {
      return load(y + i, n) * (load(dy + i, n) - value(column, n));
    });
  }
  static void log_softmax_vjp(Slab slab, const T* y, const T* dy, const T* c, T* to, bool add) {
    const Columns<T> value(c, slab);
    map_slab(slab, to, add, [=](Size i, Size column, Size n) {
      return fnma(exp(load(y + i, n)), value(column, n), load(dy + i, n));
    });
  }

  static constexpr ReduceFunctions<T> functions{
      sum,      max_slab<T>, exp_sum,        square_sum, count_equal,
      dot,      spread,      spread_equal,   spread_exp, spread_difference,
      subtract, softmax_vjp, log_softmax_vjp};
};

}  // namespace

extern const ReduceKernels reduce_kernels;
const ReduceKernels reduce_kernels = {Reduce<float>::functions, Reduce<double>::functions};

}  // namespace nelbo::kernels::NELBO_ISA
