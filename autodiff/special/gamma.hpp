#pragma once
// Gamma functions of one positive number in double, in forms that do not cancel for large
// arguments. Tensors have lgamma, digamma and trigamma among the elementwise operators.
//
// Everything rests on Stirling's formula with its error e kept apart (Loader 2000, "Fast and
// accurate computation of binomial probabilities"):
//
//   log Gamma(x) = (x - 1/2) log x - x + 1/2 log 2 pi + e(x)
//   digamma(x)   = log x - 1 / 2x + e'(x)
namespace nelbo::special {

double stirling_error(double x);
/// e'(x).
double stirling_error_derivative(double x);

double log_gamma(double x);
double digamma(double x);
double trigamma(double x);
/// digamma(x + d) - digamma(x) for d >= 0, accurate where d is small against x.
double digamma_difference(double x, double d);

/// digamma(x) - log x = E log(z / E z) of a gamma variable z of shape x.
double digamma_minus_log(double x);
double digamma_minus_log_derivative(double x);

/// Entropy of a gamma variable of shape x and rate 1: x + log Gamma(x) + (1 - x) digamma(x), nats.
double gamma_entropy(double x);
double gamma_entropy_derivative(double x);

}  // namespace nelbo::special
