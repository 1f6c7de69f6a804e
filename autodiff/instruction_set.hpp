#pragma once
#include <string>
#include <vector>

namespace nelbo {

/// The instruction set whose kernels are in use, "sse2", "avx2", "avx512" or "generic": the best that
/// this machine and its operating system support, or the one named by the environment variable
/// NELBO_ISA. Throws Error if NELBO_ISA names an unknown or unsupported one.
std::string active_isa();

/// Instruction sets that this machine can run, best last.
std::vector<std::string> supported_isas();

/// All instruction sets in this binary, best last.
std::vector<std::string> compiled_isas();

/// Switches the kernels in use (tests run the operator registry under each). Not thread-safe.
void select_isa(const std::string& isa);

}  // namespace nelbo
