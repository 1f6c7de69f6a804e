#pragma once
// Regularisers of codes beyond the evidence lower bound: costs.
#include "objectives/algebra/term.hpp"

namespace nelbo {

/// Kernel of the maximum mean discrepancy of codes z, y [., D].
enum class MmdKernel {
  imq,  // sum over s in {.1, .2, .5, 1, 2, 5, 10} of c/(c + |z - y|^2), c = 2 D s: Tolstikhin et
        // al.
  rbf   // exp(-|z - y|^2 / (2 D))
};

/// MMD^2(P_enc(Z), P0) of a batch of codes against as many samples of the prior, the
/// U-statistic, which may be negative; Tolstikhin et al. (2018), algorithm 2. Its pairs of codes are of
/// different data: of batches without replacement from N data it is low by
///   (mean_n |mu_n|^2 - |mean_n mu_n|^2) / (N - 1),  mu_n the mean embedding of Q(Z|x_n),
/// which vanishes as N grows. No unit. It does not move a prior's own parameters.
Term mmd(MmdKernel kernel);

/// DIP-VAE (Kumar et al. 2018), of the covariance C of the posterior means in the batch (I), or of
/// the codes, that is with the mean posterior variance added to its diagonal (II):
/// sum_{i != j} C_ij^2 + diagonal sum_i (C_ii - 1)^2. No unit.
enum class Dip { i, ii };
Term dip(Dip kind, double diagonal);

/// Total correlation as FactorVAE's critic estimates it, the mean of its logit over the batch's
/// codes: exact for the optimal critic only. Throws Error on a draw without critic.
Term factor_tc();

}  // namespace nelbo
