#include "autodiff/kernels/dispatch.hpp"

#include <cstdlib>

#include "autodiff/error.hpp"
#include "autodiff/instruction_set.hpp"
#include "autodiff/joined.hpp"

// Each instruction set's table, defined in table.isa.cpp; CMake says which there are.
namespace nelbo::kernels {
#ifdef NELBO_HAS_generic
namespace generic {
extern const Kernels table;
}
#endif
#ifdef NELBO_HAS_sse2
namespace sse2 {
extern const Kernels table;
}
#endif
#ifdef NELBO_HAS_avx2
namespace avx2 {
extern const Kernels table;
}
#endif
#ifdef NELBO_HAS_avx512
namespace avx512 {
extern const Kernels table;
}
#endif
}  // namespace nelbo::kernels

namespace nelbo {
namespace {

struct Candidate {
  const Kernels& kernels;
  bool (*supported)();
};

// Best last. __builtin_cpu_supports also asks whether the operating system saves the wide registers.
const Candidate candidates[] = {
#ifdef NELBO_HAS_generic
    {kernels::generic::table, [] { return true; }},
#endif
#ifdef NELBO_HAS_sse2
    {kernels::sse2::table, [] { return true; }},
#endif
#ifdef NELBO_HAS_avx2
    {kernels::avx2::table,
     [] { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }},
#endif
#ifdef NELBO_HAS_avx512
    {kernels::avx512::table,
     [] {
       return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512cd") &&
              __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
              __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("fma");
     }},
#endif
};

const Kernels* find(const std::string& isa, const std::string& source) {
  for (const Candidate& candidate : candidates) {
    if (isa == candidate.kernels.isa) {
      if (candidate.supported()) return &candidate.kernels;
      throw Error(source + ": this machine cannot run " + isa + "; it can run " +
                  joined(supported_isas(), ", "));
    }
  }
  throw Error(source + ": unknown instruction set '" + isa + "'; this binary has " +
              joined(compiled_isas(), ", "));
}

const Kernels*& current() {
  static const Kernels* chosen = [] {
    const char* forced = std::getenv("NELBO_ISA");
    if (forced != nullptr && *forced != '\0') return find(forced, "NELBO_ISA");
    const std::vector<std::string> supported = supported_isas();
    if (supported.empty()) {
      throw Error("kernels: this machine can run none of the instruction sets in this binary, " +
                  joined(compiled_isas(), ", "));
    }
    return find(supported.back(), "kernels");
  }();
  return chosen;
}

}  // namespace

const Kernels& active_kernels() { return *current(); }

std::string active_isa() { return active_kernels().isa; }

std::vector<std::string> supported_isas() {
  std::vector<std::string> names;
  for (const Candidate& candidate : candidates) {
    if (candidate.supported()) names.emplace_back(candidate.kernels.isa);
  }
  return names;
}

std::vector<std::string> compiled_isas() {
  std::vector<std::string> names;
  for (const Candidate& candidate : candidates) names.emplace_back(candidate.kernels.isa);
  return names;
}

void select_isa(const std::string& isa) { current() = find(isa, "select_isa"); }

}  // namespace nelbo
