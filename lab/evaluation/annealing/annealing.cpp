#include "lab/evaluation/annealing/annealing.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "autodiff/random_variables.hpp"

namespace nelbo::annealing {

Annealing::Annealing(const Model& model, AnnealingPlan plan, std::size_t data)
    : plan_(std::move(plan)),
      pilot_density_(model, plan_.path, pilot_chains, std::int64_t(data)),
      density_(model, plan_.path, plan_.chains, std::int64_t(data)),
      pilot_moves_(pilot_density_, plan_.leapfrogs),
      moves_(density_, plan_.leapfrogs),
      pilot_points_(pilot_chains, std::int64_t(data), density_.dimensions()),
      points_(plan_.chains, std::int64_t(data), density_.dimensions()),
      sizes_(temperatures(), data),
      ids_(data),
      log_weights_(points_.base.size()),
      accepted_(acceptance_parts * data),
      moved_(acceptance_parts) {}

void Annealing::load(std::span<const float> x, std::span<const std::uint32_t> ids) {
  std::ranges::copy(x, pilot_density_.x().begin());
  std::ranges::copy(x, density_.x().begin());
  std::ranges::copy(ids, ids_.begin());
}

std::size_t Annealing::member(Chains chains) const {
  return std::size_t(chains) + (plan_.simulated ? 3 : 0);
}

MoveNumbers Annealing::numbers(Chains chains) const {
  return {.momenta = random_variables::annealing_momenta.of(plan_.seed, member(chains)),
          .acceptances = random_variables::annealing_acceptances.of(plan_.seed, member(chains)),
          .ids = ids_};
}

bool Annealing::tune(const AfterMove& after) {
  pilot_density_.start(pilot_points_,
                       random_variables::annealing_starts.of(plan_.seed, member(Chains::pilot)),
                       ids_);
  pilot_density_.evaluate(pilot_points_);
  return annealing::tune(pilot_moves_, pilot_points_, plan_.betas, numbers(Chains::pilot), sizes_,
                         after);
}

void Annealing::begin() {
  std::ranges::fill(log_weights_, 0);
  std::ranges::fill(accepted_, 0);
  std::ranges::fill(moved_, 0);
  density_.evaluate(points_);
}

/// The step of the weights between beta_t-1 and beta_t.
void Annealing::weigh(std::size_t t) {
  const double step = plan_.betas[t] - plan_.betas[t - 1];
  for (std::size_t row = 0; row < log_weights_.size(); ++row) {
    log_weights_[row] += step * double(points_.tilt[row]);
  }
}

void Annealing::move(std::size_t t, Chains chains) {
  MoveNumbers numbers = this->numbers(chains);
  numbers.step = t;
  moves_.move(points_, plan_.betas[t], sizes_.at(t), numbers);
  const std::size_t part = (t - 1) * acceptance_parts / (temperatures() - 1);
  ++moved_[part];
  const std::size_t B = data();
  for (std::size_t row = 0; row < log_weights_.size(); ++row) {
    accepted_[part * B + row % B] += double(moves_.acceptance()[row]);
  }
}

bool Annealing::forward(const AfterMove& after, const std::function<void(std::size_t t)>& at) {
  density_.start(points_,
                 random_variables::annealing_starts.of(plan_.seed, member(Chains::forward)), ids_);
  begin();
  for (std::size_t t = 1; t <= temperatures(); ++t) {
    weigh(t);
    if (at) at(t);
    if (t == temperatures()) break;  // a move more would change no weight
    move(t, Chains::forward);
    if (!after()) return false;
  }
  return true;
}

bool Annealing::reverse(std::span<const float> z, const AfterMove& after) {
  for (std::size_t s = 0; s < chains(); ++s) {
    std::ranges::copy(z, points_.z.begin() + std::ptrdiff_t(s * z.size()));
  }
  begin();
  for (std::size_t t = temperatures(); t >= 1; --t) {
    weigh(t);
    if (t == 1) break;
    move(t - 1, Chains::reverse);
    if (!after()) return false;
  }
  return true;
}

Acceptance Annealing::acceptance(std::size_t b) const {
  Acceptance mean;
  for (std::size_t part = 0; part < acceptance_parts; ++part) {
    const double count = double(moved_[part]) * double(chains());
    mean[part] = moved_[part] == 0 ? std::numeric_limits<double>::quiet_NaN()
                                   : accepted_[part * data() + b] / count;
  }
  return mean;
}

}  // namespace nelbo::annealing
