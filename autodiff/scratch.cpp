#include "autodiff/scratch.hpp"

#include <array>
#include <new>

namespace nelbo {
namespace {

constexpr std::align_val_t alignment{64};

struct Buffer {
  Buffer() = default;
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer() { release(); }

  void release() {
    ::operator delete(data, alignment);
    data = nullptr;
    size = 0;
  }

  void* data = nullptr;
  std::size_t size = 0;
};

}  // namespace

void* scratch(Scratch purpose, std::size_t bytes) {
  thread_local std::array<Buffer, static_cast<std::size_t>(Scratch::count)> buffers;
  Buffer& buffer = buffers[static_cast<std::size_t>(purpose)];
  if (bytes > buffer.size) {
    buffer.release();
    buffer.data = ::operator new(bytes, alignment);
    buffer.size = bytes;
  }
  return buffer.data;
}

}  // namespace nelbo
