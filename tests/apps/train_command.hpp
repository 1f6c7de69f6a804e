#pragma once
// A small training by the program, and what it leaves.
#include <cstdint>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "lab/files/safetensors.hpp"
#include "tests/apps/program_run.hpp"
#include "tests/lab/train_data.hpp"

namespace nelbo::tests {

/// 60 grey images of 8 x 8 as an IDX file; 54 remain for training, so batches of 20 make epochs of
/// 3 steps.
inline std::string write_data(const TempFolder& folder) {
  return folder.write("blobs-images-idx3-ubyte", idx_of(blobs(60, 8, 3)));
}

inline std::vector<std::string> command(const std::string& data, const std::string& out,
                                        const std::vector<std::string>& more) {
  std::vector<std::string> args{"train",    "--data",     data,       "--model",   "mlp",
                                "--hidden", "9",          "--latent", "2",         "--batch",
                                "20",       "--binarize", "dynamic",  "--threads", "1"};
  if (!out.empty()) args.insert(args.end(), {"--out", out});
  args.insert(args.end(), more.begin(), more.end());
  return args;
}

inline std::string last_line(const std::string& text) {
  const std::size_t end = text.find_last_not_of('\n');
  const std::size_t begin = text.rfind('\n', end);
  return text.substr(begin + 1, end - begin);
}

inline std::string last(const std::string& run) {
  return read_whole(run + "/checkpoints/last.safetensors");
}

inline nlohmann::json record_of(const std::string& run) {
  return nlohmann::json::parse(read_whole(run + "/run.json"));
}

inline std::uint64_t step_of(const std::string& run) {
  return std::stoull(
      safetensors::Reader(run + "/checkpoints/last.safetensors").metadata().at("step"));
}

inline std::vector<nlohmann::json> lines_of(const std::string& run) {
  std::vector<nlohmann::json> lines;
  std::istringstream text(read_whole(run + "/metrics.jsonl"));
  for (std::string line; std::getline(text, line);) lines.push_back(nlohmann::json::parse(line));
  return lines;
}

}  // namespace nelbo::tests
