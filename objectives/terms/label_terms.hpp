#pragma once
#include "objectives/algebra/term.hpp"

namespace nelbo {

/// -log Q(c|x) of the data whose label is known, their mean: what Kingma et al. (2014) add to the bound,
/// eq. (9), so that the classifier learns from labels too. 0 of a batch without any. Of a model that infers
/// no label its recording throws Error.
Term classification();

/// Of each datum 1 where the label that Q(c|x) finds the most probable is the one that is known, else 0,
/// [B]; 0 where none is known. Throws Error as classification() does.
Var label_hits(Draw& draw);

}  // namespace nelbo
