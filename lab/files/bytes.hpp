#pragma once
#include <cstddef>
#include <cstdlib>
#include <memory>

namespace nelbo::data {

/// A block of bytes that grows in place: realloc moves pages of a large block instead of copying
/// them, so reading 200 MB in steps never holds two copies. The memory is not cleared.
class Bytes {
 public:
  std::byte* data() { return block_.get(); }
  const std::byte* data() const { return block_.get(); }
  std::size_t size() const { return size_; }

  /// Changes the size; bytes beyond the old size are unspecified. Throws std::bad_alloc.
  void resize(std::size_t size);

 private:
  struct Free {
    void operator()(std::byte* block) const { std::free(block); }
  };
  std::unique_ptr<std::byte, Free> block_;
  std::size_t size_ = 0;
};

}  // namespace nelbo::data
