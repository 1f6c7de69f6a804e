#pragma once
/// All operators. Shapes follow NumPy's rules; every operator throws Error naming itself and the
/// shapes.
#include "autodiff/operator.hpp"
#include "autodiff/ops/convolution_ops.hpp"
#include "autodiff/ops/density_ops.hpp"
#include "autodiff/ops/elementwise_ops.hpp"
#include "autodiff/ops/linalg_ops.hpp"
#include "autodiff/ops/linear_ops.hpp"
#include "autodiff/ops/pairwise_ops.hpp"
#include "autodiff/ops/reduce_ops.hpp"
#include "autodiff/ops/shape_ops.hpp"
#include "autodiff/ops/special_ops.hpp"
