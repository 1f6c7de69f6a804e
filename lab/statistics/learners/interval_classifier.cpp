#include "lab/statistics/learners/interval_classifier.hpp"

#include <algorithm>
#include <limits>

namespace nelbo::learners {
namespace {

/// best[j, c] points right of the cells so far by j + 1 intervals, the last of class c.
class Program {
 public:
  Program(const LineCells& cells, std::span<const std::int32_t> labels, std::size_t classes)
      : cells_(cells),
        classes_(classes),
        counts_(cells.ends.size() * classes, 0),
        right_(classes * classes, 0),
        before_(cells.ends.size() * classes * classes, keeps) {
    for (std::size_t n = 0; n < labels.size(); ++n) {
      ++counts_[cells.cell[n] * classes + std::size_t(labels[n])];
    }
    for (std::size_t cell = 0; cell < cells.ends.size(); ++cell) add(cell);
  }

  IntervalClassifier classifier() const {
    const std::size_t state =
        std::size_t(std::max_element(right_.begin(), right_.end()) - right_.begin());
    std::size_t j = state / classes_, c = state % classes_;
    IntervalClassifier result{{std::numeric_limits<double>::infinity()}, {std::int32_t(c)}};
    for (std::size_t cell = cells_.ends.size(); cell-- > 1;) {
      const std::uint16_t came_from = before_[(cell * classes_ + j) * classes_ + c];
      if (came_from == keeps) continue;
      --j, c = came_from;
      result.ends.push_back(cells_.ends[cell - 1]);
      result.classes.push_back(std::int32_t(c));
    }
    std::reverse(result.ends.begin(), result.ends.end());
    std::reverse(result.classes.begin(), result.classes.end());
    return result;
  }

 private:
  static constexpr std::uint16_t keeps = 0xffff;  // the interval goes on

  void add(std::size_t cell) {
    for (std::size_t j = classes_; j-- > 0;) {  // downward: j - 1 still is of the cells before
      std::size_t best = 0;
      std::uint32_t most = 0;
      if (j > 0) {
        const auto row = right_.begin() + std::ptrdiff_t((j - 1) * classes_);
        best = std::size_t(std::max_element(row, row + std::ptrdiff_t(classes_)) - row);
        most = row[std::ptrdiff_t(best)];
      }
      for (std::size_t c = 0; c < classes_; ++c) {
        std::uint32_t& right = right_[j * classes_ + c];
        if (j > 0 && cell > 0 && most > right) {
          right = most;
          before_[(cell * classes_ + j) * classes_ + c] = std::uint16_t(best);
        }
        right += counts_[cell * classes_ + c];
      }
    }
  }

  const LineCells& cells_;
  std::size_t classes_;
  std::vector<std::uint32_t> counts_;  // [cells, classes]
  std::vector<std::uint32_t> right_;   // [intervals, classes]
  std::vector<std::uint16_t>
      before_;  // [cells, intervals, classes], the class of the interval before
};

}  // namespace

std::int32_t IntervalClassifier::operator()(double x) const {
  const auto end = std::lower_bound(ends.begin(), ends.end() - 1, x);
  return classes[std::size_t(end - ends.begin())];
}

IntervalClassifier fit_intervals(const LineCells& cells, std::span<const std::int32_t> labels,
                                 std::size_t classes) {
  return Program(cells, labels, classes).classifier();
}

}  // namespace nelbo::learners
