#include "lab/training/run_folder.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string_view>

#include "autodiff/setting_error.hpp"
#include "lab/files/internal/fail.hpp"
#include "lab/files/system_reason.hpp"

namespace nelbo {

namespace fs = std::filesystem;

namespace {

/// What a path names, behind links; not_found also where a part of it is no folder. Throws Error
/// where the system does not say.
fs::file_type kind_of(const std::string& path) {
  std::error_code error;
  const fs::file_type kind = fs::status(path, error).type();
  if (kind == fs::file_type::none) {
    data::fail(path, "cannot be read: {}", data::system_reason(error.value()));
  }
  return kind;
}

}  // namespace

std::string read_text(const std::string& path) {
  constexpr std::size_t longest = std::size_t{1} << 28, step = std::size_t{1} << 16;
  const fs::file_type kind = kind_of(path);
  if (kind == fs::file_type::directory) data::fail(path, "is a folder where a file was wanted");
  if (kind != fs::file_type::regular && kind != fs::file_type::not_found) {
    // Opening a pipe would wait for whoever writes into it.
    data::fail(path, "is not a regular file; save what it brings as one first");
  }
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  std::string text;
  for (std::size_t got = 0; in; text.resize(got)) {
    got = text.size();
    if (got > longest) data::fail(path, "is longer than {} bytes, and no text of a run", longest);
    text.resize(got + step);
    in.read(text.data() + got, step);
    got += std::size_t(in.gcount());
  }
  if (!in.eof()) data::fail(path, "cannot be read: {}", data::system_reason(errno));
  return text;
}

namespace {

/// Nothing there, or a folder with nothing but a lock and empty folders in it, as a process leaves it that
/// is ended before its first file.
bool is_free(const std::string& path) {
  if (kind_of(path) == fs::file_type::not_found) return true;
  std::error_code error;
  const fs::directory_iterator entries(path, error);
  if (error) data::fail(path, "cannot be read: {}", data::system_reason(error.value()));
  return std::all_of(fs::begin(entries), fs::end(entries), [](const auto& entry) {
    std::error_code unknown;
    return entry.path().filename() == RunLock::file ||
           (entry.is_directory(unknown) && fs::is_empty(entry.path(), unknown));
  });
}

void check_free(const std::string& path) {
  if (is_free(path)) return;
  throw SettingError("out", "the run folder " + path +
                                " is not empty, and a run is never overwritten; name another, or "
                                "resume this one");
}

void make_folder(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) data::fail(path.string(), "cannot be made: {}", data::system_reason(error.value()));
}

void make_inner_folders(const fs::path& path) {
  for (const char* inner : {"checkpoints", "images"}) make_folder(path / inner);
}

}  // namespace

RunFolder RunFolder::at(const fs::path& path) {
  const std::string name = path.string();
  read_setting("out", [&] { check_output_folder(name); });
  const std::string owner = RunLock::owner(path);
  if (!owner.empty()) {
    throw SettingError("out",
                       "the run folder " + name + " is in use by " + owner + "; name another");
  }
  check_free(name);
  return RunFolder(path);
}

RunLock RunFolder::make() const {
  make_folder(path_);
  RunLock lock(path_);
  check_free(path_.string());  // as it is now that nobody else changes it
  make_inner_folders(path_);
  return lock;
}

RunLock RunFolder::take() const {
  RunLock lock(path_);
  make_inner_folders(path_);
  return lock;
}

RunFolder RunFolder::open(const fs::path& path) {
  RunFolder folder(path);
  if (kind_of(folder.config()) != fs::file_type::regular) {
    const bool there = kind_of(path.string()) != fs::file_type::not_found;
    data::fail(
        path.string(), "{}",
        there ? "is no run folder, it holds no config.toml" : "no such run folder or checkpoint");
  }
  return folder;
}

std::string checkpoint_of(const fs::path& run) {
  const bool is_checkpoint = run.extension() == ".safetensors";
  const std::string path = fs::absolute(is_checkpoint ? run : fs::path(RunFolder::open(run).last()))
                               .lexically_normal()
                               .string();
  if (kind_of(path) != fs::file_type::regular) data::fail(path, "no such checkpoint");
  return path;
}

TrainConfig read_config(const RunFolder& folder) {
  const std::string path = folder.config(), text = read_text(path);
  TrainConfig config;
  apply_toml(config, text, path);
  // Settings that are not there would be the usual ones, silently.
  if (!text.ends_with('\n') || text.find("\nseed") == std::string::npos) {
    data::fail(path, "is cut short ('seed' or a line's end is missing); put the whole file back");
  }
  return config;
}

RunFolder::KeptMetrics RunFolder::cut_metrics(std::uint64_t epochs) const {
  KeptMetrics kept;
  if (kind_of(metrics()) == fs::file_type::not_found) return kept;
  const std::string text = read_text(metrics());
  std::size_t last = 0, end = 0;
  for (; kept.epochs < epochs; ++kept.epochs) {
    const std::size_t next = text.find('\n', end);
    if (next == std::string::npos) break;
    last = std::exchange(end, next + 1);
  }
  std::string left = text.substr(0, end);
  auto line = nlohmann::ordered_json::parse(left.substr(last), nullptr, false);
  if (line.is_object()) {
    kept.seconds =
        line.contains("seconds") && line["seconds"].is_number() ? line["seconds"].get<double>() : 0;
    if (line.erase("end") > 0) left.replace(last, std::string::npos, line.dump() + "\n");
  }
  write_file_atomically(metrics(), left);
  return kept;
}

void RunFolder::cut_gradient_snr(std::uint64_t steps) const {
  if (kind_of(gradient_snr()) == fs::file_type::not_found) return;
  std::istringstream lines(read_text(gradient_snr()));
  std::string kept;
  for (std::string line; std::getline(lines, line);) {
    const auto json = nlohmann::json::parse(line, nullptr, false);
    // Half a line, or none of ours: it and what follows go.
    if (!json.is_object() || !json.contains("step") || !json["step"].is_number_unsigned()) break;
    if (json["step"].get<std::uint64_t>() > steps) break;
    kept += line + "\n";
  }
  write_file_atomically(gradient_snr(), kept);
}

}  // namespace nelbo
