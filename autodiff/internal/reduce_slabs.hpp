#pragma once
#include <algorithm>
#include <cstdint>

#include "autodiff/internal/broadcast_loop.hpp"
#include "autodiff/internal/partition.hpp"
#include "autodiff/kernels/reduce.hpp"
#include "autodiff/scratch.hpp"

namespace nelbo {

/// The operand of a reduction as [outer, rows, width], reduced over rows.
struct ReductionLayout {
  std::int64_t outer = 1, rows = 1, width = 1;
  double constant = 0;  // of the operator
  std::int64_t size() const { return outer * rows * width; }
  std::int64_t outputs() const { return outer * width; }
};

/// How the work is cut into slabs, which follows from the layout alone: rows into segments, columns
/// into tiles.
class Slabs {
 public:
  explicit Slabs(const ReductionLayout& layout) : layout_(layout) {
    tile_ = layout.width <= 1024 ? layout.width : 512;
    tiles_ = tile_ == 0 ? 0 : divide_up(layout.width, tile_);
    const std::int64_t many =
        std::max<std::int64_t>(64, elements_per_chunk / std::max<std::int64_t>(1, tile_));
    segment_ = layout.rows * tile_ < 2 * elements_per_chunk ? layout.rows : many;
    segments_ = layout.rows == 0 ? 1 : divide_up(layout.rows, segment_);
  }

  std::int64_t segments() const { return segments_; }

  /// Calls body(slab, offset in the operand, segment, output of the first column), in parallel if
  /// there is much to do.
  template <class F>
  void for_each(F&& body) const {
    const std::int64_t units = layout_.outer * segments_ * tiles_;
    const std::int64_t chunks = std::min(units, elementwise_chunks(layout_.size()));
    parallel_for(static_cast<std::size_t>(chunks), [&](std::size_t c) {
      const auto chunk = static_cast<std::int64_t>(c);
      for (std::int64_t u = part(units, chunks, chunk); u < part(units, chunks, chunk + 1); ++u) {
        const std::int64_t column = u % tiles_ * tile_;
        const std::int64_t segment = u / tiles_ % segments_;
        const std::int64_t outer = u / tiles_ / segments_;
        const std::int64_t row = segment * segment_;
        const kernels::Slab slab{static_cast<std::size_t>(std::min(segment_, layout_.rows - row)),
                                 static_cast<std::size_t>(std::min(tile_, layout_.width - column)),
                                 static_cast<std::size_t>(layout_.width)};
        body(slab, (outer * layout_.rows + row) * layout_.width + column, segment,
             outer * layout_.width + column);
      }
    });
  }

 private:
  ReductionLayout layout_;
  std::int64_t tile_, tiles_, segment_, segments_;
};

/// out [outer, width]: kernel(slab, offset, output, result) for every slab, then the segments of
/// each output joined in order.
template <class T, class Kernel, class Join>
void reduce_slabs(const ReductionLayout& layout, T* out, Kernel&& kernel, Join&& join) {
  const Slabs slabs(layout);
  const std::int64_t segments = slabs.segments(), n = layout.outputs();
  T* parts = segments == 1
                 ? out
                 : scratch_array<T>(Scratch::partial_sums, static_cast<std::size_t>(segments * n));
  slabs.for_each(
      [&](kernels::Slab slab, std::int64_t offset, std::int64_t segment, std::int64_t output) {
        kernel(slab, offset, output, parts + segment * n + output);
      });
  if (segments == 1) return;
  for (std::int64_t i = 0; i < n; ++i) {
    double total = parts[i];
    for (std::int64_t s = 1; s < segments; ++s) total = join(total, double(parts[s * n + i]));
    out[i] = T(total);
  }
}

}  // namespace nelbo
