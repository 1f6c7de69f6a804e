#pragma once
// Each family of operators hands its registry rows to registry.cpp.
#include <vector>

#include "autodiff/registry/registry.hpp"

namespace nelbo {

std::vector<OperatorRow> elementwise_rows();
std::vector<OperatorRow> reduce_rows();
std::vector<OperatorRow> density_rows();
std::vector<OperatorRow> shape_rows();
std::vector<OperatorRow> linear_rows();
std::vector<OperatorRow> linalg_rows();
std::vector<OperatorRow> convolution_rows();
std::vector<OperatorRow> pairwise_rows();
std::vector<OperatorRow> special_rows();

}  // namespace nelbo
