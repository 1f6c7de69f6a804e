#pragma once
#include <cstddef>
#include <vector>

namespace nelbo {

/// A bump allocator: 64-byte aligned, freed all at once, memory kept for the next round. What it
/// holds is trivially destructible, so forgetting it is all the destruction there is.
class Arena {
 public:
  Arena() = default;
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;
  Arena(Arena&&) noexcept;
  Arena& operator=(Arena&&) noexcept;

  /// `bytes` of uninitialised memory, valid until reset().
  void* allocate(std::size_t bytes);
  template <class T>
  T* allocate_array(std::size_t n) {
    return static_cast<T*>(allocate(n * sizeof(T)));
  }
  /// Forgets everything; keeps the blocks.
  void reset();
  /// Bytes held from the system.
  std::size_t capacity() const;

 private:
  struct Block {
    std::byte* data;
    std::size_t size;
  };
  std::vector<Block> blocks_;
  std::size_t block_ = 0;  // the block being filled
  std::size_t used_ = 0;   // bytes used of it
};

}  // namespace nelbo
