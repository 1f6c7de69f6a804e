#include "autodiff/kernels/gemm.hpp"

#include "autodiff/kernels/gemm_pack.hpp"
#include "autodiff/kernels/gemm_tile.hpp"

namespace nelbo::kernels::NELBO_ISA {
namespace {

/// Packed A: steps of k are padded to whole registers.
template <class T>
inline constexpr std::size_t a_width = (max_rows + full_width<T> - 1) / full_width<T> * full_width<T>;

/// Blocks of k: 14 rows of A and 32 columns of B of one block fit the second level cache with room to spare,
/// and 168 rows of A as well.
template <class T>
inline constexpr std::size_t k_block = 2048 / sizeof(T);

std::size_t part(std::size_t size, std::size_t parts, std::size_t i) { return i * size / parts; }

/// Registers per row of a tile whose columns begin `left` before the end.
enum Panel { two_registers, one_register, half_register, panel_kinds };

template <class T>
Panel panel_kind(std::size_t left) {
  if (left > full_width<T> + (half_width<T> < full_width<T> ? half_width<T> : 0)) return two_registers;
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

template <class T>
void pack_a(const GemmView<T>& a, const GemmCut& cut, GemmRange tiles, GemmRange blocks, T* packed) {
  const std::size_t k_first = part(cut.k, cut.blocks, blocks.begin);
  for (std::size_t b = blocks.begin; b < blocks.end; ++b) {
    const std::size_t k0 = part(cut.k, cut.blocks, b), k = part(cut.k, cut.blocks, b + 1) - k0;
    T* block = packed + (k0 - k_first) * cut.tiles * a_width<T>;
    for (std::size_t t = tiles.begin; t < tiles.end; ++t) {
      const std::size_t i0 = part(cut.m, cut.tiles, t), rows = part(cut.m, cut.tiles, t + 1) - i0;
      const std::ptrdiff_t i = i0, p = k0;
      const StridedPanel<T> panel{a.data + i * a.row_stride + p * a.col_stride, a.row_stride,
                                  a.col_stride, cut.m - i0};
      panel.pack(rows, k, block + t * k * a_width<T>, a_width<T>);
    }
  }
}

template <class T>
void pack_b(const GemmView<T>& b, const GemmCut& cut, GemmRange columns, GemmRange blocks,
            T* packed) {
  const std::size_t k_first = part(cut.k, cut.blocks, blocks.begin);
  for (std::size_t block = blocks.begin; block < blocks.end; ++block) {
    const std::size_t k0 = part(cut.k, cut.blocks, block);
    const std::size_t k = part(cut.k, cut.blocks, block + 1) - k0;
    T* to = packed + (k0 - k_first) * padded<T>(cut.n);
    for (std::size_t j = columns.begin; j < columns.end;) {
      const std::size_t width = kind_width<T>(panel_kind<T>(cut.n - j));
      const StridedPanel<T> panel{b.data + static_cast<std::ptrdiff_t>(k0) * b.row_stride +
                                      static_cast<std::ptrdiff_t>(j) * b.col_stride,
                                  b.col_stride, b.row_stride, cut.n - j};
      panel.pack(cut.n - j < width ? cut.n - j : width, k, to + j * k, width);
      j += width;
    }
  }
}

template <class T>
void multiply(const GemmPiece<T>& piece) {
  const GemmCut& cut = piece.cut;
  const bool steps = piece.packed_a != nullptr || piece.a.row_stride == 1;
  const TileFunctions<T>& functions =
      steps ? tile_table<T, Reading::steps> : tile_table<T, Reading::rows>;
  const std::size_t k_first = part(cut.k, cut.blocks, piece.blocks.begin);
  const std::size_t columns_end =
      piece.columns.end < cut.n ? piece.columns.end : cut.n;
  TileTarget<T> target;
  target.activation = piece.activation;
  for (std::size_t block = piece.blocks.begin; block < piece.blocks.end; ++block) {
    const std::size_t k0 = part(cut.k, cut.blocks, block);
    const std::size_t k = part(cut.k, cut.blocks, block + 1) - k0;
    target.accumulate = piece.accumulate || block > 0;
    target.finish = block + 1 == cut.blocks;
    for (std::size_t j = piece.columns.begin; j < columns_end;) {
      const std::size_t left = cut.n - j;
      const Panel kind = panel_kind<T>(left);
      const std::size_t width = kind_width<T>(kind);
      const std::ptrdiff_t column = j;
      const T* b = piece.packed_b + (k0 - k_first) * padded<T>(cut.n) + j * k;
      std::ptrdiff_t b_stride = width;
      if (piece.packed_b == nullptr) {
        b = piece.b.data + static_cast<std::ptrdiff_t>(k0) * piece.b.row_stride + column;
        b_stride = piece.b.row_stride;
      }
      target.columns = left < width ? left : width;
      target.bias = piece.bias == nullptr ? nullptr : piece.bias + j;
      for (std::size_t t = piece.tiles.begin; t < piece.tiles.end; ++t) {
        const std::size_t i0 = part(cut.m, cut.tiles, t);
        const std::size_t rows = part(cut.m, cut.tiles, t + 1) - i0;
        const std::ptrdiff_t i = i0, p = k0;
        T* c = piece.c + i * piece.ldc + column;
        for (std::size_t r = 0; r < rows; ++r, c += piece.ldc) target.rows[r] = c;
        const TileFunction<T> tile = functions.by_rows[kind][rows - 1];
        if (piece.packed_a != nullptr) {
          const T* a = piece.packed_a + ((k0 - k_first) * cut.tiles + t * k) * a_width<T>;
          tile(k, a, a_width<T>, b, b_stride, target);
        } else {
          const GemmView<T>& view = piece.a;
          tile(k, view.data + i * view.row_stride + p * view.col_stride,
               steps ? view.col_stride : view.row_stride, b, b_stride, target);
        }
      }
      j += width;
    }
  }
}

template <class T>
constexpr GemmTable<T> table() {
  return {max_rows,       panel_width<T>, k_block<T>,  a_width<T>,
          half_width<T>, pack_a<T>,      pack_b<T>, multiply<T>};
}

}  // namespace

extern const GemmKernels gemm_kernels;
const GemmKernels gemm_kernels = {table<float>(), table<double>()};

}  // namespace nelbo::kernels::NELBO_ISA
