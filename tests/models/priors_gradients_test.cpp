// The gradients of every prior against differences, in z and in every parameter.
#include "autodiff/error.hpp"
#include "tests/models/prior_subjects.hpp"

using namespace nelbo;
using namespace nelbo::tests;

namespace {

/// Holds the gradient of every parameter against differences.
void check_parameters(const PriorSubject& m, const std::function<Var(Tape&)>& f) {
  Tape tape;
  GradientSink sink(m.store);
  {
    Recording recording(tape);
    tape.backward(f(tape), all_groups & ~leaf_group, sink);
  }
  for (std::uint32_t i = 0; i < m.store.entries().size(); ++i) {
    const Tensor w = m.store.tensor(ParameterId{i}), gradient = sink.tensor(m.store, {i});
    for (std::int64_t k = 0; k < w.size(); ++k) {
      double& number = w.data_as<double>()[k];
      const double centre = number, h = 1e-5;
      const auto at = [&](double value) {
        number = value;
        Tape fresh;
        Recording recording(fresh);
        return f(fresh).item();
      };
      const double difference =
          (8 * (at(centre + h) - at(centre - h)) - at(centre + 2 * h) + at(centre - 2 * h)) /
          (12 * h);
      number = centre;
      INFO(text(m) << ": " << m.store.entries()[i].name << ", element " << k);
      CHECK(gradient.values()[std::size_t(k)] == Approx(difference).epsilon(1e-6).margin(1e-8));
    }
  }
}

}  // namespace

TEST_CASE("priors: gradients agree with differences, in z and in every parameter") {
  for (const auto& m : models()) {
    INFO(text(*m));
    const Tensor x = numbers({3, 6}, 5), noise = numbers({2, 3, 2}, 6),
                 z = numbers({2, 3, 2}, 7, 2);
    check_gradient(
        [&](const std::vector<Var>& v) {
          const auto prior = m->vae->prior();
          return weighted_sum(prior->log_prob(v[0])) + weighted_sum(prior->marginal_log_prob(v[0]));
        },
        {z}, 1e-6);
    check_parameters(*m, [&](Tape& tape) {
      const Var data = tape.leaf(x);
      const auto q = m->vae->posterior(data);
      const auto prior = m->vae->prior();
      const PosteriorSample s = q->draw(tape.leaf(noise));
      Var all = mean(m->vae->log_likelihood(s.z, data)) + weighted_sum(prior->log_prob(s.z)) -
                weighted_sum(s.log_prob) + 0.3 * weighted_sum(prior->marginal_log_prob(s.z));
      if (has_exact_div(*m->vae)) {
        all = all + weighted_sum(prior->kl(*q).value()) +
              weighted_sum(prior->prior_factorisation(*q).value());
      }
      return all;
    });
  }
}

TEST_CASE("priors: VampPrior moves its pseudo-inputs and the encoder, and only them") {
  const PriorSubject m("vamp:3");
  Tape tape;
  GradientSink sink(m.store);
  {
    Recording recording(tape);
    const Var z = tape.leaf(numbers({2, 3, 2}, 7));
    tape.backward(sum(m.vae->prior()->log_prob(z)), all_groups & ~leaf_group, sink);
  }
  for (std::uint32_t i = 0; i < m.store.entries().size(); ++i) {
    const auto& entry = m.store.entries()[i];
    double size = 0;
    for (double g : sink.tensor(m.store, {i}).values()) size += std::fabs(g);
    INFO(entry.name);
    CHECK((size > 0) == (m.store.group_names()[std::size_t(entry.group)] != "theta"));
  }
}
