#include "lab/training/run_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>
#include <utility>

#include "autodiff/error.hpp"

namespace nelbo {
namespace {

/// flock without waiting; false where another process holds it. Whoever only looks, as owner()
/// does, is gone in a moment.
bool lock(int descriptor, int how) {
  for (int attempt = 0;; ++attempt) {
    if (::flock(descriptor, how | LOCK_NB) == 0) return true;
    if (errno != EWOULDBLOCK && errno != EINTR) return false;
    if (attempt == 5) {
      errno = EWOULDBLOCK;
      return false;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

/// Whether the path still leads to the opened file: its last owner may have removed it meanwhile.
bool same_file(int descriptor, const std::string& path) {
  struct stat opened {
  }, there{};
  return ::fstat(descriptor, &opened) == 0 && ::stat(path.c_str(), &there) == 0 &&
         opened.st_dev == there.st_dev && opened.st_ino == there.st_ino;
}

std::string own_name() {
  char host[256] = "";
  ::gethostname(host, sizeof host - 1);
  return "process " + std::to_string(::getpid()) + " on host " + host;
}

/// What the owner wrote, if it looks like it.
std::string written(int descriptor) {
  char text[400];
  const ssize_t count = ::pread(descriptor, text, sizeof text, 0);
  std::string name(text, std::size_t(count > 0 ? count : 0));
  name = name.substr(0, name.find('\n'));
  return name.starts_with("process ") ? name : "another process";
}

}  // namespace

RunLock::RunLock(const std::filesystem::path& folder) : path_((folder / file).string()) {
  do {
    if (descriptor_ >= 0) ::close(descriptor_);
    descriptor_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (descriptor_ < 0) throw Error(path_ + ": cannot be opened: " + std::strerror(errno));
    if (lock(descriptor_, LOCK_EX)) continue;
    const int reason = errno;
    const std::string owner = written(descriptor_);
    ::close(descriptor_);
    descriptor_ = -1;
    if (reason == EWOULDBLOCK) {
      throw Error(folder.string() + ": is in use by " + owner +
                  "; wait until it has ended, or end it");
    }
    note_ = path_ + ": no lock on this file system (" + std::strerror(reason) +
            "); see to it that no other process writes to this run";
    return;
  } while (!same_file(descriptor_, path_));
  const std::string text = own_name() + "\n";
  if (::ftruncate(descriptor_, 0) != 0 ||
      ::pwrite(descriptor_, text.data(), text.size(), 0) != ssize_t(text.size())) {
    const int reason = errno;
    ::close(descriptor_);
    throw Error(path_ + ": writing failed: " + std::strerror(reason));
  }
}

RunLock::RunLock(RunLock&& other) noexcept
    : path_(std::move(other.path_)),
      note_(std::move(other.note_)),
      descriptor_(std::exchange(other.descriptor_, -1)) {}

RunLock::~RunLock() {
  if (descriptor_ < 0) return;
  ::unlink(path_.c_str());  // while it is held: nobody else can own this file any more
  ::close(descriptor_);
}

std::string RunLock::owner(const std::filesystem::path& folder) {
  const int descriptor = ::open((folder / file).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (descriptor < 0) return "";
  const bool free = ::flock(descriptor, LOCK_SH | LOCK_NB) == 0;
  const std::string owner = free || errno != EWOULDBLOCK ? "" : written(descriptor);
  ::close(descriptor);
  return owner;
}

}  // namespace nelbo
