#pragma once
#include <cstdint>
#include <string>

#include "autodiff/shape.hpp"

namespace nelbo {

/// C of examples [side, side] (1) or [side, side, C], of a model for such images. Throws Error naming
/// the model and the shape for any others.
std::int64_t image_channels(const std::string& model, std::int64_t side, const Shape& example);

}  // namespace nelbo
