#pragma once
#include <limits>
#include <span>
#include <string>

namespace nelbo {

/// What the values of some data are, as a model sees them.
struct Extent {
  double least = std::numeric_limits<double>::infinity();
  double greatest = -std::numeric_limits<double>::infinity();
  bool whole = true;   // all are whole numbers
  bool levels = true;  // all are pixels k / 255 in [0, 1]

  bool empty() const { return least > greatest; }
  /// NaN is a value that is missing.
  void add(std::span<const float> values);
  void add(const Extent& other);
  /// "from 0 to 255", "from -1.5 to 2".
  std::string text() const;
};

/// The values x_i for which a likelihood has log P(x|z): an interval with its ends or without, or the
/// whole numbers or the pixels k / 255 in it.
struct Support {
  double least = -std::numeric_limits<double>::infinity();
  double greatest = std::numeric_limits<double>::infinity();
  bool whole = false;
  bool levels = false;
  bool open = false;  // without its ends

  bool holds(const Extent& extent) const;
  /// Whether x is one of countably many values.
  bool discrete() const { return whole || levels; }
  /// "numbers in [0, 1]", "whole numbers from 0 on", "numbers".
  std::string text() const;
};

}  // namespace nelbo
