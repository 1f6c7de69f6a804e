#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "models/distributions/distribution.hpp"

namespace nelbo {

/// The codes z that a model has: L latent variables, each of one number or of several; behind real ones there
/// may be a label.
struct CodeSpace {
  enum class Kind {
    continuous,  // real numbers
    positive,    // numbers above 0
    unit,        // numbers between 0 and 1
    simplex,     // all of them one vector of proportions, whose sum is 1
    circle,      // points on unit circles, each the two numbers cos and sin of an angle
    binary,      // zeros and ones
    one_hot,     // rows of K numbers, one of them 1
    mixed        // blocks of other kinds, one after the other
  };
  Kind kind = Kind::continuous;
  std::int64_t variables = 0;          // L
  std::int64_t classes = 0;            // K, of one_hot
  Noise real_noise = Noise::normal;    // what continuous codes are drawn from
  std::vector<CodeSpace> blocks = {};  // of mixed ones, none of them mixed
  std::int64_t labels = 0;  // classes of the label, a one-hot row, of a semi-supervised model

  /// Whether every variable has finitely many values.
  bool discrete() const;
  /// Whether samples of all variables can be differentiable functions of parameters and noise.
  bool differentiable() const;
  /// Values that one variable can have: 2 or K; 0 where it is continuous, or they differ.
  std::int64_t values() const {
    return kind == Kind::one_hot ? classes : kind == Kind::binary ? 2 : 0;
  }
  /// Numbers that one variable takes in a code: K of a one-hot row, 2 of a point on a circle, else 1. Not of
  /// mixed codes, whose variables differ.
  std::int64_t width() const {
    return kind == Kind::one_hot ? classes : kind == Kind::circle ? 2 : 1;
  }
  /// D, the numbers of a code: L width, and the label's.
  std::int64_t dimensions() const;
  /// The block that a variable is in; itself where there are none.
  const CodeSpace& of(std::int64_t variable) const;
  /// The place in a code of a variable's first number, 0 <= variable <= L.
  std::int64_t first(std::int64_t variable) const;
  /// What codes are drawn from, one number each. Of mixed codes their blocks' (fill_noise below).
  Noise noise() const { return kind == Kind::continuous ? real_noise : Noise::uniform; }
  /// "continuous", "positive", "binary", "one-hot:K", ..., for messages.
  std::string text() const;

  friend bool operator==(const CodeSpace&, const CodeSpace&) = default;
};

/// What codes are drawn from, [S, B, D], as fill_noise of one kind of noise fills it; of mixed codes every
/// block has numbers of its own kind. Throws Error as that does.
void fill_noise(const CodeSpace& codes, const Tensor& noise, RandomBlock first,
                Coupling coupling = Coupling::independent);

}  // namespace nelbo
