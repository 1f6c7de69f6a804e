#include "models/worlds/linear_gaussian.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numbers>

#include "autodiff/error.hpp"
#include "models/worlds/centred_normal.hpp"
#include "models/worlds/dense.hpp"

namespace nelbo {

using namespace dense;

namespace {

/// Entropy of a normal distribution whose covariance has this log-determinant.
double entropy(std::int64_t dimensions, double log_determinant) {
  return (double(dimensions) * std::log(2 * std::numbers::pi * std::numbers::e) + log_determinant) /
         2;
}

/// Points [S, n] less their mean.
Tensor centred(const Tensor& points, const Tensor& mean) {
  return affine(points, identity(mean.size()), -1.0 * mean);
}

/// Rows [S, n] of standard normal noise of a block of draws.
Tensor noise_of(const Stream& stream, std::uint64_t step, std::uint32_t first, std::size_t count,
                std::int64_t n) {
  Tensor noise({std::int64_t(count), n}, DType::f64);
  fill_normal(noise.data_as<double>(), {.stream = stream,
                                        .step = step,
                                        .batch = count,
                                        .dimensions = std::size_t(n),
                                        .first_datum = first});
  return noise;
}

}  // namespace

struct LinearGaussian::Parts {
  LinearGaussianParameters p;
  std::int64_t X, D;
  // Columns and matrices under the names of the literature.
  Tensor mu_x, W, c, mu_0, V, a;
  Factor data, prior;
  Tensor m, C;       // P_enc(Z) = N(m, C)
  Tensor A;          // P_dec(X) = N(V mu_0 + a, A)
  Tensor precision;  // Sigma_p^-1 of P_dec(Z|x) = N(K x + k, Sigma_p)
  Tensor Sigma_p, K, k;
  Tensor mean_p_x;  // V mu_0 + a
  CentredNormal data_normal, encoder_normal, prior_normal, prior_marginals_normal, aggregate_normal,
      aggregate_marginals_normal, decoder_normal, evidence_normal, posterior_normal;

  explicit Parts(const LinearGaussianParameters& parameters)
      : p(parameters),
        X(p.data_mean.size()),
        D(p.prior_mean.size()),
        mu_x(column(p.data_mean)),
        W(p.enc_weight),
        c(column(p.enc_bias)),
        mu_0(column(p.prior_mean)),
        V(p.dec_weight),
        a(column(p.dec_bias)),
        data(p.data_cov),
        prior(p.prior_cov) {
    m = W * mu_x + c;
    C = W * p.data_cov * transposed(W) + diagonal(p.enc_var);
    mean_p_x = V * mu_0 + a;
    A = V * p.prior_cov * transposed(V) + diagonal(p.dec_var);
    const Tensor to_latent = transposed(V) * Factor(diagonal(p.dec_var)).inverse();
    precision = prior.inverse() + to_latent * V;
    Sigma_p = Factor(precision).inverse();
    K = Sigma_p * to_latent;
    k = Sigma_p * (prior.solve(mu_0) - to_latent * a);
    data_normal = CentredNormal(p.data_cov);
    encoder_normal = CentredNormal(diagonal(p.enc_var));
    prior_normal = CentredNormal(p.prior_cov);
    prior_marginals_normal = CentredNormal(diagonal(diagonal_of(p.prior_cov)));
    aggregate_normal = CentredNormal(C);
    aggregate_marginals_normal = CentredNormal(diagonal(diagonal_of(C)));
    decoder_normal = CentredNormal(diagonal(p.dec_var));
    evidence_normal = CentredNormal(A);
    posterior_normal = CentredNormal(Sigma_p);
  }

  double gap(const Tensor& spread) const;
  ExactTerms exact() const;
};

LinearGaussian::LinearGaussian(const LinearGaussianParameters& parameters)
    : parts_(std::make_unique<const Parts>(checked(parameters))) {}
LinearGaussian::~LinearGaussian() = default;
LinearGaussian::LinearGaussian(LinearGaussian&&) noexcept = default;

const LinearGaussianParameters& LinearGaussian::parameters() const { return parts_->p; }
std::int64_t LinearGaussian::data_dimensions() const { return parts_->X; }
std::int64_t LinearGaussian::latent_dimensions() const { return parts_->D; }

/// E KL(Q(Z|x) || P_dec(Z|x)), when `spread` is the second moment of the distance of the means.
double LinearGaussian::Parts::gap(const Tensor& spread) const {
  return (trace(precision * (diagonal(p.enc_var) + spread)) - double(D) -
          Factor(precision).log_determinant() - sum_log(p.enc_var)) /
         2;
}

ExactTerms LinearGaussian::Parts::exact() const {
  const Tensor prior_var = diagonal_of(p.prior_cov), C_jj = diagonal_of(C);
  const double log_S = sum_log(p.enc_var), log_C = Factor(C).log_determinant();
  const double log_prior = prior.log_determinant(), log_priors = sum_log(prior_var);
  const Tensor d = m - mu_0;
  const Tensor Q = C + d * transposed(d);         // E (z - mu_0) (z - mu_0)'
  const double distance = trace(prior.solve(Q));  // tr(Sigma_0^-1 Q)
  double marginal_distance = 0;                   // sum_j Q_jj / Sigma_0jj
  for (std::int64_t j = 0; j < D; ++j) marginal_distance += Q.at({j, j}) / prior_var.at({j, 0});

  ExactTerms t{};
  t.div = (distance - double(D) + log_prior - log_S) / 2;
  t.mi = (log_C - log_S) / 2;
  t.aggdiv = (distance - double(D) + log_prior - log_C) / 2;
  t.tc = (sum_log(C_jj) - log_C) / 2;
  t.dwkl = (marginal_distance - double(D) + log_priors - sum_log(C_jj)) / 2;
  t.pf = (log_priors - log_prior - distance + marginal_distance) / 2;
  t.hagg = entropy(D, log_C);
  t.hqzx = entropy(D, log_S);
  t.h_data = entropy(X, data.log_determinant());

  const Factor Psi(diagonal(p.dec_var)), marginal(A);
  const Tensor Gamma = p.data_cov * transposed(W);  // Cov(x, z)
  const Tensor b = mu_x - V * m - a, e = mu_x - mean_p_x;
  const Tensor residual = p.data_cov - Gamma * transposed(V) - V * transposed(Gamma) +
                          V * C * transposed(V) + b * transposed(b);  // of x - V z - a
  const double log_2pi = double(X) * std::log(2 * std::numbers::pi);
  t.nell = (log_2pi + sum_log(p.dec_var) + trace(Psi.solve(residual))) / 2;
  t.elbo = -t.nell - t.div;
  t.log_px = -(log_2pi + marginal.log_determinant() +
               trace(marginal.solve(p.data_cov + e * transposed(e)))) /
             2;
  // The encoder's mean differs from the posterior's by (W - K) x + c - k.
  const Tensor slope = W - K, offset = slope * mu_x + c - k;
  t.gap = gap(slope * p.data_cov * transposed(slope) + offset * transposed(offset));
  t.mi_dec = (marginal.log_determinant() - sum_log(p.dec_var)) / 2;
  t.mi_lower = t.h_data - t.nell;
  return t;
}

LinearPosterior LinearGaussian::true_posterior() const {
  return {parts_->K, parts_->k.reshape({parts_->D}), parts_->Sigma_p};
}

ExactTerms LinearGaussian::exact() const { return parts_->exact(); }

Tensor LinearGaussian::sample_data(const Tensor& noise) const {
  return affine(parts_->data_normal.sample(noise), identity(parts_->X), parts_->p.data_mean);
}

Tensor LinearGaussian::sample_encoder(const Tensor& x, const Tensor& noise) const {
  return affine(x, parts_->W, parts_->p.enc_bias) + parts_->encoder_normal.sample(noise);
}

std::vector<double> LinearGaussian::log_encoder(const Tensor& x, const Tensor& z) const {
  return parts_->encoder_normal.log_density(z - affine(x, parts_->W, parts_->c));
}

std::vector<double> LinearGaussian::log_decoder(const Tensor& x, const Tensor& z) const {
  return parts_->decoder_normal.log_density(x - affine(z, parts_->V, parts_->a));
}

std::vector<double> LinearGaussian::log_prior(const Tensor& z) const {
  return parts_->prior_normal.log_density(centred(z, parts_->mu_0));
}

std::vector<double> LinearGaussian::log_prior_marginals(const Tensor& z) const {
  return parts_->prior_marginals_normal.log_density(centred(z, parts_->mu_0));
}

std::vector<double> LinearGaussian::log_aggregate(const Tensor& z) const {
  return parts_->aggregate_normal.log_density(centred(z, parts_->m));
}

std::vector<double> LinearGaussian::log_aggregate_marginals(const Tensor& z) const {
  return parts_->aggregate_marginals_normal.log_density(centred(z, parts_->m));
}

std::vector<double> LinearGaussian::log_evidence(const Tensor& x) const {
  return parts_->evidence_normal.log_density(centred(x, parts_->mean_p_x));
}

std::vector<double> LinearGaussian::log_posterior(const Tensor& x, const Tensor& z) const {
  return parts_->posterior_normal.log_density(z - affine(x, parts_->K, parts_->k));
}

LogDensities LinearGaussian::draw(const Stream& stream, std::uint64_t step, std::uint32_t first,
                                  std::size_t count) const {
  // One row of noise per draw: its first X numbers make x, the other D make z.
  const std::int64_t X = parts_->X, D = parts_->D;
  const Tensor noise = noise_of(stream, step, first, count, X + D);
  const Tensor x = sample_data(noise.slice(1, 0, X).contiguous());
  const Tensor z = sample_encoder(x, noise.slice(1, X, X + D).contiguous());
  return {.decoder = log_decoder(x, z),
          .encoder = log_encoder(x, z),
          .prior = log_prior(z),
          .prior_marginals = log_prior_marginals(z),
          .aggregate = log_aggregate(z),
          .aggregate_marginals = log_aggregate_marginals(z),
          .evidence = log_evidence(x),
          .posterior = log_posterior(x, z)};
}

WeightFacts LinearGaussian::weight_facts() const {
  const Tensor& x = parts_->p.data_mean;
  return {.log_px = log_evidence(x.reshape({1, parts_->X}))[0],
          .gap = gap_at(x),
          .second_moment = weight_moment(x, 2),
          .third_moment = weight_moment(x, 3)};
}

std::vector<double> LinearGaussian::log_weights(const Stream& stream, std::uint64_t step,
                                                std::uint32_t first, std::size_t count) const {
  const Tensor x = affine(Tensor({std::int64_t(count), parts_->X}, DType::f64), identity(parts_->X),
                          parts_->p.data_mean);
  const Tensor z = sample_encoder(x, noise_of(stream, step, first, count, parts_->D));
  std::vector<double> log_r = log_posterior(x, z);
  const std::vector<double> log_q = log_encoder(x, z);
  std::transform(log_r.begin(), log_r.end(), log_q.begin(), log_r.begin(), std::minus<>());
  return log_r;
}

double LinearGaussian::gap_at(const Tensor& x) const {
  const Tensor d = (parts_->W - parts_->K) * column(x) + parts_->c - parts_->k;
  return parts_->gap(d * transposed(d));
}

bool LinearGaussian::has_weight_moment(double k) const {
  const Tensor S_inverse = Factor(diagonal(parts_->p.enc_var)).inverse();
  return Factor(k * parts_->precision - (k - 1) * S_inverse).positive_definite();
}

double LinearGaussian::weight_moment(const Tensor& x, double k) const {
  if (!has_weight_moment(k)) return std::numeric_limits<double>::infinity();
  // r^k Q is a normal density up to its factor: precision Lambda = k P - (k - 1) S^-1, from the
  // posterior's P at distance d of the encoder's mean.
  const Tensor& P = parts_->precision;
  const Factor Lambda(k * P - (k - 1) * Factor(diagonal(parts_->p.enc_var)).inverse());
  const Tensor d = parts_->K * column(x) + parts_->k - parts_->W * column(x) - parts_->c;
  const Tensor Pd = P * d;
  const double log_moment = k * Factor(P).log_determinant() + (k - 1) * sum_log(parts_->p.enc_var) -
                            Lambda.log_determinant() - k * dot(d, Pd) +
                            k * k * dot(Pd, Lambda.solve(Pd));
  return std::exp(log_moment / 2);
}

}  // namespace nelbo
