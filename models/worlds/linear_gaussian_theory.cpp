#include "models/worlds/linear_gaussian_theory.hpp"

#include <cmath>
#include <map>

#include "autodiff/error.hpp"
#include "models/worlds/dense.hpp"

namespace nelbo {

using namespace dense;

namespace {

// Everything is a polynomial in z = m + L e with e ~ N(0, I) and m = W x + c:
//   d log P(x, z) / dz            = u - Lambda L e,     u = Lambda (mu_p(x) - m)
//   the same less d log Q / dz    = u + (L^-T - Lambda L) e
//   d log P(x, z) / da            = Psi^-1 (r - V L e),  r = x - V m - a
// with the precision Lambda of P(Z|x).

/// The moments of (p + s)(q + t) for constants p, q and centred normal s, t.
struct Product {
  double p, q, var_s, var_t, cov;
  double mean() const { return p * q + cov; }
  double variance() const {
    return p * p * var_t + q * q * var_s + 2 * p * q * cov + var_s * var_t + cov * cov;
  }
};

/// The model where its parameters stand.
struct Present {
  Tensor W, c, L, V, a, Psi_inverse, Lambda;

  explicit Present(const LinearGaussianModel& model) {
    const auto value = [&](const char* name) {
      return model.store().tensor(name).cast(DType::f64).contiguous();
    };
    const LinearGaussianParameters& p = model.world().parameters();
    W = transposed(value("encoder.weight"));
    c = column(value("encoder.bias"));
    V = transposed(value("decoder.weight"));
    a = column(value("decoder.bias"));
    const Tensor log_variance = value("encoder.log_variance");
    const std::int64_t D = log_variance.size();
    L = Tensor({D, D}, DType::f64);
    for (std::int64_t i = 0; i < D; ++i) L.set({i, i}, std::exp(log_variance.at({i}) / 2));
    if (model.covariance() == Covariance::full) {
      const Tensor below = value("encoder.below");
      for (std::int64_t i = 0, at = 0; i < D; ++i) {
        for (std::int64_t j = 0; j < i; ++j) L.set({i, j}, below.at({at++}));
      }
    }
    Psi_inverse = Factor(diagonal(p.dec_var)).inverse();
    Lambda = Factor(p.prior_cov).inverse() + transposed(V) * Psi_inverse * V;
  }
};

/// Sums of means and variances over the data, by name.
class Sums {
 public:
  explicit Sums(const ParameterStore& store) {
    for (const ParameterStore::Entry& entry : store.entries()) {
      all_.push_back(
          {entry.name, Tensor(entry.shape, DType::f64), Tensor(entry.shape, DType::f64)});
      of_[entry.name] = all_.size() - 1;
    }
  }
  void add(const char* name, std::initializer_list<std::int64_t> at, double mean, double variance) {
    ExactGradient& g = all_[of_.at(name)];
    g.mean.set(at, g.mean.at(at) + mean);
    g.variance.set(at, g.variance.at(at) + variance);
  }
  std::vector<ExactGradient> averages(double batch, double draws) const {
    std::vector<ExactGradient> result;
    for (const ExactGradient& g : all_) {
      result.push_back(
          {g.parameter, (1 / batch) * g.mean, (1 / (batch * batch * draws)) * g.variance});
    }
    return result;
  }

 private:
  std::vector<ExactGradient> all_;
  std::map<std::string, std::size_t> of_;
};

}  // namespace

std::vector<ExactGradient> elbo_gradient(const LinearGaussianModel& model, const Tensor& x,
                                         PathGradient how, std::int64_t draws) {
  const std::int64_t X = model.world().data_dimensions(), D = model.world().latent_dimensions();
  if (x.shape().rank() != 2 || x.shape()[0] < 1 || x.shape()[1] != X || draws < 1) {
    throw Error("linear-Gaussian gradient: x " + x.shape().text() + " and " +
                std::to_string(draws) + " draws; expected [B, " + std::to_string(X) +
                "] with B and draws at least 1");
  }
  const Present now(model);
  const LinearGaussianParameters& p = model.world().parameters();
  const Tensor S = now.L * transposed(now.L), VS = now.V * S, VSV = VS * transposed(now.V);
  Tensor M = -1.0 * (now.Lambda * now.L);  // d log-weight / dz = u + M e
  if (how == PathGradient::stl) M = M + transposed(Factor(S).whiten(identity(D)));
  const Tensor MM = M * transposed(M);
  const bool full = model.covariance() == Covariance::full;

  Sums sums(model.store());
  for (std::int64_t b = 0; b < x.shape()[0]; ++b) {
    const Tensor x_b = column(x.slice(0, b, b + 1).cast(DType::f64).contiguous().reshape({X}));
    const Tensor m = now.W * x_b + now.c, r = x_b - now.V * m - now.a;
    const Tensor u = transposed(now.V) * now.Psi_inverse * r +
                     -1.0 * Factor(p.prior_cov).solve(m - column(p.prior_mean));
    for (std::int64_t i = 0; i < D; ++i) {
      const double u_i = u.at({i, 0}), variance = MM.at({i, i});
      sums.add("encoder.bias", {i}, u_i, variance);
      for (std::int64_t j = 0; j < X; ++j) {
        const double x_j = x_b.at({j, 0});
        sums.add("encoder.weight", {j, i}, u_i * x_j, variance * x_j * x_j);
      }
      // dz_i / dL_ij = e_j.
      std::int64_t below = i * (i - 1) / 2;
      for (std::int64_t j = full ? 0 : i; j <= i; ++j) {
        const Product g{u_i, 0, variance, 1, M.at({i, j})};
        if (j < i) {
          sums.add("encoder.below", {below++}, g.mean(), g.variance());
        } else {  // L_ii = exp(v / 2); reparam has the entropy's v / 2 besides, stl has it in M
          const double l = now.L.at({i, i}) / 2;
          const double entropy = how == PathGradient::reparam ? 0.5 : 0;
          sums.add("encoder.log_variance", {i}, entropy + l * g.mean(), l * l * g.variance());
        }
      }
    }
    for (std::int64_t i = 0; i < X; ++i) {
      const double w = now.Psi_inverse.at({i, i}), r_i = r.at({i, 0}), variance = VSV.at({i, i});
      sums.add("decoder.bias", {i}, w * r_i, w * w * variance);
      for (std::int64_t j = 0; j < D; ++j) {
        const Product g{r_i, m.at({j, 0}), variance, S.at({j, j}), -VS.at({i, j})};
        sums.add("decoder.weight", {j, i}, w * g.mean(), w * w * g.variance());
      }
    }
  }
  return sums.averages(double(x.shape()[0]), double(draws));
}

}  // namespace nelbo
