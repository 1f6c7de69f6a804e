#include "models/code_space.hpp"

#include <algorithm>
#include <span>

#include "autodiff/dtype.hpp"
#include "autodiff/error.hpp"
#include "autodiff/scratch.hpp"

namespace nelbo {
namespace {

bool finitely_many(CodeSpace::Kind kind) {
  return kind == CodeSpace::Kind::binary || kind == CodeSpace::Kind::one_hot;
}

/// What is drawn from one kind of noise each: the blocks, or all numbers but the label's.
std::span<const CodeSpace> parts_of(const CodeSpace& codes) {
  if (codes.kind == CodeSpace::Kind::mixed) return codes.blocks;
  return {&codes, 1};
}

/// Puts uniform numbers in the place of the normal ones of the blocks that want them.
void fill_uniform_blocks(const CodeSpace& codes, const Tensor& noise, RandomBlock first,
                         Coupling coupling) {
  const std::int64_t rows = noise.shape()[0] * noise.shape()[1], width = noise.shape()[2];
  // Four neighbouring dimensions share their words between normal numbers: these have other ones.
  const std::int64_t beyond = (width + 3) / 4 * 4, whole = beyond + width;
  dispatch(noise.dtype(), [&](auto t) {
    using T = decltype(t);
    T* const uniform = scratch_array<T>(Scratch::code_noise, std::size_t(rows * whole));
    first.draws = std::size_t(noise.shape()[0]);
    first.batch = std::size_t(noise.shape()[1]);
    first.dimensions = std::size_t(whole);
    fill_uniform(uniform, first, coupling);
    T* const to = noise.data_as<T>();
    std::int64_t d = 0;
    for (const CodeSpace& block : parts_of(codes)) {
      const std::int64_t n = block.first(block.variables);
      for (std::int64_t row = 0; block.noise() == Noise::uniform && row < rows; ++row) {
        std::copy_n(uniform + row * whole + beyond + d, n, to + row * width + d);
      }
      d += n;
    }
  });
}

}  // namespace

bool CodeSpace::discrete() const {
  if (kind != Kind::mixed) return finitely_many(kind);
  return std::all_of(blocks.begin(), blocks.end(), [](const CodeSpace& b) { return b.discrete(); });
}

bool CodeSpace::differentiable() const {
  if (labels > 0) return false;
  if (kind != Kind::mixed) return !finitely_many(kind);
  return std::none_of(blocks.begin(), blocks.end(),
                      [](const CodeSpace& b) { return b.discrete(); });
}

std::int64_t CodeSpace::dimensions() const { return first(variables) + labels; }

const CodeSpace& CodeSpace::of(std::int64_t variable) const {
  for (const CodeSpace& block : blocks) {
    if (variable < block.variables) return block;
    variable -= block.variables;
  }
  return *this;
}

std::int64_t CodeSpace::first(std::int64_t variable) const {
  if (kind != Kind::mixed) return variable * width();
  std::int64_t place = 0;
  for (const CodeSpace& block : blocks) {
    const std::int64_t own = std::min(variable, block.variables);
    place += own * block.width();
    variable -= own;
  }
  return place;
}

std::string CodeSpace::text() const {
  if (labels > 0) return "labelled";
  switch (kind) {
    case Kind::continuous:
      return "continuous";
    case Kind::positive:
      return "positive";
    case Kind::unit:
      return "between 0 and 1";
    case Kind::simplex:
      return "proportions";
    case Kind::circle:
      return "points on circles";
    case Kind::binary:
      return "binary";
    case Kind::one_hot:
      return "one-hot:" + std::to_string(classes);
    case Kind::mixed:
      break;
  }
  std::string all;
  for (const CodeSpace& block : blocks) {
    all += all.empty() ? "" : " + ";
    all += block.text();
  }
  return all;
}

void fill_noise(const CodeSpace& codes, const Tensor& noise, RandomBlock first, Coupling coupling) {
  const auto wants = [parts = parts_of(codes)](Noise kind) {
    return std::any_of(parts.begin(), parts.end(),
                       [kind](const CodeSpace& part) { return part.noise() == kind; });
  };
  // A label is sampled from normal noise.
  const bool normal = codes.labels > 0 || wants(Noise::normal), uniform = wants(Noise::uniform);
  if (codes.kind != CodeSpace::Kind::mixed && !(normal && uniform)) {
    return fill_noise(codes.noise(), noise, first, coupling);
  }
  if (noise.shape().rank() != 3 || noise.shape()[2] != codes.dimensions()) {
    throw Error("fill_noise: a tensor " + noise.shape().text() + " for codes of " +
                std::to_string(codes.dimensions()) + " numbers");
  }
  if (normal) fill_noise(Noise::normal, noise, first, coupling);
  if (uniform) fill_uniform_blocks(codes, noise, first, coupling);
}

}  // namespace nelbo
