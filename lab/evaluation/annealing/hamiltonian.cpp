#include "lab/evaluation/annealing/hamiltonian.hpp"

#include <algorithm>
#include <cmath>

namespace nelbo::annealing {

Hamiltonian::Hamiltonian(TemperedDensity& density, std::int64_t leapfrogs)
    : density_(&density),
      leapfrogs_(leapfrogs),
      proposed_(density.chains(), density.data(), density.dimensions()),
      momenta_(proposed_.z.size()),
      energy_(proposed_.base.size()),
      uniform_(energy_.size()),
      acceptance_(energy_.size()) {}

void Hamiltonian::kick(const ChainPoints& points, std::vector<float>& momenta, double beta,
                       std::span<const float> step_sizes, float share) const {
  const std::size_t D = std::size_t(density_->dimensions()), B = std::size_t(density_->data());
  const float tempered = float(beta);
  for (std::size_t row = 0; row < points.base.size(); ++row) {
    const float step = share * step_sizes[row % B];
    for (std::size_t i = row * D; i < (row + 1) * D; ++i) {
      momenta[i] += step * (points.base_slope[i] + tempered * points.tilt_slope[i]);
    }
  }
}

void Hamiltonian::leapfrog(ChainPoints& points, std::vector<float>& momenta, double beta,
                           std::span<const float> step_sizes) {
  const std::size_t D = std::size_t(density_->dimensions()), B = std::size_t(density_->data());
  kick(points, momenta, beta, step_sizes, 0.5F);
  for (std::int64_t l = 0; l < leapfrogs_; ++l) {
    for (std::size_t row = 0; row < points.base.size(); ++row) {
      const float step = step_sizes[row % B];
      for (std::size_t i = row * D; i < (row + 1) * D; ++i) points.z[i] += step * momenta[i];
    }
    density_->evaluate(points);
    kick(points, momenta, beta, step_sizes, l + 1 < leapfrogs_ ? 1.0F : 0.5F);
  }
}

double Hamiltonian::energy(const ChainPoints& points, double beta, std::size_t row) const {
  const std::size_t D = std::size_t(density_->dimensions());
  double squares = 0;
  for (std::size_t i = row * D; i < (row + 1) * D; ++i)
    squares += double(momenta_[i]) * momenta_[i];
  return squares / 2 - double(points.base[row]) - beta * double(points.tilt[row]);
}

void Hamiltonian::move(ChainPoints& points, double beta, std::span<const float> step_sizes,
                       const MoveNumbers& numbers) {
  const std::size_t D = std::size_t(density_->dimensions()), rows = energy_.size();
  RandomBlock block{.stream = numbers.momenta,
                    .step = numbers.step,
                    .draws = std::size_t(density_->chains()),
                    .batch = std::size_t(density_->data()),
                    .dimensions = D,
                    .datum = numbers.ids.data()};
  fill_normal(momenta_.data(), block);
  block.stream = numbers.acceptances;
  block.dimensions = 1;
  fill_uniform(uniform_.data(), block);

  for (std::size_t row = 0; row < rows; ++row) energy_[row] = energy(points, beta, row);
  proposed_ = points;
  leapfrog(proposed_, momenta_, beta, step_sizes);
  for (std::size_t row = 0; row < rows; ++row) {
    const double gain = energy_[row] - energy(proposed_, beta, row);
    acceptance_[row] = std::isnan(gain) ? 0.0F : float(std::exp(std::min(gain, 0.0)));
    if (!(uniform_[row] < acceptance_[row])) continue;
    points.base[row] = proposed_.base[row];
    points.tilt[row] = proposed_.tilt[row];
    for (const auto part : {&ChainPoints::z, &ChainPoints::base_slope, &ChainPoints::tilt_slope}) {
      std::copy_n((proposed_.*part).begin() + std::ptrdiff_t(row * D), D,
                  (points.*part).begin() + std::ptrdiff_t(row * D));
    }
  }
}

}  // namespace nelbo::annealing
