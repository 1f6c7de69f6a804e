#include "lab/training/optimizers.hpp"

namespace nelbo {

Registry<OptimizerWord>& optimizers() {
  using Rule = OptimizerConfig::Rule;
  static Registry<OptimizerWord> all(
      "optimizer", {{"adam", "Kingma and Ba (2015)", {.rule = Rule::adam}},
                    // The decay is Loshchilov and Hutter's default.
                    {"adamw",
                     "Loshchilov and Hutter (2019), decay 0.01",
                     {.rule = Rule::adamw, .weight_decay = 1e-2}},
                    {"sgd", "plain steps down the gradient", {.rule = Rule::sgd}}});
  return all;
}

}  // namespace nelbo
