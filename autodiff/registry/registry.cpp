#include "autodiff/registry/registry.hpp"

#include <iterator>

#include "autodiff/registry/rows.hpp"

namespace nelbo {

std::vector<OperatorRow> operator_registry() {
  std::vector<OperatorRow> all;
  for (auto rows : {elementwise_rows, reduce_rows, density_rows, shape_rows, linear_rows,
                    linalg_rows, convolution_rows, pairwise_rows, special_rows}) {
    std::vector<OperatorRow> family = rows();
    all.insert(all.end(), std::make_move_iterator(family.begin()),
               std::make_move_iterator(family.end()));
  }
  return all;
}

}  // namespace nelbo
