// Where the chunks of a training step have their homes, and what therefore travels between cores: parameters and
// gradients, counted from the plans of the products and of the optimiser. Two threads can be timed on many
// machines, 8 and 64 on few.
#include <cstdint>
#include <string>
#include <vector>

#include "autodiff/internal/gemm_stage.hpp"
#include "autodiff/kernels/dispatch.hpp"
#include "autodiff/optimizer.hpp"
#include "tests/catch.hpp"

using namespace nelbo;
using detail::GemmRange;
using detail::Stage;

namespace {

/// A layer's weights [in, out] for batches of so many rows; `offset` in the parameters.
struct Layer {
  std::size_t in, out, offset;
  bool first = false;  // its input is data, which gets no gradient
};

/// The mlp of the workload vae_mlp, and its batch.
constexpr std::size_t batch = 128;
const std::vector<Layer> layers{
    {784, 500, 0, true}, {500, 40, 392'000}, {20, 500, 412'000}, {500, 784, 422'000}};
constexpr std::size_t parameters = 814'000;

/// Calls f(home, rows, columns) for the pieces of C [m, n] = A [m, k] B [k, n] on so many threads.
template <class F>
void for_pieces(std::size_t m, std::size_t n, std::size_t k, std::size_t threads, const F& f) {
  const auto& kernel = active_kernels().gemm().f32;
  const kernels::GemmCut cut{m, n, k, divide_up(m, kernel.tile_rows), divide_up(k, kernel.block)};
  const Stage<float> stage(
      kernel, {.cut = cut, .tiles = {0, cut.tiles}, .columns = {0, n}, .blocks = {0, cut.blocks}});
  for (std::size_t i = 0; i < stage.pieces(); ++i) {
    const auto piece = stage.piece(i);
    f(home_of(i, stage.pieces(), threads),
      GemmRange{part(m, cut.tiles, piece.tiles.begin), part(m, cut.tiles, piece.tiles.end)},
      piece.columns);
  }
}

/// Bytes that a step moves between threads: what one has written and another reads.
struct Travel {
  double weights = 0, gradients = 0;
};

Travel travel(const std::vector<Range>& updates, std::size_t threads) {
  std::vector<std::uint8_t> owner(parameters);  // who updates an element
  for (std::size_t i = 0; i < updates.size(); ++i) {
    std::fill_n(owner.begin() + std::ptrdiff_t(updates[i].offset), updates[i].length,
                std::uint8_t(home_of(i, updates.size(), threads)));
  }
  Travel sum;
  for (const Layer& layer : layers) {
    const std::uint8_t* const own = owner.data() + layer.offset;
    // Who has read an element in this step, each thread once.
    std::vector<std::uint64_t> readers(layer.in * layer.out, 0);
    const auto read = [&](std::size_t home, GemmRange rows, GemmRange columns) {
      for (std::size_t i = rows.begin; i < rows.end; ++i) {
        for (std::size_t j = columns.begin; j < columns.end; ++j) {
          readers[i * layer.out + j] |= std::uint64_t(1) << home;
        }
      }
    };
    for_pieces(batch, layer.out, layer.in, threads,  // Y = X W
               [&](std::size_t home, GemmRange, GemmRange columns) {
                 read(home, {0, layer.in}, columns);
               });
    if (!layer.first) {
      for_pieces(batch, layer.in, layer.out, threads,  // dX = dY W'
                 [&](std::size_t home, GemmRange, GemmRange columns) {
                   read(home, columns, {0, layer.out});
                 });
    }
    for (std::size_t i = 0; i < readers.size(); ++i) {
      sum.weights += 4.0 * __builtin_popcountll(readers[i] & ~(std::uint64_t(1) << own[i]));
    }
    for_pieces(layer.in, layer.out, batch, threads,  // dW = X' dY
               [&](std::size_t home, GemmRange rows, GemmRange columns) {
                 for (std::size_t i = rows.begin; i < rows.end; ++i) {
                   for (std::size_t j = columns.begin; j < columns.end; ++j) {
                     sum.gradients += own[i * layer.out + j] != home ? 4 : 0;
                   }
                 }
               });
  }
  return sum;
}

}  // namespace

TEST_CASE(
    "travel: told of its tensors, the optimiser updates what the same thread has the gradient of") {
  std::vector<Range> tensors;
  for (const Layer& layer : layers) tensors.push_back({layer.offset, layer.in * layer.out});
  const std::vector<Range> whole{{0, parameters}};
  const Optimizer flat({}, whole), told({}, whole, DType::f32, tensors);
  const double all = 4.0 * parameters;
  std::string table;
  for (const std::size_t threads : {1, 2, 8, 64}) {
    const Travel before = travel(flat.updates(), threads), now = travel(told.updates(), threads);
    INFO(threads << " threads");
    if (threads == 1) {
      CHECK(now.weights + now.gradients == 0);
      continue;
    }
    table += "\n" + std::to_string(threads) + " threads: gradients " +
             std::to_string(now.gradients / all) + " of their bytes (in one piece " +
             std::to_string(before.gradients / all) + "), weights " +
             std::to_string(now.weights / all) + " (" + std::to_string(before.weights / all) + ")";
    CHECK(now.gradients < before.gradients);
    CHECK(now.weights <= 1.01 * before.weights);
  }
  WARN("bytes that travel in a step of vae_mlp, by the plans:" << table);
}
