#include "lab/files/atomic_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "autodiff/error.hpp"

namespace nelbo {

void AtomicFile::fail(const char* action) const {
  throw Error(fmt::format("{}: {} failed: {}", path_, action, std::strerror(errno)));
}

AtomicFile::AtomicFile(std::string path) : path_(std::move(path)), temporary_(path_ + ".tmp") {
  // What a killed run left under this name goes first; O_EXCL then refuses to write through a
  // planted link.
  ::unlink(temporary_.c_str());
  descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (descriptor_ < 0) fail("creating the file");
}

AtomicFile::~AtomicFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (!committed_) ::unlink(temporary_.c_str());
}

void AtomicFile::write(const void* data, std::size_t size) {
  const char* from = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t done = ::write(descriptor_, from, size);
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) fail("writing");
    from += done;
    size -= static_cast<std::size_t>(done);
  }
}

void AtomicFile::commit() {
  if (::fsync(descriptor_) != 0) fail("fsync");
  const int closing = descriptor_;
  descriptor_ = -1;
  if (::close(closing) != 0) fail("closing");
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) fail("renaming the finished file");
  committed_ = true;
  // The rename itself reaches the disk with the folder. Some file systems cannot sync folders: no
  // failure then.
  std::filesystem::path folder = std::filesystem::path(path_).parent_path();
  if (folder.empty()) folder = ".";
  const int directory = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
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

}  // namespace nelbo
