#pragma once
#include <string>
#include <vector>

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

/// The kernels in use: those of the best instruction set that this machine and its operating system
/// support, or the one named by the environment variable NELBO_ISA. Throws Error if NELBO_ISA names
/// an unknown or unsupported one.
const Kernels& active_kernels();

/// Instruction sets that this machine can run, best last.
std::vector<std::string> supported_isas();

/// All instruction sets in this binary, best last.
std::vector<std::string> compiled_isas();

/// Switches the kernels in use (tests run the operator registry under each). Not thread-safe.
void select_isa(const std::string& isa);

}  // namespace nelbo
