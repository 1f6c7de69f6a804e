#pragma once
#include <cstddef>
#include <span>

namespace nelbo::learners {

/// A convex function of P weights with two derivatives.
class NewtonObjective {
 public:
  virtual ~NewtonObjective() = default;
  virtual std::size_t size() const = 0;  ///< P
  virtual double value(std::span<const double> w) = 0;
  /// At the weights of the last call of value(), which `w` repeats: [P].
  virtual void gradient(std::span<const double> w, std::span<double> g) = 0;
  /// At the weights of the last call of gradient(): [P, P], positive definite; `h` is zeros before.
  virtual void hessian(std::span<double> h) = 0;
  /// The same times v, [P], without its P^2 numbers.
  virtual void hessian_times(std::span<const double> v, std::span<double> product) = 0;
};

/// Of more weights steps are found by conjugate gradients.
inline constexpr std::size_t most_factorised = 1500;

/// Minimises from `w` [P] on, until no derivative exceeds `tolerance` or the value cannot fall any more in
/// double. A step solves h step = g, by Cholesky's factorisation or, of more than `factorised` weights,
/// by conjugate gradients to a precision that grows with the steps (Dembo, Eisenstat & Steihaug 1982); it
/// is halved until the value falls enough (Armijo). Throws Error after 200 steps.
void minimise_by_newton(NewtonObjective& objective, std::span<double> w, double tolerance,
                        std::size_t factorised = most_factorised);

}  // namespace nelbo::learners
