#pragma once

/// exp(x); results below the smallest normal number are 0.
struct Exp : UnaryRules {
  template <class V>
  static V value(V x) {
    return exp(x);
  }
  template <class V>
  static V derivative(V, V y) {
    return y;
  }
  static double reference(double x) { return std::exp(x); }
  static constexpr double low = -5, high = 5;
  static constexpr std::initializer_list<Edge> edges = {
      {0, 1},     {-0.0, 1},  {infinity, infinity}, {-infinity, 0},
      {nan, nan}, {1e-40, 1}, {1000, infinity},     {-1000, 0}};
};

/// exp(x) - 1 without cancellation near 0.
struct Expm1 : UnaryRules {
  template <class V>
  static V value(V x) {
    return expm1(x);
  }
  template <class V>
  static V derivative(V, V y) {
    return y + V(1);
  }
  static double reference(double x) { return std::expm1(x); }
  static constexpr double low = -5, high = 5;
  static constexpr std::initializer_list<Edge> edges = {
      {0, 0},     {-0.0, -0.0}, {infinity, infinity}, {-infinity, -1},
      {nan, nan}, {-1000, -1},  {1000, infinity}};
};

/// The natural logarithm: -infinity at 0, NaN below.
struct Log : UnaryRules {
  template <class V>
  static V value(V x) {
    return log(x);
  }
  template <class V>
  static V derivative(V x, V) {
    return V(1) / x;
  }
  static double reference(double x) { return std::log(x); }
  static constexpr double low = 0.05, high = 10;
  static constexpr std::initializer_list<Edge> edges = {
      {0, -infinity},       {-0.0, -infinity}, {1, 0},          {-1, nan},
      {infinity, infinity}, {nan, nan},        {-infinity, nan}};
};

/// log(1 + x) without cancellation near 0: -infinity at -1, NaN below.
struct Log1p : UnaryRules {
  template <class V>
  static V value(V x) {
    return log1p(x);
  }
  template <class V>
  static V derivative(V x, V) {
    return V(1) / (V(1) + x);
  }
  static double reference(double x) { return std::log1p(x); }
  static constexpr double low = -0.9, high = 5;
  static constexpr std::initializer_list<Edge> edges = {
      {0, 0}, {-1, -infinity}, {-1.5, nan}, {infinity, infinity}, {nan, nan}, {-infinity, nan}};
};

/// a to the power b, with C's rules: pow(a, 0) = pow(1, b) = 1 for all numbers, NaN for negative a
/// unless b is an integer. The derivative in b is 0 where a = 0 and b > 0.
struct Pow : BinaryRules {
  template <class V>
  static V value(V a, V b) {
    return pow(a, b);
  }
  template <class V>
  static V derivative_a(V a, V b, V) {
    return select(b == V(0), V(0), b * pow(a, b - V(1)));
  }
  template <class V>
  static V derivative_b(V a, V b, V y) {
    return select((a == V(0)) & (b > V(0)), V(0), y * log(a));
  }
  static double reference(double a, double b) { return std::pow(a, b); }
  static constexpr double low_a = 0.2, high_a = 4, low_b = -3, high_b = 3;
  static constexpr std::initializer_list<Edge> edges = {{0, 0, 1},
                                                        {2, 0, 1},
                                                        {nan, 0, 1},
                                                        {1, nan, 1},
                                                        {-2, 3, -8},
                                                        {-2, 2, 4},
                                                        {-2, -1, -0.5},
                                                        {-2, 0.5, nan},
                                                        {0, 2, 0},
                                                        {0, -2, infinity},
                                                        {-0.0, -3, -infinity},
                                                        {infinity, 2, infinity},
                                                        {infinity, -2, 0},
                                                        {-infinity, 3, -infinity},
                                                        {2, infinity, infinity},
                                                        {0.5, infinity, 0},
                                                        {2, -infinity, 0},
                                                        {nan, 1, nan},
                                                        {2, nan, nan},
                                                        {-1, infinity, 1},
                                                        {10, 400, infinity}};
};
