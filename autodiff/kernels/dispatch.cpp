#include "autodiff/kernels/dispatch.hpp"

#include <cstdlib>

#include "autodiff/error.hpp"
#include "autodiff/instruction_set.hpp"

// Each ISA's tables, defined in *.isa.cpp.
namespace nelbo::kernels {
#if defined(__x86_64__)
#define X(type, member)               \
  namespace sse2 {                    \
  extern const type member##_kernels; \
  }                                   \
  namespace avx2 {                    \
  extern const type member##_kernels; \
  }                                   \
  namespace avx512 {                  \
  extern const type member##_kernels; \
  }
#else
#define X(type, member)               \
  namespace generic {                 \
  extern const type member##_kernels; \
  }
#endif
#include "autodiff/kernels/families.def"
#undef X
}  // namespace nelbo::kernels

namespace nelbo {
namespace {

// __builtin_cpu_supports also asks whether the operating system saves the wide registers.
struct Candidate {
  Kernels kernels;
  bool (*supported)();
};

#define X(type, member) &kernels::NELBO_TABLE_ISA::member##_kernels,
#if defined(__x86_64__)
const Candidate candidates[] = {
#define NELBO_TABLE_ISA sse2
    {{
         "sse2",
#include "autodiff/kernels/families.def"
     },
     [] { return true; }},
#undef NELBO_TABLE_ISA
#define NELBO_TABLE_ISA avx2
    {{
         "avx2",
#include "autodiff/kernels/families.def"
     },
     [] { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }},
#undef NELBO_TABLE_ISA
#define NELBO_TABLE_ISA avx512
    {{
         "avx512",
#include "autodiff/kernels/families.def"
     },
     [] {
       return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512cd") &&
              __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
              __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("fma");
     }},
#undef NELBO_TABLE_ISA
};
#else
const Candidate candidates[] = {
#define NELBO_TABLE_ISA generic
    {{
         "generic",
#include "autodiff/kernels/families.def"
     },
     [] { return true; }},
#undef NELBO_TABLE_ISA
};
#endif
#undef X

std::string join(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

const Kernels* find(const std::string& isa, const std::string& source) {
  for (const Candidate& candidate : candidates) {
    if (isa == candidate.kernels.isa) {
      if (candidate.supported()) return &candidate.kernels;
      throw Error(source + ": this machine cannot run " + isa + "; it can run " +
                  join(supported_isas()));
    }
  }
  throw Error(source + ": unknown instruction set '" + isa + "'; this binary has " +
              join(compiled_isas()));
}

const Kernels*& current() {
  static const Kernels* chosen = [] {
    const char* forced = std::getenv("NELBO_ISA");
    if (forced != nullptr && *forced != '\0') return find(forced, "NELBO_ISA");
    return find(supported_isas().back(), "kernels");
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
