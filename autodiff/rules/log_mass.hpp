#pragma once

/// log P(x) = x l - exp(l) - log Gamma(x + 1) of a Poisson count x >= 0 of log-rate l, without
/// cancellation; also between whole numbers.
struct PoissonLogMass : BinaryRules {
  template <class V>
  static V value(V x, V l) {
    return PoissonMass(x, l).value();
  }
  template <class V>
  static V derivative_a(V x, V l, V) {
    return l - digamma(x + V(1));
  }
  template <class V>
  static V derivative_b(V x, V l, V) {
    return PoissonMass(x, l).slope();
  }
  static double reference(double x, double l) { return x * l - std::exp(l) - std::lgamma(x + 1); }
  static constexpr double low_a = 0.3, high_a = 12, low_b = -2, high_b = 3;
  static constexpr std::initializer_list<Edge> edges = {
      {0, 0, -1}, {0, 1000, -infinity}, {0, -infinity, 0}, {3, -infinity, -infinity},
      {1, 0, -1}, {nan, 0, nan},        {1, nan, nan},     {2, 1, -1.4114290090189905}};
  static constexpr double tolerance_f64 = 1e-14, tolerance_f32 = 4e-6;
};

/// log P(x) of a negative binomial count x >= 0 of mean m = exp(b) and variance m + m^2 / r, r = exp(c):
///   log Gamma(x + r) - log Gamma(r) - log Gamma(x + 1) + x log(m / (r + m)) + r log(r / (r + m))
/// without cancellation; also between whole numbers.
struct NegativeBinomialLogMass : TernaryRules {
  template <class V>
  static V value(V x, V b, V c) {
    return NegativeBinomialMass(x, b, c).value();
  }
  template <class V>
  static V vjp_a(V x, V b, V c, V dy) {
    return dy * NegativeBinomialMass(x, b, c).count_slope();
  }
  template <class V>
  static V vjp_b(V x, V b, V c, V dy) {
    return dy * NegativeBinomialMass(x, b, c).mean_slope();
  }
  template <class V>
  static V vjp_c(V x, V b, V c, V dy) {
    return dy * NegativeBinomialMass(x, b, c).dispersion_slope(c);
  }
  static double reference(double x, double b, double c) {
    const long double m = std::exp((long double)b), r = std::exp((long double)c);
    return double(std::lgamma(x + r) - std::lgamma(r) - std::lgamma(x + 1.0L) +
                  x * std::log(m / (r + m)) - r * std::log1p(m / r));
  }
  static constexpr double data[] = {1, 5, 2.5, 12, 40, 3, 0.7};
  static constexpr double low_b = -2, high_b = 3, low_c = -2, high_c = 3;
  static constexpr std::initializer_list<Edge> edges = {{0, 0, 0, -0.69314718055994531},
                                                        {1, 0, 0, -1.3862943611198906},
                                                        {2, nan, 0, nan},
                                                        {2, 0, nan, nan}};
  static constexpr double tolerance_f64 = 1e-14, tolerance_f32 = 4e-6;
};

/// The mean of a logistic variable of mean a and scale exp(b), rounded to the nearest of the pixels k /
/// 255 where what lies beyond counts to the ends: sum_k k P(k) / 255 = sum_k P(above k - 1/2) / 255.
struct RoundedLogisticMean : BinaryRules {
  static constexpr int top = 255;

  template <class V, class F>
  static V over_edges(V mean, V log_scale, F each) {
    const V precision = exp(-at_least(log_scale, -60));
    V sum(0);
    for (int k = 1; k <= top; ++k) {
      sum += each((mean - V((k - 0.5) / top)) * precision, precision);
    }
    return sum * V(1.0 / top);
  }
  template <class V>
  static V value(V mean, V log_scale) {
    return over_edges(mean, log_scale, [](V z, V) { return sigmoid(z); });
  }
  template <class V>
  static V derivative_a(V mean, V log_scale, V) {
    return over_edges(mean, log_scale, [](V z, V precision) {
      const V p = sigmoid(z);
      return p * (V(1) - p) * precision;
    });
  }
  template <class V>
  static V derivative_b(V mean, V log_scale, V) {
    return over_edges(mean, log_scale, [](V z, V) {
      const V p = sigmoid(z);
      return -p * (V(1) - p) * z;
    });
  }
  static double reference(double mean, double log_scale) {
    double sum = 0;
    for (int k = 0; k <= top; ++k) {
      const double scale = std::exp(log_scale);
      const auto below = [&](double x) { return 1 / (1 + std::exp((mean - x) / scale)); };
      const double upper = k == top ? 1 : below((k + 0.5) / top);
      sum += double(k) / top * (upper - (k == 0 ? 0 : below((k - 0.5) / top)));
    }
    return sum;
  }
  static constexpr double low_a = -0.3, high_a = 1.3, low_b = -2.5, high_b = 1;
  static constexpr std::initializer_list<Edge> edges = {
      {0.5, 0, 0.5}, {0.5, -3, 0.5}, {infinity, 0, 1}, {-infinity, 0, 0}, {0.2, -1000, 0.2}};
  static constexpr double tolerance_f32 = 2e-6, tolerance_f64 = 1e-14;
};

/// log((exp(x) - 1) / x), the log-integral of exp(x t) over t in (0, 1): what a continuous Bernoulli
/// density of logit x lacks (Loaiza-Ganem and Cunningham 2019). Series near 0.
struct LogExpm1Ratio : UnaryRules {
  template <class V>
  static V value(V x) {
    return Tilted(x).value();
  }
  template <class V>
  static V derivative(V x, V) {
    return Tilted(x).slope();
  }
  static double reference(double x) {
    const double half = 0.5 * x;
    return half + std::log(std::sinh(half) / half);
  }
  static constexpr double low = -8, high = 8;
  static constexpr std::initializer_list<double> kinks = {0};
  static constexpr std::initializer_list<Edge> edges = {
      {0, 0}, {nan, nan}, {1e-8, 5e-9}, {1, 0.54132485461291806}, {-1, -0.45867514538708194}};
};

/// The derivative of log((exp(x) - 1) / x): the mean of t in (0, 1) of density proportional to exp(x t).
struct TiltedUniformMean : UnaryRules {
  template <class V>
  static V value(V x) {
    return Tilted(x).slope();
  }
  template <class V>
  static V derivative(V x, V) {
    return Tilted(x).curvature();
  }
  static double reference(double x) { return 1 / -std::expm1(-x) - 1 / x; }
  static constexpr double low = -8, high = 8;
  static constexpr std::initializer_list<double> kinks = {0};
  static constexpr std::initializer_list<Edge> edges = {{0, 0.5},
                                                        {nan, nan},
                                                        {infinity, 1},
                                                        {-infinity, 0},
                                                        {1, 0.58197670686932642},
                                                        {-1, 0.41802329313067358}};
  static constexpr double tolerance_f64 = 1e-14;
};
