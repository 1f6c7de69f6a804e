#include "lab/data/picture_range.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace nelbo {

std::pair<double, double> picture_range(const Examples& examples) {
  Extent extent = examples.extent();
  if (const data::Scaling& scaling = examples.scaling(); scaling.standard()) {
    extent = {};
    std::vector<float> x(examples.features());
    for (std::uint32_t i = 0; i < examples.count(); ++i) {
      examples.fill_features(x.data(), {&i, 1}, 0);
      scaling.restore(x.data());
      extent.add(x);
    }
  }
  return {std::min(extent.least, 0.0), std::max(extent.greatest, 1.0)};
}

}  // namespace nelbo
