#pragma once
// Run folders written line by line, as training would leave them: no training is needed to read them.
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tests/lab/data_files.hpp"

namespace nelbo::tests {

struct MadeRun {
  std::string objective = "elbo";
  int seed = 0;
  std::string more;  // further lines of config.toml
  std::string status = "finished";
  std::string argv = R"(["nelbo", "train"])";
  int epochs_wanted = 3;
  std::vector<std::string> lines;  // of metrics.jsonl
};

/// A line of metrics.jsonl whose test has this nell and div; `more`: further keys, ", \"unit_kl\": [1]".
inline std::string epoch_line(int epoch, double nell, double div, const std::string& more = "") {
  const auto metrics = [&](double by) {
    const std::string elbo = std::to_string(-(nell + by + div));
    return "{\"elbo\": " + elbo + ", \"nell\": " + std::to_string(nell + by) +
           ", \"div\": " + std::to_string(div) + ", \"objective\": " + elbo + "}";
  };
  return "{\"epoch\": " + std::to_string(epoch) + ", \"step\": " + std::to_string(10 * epoch) +
         ", \"train\": " + metrics(1) + ", \"test\": " + metrics(0) + more + "}\n";
}

inline void write_text(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

/// Writes it into a folder, which is made.
inline std::string make_run(const std::string& folder, const MadeRun& run) {
  std::filesystem::create_directories(folder);
  write_text(folder + "/config.toml", "data = 'sprites'\nmodel = 'mlp'\nlatent = 3\nobjective = '" +
                                          run.objective + "'\n" + run.more +
                                          "epochs = " + std::to_string(run.epochs_wanted) +
                                          "\nseed = " + std::to_string(run.seed) + "\n");
  write_text(folder + "/run.json",
             "{\"status\": \"" + run.status + "\", \"argv\": " + run.argv + ", \"seconds\": 12.5}");
  std::string lines;
  for (const std::string& line : run.lines) lines += line;
  write_text(folder + "/metrics.jsonl", lines);
  return folder;
}

}  // namespace nelbo::tests
