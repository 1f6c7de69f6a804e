#pragma once
// An evaluation cut into pieces that any process may compute.
#include <array>
#include <cstddef>
#include <optional>
#include <vector>

#include "lab/evaluation/disentanglement/evaluation.hpp"
#include "lab/evaluation/disentanglement/representation.hpp"
#include "lab/evaluation/disentanglement/score_group.hpp"
#include "lab/evaluation/disentanglement/tree_scores.hpp"

namespace nelbo::disentanglement {

/// What a piece came to: a section's metrics and matrices, or the trees of a factor on one set of points.
struct PieceResult {
  Measurement measured;
  std::optional<FactorTrees> trees;
};

/// The pieces are the sections of the dialect, of the codes, of a perfect code and of noise (ceiling and
/// floor), and the boosted trees of each factor on each set of points: these take the longest by far, and come
/// first, those of most classes before others, so that every n-th piece is about an n-th of the time.
class EvaluationPieces {
 public:
  /// Which codes a piece is of.
  enum class Codes { given, perfect, noise };

  /// The points must live as long. They need have codes when a piece is computed; before, and to put
  /// together, `dimensions` and factors will do. Throws Error for no factors, no dimensions, fewer than 2
  /// points.
  EvaluationPieces(const Points& points, const EvaluationOptions& options);
  EvaluationPieces(const EvaluationPieces&) = delete;
  EvaluationPieces& operator=(const EvaluationPieces&) = delete;

  std::size_t count() const { return pieces_.size(); }
  /// A piece by its number. One thread at a time may call; each piece uses all threads. Throws Error for
  /// Chen's dialect without variances.
  PieceResult compute(std::size_t piece) const;
  /// `results` [count()] of all pieces.
  Evaluation put_together(std::vector<PieceResult> results) const;

 private:
  /// A section, or the trees of a factor on a set of points.
  struct Piece {
    Codes of;
    bool trees;
    std::size_t section, split, factor;
  };
  const Points& points() const;
  const Representation& representation(Codes of) const;
  Measurement measurement(Codes of, std::vector<PieceResult>& results) const;

  const Points& points_;
  EvaluationOptions options_;
  std::vector<Piece> pieces_;
  // Made when a piece wants them.
  mutable std::optional<Points> without_left_out_;  // of Chen's dialect
  mutable std::array<std::optional<Points>, 3> made_;
  mutable std::array<std::optional<Representation>, 3> representations_;
};

}  // namespace nelbo::disentanglement
