#pragma once
/// All layers.
#include "models/layers/conv2d.hpp"
#include "models/layers/conv_transpose2d.hpp"
#include "models/layers/dropout.hpp"
#include "models/layers/flatten.hpp"
#include "models/layers/hidden_layer.hpp"
#include "models/layers/layer_norm.hpp"
#include "models/layers/linear.hpp"
#include "models/layers/mlp.hpp"
#include "models/layers/residual_block.hpp"
#include "models/layers/sequential.hpp"
