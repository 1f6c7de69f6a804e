#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "autodiff/random_variables.hpp"
#include "autodiff/tape.hpp"
#include "lab/data/examples.hpp"
#include "lab/evaluation/read_out.hpp"
#include "models/model.hpp"
#include "objectives/draw/population.hpp"

namespace nelbo {

class Draw;

/// A draw of S samples for each of B data, and what is asked of it, recorded once and replayed without
/// gradients. f32 stores only.
class DrawTape {
 public:
  /// `record` names the values that are kept; `population` is called while recording. With
  /// `posteriors`, those of all examples, codes are read out of them in float64 (read_out.hpp). The model
  /// and the posteriors must outlive it.
  DrawTape(
      const Model& model, std::int64_t samples, std::size_t batch,
      const std::function<std::vector<Var>(Draw&)>& record,
      const std::function<Population()>& population = [] { return Population{}; },
      const Encoded* posteriors = nullptr);
  ~DrawTape();

  /// Takes the examples `rows`, B of them, as at step 0.
  void load(const Examples& examples, std::span<const std::uint32_t> rows);
  /// Computes the values of draws first .. first + S - 1 of `rows` from the evaluation noise of `seed`.
  /// `batch`: its number among those of one evaluation, for noise that belongs to no datum.
  void run(std::uint64_t seed, std::span<const std::uint32_t> rows, std::int64_t first = 0,
           std::uint64_t batch = 0);
  /// The i-th value that was named; valid until the next run().
  Tensor value(std::size_t i) const { return values_[i].value(); }

 private:
  CodeSpace codes_;
  const Encoded* posteriors_;
  std::optional<ReadOut> read_out_;
  Tape tape_{{.mode = Tape::Mode::replay, .gradients = false}};
  Var x_, noise_;
  std::optional<Var> conditions_;  // of read_out_
  std::unique_ptr<Draw> draw_;
  std::vector<Var> values_;
};

}  // namespace nelbo
