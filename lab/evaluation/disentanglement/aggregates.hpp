#pragma once
#include <string>
#include <utility>
#include <vector>

#include "lab/evaluation/disentanglement/matrix.hpp"

namespace nelbo::disentanglement {

/// What suits every matrix: D, C, modularity and MIG-SUP.
std::vector<double> aggregates(const Matrix& matrix);

/// Their names and a variant; `matrix` is "" of the one that the plain names mean.
std::vector<std::pair<std::string, std::string>> aggregate_names(const std::string& matrix,
                                                                 const std::string& variant);

/// Rows of dead codes and columns of missing factors set to 0; `active` and `known` ascending.
Matrix of_active(Matrix matrix, const std::vector<std::size_t>& active,
                 const std::vector<std::size_t>& known);

}  // namespace nelbo::disentanglement
