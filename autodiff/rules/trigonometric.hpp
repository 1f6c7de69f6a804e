#pragma once

/// The sine of x radians.
struct Sin : UnaryRules {
  template <class V>
  static V value(V x) {
    return sin(x);
  }
  template <class V>
  static V derivative(V x, V) {
    return cos(x);
  }
  static double reference(double x) { return std::sin(x); }
  static constexpr double low = -10, high = 10;
  static constexpr std::initializer_list<Edge> edges = {
      {0, 0},           {-0.0, -0.0}, {infinity, nan},
      {-infinity, nan}, {nan, nan},   {1048576, 0.33049314002173467}};
};

/// The cosine of x radians.
struct Cos : UnaryRules {
  template <class V>
  static V value(V x) {
    return cos(x);
  }
  template <class V>
  static V derivative(V x, V) {
    return -sin(x);
  }
  static double reference(double x) { return std::cos(x); }
  static constexpr double low = -10, high = 10;
  static constexpr std::initializer_list<Edge> edges = {
      {0, 1}, {infinity, nan}, {-infinity, nan}, {nan, nan}};
};
