// Loops over the rules of autodiff/rules/: each operator's formula is compiled into them
// here.
#include "autodiff/kernels/elementwise.hpp"

#include <initializer_list>

#include "autodiff/kernels/math.hpp"
#include "autodiff/kernels/partial.hpp"

namespace nelbo::kernels::NELBO_ISA {
namespace {

#include "autodiff/rules/all.hpp"

template <class Rules, class V>
V value_of(const V& x, const V& p, const V& q) {
  if constexpr (Rules::parameters == 0) return Rules::value(x);
  if constexpr (Rules::parameters == 1) return Rules::value(x, p);
  if constexpr (Rules::parameters == 2) return Rules::value(x, p, q);
}

template <class Rules, class V>
V derivative_of(const V& x, const V& y, const V& p, const V& q) {
  if constexpr (Rules::parameters == 0) return Rules::derivative(x, y);
  if constexpr (Rules::parameters == 1) return Rules::derivative(x, y, p);
  if constexpr (Rules::parameters == 2) return Rules::derivative(x, y, p, q);
}

template <class Rules, class T>
struct Unary {
  using V = Batch<T>;

  static V parameter(const double* parameters, int i) {
    return V(i < Rules::parameters ? T(parameters[i]) : T(0));
  }

  static void value(const double* parameters, std::size_t n, const T* x, T* y) {
    const V p = parameter(parameters, 0), q = parameter(parameters, 1);
    std::size_t i = 0;
    for (; i + lanes<T> <= n; i += lanes<T>) {
      value_of<Rules>(V::load_unaligned(x + i), p, q).store_unaligned(y + i);
    }
    if (i < n) store_first(y + i, n - i, value_of<Rules>(load_first(x + i, n - i), p, q));
  }

  template <bool add>
  static void vjp_rows(const double* parameters, std::size_t n, const T* x, const T* y, const T* dy,
                       T* dx) {
    const V p = parameter(parameters, 0), q = parameter(parameters, 1);
    std::size_t i = 0;
    for (; i + lanes<T> <= n; i += lanes<T>) {
      const V slope =
          derivative_of<Rules>(V::load_unaligned(x + i), V::load_unaligned(y + i), p, q);
      V d = V::load_unaligned(dy + i) * slope;
      if (add) d += V::load_unaligned(dx + i);
      d.store_unaligned(dx + i);
    }
    if (const std::size_t rest = n - i; rest > 0) {
      const V slope = derivative_of<Rules>(load_first(x + i, rest), load_first(y + i, rest), p, q);
      V d = load_first(dy + i, rest) * slope;
      if (add) d += load_first(dx + i, rest);
      store_first(dx + i, rest, d);
    }
  }

  static void vjp(const double* parameters, std::size_t n, const T* x, const T* y, const T* dy,
                  T* dx, bool add) {
    add ? vjp_rows<true>(parameters, n, x, y, dy, dx)
        : vjp_rows<false>(parameters, n, x, y, dy, dx);
  }
};

template <class Rules>
constexpr UnaryKernel unary{{Unary<Rules, float>::value, Unary<Rules, float>::vjp},
                            {Unary<Rules, double>::value, Unary<Rules, double>::vjp}};

/// Reads one operand of a row: element by element, or one number again and again.
template <class T>
class Reader {
 public:
  Reader(const Operands<T>& operands, int k)
      : data_(operands.data[k]),
        repeated_(operands.step[k] == 0),
        number_(repeated_ ? *data_ : T(0)) {}
  Batch<T> operator()(std::size_t i) const {
    return repeated_ ? number_ : Batch<T>::load_unaligned(data_ + i);
  }
  Batch<T> first(std::size_t i, std::size_t n) const {
    return repeated_ ? number_ : load_first(data_ + i, n);
  }

 private:
  const T* data_;
  bool repeated_;
  Batch<T> number_;
};

/// y[i] = f of all readers at i.
template <class T, class F, class... Readers>
void map(std::size_t n, T* y, F f, const Readers&... readers) {
  std::size_t i = 0;
  for (; i + lanes<T> <= n; i += lanes<T>) f(readers(i)...).store_unaligned(y + i);
  if (i < n) store_first(y + i, n - i, f(readers.first(i, n - i)...));
}

/// dx[i] (+)= f of all readers at i, or dx[0] += their sum.
template <class T, class F, class... Readers>
void map_adjoint(std::size_t n, T* dx, std::size_t step, bool add, F f, const Readers&... readers) {
  using V = Batch<T>;
  if (step == 0) {
    V total(0);
    std::size_t i = 0;
    for (; i + lanes<T> <= n; i += lanes<T>) total += f(readers(i)...);
    T sum = NELBO_ISA::reduce_add(total);
    if (const std::size_t rest = n - i; rest > 0) {
      T last[lanes<T>];
      f(readers.first(i, rest)...).store_unaligned(last);
      for (std::size_t k = 0; k < rest; ++k) sum += last[k];
    }
    dx[0] += sum;
  } else if (add) {
    const Operands<T> before{{dx}, {1}};
    map(
        n, dx, [&](const V& old, const auto&... x) { return old + f(x...); }, Reader<T>(before, 0),
        readers...);
  } else {
    map(n, dx, f, readers...);
  }
}

template <class Rules, class T>
struct Binary {
  using V = Batch<T>;

  static void value(const Operands<T>& in, std::size_t n, T* y) {
    map(
        n, y, [](const V& a, const V& b) { return Rules::value(a, b); }, Reader<T>(in, 0),
        Reader<T>(in, 1));
  }

  static void vjp_a(const Operands<T>& in, std::size_t n, const T* y, const T* dy, T* dx,
                    bool add) {
    const Operands<T> out{{y, dy}, {1, 1}};
    map_adjoint(
        n, dx, in.step[0], add,
        [](const V& a, const V& b, const V& v, const V& d) {
          return d * Rules::derivative_a(a, b, v);
        },
        Reader<T>(in, 0), Reader<T>(in, 1), Reader<T>(out, 0), Reader<T>(out, 1));
  }

  static void vjp_b(const Operands<T>& in, std::size_t n, const T* y, const T* dy, T* dx,
                    bool add) {
    const Operands<T> out{{y, dy}, {1, 1}};
    map_adjoint(
        n, dx, in.step[1], add,
        [](const V& a, const V& b, const V& v, const V& d) {
          return d * Rules::derivative_b(a, b, v);
        },
        Reader<T>(in, 0), Reader<T>(in, 1), Reader<T>(out, 0), Reader<T>(out, 1));
  }
};

template <class Rules>
constexpr RowKernel binary{
    {Binary<Rules, float>::value, {Binary<Rules, float>::vjp_a, Binary<Rules, float>::vjp_b}},
    {Binary<Rules, double>::value, {Binary<Rules, double>::vjp_a, Binary<Rules, double>::vjp_b}}};

template <class Rules>
constexpr RowKernel comparison{{Binary<Rules, float>::value, {}},
                               {Binary<Rules, double>::value, {}}};

template <class Rules, class T>
struct Ternary {
  using V = Batch<T>;

  static void value(const Operands<T>& in, std::size_t n, T* y) {
    map(
        n, y, [](const V& a, const V& b, const V& c) { return Rules::value(a, b, c); },
        Reader<T>(in, 0), Reader<T>(in, 1), Reader<T>(in, 2));
  }

  /// None of a condition.
  static constexpr bool of_first = requires(V v) { Rules::vjp_a(v, v, v, v); };

  static void vjp_a(const Operands<T>& in, std::size_t n, const T*, const T* dy, T* dx, bool add) {
    if constexpr (of_first) {
      const Operands<T> out{{dy}, {1}};
      map_adjoint(
          n, dx, in.step[0], add,
          [](const V& a, const V& b, const V& c, const V& d) { return Rules::vjp_a(a, b, c, d); },
          Reader<T>(in, 0), Reader<T>(in, 1), Reader<T>(in, 2), Reader<T>(out, 0));
    }
  }

  static void vjp_b(const Operands<T>& in, std::size_t n, const T*, const T* dy, T* dx, bool add) {
    const Operands<T> out{{dy}, {1}};
    map_adjoint(
        n, dx, in.step[1], add,
        [](const V& a, const V& b, const V& c, const V& d) { return Rules::vjp_b(a, b, c, d); },
        Reader<T>(in, 0), Reader<T>(in, 1), Reader<T>(in, 2), Reader<T>(out, 0));
  }

  static void vjp_c(const Operands<T>& in, std::size_t n, const T*, const T* dy, T* dx, bool add) {
    const Operands<T> out{{dy}, {1}};
    map_adjoint(
        n, dx, in.step[2], add,
        [](const V& a, const V& b, const V& c, const V& d) { return Rules::vjp_c(a, b, c, d); },
        Reader<T>(in, 0), Reader<T>(in, 1), Reader<T>(in, 2), Reader<T>(out, 0));
  }
};

template <class Rules>
constexpr RowKernel ternary{
    {Ternary<Rules, float>::value,
     {Ternary<Rules, float>::of_first ? Ternary<Rules, float>::vjp_a : nullptr,
      Ternary<Rules, float>::vjp_b, Ternary<Rules, float>::vjp_c}},
    {Ternary<Rules, double>::value,
     {Ternary<Rules, double>::of_first ? Ternary<Rules, double>::vjp_a : nullptr,
      Ternary<Rules, double>::vjp_b, Ternary<Rules, double>::vjp_c}}};

}  // namespace

extern const ElementwiseKernels elementwise_kernels;
const ElementwiseKernels elementwise_kernels = {
#define NELBO_UNARY(name, rules) unary<rules>,
#define NELBO_UNARY_PARAMETER(name, rules, p) unary<rules>,
#define NELBO_UNARY_PARAMETERS(name, rules, p, q) unary<rules>,
#define NELBO_BINARY(name, rules) binary<rules>,
#define NELBO_COMPARISON(name, rules) comparison<rules>,
#define NELBO_TERNARY(name, rules) ternary<rules>,
#include "autodiff/elementwise.def"
};

}  // namespace nelbo::kernels::NELBO_ISA
