#pragma once
#include <cstdint>
#include <filesystem>
#include <string>

#include "lab/files/atomic_file.hpp"
#include "lab/training/run_config.hpp"
#include "lab/training/run_lock.hpp"

namespace nelbo {

/// The folder of one training run:
///
///   config.toml                        all settings, resolved
///   run.json                           what ran, where, and how it ended
///   metrics.jsonl                      one line per epoch
///   checkpoints/{last,best,ema}.safetensors
///   images/{reconstructions,samples,traversals}.png
///   rate_distortion.json               the decoder's own curve, where it was asked for
///   report.html                        all of it as a page
///   disentanglement.json               what `nelbo disentangle RUN` found, where it was asked
///   lock                               while a process trains in it; see RunLock
///
/// Every file but metrics.jsonl and lock is written by temporary file, fsync and rename.
class RunFolder {
 public:
  /// A folder that is still to be made. Throws SettingError if there is one that is not empty, with
  /// who trains in it.
  static RunFolder at(const std::filesystem::path& path);
  /// Makes it, owned by this process. Throws as at() does, and Error if it cannot be made or
  /// another process was faster.
  [[nodiscard]] RunLock make() const;
  /// Owns one that is there, and makes again what a copy may have lost, folders without a file in
  /// them. Throws as RunLock does.
  [[nodiscard]] RunLock take() const;
  /// A folder that make() has made. Throws Error if it holds no config.toml.
  static RunFolder open(const std::filesystem::path& path);

  const std::filesystem::path& path() const { return path_; }
  std::string config() const { return file("config.toml"); }
  std::string record() const { return file("run.json"); }
  std::string metrics() const { return file("metrics.jsonl"); }
  std::string gradient_snr() const { return file("gradient_snr.jsonl"); }
  std::string rate_distortion() const { return file("rate_distortion.json"); }
  std::string disentanglement() const { return file("disentanglement.json"); }
  std::string report() const { return file("report.html"); }
  std::string last() const { return file("checkpoints/last.safetensors"); }
  std::string best() const { return file("checkpoints/best.safetensors"); }
  std::string ema() const { return file("checkpoints/ema.safetensors"); }
  std::string image(const std::string& name) const { return file("images/" + name + ".png"); }

  /// Adds one line, on the disk when the call returns.
  void append_metrics(const std::string& line) const { append_line(metrics(), line); }
  void append_gradient_snr(const std::string& line) const { append_line(gradient_snr(), line); }
  /// What is left of the metrics.
  struct KeptMetrics {
    std::uint64_t epochs = 0;
    double seconds = 0;  // since the run began, at the end of the last
  };
  /// Keeps the first `epochs` lines of the metrics, for a run that goes on: later ones, and half a line,
  /// are of epochs after the checkpoint, and the last is not its end.
  KeptMetrics cut_metrics(std::uint64_t epochs) const;
  /// Keeps the lines, {"step": ...}, of the first `steps` steps.
  void cut_gradient_snr(std::uint64_t steps) const;

 private:
  explicit RunFolder(std::filesystem::path path) : path_(std::move(path)) {}
  std::string file(const std::string& name) const { return (path_ / name).string(); }

  std::filesystem::path path_;
};

/// The settings of a run. Throws Error where config.toml is cut short, SettingError as apply_toml.
TrainConfig read_config(const RunFolder& folder);

/// The absolute path of the checkpoint that is meant: of a run folder its last, or the file itself
/// (RUN/checkpoints/best.safetensors). Throws Error where there is none.
std::string checkpoint_of(const std::filesystem::path& run);

/// The whole content of a file, at most 256 MiB. Throws Error naming it.
std::string read_text(const std::string& path);

}  // namespace nelbo
