#pragma once
// Runs on tables of numbers, which are no pictures, and what commands say of them.
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/apps/program_run.hpp"
#include "tests/catch.hpp"
#include "tests/lab/data_files.hpp"
#include "tests/lab/train_data.hpp"

namespace nelbo::tests {

/// 40 rows of 3 numbers.
inline std::string plain_table() {
  std::string table;
  for (int row = 0; row < 40; ++row) {
    table += std::to_string(row % 7 - 3) + ".5," + std::to_string(row % 5) + ",0.25\n";
  }
  return table;
}

/// Trains a small model of the folder's table.csv, in its folder `out`. Of a flag that `more` gives again that is
/// the value.
inline Outcome train_on_table(const TempFolder& folder, const std::vector<std::string>& more,
                              const std::string& out = "run") {
  std::vector<std::string> words{"train",
                                 "--data",
                                 folder / "table.csv",
                                 "--likelihood",
                                 "normal",
                                 "--hidden",
                                 "7",
                                 "--latent",
                                 "2",
                                 "--out",
                                 folder / out};
  words.insert(words.end(), more.begin(), more.end());
  return run_program_binary(words);
}

/// A run in a folder of its own, which holds the table too.
struct TableRun {
  TableRun(const std::string& table, const std::vector<std::string>& flags)
      : data(folder.write("table.csv", table)) {
    const Outcome made = train_on_table(folder, flags);
    INFO(made.err);
    REQUIRE(made.code == 0);
    header = made.out + made.err;
  }
  /// What {"eval", flags} says of the run.
  Outcome ask(std::vector<std::string> words) const {
    words.insert(words.begin() + 1, folder / "run");
    return run_program_binary(words);
  }
  nlohmann::json json_of(std::vector<std::string> words) const {
    words.push_back("--json");
    const Outcome outcome = ask(words);
    INFO(words[0] << ": " << outcome.err);
    REQUIRE(outcome.code == 0);
    return nlohmann::json::parse(outcome.out);
  }

  TempFolder folder;
  std::string data, header;  // the table's path, and what training said
};

}  // namespace nelbo::tests
