#include "autodiff/arena.hpp"

#include <algorithm>
#include <new>
#include <utility>

namespace nelbo {
namespace {
constexpr std::align_val_t alignment{64};
constexpr std::size_t first_block = std::size_t{1} << 16;
constexpr std::size_t largest_growth = std::size_t{1}
                                       << 24;  // doubling stops here: little is wasted
}  // namespace

Arena::~Arena() {
  for (const Block& block : blocks_) ::operator delete(block.data, alignment);
}

Arena::Arena(Arena&& other) noexcept { *this = std::move(other); }

Arena& Arena::operator=(Arena&& other) noexcept {
  std::swap(blocks_, other.blocks_);
  std::swap(block_, other.block_);
  std::swap(used_, other.used_);
  return *this;
}

void* Arena::allocate(std::size_t bytes) {
  bytes = (bytes + 63) & ~std::size_t{63};
  while (block_ < blocks_.size() && used_ + bytes > blocks_[block_].size) {
    ++block_;
    used_ = 0;
  }
  if (block_ == blocks_.size()) {
    const std::size_t grown =
        blocks_.empty() ? first_block : std::min(2 * blocks_.back().size, largest_growth);
    const std::size_t size = std::max(grown, bytes);
    blocks_.push_back({static_cast<std::byte*>(::operator new(size, alignment)), size});
  }
  void* p = blocks_[block_].data + used_;
  used_ += bytes;
  return p;
}

void Arena::reset() {
  block_ = 0;
  used_ = 0;
}

std::size_t Arena::capacity() const {
  std::size_t total = 0;
  for (const Block& block : blocks_) total += block.size;
  return total;
}

}  // namespace nelbo
