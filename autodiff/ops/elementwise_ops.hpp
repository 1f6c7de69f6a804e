#pragma once
// Elementwise operators. Operands broadcast under NumPy's rules; the gradient of a broadcast
// operand is the sum over the axes along which it was repeated. NaN gives NaN. Rules, domains and
// conventions at kinks stand with each operator in autodiff/rules/.
#include "autodiff/tape.hpp"

namespace nelbo {

#define NELBO_UNARY(name, rules) Var name(Var x);
#define NELBO_UNARY_PARAMETER(name, rules, p) Var name(Var x, double p);
#define NELBO_UNARY_PARAMETERS(name, rules, p, q) Var name(Var x, double p, double q);
#define NELBO_BINARY(name, rules) Var name(Var a, Var b);
#define NELBO_COMPARISON(name, rules) Var name(Var a, Var b);
#define NELBO_TERNARY(name, rules) Var name(Var a, Var b, Var c);
#include "autodiff/elementwise.def"

/// x to a constant power.
Var pow(Var x, double exponent);

// A number beside a variable becomes a constant of its tape, of the variable's type.
Var operator-(Var x);
Var operator+(Var a, Var b);
Var operator+(Var a, double b);
Var operator+(double a, Var b);
Var operator-(Var a, Var b);
Var operator-(Var a, double b);
Var operator-(double a, Var b);
Var operator*(Var a, Var b);
Var operator*(Var a, double b);
Var operator*(double a, Var b);
Var operator/(Var a, Var b);
Var operator/(Var a, double b);
Var operator/(double a, Var b);

Var minimum(Var a, double b);
Var maximum(Var a, double b);
Var less(Var a, double b);
Var less_equal(Var a, double b);
Var greater(Var a, double b);
Var greater_equal(Var a, double b);
Var equal(Var a, double b);
Var not_equal(Var a, double b);
Var where(Var condition, Var a, double b);
Var where(Var condition, double a, Var b);

}  // namespace nelbo
