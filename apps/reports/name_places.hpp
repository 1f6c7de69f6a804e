#pragma once
#include <optional>
#include <vector>

namespace nelbo {

/// Places in [low, high] at least `gap` apart, in the order of the wanted ones and as near to them as
/// pushing aside allows; where there is no room for all they are evenly spread.
std::vector<double> spread_out(const std::vector<double>& wanted, double gap, double low,
                               double high);

/// An upright rectangle.
struct Box {
  double left = 0, top = 0, right = 0, bottom = 0;
  bool overlaps(const Box& other) const {
    return left < other.right && other.left < right && top < other.bottom && other.top < bottom;
  }
  bool contains(const Box& other) const {
    return left <= other.left && other.right <= right && top <= other.top && other.bottom <= bottom;
  }
};

/// Where a name of this size has room beside a mark at (x, y): right of it, left, above, below, and
/// further away in each direction; inside `frame` and over none of `taken`. Nothing if nowhere.
std::optional<Box> free_place(double x, double y, double width, double height, const Box& frame,
                              const std::vector<Box>& taken);

}  // namespace nelbo
