#include "lab/files/atomic_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <optional>

#include "autodiff/number_of.hpp"
#include "lab/files/internal/fail.hpp"
#include "lab/files/system_reason.hpp"

namespace nelbo {

namespace fs = std::filesystem;

namespace {

/// Where the content of a path goes.
struct Target {
  fs::path path;   // behind all symbolic links
  int descriptor;  // that the path stands for; -1: none
  bool replaced;   // a regular file or nothing is there
};

fs::path folder_of(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

/// The N of /dev/fd/N and /proc/self/fd/N.
std::optional<int> descriptor_named(const fs::path& path) {
  std::error_code none;
  const fs::path folder = fs::canonical(folder_of(path), none);
  if (none || folder != fs::canonical("/proc/self/fd", none)) return std::nullopt;
  return number_of<int>(path.filename().string());
}

/// Follows symbolic links; what the last one leads to need not be there.
Target target_of(const std::string& name) {
  if (name == "-") return {name, STDOUT_FILENO, false};
  constexpr int most_links = 40;  // as Linux
  fs::path path = name;
  std::error_code error;
  for (int links = 0;; ++links) {
    if (const auto descriptor = descriptor_named(path)) return {path, *descriptor, false};
    const fs::file_status status = fs::symlink_status(path, error);
    if (status.type() == fs::file_type::none) {
      data::fail(name, "cannot be written: {}", data::system_reason(error.value()));
    }
    if (status.type() == fs::file_type::directory) {
      data::fail(name, "is a folder where a file is to be; name a file");
    }
    if (status.type() != fs::file_type::symlink) {
      const bool replaced = !fs::exists(status) || fs::is_regular_file(status);
      return {path, -1, replaced};
    }
    if (links == most_links) data::fail(name, "symbolic links lead in a circle");
    path = folder_of(path) / fs::read_symlink(path, error);
  }
}

/// Throws Error where no file can be made in the folder of the target.
void check_folder(const std::string& name, const fs::path& target) {
  const fs::path folder = folder_of(target);
  struct stat info {};
  if (::stat(folder.c_str(), &info) != 0) {
    if (errno != ENOENT) data::fail(name, "cannot be written: {}", data::system_reason(errno));
    data::fail(name, "its folder {} is not there; make it first (mkdir -p)", folder.string());
  }
  if (!S_ISDIR(info.st_mode)) data::fail(name, "{} is no folder", folder.string());
  if (::access(folder.c_str(), W_OK | X_OK) != 0) {
    data::fail(name, "its folder {} cannot be written: {}", folder.string(),
               data::system_reason(errno));
  }
}

std::string shown_name(const std::string& path) { return path == "-" ? "stdout" : path; }

/// The name of the temporary file, which may not be longer than names may be.
std::string temporary_of(const fs::path& path) {
  constexpr std::size_t longest = 255;
  const std::string suffix = ".tmp";
  return (path.parent_path() /
          (path.filename().string().substr(0, longest - suffix.size()) + suffix))
      .string();
}

bool write_all(int descriptor, std::string_view content) {
  while (!content.empty()) {
    const ssize_t done = ::write(descriptor, content.data(), content.size());
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) return false;
    content.remove_prefix(static_cast<std::size_t>(done));
  }
  return true;
}

/// Whether a path names the very file behind a descriptor.
bool names(const std::string& path, int descriptor) {
  struct stat here {
  }, there{};
  return ::lstat(path.c_str(), &here) == 0 && ::fstat(descriptor, &there) == 0 &&
         here.st_dev == there.st_dev && here.st_ino == there.st_ino;
}

}  // namespace

void AtomicFile::fail(const char* action) const {
  data::fail(name_, "{} failed: {}", action, data::system_reason(errno));
}

AtomicFile::AtomicFile(const std::string& path) : name_(shown_name(path)) {
  check_output(path);
  const Target target = target_of(path);
  if (target.replaced) {
    path_ = target.path.string();
    temporary_ = temporary_of(target.path);
    create();
    return;
  }
  descriptor_ = target.descriptor >= 0 ? ::fcntl(target.descriptor, F_DUPFD_CLOEXEC, 3)
                                       : ::open(target.path.c_str(), O_WRONLY | O_CLOEXEC);
  if (descriptor_ < 0) fail("opening");
}

void AtomicFile::create() {
  // What a killed run left under this name goes first; O_EXCL then refuses to write through a
  // planted link.
  ::unlink(temporary_.c_str());
  descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (descriptor_ < 0) fail("creating the file");
}

AtomicFile::~AtomicFile() {
  if (!committed_ && !path_.empty() && descriptor_ >= 0 && names(temporary_, descriptor_)) {
    ::unlink(temporary_.c_str());
  }
  if (descriptor_ >= 0) ::close(descriptor_);
}

void AtomicFile::write(const void* data, std::size_t size) {
  if (!write_all(descriptor_, {static_cast<const char*>(data), size})) fail("writing");
}

void AtomicFile::commit() {
  if (!path_.empty()) {
    if (::fsync(descriptor_) != 0) fail("fsync");
    rename();
  }
  committed_ = true;
  const int closing = descriptor_;
  descriptor_ = -1;
  if (::close(closing) != 0) fail("closing");
}

void AtomicFile::rename() const {
  // A second writer of the same file takes the temporary name for its own.
  if (!names(temporary_, descriptor_)) {
    data::fail(name_, "another process has begun to write the same file; its content stays");
  }
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) fail("renaming the finished file");
  // The rename itself reaches the disk with the folder. Some file systems cannot sync folders: no
  // failure then.
  const int directory = ::open(folder_of(path_).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return;
  const int status = ::fsync(directory);
  const int reason = errno;
  ::close(directory);
  errno = reason;
  if (status != 0 && reason != EINVAL && reason != ENOTSUP) fail("fsync of the folder");
}

void write_file_atomically(const std::string& path, std::string_view content) {
  AtomicFile file(path);
  file.write(content.data(), content.size());
  file.commit();
}

int open_log(const std::string& path) {
  return ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
}

void append_line(const std::string& path, const std::string& line) {
  const int file = open_log(path);
  const bool done = file >= 0 && write_all(file, line + "\n") && ::fsync(file) == 0;
  const int reason = errno;
  if (file >= 0) ::close(file);
  if (!done) data::fail(path, "writing failed: {}", data::system_reason(reason));
}

void check_output(const std::string& path) {
  const Target target = target_of(path);
  if (target.replaced) return check_folder(path, target.path);
  const bool terminal = target.descriptor >= 0 && ::isatty(target.descriptor) != 0;
  if (terminal) {
    data::fail(shown_name(path), "is a terminal, and the data are binary; redirect it (> FILE)");
  }
}

void check_output_folder(const std::string& path) {
  if (path == "-") data::fail(path, "is stdout, and the output is a folder; name one");
  std::error_code error;
  // The part of it that is there already, from the last name to the first.
  for (fs::path part = path;; part = folder_of(part)) {
    const fs::file_status status = fs::status(part, error);
    if (status.type() == fs::file_type::none) {
      data::fail(path, "cannot be written: {}", data::system_reason(error.value()));
    }
    if (!fs::exists(status)) {
      if (!fs::is_symlink(fs::symlink_status(part, error))) continue;
      data::fail(path, "{} is a link to nothing; make the folder that it names", part.string());
    }
    if (!fs::is_directory(status)) {
      data::fail(path, "{} is a file where a folder is needed; name another", part.string());
    }
    if (::access(part.c_str(), W_OK | X_OK) == 0) return;
    data::fail(path, "{} cannot be written: {}", part.string(), data::system_reason(errno));
  }
}

bool is_stdout(const std::string& path) { return target_of(path).descriptor == STDOUT_FILENO; }

}  // namespace nelbo
