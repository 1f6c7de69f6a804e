#include "autodiff/coupled_noise.hpp"

#include <algorithm>
#include <bit>
#include <type_traits>

#include "autodiff/error.hpp"
#include "autodiff/internal/partition.hpp"
#include "autodiff/internal/sobol.hpp"
#include "autodiff/kernels/dispatch.hpp"
#include "autodiff/random_variables.hpp"
#include "autodiff/scratch.hpp"
#include "autodiff/threads.hpp"

namespace nelbo {
namespace {

constexpr std::size_t antithetic_dimensions = std::size_t{1} << 28;  // those of fill_normal

// Antithetic pairs --------------------------------------------------------------------------------

/// `fill` draws numbers, `mirror` gives the other of a pair.
template <class T>
void fill_antithetic(T* out, const RandomBlock& block, void (*fill)(T*, const RandomBlock&),
                     T (*mirror)(T)) {
  check_addresses("antithetic noise", block, antithetic_dimensions);
  const std::size_t row = block.batch * block.dimensions;
  RandomBlock pairs = block;
  pairs.first_draw = block.first_draw / 2;
  std::size_t draws = block.draws;
  const auto reflect = [&](const T* from, T* to) { std::transform(from, from + row, to, mirror); };
  if (block.first_draw % 2 == 1 && draws > 0) {  // the second of a pair whose first is elsewhere
    pairs.draws = 1;
    fill(out, pairs);
    reflect(out, out);
    out += row;
    --draws;
    ++pairs.first_draw;
  }
  // One number per pair, then spread from the back, where nothing unread is overwritten.
  pairs.draws = (draws + 1) / 2;
  fill(out, pairs);
  for (std::size_t i = pairs.draws; i-- > 0;) {
    T* first = out + 2 * i * row;
    if (i > 0) std::copy_n(out + i * row, row, first);
    if (2 * i + 1 < draws) reflect(first, first + row);
  }
}

// Scrambled Sobol' points -------------------------------------------------------------------------

/// The digits of a number: float reads 32 of them, double the first 52 of 64.
template <class T>
using Digits = std::conditional_t<std::is_same_v<T, float>, std::uint32_t, std::uint64_t>;

/// One datum's scrambled directions and shift, and the point reached.
template <class T>
class ScrambledSobol {
 public:
  using Word = Digits<T>;

  /// `block` addresses one datum; directions 1 .. last are wanted.
  ScrambledSobol(const RandomBlock& block, int last)
      : n_(block.dimensions), stride_((n_ + 15) / 16 * 16), last_(last) {
    const std::size_t rows = std::size_t(last) + 1;
    Word* random = scratch_array<Word>(Scratch::sobol_words, rows * n_);
    random_words(random, block, rows);
    directions_ = scratch_array<Word>(Scratch::sobol_directions, (rows + 1) * stride_);
    std::fill_n(directions_, (rows + 1) * stride_, Word{0});
    std::copy_n(random, n_, direction(0));  // the shift
    for (int j = 1; j <= last; ++j) {
      const std::uint32_t* plain = sobol_directions(j);
      Word* to = direction(j);
      // Digit c of a direction brings in column c of the matrix: 1 on the diagonal, random below.
      for (int c = 1; c <= j; ++c) {
        const Word diagonal = Word{1} << (digits - c);
        const Word* below = random + std::size_t(c) * n_;
        for (std::size_t d = 0; d < n_; ++d) {
          const Word column = diagonal | (below[d] & (diagonal - 1));
          to[d] ^= column & (Word{0} - Word(plain[d] >> (sobol_bits - c) & 1));
        }
      }
    }
  }

  void go_to(std::uint32_t index) {
    std::copy_n(direction(0), n_, point());
    for (std::uint32_t gray = index ^ index >> 1; gray != 0; gray &= gray - 1) {
      flip(std::countr_zero(gray) + 1);
    }
  }
  /// From point index - 1 to point index.
  void advance_to(std::uint32_t index) { flip(std::countr_zero(index) + 1); }
  void read(T* z) const {
    kernels_for<T>(active_kernels().quantile()).normal_of_words(point(), z, n_);
  }

 private:
  static constexpr int digits = 8 * sizeof(Word);

  Word* direction(int j) const { return directions_ + std::size_t(j) * stride_; }
  Word* point() const { return direction(last_ + 1); }
  void flip(int j) {
    const Word* v = direction(j);
    Word* x = point();
    for (std::size_t d = 0; d < n_; ++d) x[d] ^= v[d];
  }

  /// words [rows, D]; a row is the shift (0) or a column of the matrix.
  static void random_words(std::uint32_t* words, RandomBlock block, std::size_t rows) {
    block.stream.variable += random_variables::rqmc_digits;
    block.draws = rows;
    fill_bits(words, block);
  }
  /// The upper halves are the same, the lower ones are draws of their own.
  static void random_words(std::uint64_t* words, RandomBlock block, std::size_t rows) {
    const std::size_t n = rows * block.dimensions;
    std::uint32_t* halves = scratch_array<std::uint32_t>(Scratch::sobol_halves, 2 * n);
    random_words(halves, block, rows);
    block.first_draw = sobol_bits + 1;
    random_words(halves + n, block, rows);
    for (std::size_t i = 0; i < n; ++i) words[i] = std::uint64_t{halves[i]} << 32 | halves[n + i];
  }

  std::size_t n_, stride_;
  int last_;
  Word* directions_;  // shift, directions 1 .. last, point
};

template <class T>
void fill_rqmc(T* out, const RandomBlock& block) {
  check_addresses("rqmc", block, sobol_dimensions);
  if (block.stream.variable >= random_variables::rqmc_digits) {
    throw Error("rqmc: variable " + std::to_string(block.stream.variable) +
                " is not below 2^31; the others are its own");
  }
  if (block.size() == 0) return;
  const std::size_t S = block.draws, B = block.batch, D = block.dimensions;
  const int last = std::bit_width(std::uint32_t(block.first_draw + S - 1));
  // A chunk is a few data, or a part of the draws of one.
  const std::size_t data = std::clamp<std::size_t>(chunk_elements / (S * D), 1, B);
  const std::size_t draws = std::min(S, std::max<std::size_t>(1, chunk_elements / D));
  const std::size_t parts = divide_up(S, draws);
  parallel_for(divide_up(B, data) * parts, [&](std::size_t chunk) {
    const std::size_t first = chunk / parts * data, begin = chunk % parts * draws;
    const std::size_t end = std::min(S, begin + draws);
    for (std::size_t b = first; b < std::min(B, first + data); ++b) {
      RandomBlock one = block;
      one.batch = 1;
      one.first_draw = 0;
      one.first_datum = block.datum ? block.datum[b] : std::uint32_t(block.first_datum + b);
      one.datum = nullptr;
      ScrambledSobol<T> points(one, last);
      for (std::size_t s = begin; s < end; ++s) {
        const auto index = std::uint32_t(block.first_draw + s);
        s == begin ? points.go_to(index) : points.advance_to(index);
        points.read(out + (s * B + b) * D);
      }
    }
  });
}

template <class T>
void fill(T* out, const RandomBlock& block, Coupling coupling) {
  switch (coupling) {
    case Coupling::independent:
      return fill_normal(out, block);
    case Coupling::antithetic:
      return fill_antithetic<T>(out, block, fill_normal, [](T x) { return -x; });
    case Coupling::rqmc:
      return fill_rqmc(out, block);
  }
}

template <class T>
void fill_coupled_uniform(T* out, const RandomBlock& block, Coupling coupling) {
  switch (coupling) {
    case Coupling::independent:
      return fill_uniform(out, block);
    case Coupling::antithetic:
      return fill_antithetic<T>(out, block, fill_uniform, [](T u) { return T(1) - u; });
    case Coupling::rqmc:
      break;
  }
  throw Error("rqmc noise is normal; uniform numbers can be independent or antithetic");
}

}  // namespace

Coupling parse_coupling(const std::string& text) {
  for (const Coupling c : {Coupling::independent, Coupling::antithetic, Coupling::rqmc}) {
    if (text == to_string(c)) return c;
  }
  throw Error("coupling '" + text + "'; choose independent, antithetic or rqmc");
}

std::string to_string(Coupling coupling) {
  constexpr const char* names[] = {"independent", "antithetic", "rqmc"};
  return names[int(coupling)];
}

void fill_normal(float* out, const RandomBlock& block, Coupling coupling) {
  fill(out, block, coupling);
}
void fill_normal(double* out, const RandomBlock& block, Coupling coupling) {
  fill(out, block, coupling);
}

void fill_uniform(float* out, const RandomBlock& block, Coupling coupling) {
  fill_coupled_uniform(out, block, coupling);
}
void fill_uniform(double* out, const RandomBlock& block, Coupling coupling) {
  fill_coupled_uniform(out, block, coupling);
}

}  // namespace nelbo
