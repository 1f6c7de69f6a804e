#pragma once
#include <type_traits>

#include "autodiff/kernels/activation.hpp"
#include "autodiff/kernels/density.hpp"
#include "autodiff/kernels/elementwise.hpp"
#include "autodiff/kernels/gemm.hpp"
#include "autodiff/kernels/linalg.hpp"
#include "autodiff/kernels/optimizer.hpp"
#include "autodiff/kernels/pairwise.hpp"
#include "autodiff/kernels/peak.hpp"
#include "autodiff/kernels/quantile.hpp"
#include "autodiff/kernels/random.hpp"
#include "autodiff/kernels/reduce.hpp"
#include "autodiff/kernels/sparse.hpp"
#include "autodiff/kernels/winograd.hpp"

namespace nelbo {

/// All kernels of one instruction set: plain function pointers over raw pointers.
struct Kernels {
  const char* isa;  // "sse2", "avx2", "avx512" or "generic"
#define X(type, member) const kernels::type* member##_table;
#include "autodiff/kernels/families.def"
#undef X
#define X(type, member) \
  const kernels::type& member() const { return *member##_table; }
#include "autodiff/kernels/families.def"
#undef X
};

/// The kernels in use: those of active_isa(), whose errors it throws.
const Kernels& active_kernels();

/// What a family, or one elementwise operator, has for T = float or double.
template <class T, class Family>
const auto& kernels_for(const Family& family) {
  if constexpr (std::is_same_v<T, float>) {
    return family.f32;
  } else {
    return family.f64;
  }
}

}  // namespace nelbo
