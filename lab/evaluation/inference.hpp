#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "autodiff/tensor.hpp"
#include "lab/data/examples.hpp"
#include "models/model.hpp"

namespace nelbo {

/// Q(Z|x) of N examples; Zheng eq. (7).
struct Encoded {
  Tensor mean;  // E[Z|x], [N, D]: of a discrete posterior the probabilities
  // [N, D]; of a full covariance its diagonal; empty of a discrete posterior, and of any that is no
  // normal
  Tensor log_variance = Tensor(Shape{0});
  // [N, K]: Q(c|x) of a semi-supervised model, whose `mean` is of z alone, [N, L]; empty of any other
  Tensor label_probabilities = Tensor(Shape{0});
};
Encoded encode(const Model& model, const Examples& examples);
/// Of the first `count` examples, [count, D] each.
Encoded encode(const Model& model, const Examples& examples, std::size_t count);
/// The same for rows [N, X + C] as the model is shown them.
Encoded encode(const Model& model, const Tensor& rows);

/// The mean over the examples of KL(Q(Z_l|x) || P0(Z_l)) of every latent variable l, nats, where P0
/// is the codes' simplest prior, N(0, I) or uniform: the summands of Zheng eq. (16). NaN of
/// continuous variables whose posterior is no normal, and of which no divergence is told.
std::vector<double> mean_divergences(const CodeSpace& codes, const Encoded& q);

/// The latent variables by decreasing divergence, as mean_divergences() tells it; those without one
/// last, in their order.
std::vector<std::int64_t> by_divergence(const std::vector<double>& divergences);

/// `wanted` of `count` rows, or all, evenly spread: data are often sorted by label.
std::vector<std::uint32_t> spread_rows(std::size_t count, std::size_t wanted);
/// The examples `rows` as at step 0, as a model is shown them: [B, X + C].
Tensor examples_at(const Examples& examples, std::span<const std::uint32_t> rows);
/// x [N, X] of such rows.
Tensor x_of(const Model& model, const Tensor& rows);
/// Their conditions [N, C]; empty for a model of x alone.
Tensor conditions_of(const Model& model, const Tensor& rows);
/// The opposite of both: x, and behind it the conditions, which may be empty.
Tensor shown_rows(const Tensor& x, const Tensor& conditions);

/// The row of `conditions` [1, C] n times: [n, C]; empty where it is.
Tensor repeated(const Tensor& conditions, std::int64_t n);

/// The most probable code of Q(Z|x) for every row [N, X + C]: [N, D].
Tensor most_probable_codes(const Model& model, const Tensor& rows);

// `conditions` [N, C] are of every row; empty for a model of x alone.

/// The mean E[X|z] for every row of z [N, D]: [N, X].
Tensor decode_means(const Model& model, const Tensor& z,
                    const Tensor& conditions = Tensor(Shape{0}));
/// One x of P(X|z) for every row of z [N, D], from the evaluation stream of `seed`: [N, X]. That of row n
/// depends on z's row n, n and the seed alone.
Tensor sample_data(const Model& model, const Tensor& z, std::uint64_t seed,
                   const Tensor& conditions = Tensor(Shape{0}));

/// The first row of values [N, K] with a number that is not finite; nothing where all are.
std::optional<std::int64_t> row_not_finite(const Tensor& values);

/// n samples z of the prior, [n, D], from the evaluation stream of `seed`.
Tensor sample_prior(const Model& model, std::size_t n, std::uint64_t seed,
                    const Tensor& conditions = Tensor(Shape{0}));

}  // namespace nelbo
