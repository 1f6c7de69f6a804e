#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "autodiff/random.hpp"
#include "tests/autodiff/each_isa.hpp"

namespace nelbo::tests {

/// Visits (s, b, d, flat index) of a block.
template <class Visit>
void for_each_number(const RandomBlock& block, Visit visit) {
  std::size_t i = 0;
  for (std::size_t s = 0; s < block.draws; ++s) {
    for (std::size_t b = 0; b < block.batch; ++b) {
      for (std::size_t d = 0; d < block.dimensions; ++d) visit(s, b, d, i++);
    }
  }
}

inline RandomBlock make_block(std::size_t draws, std::size_t batch, std::size_t dimensions) {
  RandomBlock block;
  block.stream = {20240607, StreamId::noise, 3};
  block.step = 17;
  block.draws = draws;
  block.batch = batch;
  block.dimensions = dimensions;
  return block;
}

}  // namespace nelbo::tests
