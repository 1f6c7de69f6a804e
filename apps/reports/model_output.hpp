#pragma once
#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "apps/command_line.hpp"
#include "apps/reports/picture_grid.hpp"
#include "autodiff/tensor.hpp"
#include "lab/training/loaded_run.hpp"

namespace nelbo {

/// Where a command writes what it makes of a model, and as what.
struct OutputFlags {
  std::string out;
  std::string format;  // npz or png; empty: as the name ends

  /// Asked before anything is computed. Throws SettingError where the file cannot be written, and for a
  /// name that does not say what it is. stdout, pipes and devices get numbers.
  bool pictures() const;
};

/// --out and --format.
void add_output_flags(CommandLine& command, OutputFlags& flags);

/// What a command makes of a model: arrays of codes and data with the same leading axes. A file holds all
/// of them, under the names that they were added by, or pictures.
class ModelOutput {
 public:
  /// `row` is what a row is, for messages: "sample". Throws Error where pictures are wanted of a run that
  /// has none, or the model makes no data.
  ModelOutput(const OutputFlags& flags, const LoadedModel& run, std::string row);

  /// Throws Error, which begins with `flag`, if so many rows cannot be held.
  void check_rows(const std::string& flag, std::int64_t rows) const;

  /// z [R, D] as [lead.., L], or [lead.., L, K] of one-hot codes; lead is [R] where it is empty.
  void add_codes(const std::string& name, const Tensor& z, std::vector<std::int64_t> lead = {});
  /// x [R, X] as [lead.., example..].
  void add_data(const std::string& name, const Tensor& x, std::vector<std::int64_t> lead = {});
  /// The same of data that a model was shown, where NaN is an entry that is missing.
  void add_shown(const std::string& name, const Tensor& x);
  void add(const std::string& name, std::vector<std::int64_t> numbers);
  void add(const std::string& name, std::vector<double> numbers);

  /// Writes the arrays, or `grid`; says so, with `told` in JSON. What is not finite is not written.
  /// Returns the exit code.
  int write(const PictureGrid& grid, const nlohmann::ordered_json& told, bool json) const;

 private:
  struct Rows {
    Tensor values;  // [R, ...]
    std::vector<std::int64_t> shape;
    bool shown = false;  // NaN is an entry that is missing
  };
  void add_rows(const std::string& name, const Tensor& values, std::vector<std::int64_t> lead,
                const std::vector<std::int64_t>& row);

  const OutputFlags& flags_;
  const LoadedModel& run_;
  std::string row_;
  bool pictures_;
  std::map<std::string, Rows> rows_;
  std::map<std::string, std::vector<std::int64_t>> whole_;
  std::map<std::string, std::vector<double>> reals_;
};

}  // namespace nelbo
