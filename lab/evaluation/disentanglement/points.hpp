#pragma once
// What a disentanglement metric sees: codes of N points and the factors that made the points.
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "lab/statistics/table_view.hpp"

namespace nelbo::disentanglement {

/// A ground-truth factor v_k of N points.
struct Factor {
  std::string name;
  bool continuous = false;            ///< real numbers, whose classes are bins of equal mass
  std::int32_t size = 0;              ///< m_k, the number of its classes
  std::vector<std::int32_t> classes;  ///< [N], each of 0 .. size - 1
  std::vector<double>
      values;  ///< [N], in its own unit; of a discrete factor the classes as numbers
};

/// Codes of N points of any model and the K factors of the points.
struct Points {
  std::size_t dimensions = 0;         ///< D
  std::vector<double> codes;          ///< [N, D]: means of Q(Z|x), or codes without any spread
  std::vector<double> log_variances;  ///< [N, D] of Q(Z|x), or empty
  std::vector<Factor> factors;        ///< K

  std::size_t count() const { return dimensions == 0 ? 0 : codes.size() / dimensions; }
  TableView table() const { return TableView(codes, dimensions); }
};

/// A number and its standard error; 0 where it is exact, NaN where it cannot be known.
struct Score {
  double value = 0;
  double standard_error = 0;
};

}  // namespace nelbo::disentanglement
