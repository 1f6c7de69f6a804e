#include "objectives/estimators/disarm.hpp"

#include <memory>

#include "autodiff/error.hpp"
#include "autodiff/ops/elementwise_ops.hpp"
#include "autodiff/ops/reduce_ops.hpp"
#include "autodiff/ops/shape_ops.hpp"
#include "objectives/estimators/antithetic_pairs.hpp"
#include "objectives/estimators/estimators.hpp"

namespace nelbo::estimators {
namespace {

// With u uniform, b = 1[u < p], b' = 1[1 - u < p] and p = sigmoid(l), a dimension differs between b
// and b' with probability 2 min(p, 1 - p), and
//   1/2 (f(b) - f(b')) (b_d - b'_d) sigmoid(|l_d|)
// has mean p (1 - p) (f(1) - f(0)) in one dimension: the derivative of E f in l. Twice the share of
// each sample of a pair, whose signs change together.
class Disarm final : public AntitheticPairs {
 public:
  Disarm()
      : AntitheticPairs({"disarm",
                         "score (f_s - f_s')/(2 k) of (z_s - z_s') sigmoid(|l|) dl, and -a_s",
                         "antithetic pairs of Bernoulli samples, marginalised over their signs",
                         "Dong et al. (2020); Yin et al. (2020)"}) {}

 protected:
  Var contrast(const Posterior& q, Var z, Var) const override { return flips(q, z); }
};

}  // namespace

Estimator disarm() { return Estimator(std::make_shared<const Disarm>()); }

Var flips(const Posterior& q, Var z) {
  const Var logits = binary_logits("disarm", q);
  const Shape shape = z.shape();
  if (shape.rank() != 3 || shape[0] % 2 != 0) {
    throw Error("disarm: codes " + shape.text() + " are no pairs [2 P, B, D]");
  }
  const Var pairs = reshape(stop(z), {shape[0] / 2, 2, shape[1], shape[2]});
  const Var difference = slice(pairs, 1, 0, 1) - slice(pairs, 1, 1, 2);
  const Var signs = reshape(concatenate({difference, -difference}, 1), shape);
  return sum(stop(signs * sigmoid(abs(logits))) * logits, -1);
}

}  // namespace nelbo::estimators
