#pragma once
#include <vector>

#include "objectives/draw/draw.hpp"
#include "objectives/draw/grouping.hpp"
#include "objectives/draw/scheme.hpp"

namespace nelbo {

/// Aggregated posterior at the samples of a draw, nats. Of a batch in parts (models/batch_part.hpp) B is the
/// whole batch's.
struct AggregateLogProb {
  Var joint;      // log P_enc(z_s), [S, B]
  Var marginals;  // log P_enc(z_sd) of each dimension, [S, B, D]
};

/// The aggregated posterior under a scheme, Zheng eqs (10), (22)-(29). `full` wants the population's
/// posteriors, or a batch that is the whole population. Throws Error as weights() does, and for a
/// posterior that is no diagonal normal.
AggregateLogProb aggregate(Draw& draw, Scheme scheme);

/// log P_enc of the samples' coordinates in each group, [S, B, G], nats.
Var aggregate_groups(Draw& draw, Scheme scheme, const DimensionGroups& groups);

}  // namespace nelbo
