#pragma once
#include <cstddef>
#include <vector>

namespace nelbo::data {

/// Resizing by area means: every pixel of the result is the mean of what it covers of the original,
/// weighted by the area covered. Sums have whole weights, so that of bytes they are exact.
class AreaResize {
 public:
  /// From [H, W] to [h, w], each at least 1 and below 2^20.
  AreaResize(std::size_t height, std::size_t width, std::size_t to_height, std::size_t to_width);

  /// Writes [h, w] from [H, W]; `scratch` is resized as needed.
  void operator()(const double* from, double* to, std::vector<double>& scratch) const;

 private:
  /// The part of a line of pixels that a pixel of the result covers, in parts of a pixel: an original
  /// pixel is `to` parts long, one of the result `from`.
  struct Cover {
    std::size_t first = 0;
    std::vector<double> parts;  // of the pixels first, first + 1, ...
  };
  static std::vector<Cover> covers(std::size_t from, std::size_t to);

  std::size_t height_, width_;
  std::vector<Cover> rows_, columns_;
};

}  // namespace nelbo::data
