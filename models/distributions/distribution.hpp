#pragma once
// What all distributions have in common. They are value types over an event axis D: the event rank
// is part of the type, and log_prob sums over it. Axes are [S, B, D] (draws, batch, event)
// everywhere; parameters may lack leading axes ([B, D], [D]) and broadcast.
#include <concepts>

#include "autodiff/coupled_noise.hpp"
#include "autodiff/random.hpp"
#include "autodiff/tape.hpp"

namespace nelbo {

/// Which numbers a distribution's samples are made of.
enum class Noise {
  normal,  // standard normal
  uniform  // uniform in (0, 1)
};

/// A distribution of vectors with independent elements.
///   log_prob(x)    x [S, B, D] gives [S, B], nats per datum
///   sample(noise)  noise [S, B, D] of the kind P::noise gives a sample [S, B, D] through which no
///                  gradient flows. Equal noise gives equal samples.
///   entropy()      nats, of the parameters' shape without D
///   expectation()  the mean, of the parameters' shape
///   mode()         the most probable x, of the parameters' shape
///   detached()     the same distribution, to whose parameters no gradient flows; free
template <class P>
concept Distribution = requires(const P& p, Var x, Var noise) {
  { P::event_rank } -> std::convertible_to<int>;
  { P::has_rsample } -> std::convertible_to<bool>;
  { P::noise } -> std::convertible_to<Noise>;
  { p.log_prob(x) } -> std::same_as<Var>;
  { p.sample(noise) } -> std::same_as<Var>;
  { p.entropy() } -> std::same_as<Var>;
  { p.expectation() } -> std::same_as<Var>;
  { p.mode() } -> std::same_as<Var>;
  { p.detached() } -> std::same_as<P>;
};

/// A distribution whose samples are a differentiable function rsample(noise) of parameters and
/// noise. What needs one says so with `requires`; there is no silent fallback to another gradient
/// estimator.
template <class P>
concept Reparameterized = Distribution<P> && P::has_rsample && requires(const P& p, Var noise) {
  { p.rsample(noise) } -> std::same_as<Var>;
};

/// Fills `noise` [S, B, D], a row-major f32 or f64 tensor (as Tape::data() of a leaf is), with
/// numbers of the kind, whose addresses start at `first`; the sizes in `first` are set from the
/// tensor. Throws Error for a tensor of another rank, and for uniform numbers on Sobol' points.
void fill_noise(Noise kind, const Tensor& noise, RandomBlock first,
                Coupling coupling = Coupling::independent);

}  // namespace nelbo
