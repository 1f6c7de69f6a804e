#pragma once
#include "objectives/algebra/term.hpp"
#include "objectives/bounds/bound.hpp"

namespace nelbo {

/// A bound as an objective: the mean over the data of L(f_1 .. f_S) on each datum's log-weights,
/// nats per datum, Zheng eqs (36)-(40). A gain; an upper bound is a cost that may move the encoder
/// only, for the decoder would lower it by giving the data less probability. A draw with more than
/// S samples lends its first S.
Term bound_term(const Bound& bound);

/// MC_k-IW_m, Zheng eqs (39)-(40), as expressions write it: the mean of k bounds iw(m), of m = 1 of
/// k ELBOs.
Term mc_term(std::int64_t k, std::int64_t m = 1);

/// log P(x) by importance sampling with m samples, Zheng eqs (36)-(37): iw(m) by its other name.
Term log_px(std::int64_t m);

}  // namespace nelbo
