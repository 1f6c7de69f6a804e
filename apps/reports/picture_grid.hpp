#pragma once
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "autodiff/tensor.hpp"
#include "lab/data/picture_shape.hpp"
#include "lab/data/scaling.hpp"

namespace nelbo {

/// Pictures that lie row by row, and what is written beside them.
struct PictureGrid {
  Tensor x;                 // [N, X], as a model makes them
  std::size_t columns = 1;  // to a row
  /// To the left of the rows, of one or two lines; fewer than rows, or none.
  std::vector<std::string> rows = {};
  std::vector<std::string> heads = {};  // above the columns, likewise
  std::string corner = {};              // above the rows' labels
};

/// How the values of an example are seen.
struct PictureView {
  PictureShape shape;
  data::Scaling scaling;                     // which is undone
  std::pair<double, double> range = {0, 1};  // in the units of the data: from 0 to full brightness
};

/// Writes a grid as one PNG, grey or in colour. Small pictures are enlarged, a pixel to a square, until they
/// are 64 pixels high or wide. Throws Error naming the path.
void write_pictures(const std::string& path, const PictureGrid& grid, const PictureView& view);

}  // namespace nelbo
