#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "apps/command_line.hpp"
#include "lab/data/dataset.hpp"
#include "lab/evaluation/standard_errors.hpp"

namespace nelbo {

/// Numbers of single examples, in nats: columns under their names.
struct ExampleTable {
  std::vector<std::int64_t> index;   // places in the split, [N]
  std::vector<std::int64_t> labels;  // [N]; empty where the data have none
  std::vector<std::pair<std::string, std::vector<double>>> columns;
};

/// --per-example.
void add_table_flag(CommandLine& command, std::string& path, const std::string& columns);

/// Asked before anything is computed. Throws SettingError for a name that ends neither in .npz nor in .csv,
/// and where no file can be written; nothing for an empty name.
void check_table(const std::string& setting, const std::string& path);

/// The first examples of a split with their nell, div and elbo.
ExampleTable table_of(const TermsByExample& terms, const data::Split& split);

/// What of it is not finite, for a message: "'nell' of example 3"; empty if all is.
std::string not_finite(const ExampleTable& table);

/// Writes an array per column, int64 and float64 [N], or text: a line of names and a line per example.
void write_table(const std::string& path, const ExampleTable& table);

}  // namespace nelbo
