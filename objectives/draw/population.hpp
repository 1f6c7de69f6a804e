#pragma once
#include <cstdint>
#include <optional>

#include "models/distributions/diag_normal.hpp"

namespace nelbo {

/// What a draw's batch comes from. All of it is optional: quantities that need what is missing
/// throw Error.
struct Population {
  std::int64_t size = 0;                 // N, the number of data; 0: not known
  std::optional<DiagNormal> posteriors;  // of all N data, [N, D], for the scheme `full`
  std::optional<double> entropy;         // H_data, nats, where it is known exactly
};

}  // namespace nelbo
