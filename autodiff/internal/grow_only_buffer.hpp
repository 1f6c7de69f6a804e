#pragma once
#include <cstddef>
#include <new>

namespace nelbo {

/// 64-byte aligned working memory that grows and is kept: a thread_local one allocates nothing once
/// every shape has run. Its contents are lost when it grows.
class GrowOnlyBuffer {
 public:
  GrowOnlyBuffer() = default;
  GrowOnlyBuffer(const GrowOnlyBuffer&) = delete;
  GrowOnlyBuffer& operator=(const GrowOnlyBuffer&) = delete;
  ~GrowOnlyBuffer() { ::operator delete(data_, alignment); }

  template <class T>
  T* reserve(std::size_t n) {
    const std::size_t bytes = n * sizeof(T);
    if (bytes > size_) {
      ::operator delete(data_, alignment);
      data_ = nullptr;
      size_ = 0;
      data_ = ::operator new(bytes, alignment);
      size_ = bytes;
    }
    return static_cast<T*>(data_);
  }

 private:
  static constexpr std::align_val_t alignment{64};
  void* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace nelbo
