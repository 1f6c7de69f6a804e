#include "lab/files/bytes.hpp"

#include <new>

namespace nelbo::data {

void Bytes::resize(std::size_t size) {
  // realloc(p, 0) may free or not: an empty block keeps one byte.
  void* grown = std::realloc(block_.get(), size == 0 ? 1 : size);
  if (grown == nullptr) throw std::bad_alloc();
  (void)block_.release();
  block_.reset(static_cast<std::byte*>(grown));
  size_ = size;
}

}  // namespace nelbo::data
