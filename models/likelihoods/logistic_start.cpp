#include "models/likelihoods/logistic_start.hpp"

#include <cmath>
#include <numbers>

namespace nelbo {
namespace {

constexpr double top = 255, evenly = 0.001;  // evenly: the share that all levels have alike

double log_sigmoid(double x) {
  return x < 0 ? x - std::log1p(std::exp(x)) : -std::log1p(std::exp(-x));
}
double sigmoid_of(double x) { return std::exp(log_sigmoid(x)); }

/// log-likelihood of a = 1 / scale, b = mean / scale, its gradient and minus its Hessian.
struct Slopes {
  double value = 0, a = 0, b = 0, aa = 0, ab = 0, bb = 0;

  /// A level of this share between the edges (k - 1/2) / 255 and (k + 1/2) / 255, where u = a edge - b.
  /// log(F(u) - F(v)) = log F(u) + log F(-v) + log(1 - exp(v - u)).
  void add(double share, int k, double at_a, double at_b) {
    const double high = (k + 0.5) / top, low = (k - 0.5) / top;
    const double u = at_a * high - at_b, v = at_a * low - at_b, gap = at_a / top;
    const bool first = k == 0, last = k == int(top);
    // Derivatives in u and v, and second ones with their sign turned.
    double du = 0, dv = 0, duu = 0, dvv = 0, duv = 0, log_p = 0;
    if (!last) {
      const double f = sigmoid_of(u);
      log_p += log_sigmoid(u), du += 1 - f, duu += f * (1 - f);
    }
    if (!first) {
      const double f = sigmoid_of(v);
      log_p += log_sigmoid(-v), dv -= f, dvv += f * (1 - f);
    }
    if (!first && !last) {
      const double w = 1 / std::expm1(gap), bend = w * (1 + w);
      log_p += std::log(-std::expm1(-gap)), du += w, dv -= w;
      duu += bend, dvv += bend, duv -= bend;
    }
    value += share * log_p;
    a += share * (du * high + dv * low), b -= share * (du + dv);
    aa += share * (duu * high * high + 2 * duv * high * low + dvv * low * low);
    ab -= share * (duu * high + duv * (high + low) + dvv * low);
    bb += share * (duu + 2 * duv + dvv);
  }
};

Slopes slopes_at(std::span<const double> shares, double a, double b) {
  Slopes sum;
  for (std::size_t k = 0; k < shares.size(); ++k) {
    sum.add((1 - evenly) * shares[k] + evenly / double(shares.size()), int(k), a, b);
  }
  return sum;
}

}  // namespace

LogisticStart logistic_start(std::span<const double> shares) {
  double mean = 0, square = 0;
  for (std::size_t k = 0; k < shares.size(); ++k) {
    const double x = double(k) / top;
    mean += shares[k] * x, square += shares[k] * x * x;
  }
  const double deviation = std::sqrt(std::fmax(square - mean * mean, 1e-4));
  double a = std::numbers::pi / (std::sqrt(3.0) * deviation), b = a * mean;
  Slopes at = slopes_at(shares, a, b);
  for (int step = 0; step < 200; ++step) {
    const double determinant = at.aa * at.bb - at.ab * at.ab;
    const double da = (at.bb * at.a - at.ab * at.b) / determinant;
    const double db = (at.aa * at.b - at.ab * at.a) / determinant;
    const double gain = at.a * da + at.b * db;  // twice what the last steps are worth
    if (!(gain > 1e-15)) break;
    double length = 1;
    while (length > 1e-9) {
      const double next_a = a + length * da, next_b = b + length * db;
      if (next_a > 0) {
        const Slopes next = slopes_at(shares, next_a, next_b);
        if (next.value > at.value) {
          a = next_a, b = next_b, at = next;
          break;
        }
      }
      length /= 2;
    }
    if (length <= 1e-9) break;
  }
  return {b / a, -std::log(a)};
}

}  // namespace nelbo
