#include "lab/data/data_entropy.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <unordered_map>
#include <vector>

namespace nelbo {

std::optional<double> data_entropy(const Examples& examples, const Model& model) {
  if (model.likelihood() == nullptr || !model.likelihood()->is_mass()) return std::nullopt;
  if (model.conditions() > 0)
    return std::nullopt;  // Nell is of x given its condition, H_data is not
  std::vector<float> x(examples.features());
  // The key holds a bit per pixel, so that equal keys are equal examples.
  std::unordered_map<std::string, double> copies;
  for (std::uint32_t i = 0; i < examples.count(); ++i) {
    examples.fill_features(x.data(), {&i, 1}, 0);
    std::string bits((x.size() + 7) / 8, '\0');
    for (std::size_t p = 0; p < x.size(); ++p) {
      if (x[p] != 0 && x[p] != 1) return std::nullopt;
      if (x[p] == 1) bits[p / 8] = char(bits[p / 8] | (1 << (p % 8)));
    }
    copies[bits] += 1;
  }
  // Summed in order of the counts: a hash table's own order is not the same everywhere.
  std::vector<double> counts;
  for (const auto& [bits, count] : copies) counts.push_back(count);
  std::sort(counts.begin(), counts.end());
  const double n = double(examples.count());
  double entropy = 0;
  for (const double c : counts) entropy -= c / n * std::log(c / n);
  return entropy;
}

}  // namespace nelbo
