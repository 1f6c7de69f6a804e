#pragma once
// Points as a file of anybody's codes.
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "lab/evaluation/disentanglement/points.hpp"
#include "lab/files/npz_write.hpp"
#include "tests/lab/data_files.hpp"

namespace nelbo::tests {

/// The factors of points as an array [N, K].
inline std::vector<double> factors_of(const disentanglement::Points& points) {
  std::vector<double> all;
  for (std::size_t n = 0; n < points.count(); ++n) {
    for (const auto& factor : points.factors) all.push_back(factor.values[n]);
  }
  return all;
}

/// A file of codes, and with variances of their spread e^-3.
struct CodesFile {
  explicit CodesFile(const disentanglement::Points& points, bool variances = false)
      : factors(factors_of(points)) {
    const auto N = std::int64_t(points.count()), D = std::int64_t(points.dimensions);
    std::map<std::string, data::ArrayView> arrays{
        {"factors",
         {data::StoredType::float64, {N, std::int64_t(points.factors.size())}, factors.data()}},
        {variances ? "mean" : "codes", {data::StoredType::float64, {N, D}, points.codes.data()}}};
    spread.assign(points.codes.size(), -3.0);
    if (variances) arrays["log_variance"] = {data::StoredType::float64, {N, D}, spread.data()};
    path = folder.path() + "/codes.npz";
    write_npz(path, arrays);
  }
  TempFolder folder;
  std::vector<double> factors, spread;
  std::string path;
};

}  // namespace nelbo::tests
