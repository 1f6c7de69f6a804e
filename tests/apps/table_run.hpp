#pragma once
#include <string>

#include "tests/apps/program_run.hpp"
#include "tests/catch.hpp"
#include "tests/lab/data_files.hpp"
#include "tests/lab/train_data.hpp"

namespace nelbo::tests {

/// Trains five steps on a table of 40 rows of 3 numbers, which are no pictures, in the folder's `run`.
inline Outcome train_on_table(const TempFolder& folder) {
  std::string table;
  for (int row = 0; row < 40; ++row) {
    table += std::to_string(row % 7 - 3) + ".5," + std::to_string(row % 5) + ",0.25\n";
  }
  Outcome made = run_program_binary({"train", "--data", folder.write("table.csv", table),
                                     "--likelihood", "normal", "--hidden", "7", "--latent", "2",
                                     "--steps", "5", "--out", folder / "run"});
  INFO(made.err);
  REQUIRE(made.code == 0);
  return made;
}

}  // namespace nelbo::tests
