#pragma once
#include <cstdint>
#include <string>

#include "models/posteriors/posterior.hpp"

namespace nelbo {

class Draw;  // objectives/draw/draw.hpp

/// What an estimator that compares samples sees of a draw: all of its codes, or one block of a mixed code, the
/// other blocks then being given.
class CodeBlock {
 public:
  /// All of the codes.
  explicit CodeBlock(Draw& draw);
  /// Block number i of a product posterior. Throws Error where there is none.
  CodeBlock(Draw& draw, std::size_t i);

  Draw& draw() const { return *draw_; }
  /// Q of the block.
  const Posterior& posterior() const { return *q_; }
  /// Its numbers of the samples, and of the noise that they are made of, [S, B, D].
  Var z() const;
  Var noise() const;
  /// Its log Q of the samples, [S, B], nats, and the same of z as fixed values.
  Var log_posterior() const;
  Var log_posterior_at_fixed_z() const;
  /// Whole codes in which the block is `own` [S', B, D], and the others are the first S' samples, fixed.
  Var among(Var own) const;
  /// What tells the memo of one block from another's: empty of all of the codes.
  const std::string& key() const { return key_; }

 private:
  bool whole() const { return key_.empty(); }

  Draw* draw_;
  const Posterior* q_;
  std::int64_t first_, size_;
  std::string key_;
};

}  // namespace nelbo
