#pragma once
#include <string>
#include <vector>

#include "lab/studies/study.hpp"

namespace nelbo::gradvar {

/// A picture of one bound and one group.
struct Figure {
  std::string name;  // of a file, without its ending: "snr-m-iw-phi"
  std::string bound;
  std::string group;
  std::string svg;
};

/// For every bound and group: SNR (with its floor, and lines of the slopes that theory gives) and
/// variance against m, against k where several were studied, and variance against the time of a
/// gradient. One line per estimator, and per k (or m) where there are several; an estimator looks
/// the same in all figures. Bars are 95 % intervals.
std::vector<Figure> figures_of(const Study& study);

}  // namespace nelbo::gradvar
