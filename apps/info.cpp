#include <fmt/format.h>

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "apps/cli/commands.hpp"
#include "apps/cli/common_flags.hpp"
#include "apps/cli/print_json.hpp"
#include "apps/exit_code.hpp"
#include "autodiff/instruction_set.hpp"
#include "autodiff/joined.hpp"
#include "autodiff/threads.hpp"
#include "lab/training/mpi_module.hpp"

namespace nelbo {
namespace {

std::string processor() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.rfind("model name", 0) != 0) continue;
    const std::size_t colon = line.find(": ");
    if (colon != std::string::npos) return line.substr(colon + 2);
  }
  return "unknown";
}

std::string compiler() {
#if defined(__clang__)
  return "clang " __clang_version__;
#else
  return "gcc " __VERSION__;
#endif
}

struct Facts {
  std::string isa = active_isa();
  bool forced = false;  // by NELBO_ISA
  std::vector<std::string> supported = supported_isas(), compiled = compiled_isas();
  std::size_t threads = num_threads();
  std::string cpu = processor(), mpi = mpi_library();
};

Facts facts() {
  const char* forced = std::getenv("NELBO_ISA");
  return {.forced = forced != nullptr && *forced != '\0'};
}

nlohmann::ordered_json json_of(const Facts& facts) {
  return {{"version", NELBO_VERSION},
          {"isa",
           {{"in_use", facts.isa},
            {"forced", facts.forced},
            {"supported", facts.supported},
            {"compiled", facts.compiled}}},
          {"threads", facts.threads},
          {"cpu", facts.cpu},
          {"mpi", facts.mpi.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(facts.mpi)},
          {"build",
           {{"type", NELBO_BUILD_TYPE},
            {"compiler", compiler()},
            {"xsimd", NELBO_XSIMD_VERSION},
            {"eigen", NELBO_EIGEN_VERSION}}}};
}

void print(const Facts& facts) {
  std::cout << fmt::format("nelbo      {}\n", NELBO_VERSION)
            << fmt::format("isa        {}{}; this machine runs {}; this binary has {}\n", facts.isa,
                           facts.forced ? " (forced by NELBO_ISA)" : "",
                           joined(facts.supported, ", "), joined(facts.compiled, ", "))
            << fmt::format("threads    {}\n", facts.threads)
            << fmt::format("cpu        {}\n", facts.cpu)
            << fmt::format("mpi        {}\n", facts.mpi.empty() ? "none" : facts.mpi)
            << fmt::format("build      {}, {}\n", NELBO_BUILD_TYPE, compiler())
            << fmt::format("libraries  xsimd {}, Eigen {}\n", NELBO_XSIMD_VERSION,
                           NELBO_EIGEN_VERSION);
}

Action declare_info(CommandLine& command) {
  auto flags = std::make_shared<CommonFlags>();
  command.flag("--json", flags->json, "print one JSON object on stdout");
  command.footer("Examples:\n  nelbo info\n  NELBO_ISA=sse2 nelbo info --json");
  return [flags] {
    flags->apply_threads();
    if (flags->json)
      print_json(json_of(facts()));
    else
      print(facts());
    return exit_done;
  };
}

}  // namespace

Command info_command() {
  return {"info", "Print version, instruction sets, threads and libraries", declare_info};
}

}  // namespace nelbo
