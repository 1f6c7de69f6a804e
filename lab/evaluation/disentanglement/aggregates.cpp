#include "lab/evaluation/disentanglement/aggregates.hpp"

#include <algorithm>

#include "lab/evaluation/disentanglement/aggregators.hpp"

namespace nelbo::disentanglement {

std::vector<double> aggregates(const Matrix& matrix) {
  return {dci_disentanglement(matrix), dci_completeness(matrix), modularity(matrix),
          sup_gap(matrix)};
}

std::vector<std::pair<std::string, std::string>> aggregate_names(const std::string& matrix,
                                                                 const std::string& variant) {
  const std::string end = matrix.empty() ? "" : "." + matrix;
  return {{"dci_disentanglement" + end, variant},
          {"dci_completeness" + end, variant},
          {"modularity" + end, variant},
          {"mig_sup" + end, variant}};
}

Matrix of_active(Matrix matrix, const std::vector<std::size_t>& active,
                 const std::vector<std::size_t>& known) {
  const auto in = [](const std::vector<std::size_t>& numbers, std::size_t number) {
    return std::binary_search(numbers.begin(), numbers.end(), number);
  };
  for (std::size_t d = 0; d < matrix.rows(); ++d) {
    for (std::size_t k = 0; k < matrix.columns(); ++k) {
      if (!in(active, d) || !in(known, k)) matrix(d, k) = 0;
    }
  }
  return matrix;
}

}  // namespace nelbo::disentanglement
