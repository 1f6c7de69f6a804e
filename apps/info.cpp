#include <fmt/format.h>
#include <fmt/ranges.h>

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
#include "autodiff/threads.hpp"

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

nlohmann::ordered_json facts() {
  const char* forced = std::getenv("NELBO_ISA");
  nlohmann::ordered_json json;
  json["version"] = NELBO_VERSION;
  json["isa"] = {{"in_use", active_isa()},
                 {"forced", forced != nullptr && *forced != '\0'},
                 {"supported", supported_isas()},
                 {"compiled", compiled_isas()}};
  json["threads"] = num_threads();
  json["cpu"] = processor();
  json["build"] = {{"type", NELBO_BUILD_TYPE},
                   {"compiler", compiler()},
                   {"xsimd", NELBO_XSIMD_VERSION},
                   {"eigen", NELBO_EIGEN_VERSION},
                   {"tbb", NELBO_TBB_VERSION}};
  return json;
}

void print_text(const nlohmann::ordered_json& json) {
  const auto text = [](const nlohmann::ordered_json& value) { return value.get<std::string>(); };
  const auto list = [](const nlohmann::ordered_json& values) {
    return fmt::format("{}", fmt::join(values.get<std::vector<std::string>>(), ", "));
  };
  const auto& isa = json["isa"];
  const auto& build = json["build"];
  std::cout << "nelbo      " << text(json["version"]) << "\n"
            << "isa        " << text(isa["in_use"])
            << (isa["forced"].get<bool>() ? " (forced by NELBO_ISA)" : "") << "; this machine runs "
            << list(isa["supported"]) << "; this binary has " << list(isa["compiled"]) << "\n"
            << "threads    " << json["threads"] << "\n"
            << "cpu        " << text(json["cpu"]) << "\n"
            << "build      " << text(build["type"]) << ", " << text(build["compiler"]) << "\n"
            << "libraries  xsimd " << text(build["xsimd"]) << ", Eigen " << text(build["eigen"])
            << ", TBB " << text(build["tbb"]) << "\n";
}

Action declare(CommandLine& command) {
  auto flags = std::make_shared<CommonFlags>();
  command.flag("--json", flags->json, "print one JSON object on stdout");
  command.footer("Examples:\n  nelbo info\n  NELBO_ISA=sse2 nelbo info --json");
  return [flags] {
    flags->apply_threads();
    const nlohmann::ordered_json json = facts();
    if (flags->json)
      print_json(json);
    else
      print_text(json);
    return exit_done;
  };
}

}  // namespace

Command info_command() {
  return {"info", "Print version, instruction sets, threads and libraries", declare};
}

}  // namespace nelbo
