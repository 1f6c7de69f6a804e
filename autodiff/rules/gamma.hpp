#pragma once

/// 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x.
struct Erf : UnaryRules {
  template <class V>
  static V value(V x) {
    return erf(x);
  }
  template <class V>
  static V derivative(V x, V) {
    return V(1.1283791670955126) * exp_minus_square(at_most(abs(x), 40), 1);
  }
  static double reference(double x) { return std::erf(x); }
  static constexpr double low = -3, high = 3;
  static constexpr std::initializer_list<Edge> edges = {
      {0, 0}, {-0.0, -0.0}, {infinity, 1}, {-infinity, -1}, {nan, nan}, {30, 1}};
};

/// log |Gamma(x)|: +infinity at 0 and the negative integers.
struct Lgamma : UnaryRules {
  template <class V>
  static V value(V x) {
    return lgamma(x);
  }
  template <class V>
  static V derivative(V x, V) {
    return digamma(x);
  }
  static double reference(double x) { return std::lgamma(x); }
  static constexpr double low = 0.3, high = 12;
  static constexpr double tolerance_f64 = 4e-15;
  static constexpr std::initializer_list<Edge> edges = {{1, 0},
                                                        {2, 0},
                                                        {0, infinity},
                                                        {-1, infinity},
                                                        {infinity, infinity},
                                                        {-infinity, infinity},
                                                        {nan, nan},
                                                        {-0.5, 1.2655121234846454},
                                                        {171, 706.57306224578735}};
};

/// The derivative of log Gamma: NaN at the negative integers, -infinity at 0.
struct Digamma : UnaryRules {
  template <class V>
  static V value(V x) {
    return digamma(x);
  }
  template <class V>
  static V derivative(V x, V) {
    return trigamma(x);
  }
  /// Shifted beyond 20, where the asymptotic series has converged.
  static double reference(double x) {
    if (x <= 0) return reference(1 - x) - M_PI / std::tan(M_PI * x);
    long double shift = 0, y = x;
    for (; y < 20; y += 1) shift += 1 / y;
    const long double z = 1 / (y * y);
    return double(
        std::log(y) - 1 / (2 * y) -
        z * (1 / 12.0L -
             z * (1 / 120.0L -
                  z * (1 / 252.0L - z * (1 / 240.0L - z * (1 / 132.0L - z * 691 / 32760))))) -
        shift);
  }
  static constexpr double low = 0.3, high = 15;
  static constexpr double tolerance_f64 = 4e-15;
  static constexpr std::initializer_list<Edge> edges = {
      {1, -0.57721566490153286},  {0, -infinity},   {-1, nan},
      {infinity, infinity},       {-infinity, nan}, {nan, nan},
      {-0.5, 0.03648997397857652}};
};

/// The derivative of digamma: +infinity at 0 and the negative integers.
struct Trigamma : UnaryRules {
  template <class V>
  static V value(V x) {
    return trigamma(x);
  }
  template <class V>
  static V derivative(V x, V) {
    return tetragamma(x);
  }
  static double reference(double x) {
    if (x <= 0) {
      const double s = std::sin(M_PI * x);
      return M_PI * M_PI / (s * s) - reference(1 - x);
    }
    long double shift = 0, y = x;
    for (; y < 20; y += 1) shift += 1 / (y * y);
    const long double z = 1 / (y * y);
    return double(1 / y + z / 2 +
                  z / y *
                      (1 / 6.0L -
                       z * (1 / 30.0L -
                            z * (1 / 42.0L - z * (1 / 30.0L - z * (5 / 66.0L - z * 691 / 2730))))) +
                  shift);
  }
  static constexpr double low = 0.5, high = 15;
  static constexpr double tolerance_f64 = 4e-15;
  static constexpr std::initializer_list<Edge> edges = {
      {1, 1.6449340668482264}, {0, infinity}, {-1, infinity},
      {infinity, 0},           {nan, nan},    {-0.5, 8.9348022005446793}};
};
