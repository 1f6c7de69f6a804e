#pragma once
#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "autodiff/instruction_set.hpp"
#include "autodiff/kernels/dispatch.hpp"
#include "autodiff/random.hpp"
#include "tests/catch.hpp"

namespace nelbo::tests {

template <class T>
bool same_bits(const std::vector<T>& a, const std::vector<T>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}

/// Runs `body` under every instruction set of this machine.
template <class Body>
void under_each_isa(Body body) {
  const std::string before = active_kernels().isa;
  for (const std::string& isa : supported_isas()) {
    INFO("isa " << isa);
    select_isa(isa);
    body();
  }
  select_isa(before);
}

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
