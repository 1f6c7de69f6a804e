#include "autodiff/internal/buffer_plan.hpp"

#include <algorithm>

namespace nelbo {
namespace {

constexpr std::size_t alignment = 64;

/// What is free of an endless block, in order of place; neighbours are always one hole.
class Holes {
 public:
  std::size_t take(std::size_t bytes) {
    const auto hole =
        std::find_if(holes_.begin(), holes_.end(), [&](const Hole& h) { return h.size >= bytes; });
    const std::size_t start = hole->start;
    hole->start += bytes;
    hole->size -= bytes;
    if (hole->size == 0) holes_.erase(hole);
    return start;
  }

  void give_back(std::size_t start, std::size_t bytes) {
    const auto after = std::find_if(holes_.begin(), holes_.end(),
                                    [&](const Hole& hole) { return hole.start > start; });
    auto hole = holes_.insert(after, {start, bytes});
    if (const auto next = hole + 1; next != holes_.end() && hole->end() == next->start) {
      hole->size += next->size;
      hole = holes_.erase(next) - 1;
    }
    if (hole == holes_.begin()) return;
    if (const auto previous = hole - 1; previous->end() == hole->start) {
      previous->size += hole->size;
      holes_.erase(hole);
    }
  }

 private:
  struct Hole {
    std::size_t start, size;
    std::size_t end() const { return start + size; }
  };
  std::vector<Hole> holes_{{0, std::size_t{1} << 62}};
};

/// Those that have bytes.
std::vector<std::size_t> sorted_by(std::span<const Lifetime> lives, std::size_t Lifetime::*key) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < lives.size(); ++i) {
    if (lives[i].bytes > 0) order.push_back(i);
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return lives[a].*key < lives[b].*key; });
  return order;
}

}  // namespace

BufferPlan plan_buffers(std::span<const Lifetime> lives) {
  BufferPlan plan{std::vector<std::size_t>(lives.size())};
  const auto bytes = [&](std::size_t i) {
    return (lives[i].bytes + alignment - 1) & ~(alignment - 1);
  };
  const std::vector<std::size_t> by_last = sorted_by(lives, &Lifetime::last);
  auto ended = by_last.begin();
  Holes holes;
  for (const std::size_t i : sorted_by(lives, &Lifetime::first)) {
    for (; lives[*ended].last < lives[i].first; ++ended) {
      holes.give_back(plan.offsets[*ended], bytes(*ended));
    }
    plan.offsets[i] = holes.take(bytes(i));
    plan.bytes = std::max(plan.bytes, plan.offsets[i] + bytes(i));
  }
  return plan;
}

}  // namespace nelbo
