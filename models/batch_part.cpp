#include "models/batch_part.hpp"

#include <algorithm>
#include <cstring>
#include <string>

#include "autodiff/dtype.hpp"
#include "autodiff/error.hpp"
#include "autodiff/operator.hpp"

namespace nelbo {
namespace {

/// Where the rows of a part stand among those of the batch: [outer, rows, inner] of each.
struct RowsOfParts {
  const std::int64_t* sizes;  // of the parts; the BatchPart outlives the recording
  std::int64_t parts, whole, own, first, outer, inner;
};

/// RowsOfParts of all parts, each part's end to end, to rows of the whole batch.
const Op whole_op{
    .name = "of_whole_batch",
    .forward =
        [](const Frame& f) {
          const auto& rows = f.saved<RowsOfParts>();
          dispatch(f.dtype(), [&](auto t) {
            using T = decltype(t);
            const T* from = f.in<T>(1);
            for (std::int64_t p = 0, first = 0; p < rows.parts; first += rows.sizes[p++]) {
              const std::int64_t length = rows.sizes[p] * rows.inner;
              for (std::int64_t o = 0; o < rows.outer; ++o, from += length) {
                T* to = f.out<T>() + (o * rows.whole + first) * rows.inner;
                std::copy_n(from, length, to);
              }
            }
          });
        },
    .vjp =
        [](const Frame& f) {
          if (!f.wants(0)) return;
          const auto& rows = f.saved<RowsOfParts>();
          dispatch(f.dtype(), [&](auto t) {
            using T = decltype(t);
            const auto to = f.adjoint<T>(0);
            const T scale = T(double(rows.whole) / double(rows.own));
            const std::int64_t length = rows.own * rows.inner;
            for (std::int64_t o = 0; o < rows.outer; ++o) {
              const T* from = f.cotangent<T>() + (o * rows.whole + rows.first) * rows.inner;
              T* own = to.data + o * length;
              for (std::int64_t i = 0; i < length; ++i) {
                own[i] = to.add ? own[i] + scale * from[i] : scale * from[i];
              }
            }
          });
        },
};

/// Means over the rows of each part, end to end, to the mean over all rows.
const Op mean_op{
    .name = "mean_over_parts",
    .forward =
        [](const Frame& f) {
          const auto& rows = f.saved<RowsOfParts>();
          dispatch(f.dtype(), [&](auto t) {
            using T = decltype(t);
            for (std::int64_t i = 0; i < rows.inner; ++i) {
              double sum = 0;
              for (std::int64_t p = 0; p < rows.parts; ++p) {
                sum += double(rows.sizes[p]) * double(f.in<T>(1)[p * rows.inner + i]);
              }
              f.out<T>()[i] = T(sum / double(rows.whole));
            }
          });
        },
    .vjp =
        [](const Frame& f) {
          if (!f.wants(0)) return;
          const std::int64_t count = f.saved<RowsOfParts>().inner;
          dispatch(f.dtype(), [&](auto t) {
            using T = decltype(t);
            const auto to = f.adjoint<T>(0);
            const T* from = f.cotangent<T>();
            for (std::int64_t i = 0; i < count; ++i) {
              to.data[i] = to.add ? to.data[i] + from[i] : from[i];
            }
          });
        },
};

}  // namespace

BatchPart::BatchPart(std::vector<std::int64_t> sizes, std::size_t index)
    : sizes_(std::move(sizes)), index_(index) {
  std::int64_t first = 0;
  for (const std::int64_t size : sizes_) {
    if (size < 1) throw Error("batch part: a part of " + std::to_string(size) + " rows");
    firsts_.push_back(first);
    first += size;
  }
  if (index_ >= sizes_.size()) throw Error("batch part: there is no part of that number");
}

std::vector<std::int64_t> BatchPart::sizes_of(std::int64_t rows, std::int64_t parts) {
  if (parts < 1 || rows < parts) {
    throw Error("batch part: " + std::to_string(rows) + " rows make no " + std::to_string(parts) +
                " parts");
  }
  std::vector<std::int64_t> sizes;
  for (std::int64_t p = 0; p < parts; ++p) {
    sizes.push_back((p + 1) * rows / parts - p * rows / parts);
  }
  return sizes;
}

std::size_t BatchPart::Exchange::bytes_of(std::size_t part) const {
  const std::int64_t begin = part == 0 ? 0 : ends[part - 1];
  return std::size_t(ends[part] - begin) * size_of(all.dtype());
}

/// The leaf that all parts' blocks [outer, rows, inner] of x come to; of rows 0 each part's is [inner].
Var BatchPart::exchanged(Var x, std::int64_t outer, std::int64_t inner) {
  Tape& tape = Tape::current();
  Exchange one{.own = x, .all = {}, .ends = {}, .pause = tape.pause_after(x)};
  std::int64_t end = 0;
  for (const std::int64_t size : sizes_) {
    end += outer == 0 ? inner : outer * size * inner;
    one.ends.push_back(end);
  }
  const Var all = tape.leaf({end}, x.dtype());
  one.all = tape.data(all);
  exchanges_.push_back(std::move(one));
  return all;
}

Var of_whole_batch(Var x, int axis) {
  BatchPart* const part = BatchPart::current();
  if (part == nullptr) return x;
  const Shape shape = x.shape();
  const int at = axis < 0 ? axis + int(shape.rank()) : axis;
  if (at < 0 || at >= int(shape.rank()) || shape[at] != part->rows()) {
    throw Error("of_whole_batch: axis " + std::to_string(axis) + " of " + shape.text() +
                " is not the part's " + std::to_string(part->rows()) + " rows");
  }
  RowsOfParts rows{.sizes = part->sizes_.data(),
                   .parts = std::int64_t(part->count()),
                   .whole = part->whole_rows(),
                   .own = part->rows(),
                   .first = part->first_row(),
                   .outer = 1,
                   .inner = 1};
  std::vector<std::int64_t> whole;
  for (int i = 0; i < int(shape.rank()); ++i) {
    if (i < at) rows.outer *= shape[i];
    if (i > at) rows.inner *= shape[i];
    whole.push_back(i == at ? rows.whole : shape[i]);
  }
  const Var all = part->exchanged(x, rows.outer, rows.inner);
  return record(whole_op, {x, all}, Shape(std::span<const std::int64_t>(whole)), rows);
}

Var mean_over_parts(Var x) {
  BatchPart* const part = BatchPart::current();
  if (part == nullptr) return x;
  const RowsOfParts rows{.sizes = part->sizes_.data(),
                         .parts = std::int64_t(part->count()),
                         .whole = part->whole_rows(),
                         .own = part->rows(),
                         .first = part->first_row(),
                         .outer = 0,
                         .inner = x.shape().size()};
  return record(mean_op, {x, part->exchanged(x, 0, rows.inner)}, x.shape(), rows);
}

std::int64_t whole_batch(std::int64_t rows) {
  const BatchPart* const part = BatchPart::current();
  return part == nullptr ? rows : part->whole_rows();
}

}  // namespace nelbo
