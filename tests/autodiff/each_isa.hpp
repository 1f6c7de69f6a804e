#pragma once
#include <cstring>
#include <string>
#include <vector>

#include "autodiff/instruction_set.hpp"
#include "autodiff/kernels/dispatch.hpp"
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

}  // namespace nelbo::tests
