#include "lab/training/run_folder.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string_view>

#include "autodiff/setting_error.hpp"
#include "lab/files/atomic_file.hpp"

namespace nelbo {

namespace fs = std::filesystem;

std::string read_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(in), {}};
  if (!in) throw Error(path + ": cannot be read");
  return text;
}

namespace {

/// Nothing there, or a folder with nothing but a lock in it.
bool is_free(const fs::path& path) {
  if (!fs::exists(path)) return true;
  if (!fs::is_directory(path)) return false;
  return std::all_of(fs::directory_iterator(path), fs::directory_iterator(),
                     [](const auto& entry) { return entry.path().filename() == RunLock::file; });
}

void make_folder(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) throw Error(path.string() + ": cannot be made: " + error.message());
}

void make_inner_folders(const fs::path& path) {
  for (const char* inner : {"checkpoints", "images"}) make_folder(path / inner);
}

}  // namespace

RunFolder RunFolder::at(const fs::path& path) {
  if (is_free(path)) return RunFolder(path);
  const std::string owner = RunLock::owner(path);
  throw SettingError("out", "the run folder " + path.string() +
                                (owner.empty() ? " is not empty, and a run is never overwritten; "
                                                 "name another, or resume this one"
                                               : " is in use by " + owner + "; name another"));
}

RunLock RunFolder::make() const {
  make_folder(path_);
  RunLock lock(path_);
  at(path_);  // as it is now that nobody else changes it
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
  if (!fs::is_regular_file(folder.config())) {
    throw Error(path.string() + ": is no run folder, it holds no config.toml");
  }
  return folder;
}

void RunFolder::append(const std::string& path, const std::string& line) const {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  const std::string text = line + "\n";
  const bool done = file >= 0 && ::write(file, text.data(), text.size()) == ssize_t(text.size()) &&
                    ::fsync(file) == 0;
  const int reason = errno;
  if (file >= 0) ::close(file);
  if (!done) throw Error(path + ": writing failed: " + std::strerror(reason));
}

void RunFolder::cut_metrics(std::uint64_t epochs) const {
  if (!fs::exists(metrics())) return;
  const std::string text = read_text(metrics());
  std::size_t end = 0;
  for (std::uint64_t line = 0; line < epochs; ++line) {
    const std::size_t next = text.find('\n', end);
    if (next == std::string::npos) break;
    end = next + 1;
  }
  write_file_atomically(metrics(), std::string_view(text).substr(0, end));
}

void RunFolder::cut_gradient_snr(std::uint64_t steps) const {
  if (!fs::exists(gradient_snr())) return;
  std::istringstream lines(read_text(gradient_snr()));
  std::string kept;
  for (std::string line; std::getline(lines, line);) {
    const auto json = nlohmann::json::parse(line, nullptr, false);
    if (json.is_discarded() || json.value("step", steps + 1) > steps) break;
    kept += line + "\n";
  }
  write_file_atomically(gradient_snr(), kept);
}

}  // namespace nelbo
