#pragma once
#include <cstdint>

namespace nelbo {

/// What an objective is about to be applied to, as far as it is known; 0 where it is not.
struct Setting {
  std::int64_t batch = 0;      // B
  std::int64_t data_size = 0;  // N
  std::int64_t latent = 0;     // D
  bool exact_div = true;       // KL(Q(Z|x) || P0) has a closed form
  bool data_entropy = true;    // H_data is known
  std::int64_t parts = 1;      // that the batch is computed in
};

}  // namespace nelbo
