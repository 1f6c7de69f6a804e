#pragma once
// Scores of any matrix [D, K] of what codes have to do with factors, entries >= 0: an estimate of the
// matrix and an aggregator make a metric. A code is as important as the sum of its row, so that rows of
// zeros, dead codes, count nothing; a matrix of zeros scores 0.
#include <cstddef>
#include <span>
#include <vector>

#include "lab/evaluation/disentanglement/matrix.hpp"

namespace nelbo::disentanglement {

/// The mean over factors of the largest entry less the second largest: MIG (Chen et al. 2018) of
/// information over H(v_k), SAP (Kumar et al. 2018) of squared correlations.
double gap(const Matrix& matrix);

/// D = sum_d rho_d (1 - H(R_d. / sum) / ln K), rho_d the code's share of all: Eastwood & Williams
/// (2018). With a single factor no code can mix any: 1.
double dci_disentanglement(const Matrix& matrix);

/// C = mean_k (1 - H(R_.k / sum) / ln D'), D' the number of rows that are not 0; a factor whose column
/// is 0 counts 0. Of a single row every factor that it tells of counts 1.
double dci_completeness(const Matrix& matrix);

/// The mean, weighted as D, of 1 - sum_{k != k*} R_dk^2 / (R_dk*^2 (K - 1)): Ridgeway & Mozer (2018).
double modularity(const Matrix& matrix);

/// The mean, weighted as D, of a code's gap over the factors, of information over H(v_k): MIG-SUP (Li
/// et al. 2020).
double sup_gap(const Matrix& matrix);

/// DCIMIG (Sepliarskaia et al. 2019): each code's gap over the factors belongs to its best factor, each
/// factor keeps the largest, and their sum is divided by that of the entropies: information and H(v_k)
/// in nats.
double dcimig(const Matrix& information, std::span<const double> factor_entropy);

/// JEMMIG (Do & Tran 2020), quantised and normalised so that 1 is best:
///   mean_k 1 - (H(v_k, z_d*) - I(z_d*; v_k) + max_{d != d*} I(z_d; v_k)) / (H(v_k) + ln bins of d*),
/// nats; a factor of which no code tells counts 0.
double jemmig(const Matrix& information, std::span<const double> factor_entropy,
              std::span<const double> code_entropy, std::span<const std::size_t> bins);

// Of disentanglement_lib: all codes count alike, or all factors do not.

/// The mean of 1 - sum R^2 / ... over all codes; one that tells nothing counts 0.
double modularity_of_all_codes(const Matrix& matrix);
/// Completeness with ln D of all codes, weighted by the sums of the columns.
double dci_completeness_by_columns(const Matrix& matrix);

/// The place of the largest, and the largest less the second largest (0 where there is none).
struct Lead {
  std::size_t best = 0;
  double gap = 0;
};
Lead lead(std::span<const double> values);

std::vector<double> row(const Matrix& matrix, std::size_t d);
std::vector<double> column(const Matrix& matrix, std::size_t k);

}  // namespace nelbo::disentanglement
