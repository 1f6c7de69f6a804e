#include "autodiff/kernels/gemm.hpp"

#include "autodiff/kernels/gemm_pack.hpp"
#include "autodiff/kernels/gemm_tile.hpp"

namespace nelbo::kernels::NELBO_ISA {
namespace {

/// Packed A: steps of k are padded to whole registers.
template <class T>
inline constexpr std::size_t a_width =
    (max_rows + full_width<T> - 1) / full_width<T>* full_width<T>;

/// Blocks of k: 14 rows of A and 32 columns of B of one block fit the second level cache with room
/// to spare, and 168 rows of A as well.
template <class T>
inline constexpr std::size_t k_block = 2048 / sizeof(T);

std::size_t part(std::size_t size, std::size_t parts, std::size_t i) { return i * size / parts; }

/// A block of k: its first step, their number, and how many steps of the stage come before it.
struct Block {
  std::size_t first, size, offset;
};
Block block_of(const GemmCut& cut, GemmRange stage, std::size_t i) {
  const std::size_t first = part(cut.k, cut.blocks, i);
  return {first, part(cut.k, cut.blocks, i + 1) - first,
          first - part(cut.k, cut.blocks, stage.begin)};
}

/// Registers per row of a tile whose columns begin `left` before the end.
enum Panel { two_registers, one_register, half_register, panel_kinds };

template <class T>
Panel panel_kind(std::size_t left) {
  if (left > full_width<T> + (half_width<T> < full_width<T> ? half_width<T> : 0))
    return two_registers;
  return left > half_width<T> || half_width<T> == full_width<T> ? one_register : half_register;
}

template <class T>
constexpr std::size_t kind_width(Panel kind) {
  return kind == two_registers  ? panel_width<T>
         : kind == one_register ? full_width<T>
                                : half_width<T>;
}

template <class T>
std::size_t padded(std::size_t columns) {
  return (columns + half_width<T> - 1) / half_width<T> * half_width<T>;
}

template <class T>
using TileFunction = void (*)(std::size_t, const T*, std::ptrdiff_t, const T*, std::ptrdiff_t,
                              const TileTarget<T>&);

/// Micro-kernels by number of rows.
template <class T>
struct TileFunctions {
  TileFunction<T> by_rows[panel_kinds][max_rows];
};

template <class T, Reading reading, std::size_t... I>
constexpr TileFunctions<T> tile_functions(std::index_sequence<I...>) {
  using R = Registers<T>;
  return {{{multiply_tile<T, typename R::Full, I + 1, 2, reading>...},
           {multiply_tile<T, typename R::Full, I + 1, 1, reading>...},
           {multiply_tile<T, typename R::Half, I + 1, 1, reading>...}}};
}

template <class T, Reading reading>
constexpr TileFunctions<T> tile_table =
    tile_functions<T, reading>(std::make_index_sequence<max_rows>());

/// Panels of an operand on their way into a packed buffer; copies are collected, see copy_panels.
template <class T>
class Packer {
 public:
  /// Element (i, p), p along k, lies at data[i * across + p * along], i < size, p < k.
  Packer(const T* data, std::ptrdiff_t across, std::ptrdiff_t along, std::size_t size,
         std::size_t k)
      : data_(data), across_(across), along_(along), size_(size), k_(k) {}

  void pack(std::size_t first, std::size_t count, std::size_t width, T* packed) {
    if (across_ != 1) {
      pack_rows(data_ + static_cast<std::ptrdiff_t>(first) * across_, across_, along_, k_, count,
                width, packed);
      return;
    }
    copies_[waiting_++] = {first, count, width, packed};
    if (waiting_ == most) flush();
  }
  void flush() {
    copy_panels(data_, along_, size_, k_, copies_, waiting_);
    waiting_ = 0;
  }

 private:
  static constexpr std::size_t most = 8;
  const T* data_;
  std::ptrdiff_t across_, along_;
  std::size_t size_, k_;
  PanelCopy<T> copies_[most];
  std::size_t waiting_ = 0;
};

template <class T>
void pack_a(const GemmView<T>& a, const GemmCut& cut, GemmRange tiles, GemmRange blocks,
            T* packed) {
  for (std::size_t b = blocks.begin; b < blocks.end; ++b) {
    const Block block = block_of(cut, blocks, b);
    T* to = packed + block.offset * cut.tiles * a_width<T>;
    Packer<T> packer(a.data + static_cast<std::ptrdiff_t>(block.first) * a.col_stride, a.row_stride,
                     a.col_stride, cut.m, block.size);
    for (std::size_t t = tiles.begin; t < tiles.end; ++t) {
      const std::size_t i = part(cut.m, cut.tiles, t);
      packer.pack(i, part(cut.m, cut.tiles, t + 1) - i, a_width<T>,
                  to + t * block.size * a_width<T>);
    }
    packer.flush();
  }
}

template <class T>
std::size_t whole_columns(std::size_t n) {
  for (std::size_t j = 0; j < n;) {
    const std::size_t width = kind_width<T>(panel_kind<T>(n - j));
    if (width > n - j) return j;
    j += width;
  }
  return n;
}

template <class T>
void pack_b(const GemmView<T>& b, const GemmCut& cut, GemmRange columns, GemmRange blocks,
            std::size_t from, T* packed) {
  for (std::size_t i = blocks.begin; i < blocks.end; ++i) {
    const Block block = block_of(cut, blocks, i);
    T* to = packed + block.offset * padded<T>(cut.n - from);
    Packer<T> packer(b.data + static_cast<std::ptrdiff_t>(block.first) * b.row_stride, b.col_stride,
                     b.row_stride, cut.n, block.size);
    for (std::size_t j = columns.begin; j < columns.end;) {
      const std::size_t left = cut.n - j, width = kind_width<T>(panel_kind<T>(left));
      packer.pack(j, left < width ? left : width, width, to + (j - from) * block.size);
      j += width;
    }
    packer.flush();
  }
}

template <class T>
void multiply(const GemmPiece<T>& piece) {
  const GemmCut& cut = piece.cut;
  const GemmView<T>& view = piece.a;
  const bool steps = piece.packed_a != nullptr || view.row_stride == 1;
  const TileFunctions<T>& functions =
      steps ? tile_table<T, Reading::steps> : tile_table<T, Reading::rows>;
  TileTarget<T> target;
  target.activation = piece.activation;
  for (std::size_t b = piece.blocks.begin; b < piece.blocks.end; ++b) {
    const Block block = block_of(cut, piece.blocks, b);
    target.accumulate = piece.accumulate || b > 0;
    target.finish = b + 1 == cut.blocks;
    for (std::size_t j = piece.columns.begin; j < piece.columns.end;) {
      const std::size_t left = cut.n - j;
      const Panel kind = panel_kind<T>(left);
      const std::size_t width = kind_width<T>(kind);
      const bool packed = j >= piece.packed_from;
      const T* panel =
          packed ? piece.packed_b + block.offset * padded<T>(cut.n - piece.packed_from) +
                       (j - piece.packed_from) * block.size
                 : piece.b.data + static_cast<std::ptrdiff_t>(block.first) * piece.b.row_stride + j;
      const std::ptrdiff_t panel_stride = packed ? width : piece.b.row_stride;
      target.columns = left < width ? left : width;
      target.bias = piece.bias == nullptr ? nullptr : piece.bias + j;
      for (std::size_t t = piece.tiles.begin; t < piece.tiles.end; ++t) {
        const std::size_t i = part(cut.m, cut.tiles, t);
        const std::size_t rows = part(cut.m, cut.tiles, t + 1) - i;
        T* c = piece.c + static_cast<std::ptrdiff_t>(i) * piece.ldc + j;
        for (std::size_t r = 0; r < rows; ++r, c += piece.ldc) target.rows[r] = c;
        const TileFunction<T> tile = functions.by_rows[kind][rows - 1];
        if (piece.packed_a != nullptr) {
          const T* a = piece.packed_a + (block.offset * cut.tiles + t * block.size) * a_width<T>;
          tile(block.size, a, a_width<T>, panel, panel_stride, target);
        } else {
          tile(block.size,
               view.data + static_cast<std::ptrdiff_t>(i) * view.row_stride +
                   static_cast<std::ptrdiff_t>(block.first) * view.col_stride,
               steps ? view.col_stride : view.row_stride, panel, panel_stride, target);
        }
      }
      j += width;
    }
  }
}

template <class T>
constexpr GemmTable<T> table() {
  return {max_rows,         panel_width<T>, k_block<T>, a_width<T>,
          whole_columns<T>, pack_a<T>,      pack_b<T>,  multiply<T>};
}

}  // namespace

extern const GemmKernels gemm_kernels;
const GemmKernels gemm_kernels = {table<float>(), table<double>()};

}  // namespace nelbo::kernels::NELBO_ISA
