#include "models/likelihoods/likelihood_words.hpp"

#include "models/likelihoods/bernoulli_likelihood.hpp"
#include "models/likelihoods/normal_likelihood.hpp"

namespace nelbo {

Registry<LikelihoodWord>& likelihoods() {
  static Registry<LikelihoodWord> all(
      "likelihood",
      {{"bernoulli", "bernoulli", "the output is a logit; data in [0, 1]",
        [](const Choice& choice) {
          choice.no_argument();
          return std::make_shared<BernoulliLikelihood>();
        }},
       {"normal", "normal[:VAR|:learned]", "the output is a mean; the variance 1, given or learned",
        read_normal_likelihood}});
  return all;
}

std::shared_ptr<const Likelihood> parse_likelihood(const std::string& text) {
  const Choice choice = parse_choice("likelihood", text);
  return likelihoods().at(choice.name).make(choice);
}

}  // namespace nelbo
