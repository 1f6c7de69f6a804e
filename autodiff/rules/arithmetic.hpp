#pragma once

/// a + b
struct Add : BinaryRules {
  template <class V>
  static V value(V a, V b) {
    return a + b;
  }
  template <class V>
  static V derivative_a(V, V, V) {
    return V(1);
  }
  template <class V>
  static V derivative_b(V, V, V) {
    return V(1);
  }
  static double reference(double a, double b) { return a + b; }
  static constexpr std::initializer_list<Edge> edges = {
      {infinity, -infinity, nan}, {nan, 1, nan}, {-0.0, 0, 0}, {infinity, 1, infinity}};
};

/// a - b
struct Subtract : BinaryRules {
  template <class V>
  static V value(V a, V b) {
    return a - b;
  }
  template <class V>
  static V derivative_a(V, V, V) {
    return V(1);
  }
  template <class V>
  static V derivative_b(V, V, V) {
    return V(-1);
  }
  static double reference(double a, double b) { return a - b; }
  static constexpr std::initializer_list<Edge> edges = {
      {infinity, infinity, nan}, {1, nan, nan}, {1, infinity, -infinity}};
};

/// a b
struct Multiply : BinaryRules {
  template <class V>
  static V value(V a, V b) {
    return a * b;
  }
  template <class V>
  static V derivative_a(V, V b, V) {
    return b;
  }
  template <class V>
  static V derivative_b(V a, V, V) {
    return a;
  }
  static double reference(double a, double b) { return a * b; }
  static constexpr std::initializer_list<Edge> edges = {
      {infinity, 0, nan}, {nan, 0, nan}, {-infinity, 2, -infinity}, {0, 3, 0}};
};

/// a / b
struct Divide : BinaryRules {
  template <class V>
  static V value(V a, V b) {
    return a / b;
  }
  template <class V>
  static V derivative_a(V, V b, V) {
    return V(1) / b;
  }
  template <class V>
  static V derivative_b(V, V b, V y) {
    return -y / b;
  }
  static double reference(double a, double b) { return a / b; }
  static constexpr double low_b = 0.5;
  static constexpr std::initializer_list<Edge> edges = {
      {1, 0, infinity}, {-1, 0, -infinity}, {0, 0, nan}, {1, infinity, 0}, {nan, 1, nan}};
};

/// -x
struct Negate : UnaryRules {
  template <class V>
  static V value(V x) {
    return -x;
  }
  template <class V>
  static V derivative(V, V) {
    return V(-1);
  }
  static double reference(double x) { return -x; }
  static constexpr std::initializer_list<Edge> edges = {
      {infinity, -infinity}, {nan, nan}, {0, -0.0}};
};

/// x^2
struct Square : UnaryRules {
  template <class V>
  static V value(V x) {
    return x * x;
  }
  template <class V>
  static V derivative(V x, V) {
    return x + x;
  }
  static double reference(double x) { return x * x; }
  static constexpr std::initializer_list<Edge> edges = {
      {-infinity, infinity}, {nan, nan}, {-0.0, 0}, {1e-30, 0}};
};

/// The square root; its derivative at 0 is infinite.
struct Sqrt : UnaryRules {
  template <class V>
  static V value(V x) {
    return sqrt(x);
  }
  template <class V>
  static V derivative(V, V y) {
    return V(0.5) / y;
  }
  static double reference(double x) { return std::sqrt(x); }
  static constexpr double low = 0.1, high = 4;
  static constexpr std::initializer_list<Edge> edges = {
      {0, 0}, {-1, nan}, {infinity, infinity}, {nan, nan}, {-infinity, nan}};
};

/// |x|; its derivative at 0 is 0.
struct Abs : UnaryRules {
  template <class V>
  static V value(V x) {
    return abs(x);
  }
  template <class V>
  static V derivative(V x, V) {
    return select(x > V(0), V(1), select(x < V(0), V(-1), V(0)));
  }
  static double reference(double x) { return std::fabs(x); }
  static constexpr std::initializer_list<double> kinks = {0};
  static constexpr std::initializer_list<Edge> edges = {
      {-infinity, infinity}, {nan, nan}, {-0.0, 0}};
};
