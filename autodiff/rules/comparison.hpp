#pragma once
// Comparisons with NaN are false, but for not_equal.

/// a < b
struct Less : BinaryRules {
  template <class V>
  static V value(V a, V b) {
    return select(a < b, V(1), V(0));
  }
  static double reference(double a, double b) { return a < b; }
  static constexpr std::initializer_list<Edge> edges = {
      {1, 1, 0}, {nan, 1, 0}, {1, nan, 0}, {1, infinity, 1}, {-0.0, 0, 0}};
};

/// a <= b
struct LessEqual : BinaryRules {
  template <class V>
  static V value(V a, V b) {
    return select(a <= b, V(1), V(0));
  }
  static double reference(double a, double b) { return a <= b; }
  static constexpr std::initializer_list<Edge> edges = {
      {1, 1, 1}, {nan, 1, 0}, {1, nan, 0}, {2, 1, 0}, {-0.0, 0, 1}};
};

/// a > b
struct Greater : BinaryRules {
  template <class V>
  static V value(V a, V b) {
    return select(a > b, V(1), V(0));
  }
  static double reference(double a, double b) { return a > b; }
  static constexpr std::initializer_list<Edge> edges = {
      {1, 1, 0}, {nan, 1, 0}, {1, nan, 0}, {infinity, 1, 1}};
};

/// a >= b
struct GreaterEqual : BinaryRules {
  template <class V>
  static V value(V a, V b) {
    return select(a >= b, V(1), V(0));
  }
  static double reference(double a, double b) { return a >= b; }
  static constexpr std::initializer_list<Edge> edges = {
      {1, 1, 1}, {nan, 1, 0}, {1, nan, 0}, {1, 2, 0}};
};

/// a == b
struct Equal : BinaryRules {
  template <class V>
  static V value(V a, V b) {
    return select(a == b, V(1), V(0));
  }
  static double reference(double a, double b) { return a == b; }
  static constexpr std::initializer_list<Edge> edges = {
      {1, 1, 1}, {nan, nan, 0}, {infinity, infinity, 1}, {-0.0, 0, 1}};
};

/// a != b
struct NotEqual : BinaryRules {
  template <class V>
  static V value(V a, V b) {
    return select(a == b, V(0), V(1));
  }
  static double reference(double a, double b) { return a != b; }
  static constexpr std::initializer_list<Edge> edges = {
      {1, 1, 0}, {nan, nan, 1}, {nan, 1, 1}, {-0.0, 0, 0}};
};

/// b where a is not 0 (NaN counts as true), c elsewhere. The gradient is selected, not multiplied:
/// what is not taken gets 0 whatever the other side holds. The condition has no gradient.
struct Where : TernaryRules {
  template <class V>
  static V value(V a, V b, V c) {
    return select(a == V(0), c, b);
  }
  /// What b and c receive of the cotangent dy.
  template <class V>
  static V vjp_b(V a, V, V, V dy) {
    return select(a == V(0), V(0), dy);
  }
  template <class V>
  static V vjp_c(V a, V, V, V dy) {
    return select(a == V(0), dy, V(0));
  }
  static double reference(double a, double b, double c) { return a != 0 ? b : c; }
  static constexpr double data[] = {1, 0, 0, 1,
                                    2, 0, -1};  // what the registry's samples have for a
  static constexpr std::initializer_list<Edge> edges = {{1, 2, nan, 2}, {0, -infinity, 3, 3}};
};
