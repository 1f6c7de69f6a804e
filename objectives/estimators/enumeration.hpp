#pragma once
#include <optional>

#include "autodiff/tensor.hpp"
#include "models/code_space.hpp"
#include "models/posteriors/posterior.hpp"
#include "objectives/estimators/relaxed.hpp"

namespace nelbo::estimators {

/// What enumeration sums over at the most.
constexpr std::int64_t most_codes = 4096;

/// K^L; nothing where it is more than 2^62.
std::optional<std::int64_t> number_of_codes(const CodeSpace& space);

/// Every code, [K^L, 1, D]: the first variable counts fastest. Throws Error for more than
/// most_codes, and for continuous ones.
Tensor all_codes(const CodeSpace& space, DType dtype);

/// sum_z Q(z|x) (log P(x|z) + log P0(z) - log Q(z|x)), [B], nats: the ELBO, Zheng eq. (13), which
/// may be differentiated as it is.
Var exact_elbo(const Posterior& q, const Tensor& codes, std::int64_t batch,
               const LogJoint& log_joint);

}  // namespace nelbo::estimators
