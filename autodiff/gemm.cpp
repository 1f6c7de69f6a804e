#include "autodiff/gemm.hpp"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <new>
#include <thread>

#include "autodiff/kernels/dispatch.hpp"
#include "autodiff/kernels/gemm.hpp"
#include "autodiff/threads.hpp"

namespace nelbo {
namespace {

using kernels::GemmCut;
using kernels::GemmPiece;
using kernels::GemmRange;
using kernels::GemmTable;
using kernels::GemmView;
using std::size_t;

template <class T>
const GemmTable<T>& table();
template <>
const GemmTable<float>& table<float>() { return active_kernels().gemm().f32; }
template <>
const GemmTable<double>& table<double>() { return active_kernels().gemm().f64; }

// All of these follow from the shape alone: they decide how sums are ordered or work is cut.
constexpr size_t max_span = 4096;             // rows or columns of one stage
constexpr size_t packed_elements = 5u << 18;  // of both operands of one stage, about
constexpr size_t direct_columns = 64;         // up to here A is not worth packing
constexpr size_t direct_rows = 28;            // up to here B is not worth packing
constexpr double serial_flops = 1.5e6;        // a product below this is not split
constexpr double piece_flops = 4e5;           // of one piece at least
constexpr size_t piece_rows = 168;            // rows of one piece at most: a block of them fits the L2 cache

/// Memory for packed operands, which this thread keeps and never shrinks.
class PackingBuffer {
 public:
  PackingBuffer() = default;
  PackingBuffer(const PackingBuffer&) = delete;
  PackingBuffer& operator=(const PackingBuffer&) = delete;
  ~PackingBuffer() { ::operator delete(data_, alignment); }
  void* reserve(size_t bytes) {
    if (bytes > size_) {
      ::operator delete(data_, alignment);
      data_ = nullptr;
      size_ = 0;
      data_ = ::operator new(bytes, alignment);
      size_ = bytes;
    }
    return data_;
  }

 private:
  static constexpr std::align_val_t alignment{64};
  void* data_ = nullptr;
  size_t size_ = 0;
};
thread_local PackingBuffer packing_buffer;

constexpr size_t divide_up(size_t a, size_t b) { return (a + b - 1) / b; }
constexpr size_t part(size_t size, size_t parts, size_t i) { return i * size / parts; }

/// A product as the stages see it.
template <class T>
struct Product {
  size_t m, n, k;
  GemmView<T> a, b;
  T* c;
  std::ptrdiff_t ldc;
  bool accumulate;
  Epilogue<T> epilogue;
};

/// A row stride of a multiple of 4 KiB puts all rows of a tile into the same few cache lines.
template <class T>
bool rows_collide(std::ptrdiff_t stride) {
  return stride * static_cast<std::ptrdiff_t>(sizeof(T)) % 2048 == 0;
}

/// One stage: a part of C summed over some blocks of k, whose packed operands are in memory at once. First
/// the operands are packed, then pieces of C are computed; the same loop over jobs does both, and a piece
/// waits until the last pack job is done. Jobs are taken in order, so whoever waits waits for a running job.
template <class T>
class Stage {
 public:
  Stage(const GemmTable<T>& kernel, const Product<T>& product, const GemmCut& cut, GemmRange blocks,
        bool pack_a, bool pack_b, T* packed_a, T* packed_b)
      : kernel_(kernel), cut_(cut), blocks_(blocks) {
    const size_t k = part(cut.k, cut.blocks, blocks.end) - part(cut.k, cut.blocks, blocks.begin);
    if (pack_a) a_jobs_ = std::min(cut.tiles, divide_up(cut.m * k, pack_elements));
    const size_t panels = divide_up(cut.n, kernel.panel);
    if (pack_b) b_jobs_ = std::min(panels, divide_up(cut.n * k, pack_elements));
    piece_ = {cut,       {},        {},          blocks,
              packed_a,  packed_b,  product.a,   product.b,
              product.c, product.ldc, product.accumulate, product.epilogue.bias,
              product.epilogue.activation};
    cut_into_pieces(panels, k);
  }

  void run(bool serial) {
    const size_t jobs = a_jobs_ + b_jobs_ + row_pieces_ * column_pieces_;
    if (serial) {
      for (size_t i = 0; i < jobs; ++i) run_job(i);
    } else {
      parallel_for(jobs, [this](size_t) { run_job(next_.fetch_add(1, std::memory_order_relaxed)); });
    }
  }

 private:
  static constexpr size_t pack_elements = 1 << 15;  // of one pack job

  void cut_into_pieces(size_t panels, size_t k) {
    const double panel_flops =
        2.0 * static_cast<double>(std::max<size_t>(k, 1)) * static_cast<double>(kernel_.panel);
    const double least_rows = piece_flops / panel_flops;
    const size_t most_tiles = divide_up(piece_rows, kernel_.tile_rows);
    row_pieces_ = divide_up(cut_.tiles, most_tiles);
    column_pieces_ = panels;
    const double rows = static_cast<double>(cut_.m) / static_cast<double>(row_pieces_);
    if (rows < least_rows) {
      column_pieces_ = divide_up(panels, static_cast<size_t>(least_rows / std::max(rows, 1.0)) + 1);
    } else if (row_pieces_ * column_pieces_ < wanted_pieces) {
      const size_t possible = static_cast<size_t>(static_cast<double>(cut_.m) / least_rows);
      row_pieces_ = std::max(row_pieces_, std::min({divide_up(wanted_pieces, column_pieces_),
                                                    possible, divide_up(cut_.tiles, 2)}));
    }
  }

  void run_job(size_t i) {
    const size_t pack_jobs = a_jobs_ + b_jobs_;
    if (i < a_jobs_) {
      kernel_.pack_a(piece_.a, cut_, share(cut_.tiles, a_jobs_, i), blocks_,
                     const_cast<T*>(piece_.packed_a));
      packed_.fetch_add(1, std::memory_order_release);
    } else if (i < pack_jobs) {
      kernel_.pack_b(piece_.b, cut_, columns(share(panels(), b_jobs_, i - a_jobs_)), blocks_,
                     const_cast<T*>(piece_.packed_b));
      packed_.fetch_add(1, std::memory_order_release);
    } else {
      for (unsigned spins = 0; packed_.load(std::memory_order_acquire) < pack_jobs; ++spins) {
        if (spins > 1000) std::this_thread::yield();
      }
      const size_t piece = i - pack_jobs;
      GemmPiece<T> job = piece_;
      job.tiles = share(cut_.tiles, row_pieces_, piece / column_pieces_);
      job.columns = columns(share(panels(), column_pieces_, piece % column_pieces_));
      kernel_.multiply(job);
    }
  }

  size_t panels() const { return divide_up(cut_.n, kernel_.panel); }
  static GemmRange share(size_t size, size_t parts, size_t i) {
    return {part(size, parts, i), part(size, parts, i + 1)};
  }
  GemmRange columns(GemmRange panels) const {
    return {panels.begin * kernel_.panel, std::min(panels.end * kernel_.panel, cut_.n)};
  }

  static constexpr size_t wanted_pieces = 16;
  const GemmTable<T>& kernel_;
  GemmCut cut_;
  GemmRange blocks_;
  GemmPiece<T> piece_{};
  size_t a_jobs_ = 0, b_jobs_ = 0, row_pieces_ = 1, column_pieces_ = 1;
  std::atomic<size_t> next_{0}, packed_{0};
};

template <class T>
void multiply(const Product<T>& whole) {
  const GemmTable<T>& kernel = table<T>();
  const size_t blocks = std::max<size_t>(1, divide_up(whole.k, kernel.block));
  const size_t row_stages = divide_up(whole.m, max_span);
  const size_t column_stages = divide_up(whole.n, max_span);
  const bool a_direct =
      whole.n <= direct_columns &&
      (whole.a.row_stride == 1 || (whole.a.col_stride == 1 && !rows_collide<T>(whole.a.row_stride)));
  const bool b_direct = whole.m <= direct_rows && whole.b.col_stride == 1 &&
                        whole.n % kernel.panel == 0;
  const size_t span = (a_direct ? 0 : divide_up(whole.m, row_stages)) +
                      (b_direct ? 0 : divide_up(whole.n, column_stages));
  const size_t blocks_at_once =
      std::max<size_t>(1, packed_elements / std::max<size_t>(1, span * std::min(whole.k, kernel.block)));
  const bool serial = 2.0 * static_cast<double>(whole.m) * static_cast<double>(whole.n) *
                          static_cast<double>(whole.k) < serial_flops;

  for (size_t s = 0; s < column_stages; ++s) {
    // A stage begins at a panel.
    const size_t panels = divide_up(whole.n, kernel.panel);
    const size_t j0 = part(panels, column_stages, s) * kernel.panel;
    const size_t n = std::min(part(panels, column_stages, s + 1) * kernel.panel, whole.n) - j0;
    for (size_t r = 0; r < row_stages; ++r) {
      const size_t i0 = part(whole.m, row_stages, r), m = part(whole.m, row_stages, r + 1) - i0;
      const GemmCut cut{m, n, whole.k, divide_up(m, kernel.tile_rows), blocks};
      Product<T> product = whole;
      product.m = m;
      product.n = n;
      product.a.data += static_cast<std::ptrdiff_t>(i0) * whole.a.row_stride;
      product.b.data += static_cast<std::ptrdiff_t>(j0) * whole.b.col_stride;
      product.c += static_cast<std::ptrdiff_t>(i0) * whole.ldc + static_cast<std::ptrdiff_t>(j0);
      if (whole.epilogue.bias != nullptr) product.epilogue.bias += j0;
      for (size_t block = 0; block < blocks; block += blocks_at_once) {
        const GemmRange range{block, std::min(blocks, block + blocks_at_once)};
        const size_t depth = part(whole.k, blocks, range.end) - part(whole.k, blocks, range.begin);
        const size_t a_size = a_direct ? 0 : divide_up(cut.tiles * kernel.a_stride * depth, 16) * 16;
        const size_t b_size = b_direct ? 0 : (n + kernel.panel) * depth;
        T* packed = static_cast<T*>(packing_buffer.reserve((a_size + b_size + 16) * sizeof(T)));
        Stage<T>(kernel, product, cut, range, !a_direct, !b_direct, a_direct ? nullptr : packed,
                 b_direct ? nullptr : packed + a_size)
            .run(serial);
      }
    }
  }
}

}  // namespace

template <class T>
void gemm(std::int64_t m, std::int64_t n, std::int64_t k, MatrixView<T> a, MatrixView<T> b, T* c,
          std::int64_t ldc, bool accumulate, Epilogue<T> epilogue) {
  if (m <= 0 || n <= 0) return;
  multiply<T>({static_cast<size_t>(m), static_cast<size_t>(n), static_cast<size_t>(k),
               {a.data, a.row_stride, a.col_stride},
               {b.data, b.row_stride, b.col_stride},
               c, ldc, accumulate, epilogue});
}

template void gemm(std::int64_t, std::int64_t, std::int64_t, MatrixView<float>, MatrixView<float>,
                   float*, std::int64_t, bool, Epilogue<float>);
template void gemm(std::int64_t, std::int64_t, std::int64_t, MatrixView<double>, MatrixView<double>,
                   double*, std::int64_t, bool, Epilogue<double>);

}  // namespace nelbo
