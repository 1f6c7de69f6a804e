#include "lab/training/gradient_tree.hpp"

#include <string>

#include "autodiff/dtype.hpp"
#include "autodiff/error.hpp"

namespace nelbo {
namespace {

std::span<std::byte> range_bytes(GradientSink& sink, const Range& range) {
  const std::size_t element = size_of(sink.buffer().dtype());
  return {static_cast<std::byte*>(sink.data()) + range.offset * element, range.length * element};
}

}  // namespace

GradientTree::GradientTree(const ParameterStore& store, std::size_t parts, Ranks& ranks)
    : parts_(parts), ranks_(&ranks) {
  if (parts_ == 0 || parts_ % std::size_t(ranks.size()) != 0) {
    throw Error("gradient tree: " + std::to_string(ranks.size()) + " ranks do not divide " +
                std::to_string(parts_) + " parts");
  }
  // A node's second half is a level deeper, and no larger than its half rounded up.
  for (std::size_t size = parts_; size > 1; size = (size + 1) / 2) levels_.emplace_back(store);
}

void GradientTree::join(GradientSink& to, GradientSink& from, std::size_t first, std::size_t middle,
                        std::span<const Range> ranges) {
  const int receiver = ranks_->owner_of(first, parts_), sender = ranks_->owner_of(middle, parts_);
  for (const Range& range : ranges) {
    if (sender != receiver && ranks_->rank() == sender) {
      ranks_->send(range_bytes(from, range), receiver);
    }
    if (ranks_->rank() != receiver) continue;
    if (sender != receiver) ranks_->receive(range_bytes(from, range), sender);
    to.add(from, range);
  }
}

void GradientTree::share(GradientSink& gradient, std::span<const Range> ranges) {
  if (ranks_->size() == 1) return;
  for (const Range& range : ranges) ranks_->broadcast(range_bytes(gradient, range), 0);
}

}  // namespace nelbo
