#include "models/likelihoods/likelihood_words.hpp"

#include "models/likelihoods/bernoulli_likelihood.hpp"
#include "models/likelihoods/beta_likelihood.hpp"
#include "models/likelihoods/categorical_pixels_likelihood.hpp"
#include "models/likelihoods/continuous_bernoulli_likelihood.hpp"
#include "models/likelihoods/count_likelihoods.hpp"
#include "models/likelihoods/discretised_logistic_likelihood.hpp"
#include "models/likelihoods/normal_likelihood.hpp"
#include "models/likelihoods/student_likelihood.hpp"

namespace nelbo {

namespace {

/// A likelihood without an argument.
template <class Own>
LikelihoodWord plain(const char* name, const char* summary) {
  return {name, name, summary, [](const Choice& choice) {
            choice.no_argument();
            return std::make_shared<Own>();
          }};
}

}  // namespace

Registry<LikelihoodWord>& likelihoods() {
  static Registry<LikelihoodWord> all(
      "likelihood",
      {plain<BernoulliLikelihood>("bernoulli", "the output is a logit; data in [0, 1]"),
       {"normal", "normal[:VAR|:learned|:shared|:optimal|:datum]",
        "means; the variance 1, given, learned (per feature, or one), optimal, or decoded",
        read_normal_likelihood},
       plain<PoissonLikelihood>("poisson", "counts; log-rates"),
       plain<NegativeBinomialLikelihood>(
           "negative_binomial", "counts; log-means, with a learned dispersion per feature"),
       plain<ZeroInflatedLikelihood>("zero_inflated_negative_binomial",
                                     "the same, or 0 with a decoded probability"),
       {"discretised_logistic", "discretised_logistic[:K]",
        "pixels k/255; a mean and a scale, or K weighted pairs of them",
        [](const Choice& choice) {
          const bool one = choice.text == choice.name;
          return std::make_shared<DiscretisedLogisticLikelihood>(
              one ? 1 : choice.whole("the number of components", 1, 100));
        }},
       {"categorical_pixels", "categorical_pixels[:K]",
        "logits of the 256 pixels k/255, or of the whole numbers 0..K-1",
        [](const Choice& choice) {
          const bool pixels = choice.text == choice.name;
          return std::make_shared<CategoricalPixelsLikelihood>(
              pixels ? 256 : choice.whole("the number of classes", 2, 256), pixels);
        }},
       plain<ContinuousBernoulliLikelihood>("continuous_bernoulli", "a density of [0, 1]; logits"),
       plain<BetaLikelihood>("beta", "a density of (0, 1); logarithms of both parameters"),
       plain<StudentLikelihood>("student",
                                "locations, with a learned scale and tail per feature")});
  return all;
}

std::shared_ptr<const Likelihood> parse_likelihood(const std::string& text) {
  const Choice choice = parse_choice("likelihood", text);
  return likelihoods().at(choice.name).make(choice);
}

}  // namespace nelbo
