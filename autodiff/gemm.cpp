#include "autodiff/gemm.hpp"

#include <algorithm>

#include "autodiff/internal/gemm_stage.hpp"
#include "autodiff/internal/partition.hpp"
#include "autodiff/kernels/dispatch.hpp"
#include "autodiff/scratch.hpp"
#include "autodiff/threads.hpp"

namespace nelbo {
namespace {

using namespace detail;
using kernels::GemmView;

template <class T>
const auto& table() {
  return kernels_for<T>(active_kernels().gemm());
}

// These decide how sums are ordered or work is cut: they must not depend on the machine or on
// timing.
constexpr size_t most_span = 4096;       // rows or columns of one stage
constexpr size_t stage_size = 5u << 18;  // packed elements of one stage, about
// An operand that few pieces read is read in place, each part of it once or twice: packing it would
// cost more than it saves.
constexpr size_t direct_columns = 256;  // of C, for A
constexpr size_t direct_rows = 256;     // of C, for B

constexpr double serial_flops = 1.5e6;  // a product below this is not split among threads
constexpr size_t most_slices = 8;       // of k, where C is too small to be split
constexpr size_t least_slice = 1024;

template <class T>
struct Product {
  size_t m, n, k;
  GemmView<T> a, b;
  T* c;
  std::ptrdiff_t ldc;
  bool accumulate;
  Epilogue<T> epilogue;

  double flops() const {
    return 2.0 * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k);
  }
  /// Rows i0 ... i0 + rows - 1 and columns j0 ... j0 + columns - 1 of C.
  Product block(size_t i0, size_t rows, size_t j0, size_t columns) const {
    Product p = *this;
    const auto i = static_cast<std::ptrdiff_t>(i0), j = static_cast<std::ptrdiff_t>(j0);
    p.m = rows;
    p.n = columns;
    if (i != 0) p.a.data += i * a.row_stride;
    if (j != 0) p.b.data += j * b.col_stride;
    p.c += i * ldc + j;
    if (epilogue.bias != nullptr) p.epilogue.bias += j;
    return p;
  }
  /// Steps first ... first + count - 1 of k.
  Product slice(size_t first, size_t count) const {
    Product p = *this;
    p.k = count;
    p.a.data += static_cast<std::ptrdiff_t>(first) * a.col_stride;
    p.b.data += static_cast<std::ptrdiff_t>(first) * b.row_stride;
    return p;
  }
};

/// The rows of a tile, read in place, would fall into the same few cache lines.
template <class T>
bool rows_collide(std::ptrdiff_t stride) {
  return stride * static_cast<std::ptrdiff_t>(sizeof(T)) % 2048 == 0;
}

/// All of k for a part of C that is at most most_span high and wide.
template <class T>
void multiply_span(const GemmTable<T>& kernel, const Product<T>& p, bool serial) {
  const GemmCut cut{p.m, p.n, p.k, divide_up(p.m, kernel.tile_rows),
                    std::max<size_t>(1, divide_up(p.k, kernel.block))};
  const bool direct_a =
      p.n <= direct_columns &&
      (p.a.row_stride == 1 || (p.a.col_stride == 1 && !rows_collide<T>(p.a.row_stride)));
  const bool direct_b =
      p.m <= direct_rows && p.b.col_stride == 1 && !rows_collide<T>(p.b.row_stride);
  const size_t packed_from = direct_b ? kernel.whole_columns(p.n) : 0;
  const size_t a_step = direct_a ? 0 : cut.tiles * kernel.a_stride;
  const size_t b_step = divide_up(p.n - packed_from, kernel.panel) * kernel.panel;

  const size_t most_steps = stage_size / std::max<size_t>(1, a_step + b_step);
  const size_t stages = divide_up(cut.blocks, std::max<size_t>(1, most_steps / kernel.block));
  for (size_t s = 0; s < stages; ++s) {
    const GemmRange blocks = share(cut.blocks, stages, s);
    const size_t steps = part(p.k, cut.blocks, blocks.end) - part(p.k, cut.blocks, blocks.begin);
    T* packed = scratch_array<T>(Scratch::packed_operands, (a_step + b_step) * steps);
    T* packed_a = direct_a ? nullptr : packed;
    T* packed_b = packed + a_step * steps;
    Stage<T>(kernel, {cut,
                      {0, cut.tiles},
                      {0, p.n},
                      blocks,
                      packed_a,
                      packed_b,
                      packed_from,
                      p.a,
                      p.b,
                      p.c,
                      p.ldc,
                      p.accumulate,
                      p.epilogue.bias,
                      p.epilogue.activation})
        .run(serial);
  }
}

template <class T>
void multiply(const Product<T>& p, bool serial) {
  const GemmTable<T>& kernel = table<T>();
  const size_t panels = divide_up(p.n, kernel.panel);
  const size_t column_spans = divide_up(p.n, most_span), row_spans = divide_up(p.m, most_span);
  for (size_t s = 0; s < column_spans; ++s) {
    const size_t j = part(panels, column_spans, s) * kernel.panel;
    const size_t columns = std::min(part(panels, column_spans, s + 1) * kernel.panel, p.n) - j;
    for (size_t r = 0; r < row_spans; ++r) {
      const GemmRange rows = share(p.m, row_spans, r);
      multiply_span(kernel, p.block(rows.begin, rows.end - rows.begin, j, columns), serial);
    }
  }
}

/// How many slices of k are summed separately: more than one where C alone gives too few pieces.
template <class T>
size_t slices_of(const Product<T>& p) {
  const size_t tiles = divide_up(p.m, table<T>().tile_rows) * divide_up(p.n, table<T>().panel);
  if (tiles >= most_slices || p.flops() < 2 * serial_flops) return 1;
  return std::clamp<size_t>(p.k / least_slice, 1, most_slices);
}

/// C = epilogue([C +] S_0 + S_1 + ...), S_i the sum over slice i of k.
template <class T>
void multiply_slices(const Product<T>& p, size_t slices) {
  T* sums = scratch_array<T>(Scratch::slice_sums, slices * p.m * p.n);
  parallel_for(slices, [&](size_t i) {
    const GemmRange steps = share(p.k, slices, i);
    Product<T> slice = p.slice(steps.begin, steps.end - steps.begin);
    slice.c = sums + i * p.m * p.n;
    slice.ldc = static_cast<std::ptrdiff_t>(p.n);
    slice.accumulate = false;
    slice.epilogue = {};
    multiply(slice, true);
  });
  for (size_t i = 0; i < p.m; ++i) {
    T* row = p.c + static_cast<std::ptrdiff_t>(i) * p.ldc;
    for (size_t j = 0; j < p.n; ++j) {
      T sum = sums[i * p.n + j];
      for (size_t s = 1; s < slices; ++s) sum += sums[(s * p.m + i) * p.n + j];
      row[j] = p.accumulate ? row[j] + sum : sum;
    }
  }
  Product<T> rest = p.slice(0, 0);
  rest.accumulate = true;
  multiply(rest, true);
}

template <class T>
void run(const Product<T>& p) {
  if (p.m == 0 || p.n == 0) return;
  const size_t slices = slices_of(p);
  if (slices > 1) {
    multiply_slices(p, slices);
  } else {
    multiply(p, p.flops() < serial_flops);
  }
}

template <class T>
Product<T> product(std::int64_t m, std::int64_t n, std::int64_t k, MatrixView<T> a, MatrixView<T> b,
                   T* c, std::int64_t ldc, bool accumulate, Epilogue<T> epilogue) {
  return {static_cast<size_t>(m),
          static_cast<size_t>(n),
          static_cast<size_t>(k),
          {a.data, a.row_stride, a.col_stride},
          {b.data, b.row_stride, b.col_stride},
          c,
          ldc,
          accumulate,
          epilogue};
}

}  // namespace

template <class T>
void gemm(std::int64_t m, std::int64_t n, std::int64_t k, MatrixView<T> a, MatrixView<T> b, T* c,
          std::int64_t ldc, bool accumulate, Epilogue<T> epilogue) {
  run(product(m, n, k, a, b, c, ldc, accumulate, epilogue));
}

template <class T>
void gemm_batched(std::int64_t count, std::int64_t m, std::int64_t n, std::int64_t k,
                  MatrixView<T> a, std::int64_t a_step, MatrixView<T> b, std::int64_t b_step, T* c,
                  std::int64_t ldc, std::int64_t c_step, bool accumulate, Epilogue<T> epilogue) {
  const Product<T> first = product(m, n, k, a, b, c, ldc, accumulate, epilogue);
  const auto run_one = [&](size_t i) {
    Product<T> p = first;
    const auto index = static_cast<std::ptrdiff_t>(i);
    if (i != 0) {
      p.a.data += index * a_step;
      p.b.data += index * b_step;
      p.c += index * c_step;
    }
    run(p);
  };
  const auto products = static_cast<size_t>(count);
  if (first.flops() >= 4 * serial_flops) {
    for (size_t i = 0; i < products; ++i) run_one(i);
    return;
  }
  // Small products: threads share the batch, not the product.
  const double each = std::max(first.flops(), 1.0);
  const size_t at_once = std::max<size_t>(1, static_cast<size_t>(serial_flops / 2 / each));
  parallel_for(divide_up(products, at_once), [&](size_t chunk) {
    const size_t end = std::min(products, (chunk + 1) * at_once);
    for (size_t i = chunk * at_once; i < end; ++i) run_one(i);
  });
}

#define NELBO_INSTANTIATE(T)                                                                     \
  template void gemm(std::int64_t, std::int64_t, std::int64_t, MatrixView<T>, MatrixView<T>, T*, \
                     std::int64_t, bool, Epilogue<T>);                                           \
  template void gemm_batched(std::int64_t, std::int64_t, std::int64_t, std::int64_t,             \
                             MatrixView<T>, std::int64_t, MatrixView<T>, std::int64_t, T*,       \
                             std::int64_t, std::int64_t, bool, Epilogue<T>);
NELBO_INSTANTIATE(float)
NELBO_INSTANTIATE(double)
#undef NELBO_INSTANTIATE

}  // namespace nelbo
