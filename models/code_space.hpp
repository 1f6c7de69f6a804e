#pragma once
#include <cstdint>
#include <string>

#include "models/distributions/distribution.hpp"

namespace nelbo {

/// The codes z that a model has: L latent variables, each of one number or of K; behind real ones there
/// may be a label.
struct CodeSpace {
  enum class Kind {
    continuous,  // real numbers
    binary,      // zeros and ones
    one_hot      // rows of K numbers, one of them 1
  };
  Kind kind = Kind::continuous;
  std::int64_t variables = 0;  // L
  std::int64_t classes = 0;    // K, of one_hot
  std::int64_t labels = 0;     // classes of the label, a one-hot row, of a semi-supervised model

  bool discrete() const { return kind != Kind::continuous; }
  /// Whether samples may be differentiable functions of noise.
  bool smooth() const { return !discrete() && labels == 0; }
  /// Values that one variable can have: 2 or K; 0 where it is continuous.
  std::int64_t values() const { return kind == Kind::one_hot ? classes : discrete() ? 2 : 0; }
  /// Numbers that one variable takes in a code: K of a one-hot row, else 1.
  std::int64_t width() const { return kind == Kind::one_hot ? classes : 1; }
  /// D, the numbers of a code: L width, and the label's.
  std::int64_t dimensions() const { return variables * width() + labels; }
  /// What codes are drawn from, one number each.
  Noise noise() const { return discrete() ? Noise::uniform : Noise::normal; }
  /// "continuous", "binary", "one-hot:K" or "labelled", for messages.
  std::string text() const {
    if (labels > 0) return "labelled";
    return kind == Kind::continuous ? "continuous"
           : kind == Kind::binary   ? "binary"
                                    : "one-hot:" + std::to_string(classes);
  }

  friend bool operator==(const CodeSpace&, const CodeSpace&) = default;
};

}  // namespace nelbo
