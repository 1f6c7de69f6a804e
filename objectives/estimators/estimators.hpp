#pragma once
#include <optional>

#include "objectives/estimators/estimator.hpp"

/// The estimators. a, h and L are the bound's (bounds/bound.hpp); w its a where it is iw. Inside
/// mc(k, inner) the others of a sample are those of its own group.
namespace nelbo::estimators {

/// path a, log Q as a whole: the derivative of the sampled bound itself; Kingma and Welling (2014),
/// Burda et al. (2016). Unbiased for every bound.
Estimator reparam();

/// The same with Div in closed form, Zheng eq. (16): for the ELBO alone.
Estimator reparam_exact_div();

/// path a, score 0: sticking the landing; Roeder et al. (2017). Unbiased where L is linear in f; 0
/// for each draw where Q is the true posterior.
Estimator stl();

/// path a - h, score 0: doubly reparameterised; Tucker et al. (2018). w^2 for iw. Unbiased for
/// every bound with second derivatives.
Estimator dreg();

/// score L - c - a with a baseline c that does not depend on the samples: REINFORCE; Williams
/// (1992), Mnih and Gregor (2014). Unbiased.
Estimator score(Estimator::Baseline baseline = Estimator::Baseline::none);

/// score (L_i - mean of the other groups' L)/k - a for a sample of group i of mc(k, inner): the
/// baseline is what the other k - 1 copies of the bound came to; Kool et al. (2019). Unbiased; k >=
/// 2.
Estimator rloo();

/// score L - c_s - a, c_s = L with f_s replaced by a mean of the others' f, or by the logarithm of
/// the mean of their weights; Mnih and Rezende (2016). Unbiased; needs m >= 2.
enum class OthersMean { geometric, arithmetic };
Estimator vimco(OthersMean mean = OthersMean::geometric);

/// score L - w_s - c_s, c_s = log mean_{t != s} R_t - gamma w_s + (1 - gamma) log(1 - 1/m): optimal
/// variance control of Lievin et al. (2020). For iw(m), m >= 2. c_s depends on its own sample
/// through gamma: biased but for gamma = 0.
Estimator ovis(double gamma = 1);

/// theta: a (wake-theta). phi: `wake` parts of wake-phi, score w, which lowers KL(P(Z|x) || Q), and
/// 1 - wake of sleep-phi, log Q(z|x) raised at pairs (x, z) that the model dreams; Hinton et al.
/// (1995), Bornschein and Bengio (2015). For iw(m); 0 <= wake <= 1.
Estimator wake_sleep(double wake = 0.5);

/// path w - w^2, score 0: the doubly reparameterised wake-phi; Tucker et al. (2018). For iw(m).
Estimator rws_dreg();

/// Of mc(k, iw(m)): phi as reparam, theta and psi from IW_km of the same samples, whose value is
/// reported; Rainforth et al. (2018).
Estimator piwae();

// Of discrete codes -------------------------------------------------------------------------------

/// The derivative of the bound at relaxed codes of a temperature, of all groups; Jang et al.
/// (2017), Maddison et al. (2017). Reports the samples' value. Biased for every bound; temperature
/// from 0.001 to 1000.
Estimator gumbel_softmax(double temperature = 1);

/// As reparam, with the derivative of relaxed codes in place of the samples'; Bengio et al. (2013).
/// Theta's is that of the samples. Biased for every bound; temperature likewise.
Estimator straight_through(double temperature = 1);

/// From pairs of antithetic Bernoulli samples b, b', by logit l_d,
///   1/2 (f(b) - f(b')) (b_d - b'_d) sigmoid(|l_d|),
/// and -grad log Q; Dong, Mnih and Tucker (2020), U2G of Yin et al. (2020). Of mc(k) with an even
/// k, the ELBO of k samples, for which it is unbiased. Its draw is coupled: antithetic.
Estimator disarm();

/// The same pairs, weighted by the noise u that they are made of,
///   1/2 (f(b) - f(b')) (1 - 2 u_d);
/// Yin and Zhou (2019). disarm is its mean over all noise that gives the same pair.
Estimator arm();

/// score L_i/k - a_s of every copy L_i of mc(k, inner), less a control variate: eta L_i at relaxed codes of a
/// temperature, whose own gradient is added by reparameterisation; Tucker et al. (2017). Unbiased for every
/// bound. What is not given is learned so that the variance is small; temperature from 0.001 to 1000, eta from
/// -1000 to 1000.
Estimator rebar(std::optional<double> temperature = {}, std::optional<double> eta = {});

/// rebar with a network r(y, x) of relaxed codes and data beside eta L_i, learned likewise; Grathwohl et al.
/// (2018). With eta = 0 the network is alone.
Estimator relax(std::optional<double> temperature = {}, std::optional<double> eta = {});

/// The gradient and the value of the ELBO itself, the sum over all codes, of which there may be up
/// to 4096. For the ELBO and mc(k).
Estimator enumeration();

}  // namespace nelbo::estimators
