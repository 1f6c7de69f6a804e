#pragma once
// What every operator's rules inherit: the defaults of its registry row.
//
// The files of this folder are compiled twice: inside each instruction set's namespace (kernels),
// where `value` and `derivative` see vectors and the functions of autodiff/kernels/math/, and once
// for the registry, where `reference` must not use them. So they include nothing and hold plain
// data only.

/// One number in, one out.
struct UnaryRules {
  struct Edge {
    double x, value;
  };
  static constexpr double infinity = __builtin_inf();
  static constexpr double nan = __builtin_nan("");

  static constexpr int parameters = 0;
  static constexpr double parameter_values[2] = {};        // in the registry's samples
  static constexpr double low = -2, high = 2;              // samples are drawn from here
  static constexpr std::initializer_list<double> kinks{};  // and keep away from these
  static constexpr std::initializer_list<Edge> edges{};
  static constexpr double tolerance_f32 = 1e-6, tolerance_f64 = 2e-15;
};

/// Three numbers in, one out; the first is data, which need not have a derivative.
struct TernaryRules {
  struct Edge {
    double a, b, c, value;
  };
  static constexpr double infinity = UnaryRules::infinity;
  static constexpr double nan = UnaryRules::nan;

  static constexpr double low_b = -2, high_b = 2, low_c = -2, high_c = 2;
  static constexpr double tolerance_f32 = 1e-6, tolerance_f64 = 2e-15;
};

/// Two numbers in, one out.
struct BinaryRules {
  struct Edge {
    double a, b, value;
  };
  static constexpr double infinity = UnaryRules::infinity;
  static constexpr double nan = UnaryRules::nan;

  static constexpr double low_a = -2, high_a = 2, low_b = -2, high_b = 2;
  static constexpr std::initializer_list<Edge> edges{};
  static constexpr double tolerance_f32 = 1e-6, tolerance_f64 = 2e-15;
};
