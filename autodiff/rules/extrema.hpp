#pragma once

/// The smaller of a and b, NaN if either is. Equal operands get half of the gradient each.
struct Minimum : BinaryRules {
  template <class V>
  static V value(V a, V b) {
    return select(a < b, a, select(b <= a, b, a + b));
  }
  template <class V>
  static V derivative_a(V a, V b, V) {
    return select(a < b, V(1), select(a == b, V(0.5), V(0)));
  }
  template <class V>
  static V derivative_b(V a, V b, V) {
    return select(b < a, V(1), select(a == b, V(0.5), V(0)));
  }
  static double reference(double a, double b) { return a < b ? a : b; }
  static constexpr std::initializer_list<Edge> edges = {
      {nan, 1, nan}, {1, nan, nan}, {-infinity, 1, -infinity}, {infinity, 1, 1}};
};

/// The larger of a and b, NaN if either is. Equal operands get half of the gradient each.
struct Maximum : BinaryRules {
  template <class V>
  static V value(V a, V b) {
    return select(a > b, a, select(b >= a, b, a + b));
  }
  template <class V>
  static V derivative_a(V a, V b, V) {
    return select(a > b, V(1), select(a == b, V(0.5), V(0)));
  }
  template <class V>
  static V derivative_b(V a, V b, V) {
    return select(b > a, V(1), select(a == b, V(0.5), V(0)));
  }
  static double reference(double a, double b) { return a > b ? a : b; }
  static constexpr std::initializer_list<Edge> edges = {
      {nan, 1, nan}, {1, nan, nan}, {-infinity, 1, 1}, {infinity, 1, infinity}};
};

/// x between low and high; its derivative is 1 there, both ends included, and 0 outside.
struct Clamp : UnaryRules {
  template <class V>
  static V value(V x, V low, V high) {
    return select(x < low, low, select(x > high, high, x));
  }
  template <class V>
  static V derivative(V x, V, V low, V high) {
    return select((x < low) | (x > high), V(0), V(1));
  }
  static double reference(double x, double low, double high) {
    return x < low ? low : x > high ? high : x;
  }
  static constexpr int parameters = 2;
  static constexpr double parameter_values[2] = {-1, 0.5};
  static constexpr std::initializer_list<double> kinks = {-1, 0.5};
  static constexpr std::initializer_list<Edge> edges = {
      {infinity, 0.5}, {-infinity, -1}, {nan, nan}, {0, 0}};
};
