#include "lab/files/input.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "lab/files/internal/fail.hpp"
#include "lab/files/system_reason.hpp"

namespace nelbo::data {
namespace {

class FileInput final : public Input {
 public:
  FileInput(std::string name, int descriptor, std::uint64_t size, std::uint64_t stored)
      : Input(std::move(name), size, stored), descriptor_(descriptor) {}
  FileInput(const FileInput&) = delete;
  FileInput& operator=(const FileInput&) = delete;
  ~FileInput() override { ::close(descriptor_); }

  std::size_t read_at(std::uint64_t offset, void* to, std::size_t count) const override {
    if (offset >= size()) return 0;
    count = static_cast<std::size_t>(std::min<std::uint64_t>(count, size() - offset));
    std::size_t done = 0;
    while (done < count) {
      const ssize_t got = ::pread(descriptor_, static_cast<std::byte*>(to) + done, count - done,
                                  static_cast<off_t>(offset + done));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) fail(name(), "cannot be read: {}", system_reason(errno));
      if (got == 0) break;
      done += static_cast<std::size_t>(got);
    }
    return done;
  }

 private:
  int descriptor_;
};

class MemoryInput final : public Input {
 public:
  MemoryInput(std::string name, std::span<const std::byte> memory)
      : Input(std::move(name), memory.size(), memory.size()), memory_(memory) {}

  std::size_t read_at(std::uint64_t offset, void* to, std::size_t count) const override {
    if (offset >= memory_.size()) return 0;
    const auto start = static_cast<std::size_t>(offset);
    count = std::min(count, memory_.size() - start);
    std::memcpy(to, memory_.data() + start, count);
    return count;
  }

 private:
  std::span<const std::byte> memory_;
};

}  // namespace

std::shared_ptr<const Input> Input::open(const std::string& path) {
  // O_NONBLOCK: opening a named pipe must not wait for a writer.
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) fail(path, "cannot be opened: {}", system_reason(errno));
  struct stat info {};
  if (::fstat(descriptor, &info) != 0 || !S_ISREG(info.st_mode)) {
    ::close(descriptor);
    if (S_ISDIR(info.st_mode)) fail(path, "is a folder where a file was wanted");
    fail(path, "is not a regular file; save what it brings as one first");
  }
  const auto size = static_cast<std::uint64_t>(info.st_size);
  // Some file systems keep no block counts: 0 blocks says nothing.
  const auto blocks = static_cast<std::uint64_t>(info.st_blocks) * 512;
  return std::make_shared<FileInput>(path, descriptor, size,
                                     blocks == 0 ? size : std::min(size, blocks));
}

std::shared_ptr<const Input> Input::from_memory(std::string name,
                                                std::span<const std::byte> memory) {
  return std::make_shared<MemoryInput>(std::move(name), memory);
}

}  // namespace nelbo::data
