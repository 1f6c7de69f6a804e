#pragma once

/// The hyperbolic tangent.
struct Tanh : UnaryRules {
  template <class V>
  static V value(V x) {
    return tanh(x);
  }
  template <class V>
  static V derivative(V, V y) {
    return fnma(y, y, V(1));
  }
  static double reference(double x) { return std::tanh(x); }
  static constexpr double low = -4, high = 4;
  static constexpr std::initializer_list<Edge> edges = {
      {0, 0}, {-0.0, -0.0}, {infinity, 1}, {-infinity, -1}, {nan, nan}, {100, 1}, {-100, -1}};
};

/// 1 / (1 + exp(-x)).
struct Sigmoid : UnaryRules {
  template <class V>
  static V value(V x) {
    return sigmoid(x);
  }
  template <class V>
  static V derivative(V, V y) {
    return fnma(y, y, y);
  }
  static double reference(double x) { return 1 / (1 + std::exp(-x)); }
  static constexpr double low = -6, high = 6;
  static constexpr std::initializer_list<Edge> edges = {{0, 0.5},   {infinity, 1}, {-infinity, 0},
                                                        {nan, nan}, {1000, 1},     {-1000, 0}};
};

/// log(1 + exp(x)), computed as max(x, 0) + log1p(exp(-|x|)).
struct Softplus : UnaryRules {
  template <class V>
  static V value(V x) {
    return softplus(x);
  }
  template <class V>
  static V derivative(V x, V) {
    return sigmoid(x);
  }
  static double reference(double x) {
    return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x));
  }
  static constexpr double low = -6, high = 6;
  static constexpr std::initializer_list<Edge> edges = {{0, 0.69314718055994531},
                                                        {infinity, infinity},
                                                        {-infinity, 0},
                                                        {nan, nan},
                                                        {100, 100},
                                                        {-1000, 0}};
};

/// max(x, 0); its derivative at 0 is 0.
struct Relu : UnaryRules {
  template <class V>
  static V value(V x) {
    return at_least(x, 0);
  }
  template <class V>
  static V derivative(V x, V) {
    return select(x > V(0), V(1), V(0));
  }
  static double reference(double x) { return x > 0 ? x : 0; }
  static constexpr std::initializer_list<double> kinks = {0};
  static constexpr std::initializer_list<Edge> edges = {
      {0, 0}, {-0.0, 0}, {infinity, infinity}, {-infinity, 0}, {nan, nan}};
};

/// x for x > 0, slope x otherwise; its derivative at 0 is the slope.
struct LeakyRelu : UnaryRules {
  template <class V>
  static V value(V x, V slope) {
    return select(x > V(0), x, slope * x);
  }
  template <class V>
  static V derivative(V x, V, V slope) {
    return select(x > V(0), V(1), slope);
  }
  static double reference(double x, double slope) { return x > 0 ? x : slope * x; }
  static constexpr int parameters = 1;
  static constexpr double parameter_values[2] = {0.125};
  static constexpr std::initializer_list<double> kinks = {0};
  static constexpr std::initializer_list<Edge> edges = {
      {0, 0}, {infinity, infinity}, {-infinity, -infinity}, {nan, nan}, {-8, -1}};
};

/// x for x > 0, exp(x) - 1 otherwise.
struct Elu : UnaryRules {
  template <class V>
  static V value(V x) {
    return elu(x);
  }
  template <class V>
  static V derivative(V x, V y) {
    return select(x > V(0), V(1), y + V(1));
  }
  static double reference(double x) { return x > 0 ? x : std::expm1(x); }
  static constexpr std::initializer_list<double> kinks = {0};  // of the second derivative
  static constexpr std::initializer_list<Edge> edges = {
      {0, 0}, {infinity, infinity}, {-infinity, -1}, {nan, nan}, {-1000, -1}};
};

/// x Phi(x) with the standard normal's distribution function Phi (the exact form, not tanh's).
struct Gelu : UnaryRules {
  template <class V>
  static V value(V x) {
    return gelu(x);
  }
  template <class V>
  static V derivative(V x, V) {
    const V bounded = at_most(at_least(x, -40), 40);
    return fma(bounded, normal_density(bounded), normal_cdf(bounded));
  }
  static double reference(double x) { return x * 0.5 * std::erfc(-x / std::sqrt(2.0)); }
  static constexpr double low = -4, high = 4;
  static constexpr std::initializer_list<Edge> edges = {
      {0, 0}, {infinity, infinity}, {-infinity, 0}, {nan, nan}, {50, 50}, {-50, 0}};
};

/// x sigmoid(x).
struct Silu : UnaryRules {
  template <class V>
  static V value(V x) {
    return silu(x);
  }
  template <class V>
  static V derivative(V x, V) {
    const V bounded = at_most(at_least(x, -1000), 1000);
    const V s = sigmoid(x);
    return fma(bounded * s, V(1) - s, s);
  }
  static double reference(double x) { return x / (1 + std::exp(-x)); }
  static constexpr double low = -6, high = 6;
  static constexpr std::initializer_list<Edge> edges = {
      {0, 0}, {infinity, infinity}, {-infinity, 0}, {nan, nan}, {1000, 1000}, {-1000, 0}};
};
