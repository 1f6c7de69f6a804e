#include <memory>

#include "autodiff/ops/elementwise_ops.hpp"
#include "autodiff/ops/reduce_ops.hpp"
#include "autodiff/ops/shape_ops.hpp"
#include "objectives/estimators/antithetic_pairs.hpp"
#include "objectives/estimators/estimators.hpp"

namespace nelbo::estimators {
namespace {

// With u uniform, b = 1[u < sigmoid(l)] of the noise u and b' = 1[u > sigmoid(-l)] of 1 - u,
//   (f(b') - f(b)) (u_d - 1/2)
// has the derivative of E f in l_d as its mean: Yin and Zhou's theorem 1. disarm is its mean over all u that
// give the same pair.
class Arm final : public AntitheticPairs {
 public:
  Arm()
      : AntitheticPairs({"arm", "score (f_s - f_s')/(2 k) of (1 - 2 u_s) dl, and -a_s",
                         "antithetic pairs of Bernoulli samples, weighted by their noise",
                         "Yin and Zhou (2019)"}) {}

 protected:
  Var contrast(const Posterior& q, Var, Var noise) const override {
    return sum(stop(1.0 - 2.0 * noise) * binary_logits(text(), q), -1);
  }
};

}  // namespace

Estimator arm() { return Estimator(std::make_shared<const Arm>()); }

}  // namespace nelbo::estimators
