#include "lab/data/area_resize.hpp"

#include <algorithm>

namespace nelbo::data {

AreaResize::AreaResize(std::size_t height, std::size_t width, std::size_t to_height,
                       std::size_t to_width)
    : height_(height),
      width_(width),
      rows_(covers(height, to_height)),
      columns_(covers(width, to_width)) {}

std::vector<AreaResize::Cover> AreaResize::covers(std::size_t from, std::size_t to) {
  std::vector<Cover> all(to);
  for (std::size_t i = 0; i < to; ++i) {
    const std::size_t begin = i * from, end = begin + from;
    all[i].first = begin / to;
    for (std::size_t pixel = begin / to; pixel * to < end; ++pixel) {
      all[i].parts.push_back(double(std::min(end, (pixel + 1) * to) - std::max(begin, pixel * to)));
    }
  }
  return all;
}

void AreaResize::operator()(const double* from, double* to, std::vector<double>& scratch) const {
  scratch.resize(width_);
  const double area = double(height_) * double(width_);
  for (const Cover& row : rows_) {
    std::fill(scratch.begin(), scratch.end(), 0.0);
    for (std::size_t k = 0; k < row.parts.size(); ++k) {
      const double* const line = from + (row.first + k) * width_;
      for (std::size_t x = 0; x < width_; ++x) scratch[x] += row.parts[k] * line[x];
    }
    for (const Cover& column : columns_) {
      double sum = 0;
      for (std::size_t k = 0; k < column.parts.size(); ++k)
        sum += column.parts[k] * scratch[column.first + k];
      *to++ = sum / area;
    }
  }
}

}  // namespace nelbo::data
