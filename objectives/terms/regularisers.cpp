#include "objectives/terms/regularisers.hpp"

#include "autodiff/ops.hpp"
#include "models/batch_part.hpp"
#include "objectives/draw/critic.hpp"
#include "objectives/draw/draw.hpp"

namespace nelbo {
namespace {

/// The codes of the first sample of every datum, [B, D], through which the gradient of `what`
/// passes.
Var codes(Draw& d, const char* what) {
  return d.once(Key::nelbo("codes"), [&] {
    return reshape(slice(d.z(what), 0, 0, 1), {d.batch(), d.latent()});
  });
}

/// |a_i - b_j|^2 of a, b [B, D]: [B, B].
Var squared_distances(Var a, Var b) {
  const std::int64_t n = a.shape()[0], dims = a.shape()[1];
  const Var difference = reshape(a, {n, 1, dims}) - reshape(b, {1, n, dims});
  return sum(square(difference), -1);
}

/// The kernel's values at squared distances.
Var kernel_at(MmdKernel kernel, Var distances, std::int64_t latent) {
  if (kernel == MmdKernel::rbf) return exp(distances * (-0.5 / double(latent)));
  std::optional<Var> total;
  for (const double scale : {0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0}) {
    const double c = 2 * double(latent) * scale;
    const Var k = c / (distances + c);
    total = total ? *total + k : k;
  }
  return *total;
}

/// k(x, x), the same for all x: 1, or 1 for every scale.
double kernel_at_zero(MmdKernel kernel) { return kernel == MmdKernel::rbf ? 1 : 7; }

}  // namespace

Term mmd(MmdKernel kernel) {
  const std::string name = kernel == MmdKernel::imq ? "imq" : "rbf";
  return Term(
      {.name = "mmd(kernel=" + name + ")",
       .latex = "\\mathrm{MMD}^2_{\\mathrm{" + name + "}}",
       .formula = "\\mathbb{E}\\, k(z, z') + \\mathbb{E}\\, k(y, y') - 2\\, \\mathbb{E}\\, k(z, y)",
       .equation = "Tolstikhin et al. (2018)",
       .meaning = "maximum mean discrepancy of the aggregated posterior and the prior",
       .unit = "",
       .bias = Bias::under,  // pairs are of different data
       .pairwise = true,
       .in_parts = true,
       .moves = {"phi"}},  // no gradient passes through samples of the prior
      Direction::cost, [kernel](Draw& d) {
        const Var z = of_whole_batch(codes(d, "mmd"), 0), y = of_whole_batch(d.prior_sample(), 0);
        const double n = double(z.shape()[0]);
        // Without the diagonals, on which k is the same number.
        const auto within = [&](Var a) {
          const Var all = sum(kernel_at(kernel, squared_distances(a, a), d.latent()));
          return (all - n * kernel_at_zero(kernel)) * (1 / (n * (n - 1)));
        };
        const Var between = mean(kernel_at(kernel, squared_distances(z, y), d.latent()));
        return within(z) + within(y) - between * 2;
      });
}

Term dip(Dip kind, double diagonal) {
  const std::string which = kind == Dip::i ? "i" : "ii";
  return Term({.name = "dip(" + which + ", diagonal=" + Term(diagonal).text() + ")",
               .latex = "\\mathrm{DIP}_{\\mathrm{" + which + "}}",
               .formula = "\\sum_{i \\ne j} C_{ij}^2 + " + Term(diagonal).latex() +
                          " \\sum_i (C_{ii} - 1)^2",
               .equation = "Kumar et al. (2018)",
               .meaning = kind == Dip::i ? "distance of the posterior means' covariance from I"
                                         : "distance of the codes' covariance from I",
               .unit = "",
               .bias = Bias::undetermined,
               .pairwise = true,
               .in_parts = true,
               .moves = {"phi"}},
              Direction::cost, [kind, diagonal](Draw& d) {
                const DiagNormal& q = d.posterior().diagonal("dip");
                const Var means = of_whole_batch(q.mean, 0);
                const Var centred = means - mean(means, 0, Keep::yes);
                const Var covariance =
                    matmul(transpose(centred), centred) * (1 / double(means.shape()[0]));
                Var variances = mean(square(centred), 0);
                // Off the diagonal the two covariances are the same.
                const Var off = sum(square(covariance)) - sum(square(variances));
                if (kind == Dip::ii) {
                  variances = variances + mean(exp(of_whole_batch(q.log_variance, 0)), 0);
                }
                return off + sum(square(variances - 1)) * diagonal;
              });
}

namespace {

/// The codes z [B, D], each dimension in an order of its own: element b D + d of `index` is
/// rows_d[b] D + d for a permutation rows_d of the batch. Of a batch in parts the part's rows of all.
Var permuted(Draw& d, Var own) {
  const Var z = of_whole_batch(own, 0);
  const BatchPart* const part = BatchPart::current();
  const std::int64_t batch = z.shape()[0], latent = d.latent(), rows_here = d.batch();
  const std::int64_t first = part == nullptr ? 0 : part->first_row();
  const auto rows = std::make_shared<std::vector<std::uint32_t>>(std::size_t(batch));
  const auto fill = [=](const Tensor& data, const Moment& moment) {
    std::int32_t* const index = data.data_as<std::int32_t>();
    for (std::int64_t i = 0; i < latent; ++i) {
      fill_permutation(rows->data(), rows->size(),
                       moment.variables.permutations.of(moment.seed, std::size_t(i)),
                       moment.own_step());
      for (std::int64_t b = 0; b < rows_here; ++b) {
        index[b * latent + i] = std::int32_t((*rows)[std::size_t(first + b)] * latent + i);
      }
    }
  };
  const Var index = d.input(Key::nelbo("permutation"), {rows_here * latent}, fill, DType::i32);
  return reshape(gather_rows(reshape(z, {-1, 1}), index), {rows_here, latent});
}

}  // namespace

Term factor_tc() {
  return Term({.name = "factor_tc",
               .latex = "\\mathrm{TC}_{\\mathrm{critic}}",
               .formula = "\\mathbb{E} \\log \\frac{D(z)}{1 - D(z)}",
               .equation = "Kim and Mnih (2018)",
               .meaning = "total correlation as a critic estimates it",
               .bias = Bias::undetermined,
               .pairwise = true,
               .in_parts = true,
               .auxiliaries = {critic()},
               .moves = {"phi"}},
              Direction::cost, [](Draw& d) {
                const Var z = codes(d, "factor_tc");
                const Layer& logit = d.network(critic_group, "factor_tc");
                const Var of_codes = logit(z);
                d.learn(critic_group, critic_loss(of_codes, logit(permuted(d, z))));
                return of_codes;
              });
}

}  // namespace nelbo
