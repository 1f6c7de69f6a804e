#include "lab/data/data_entropy.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <unordered_map>
#include <vector>

#include "lab/files/xxh64.hpp"

namespace nelbo {
namespace {

/// Equal examples: the first of them, and how many there are.
struct Copies {
  std::uint32_t first;
  double count = 1;
};

bool is_binary(const std::vector<float>& x) {
  return std::all_of(x.begin(), x.end(), [](float value) { return value == 0 || value == 1; });
}

}  // namespace

std::optional<double> data_entropy(const Examples& examples, const Model& model) {
  const Likelihood* const likelihood = model.likelihood();
  if (likelihood == nullptr || !likelihood->is_mass()) return std::nullopt;
  // Nell is of x given its condition, H_data is not.
  if (model.conditions() > 0) return std::nullopt;
  // A grey value that counts as a probability is no value of a mass.
  const bool binary = !likelihood->support().discrete();
  std::vector<float> x(examples.features()), other(examples.features());
  std::unordered_map<std::string, std::vector<Copies>> by_digest;
  for (std::uint32_t i = 0; i < examples.count(); ++i) {
    examples.fill_features(x.data(), {&i, 1}, 0);
    if (binary && !is_binary(x)) return std::nullopt;
    Xxh64 digest;
    digest.update(x.data(), x.size() * sizeof(float));
    std::vector<Copies>& alike = by_digest[digest.hex()];
    const auto same = std::find_if(alike.begin(), alike.end(), [&](const Copies& copies) {
      examples.fill_features(other.data(), {&copies.first, 1}, 0);
      return x == other;
    });
    if (same == alike.end()) {
      alike.push_back({i});
    } else {
      ++same->count;
    }
  }
  // Summed in order of the counts: a hash table's own order is not the same everywhere.
  std::vector<double> counts;
  for (const auto& [digest, alike] : by_digest) {
    for (const Copies& copies : alike) counts.push_back(copies.count);
  }
  std::sort(counts.begin(), counts.end());
  const double n = double(examples.count());
  double entropy = 0;
  for (const double c : counts) entropy -= c / n * std::log(c / n);
  return entropy;
}

}  // namespace nelbo
