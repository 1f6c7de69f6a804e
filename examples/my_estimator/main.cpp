// The whole nelbo program with one more gradient estimator, partial_stl(alpha): of the score
// a_s grad_phi log Q(z_s|x), which "sticking the landing" leaves out, alpha parts are kept. Of the
// ELBO the score's mean is 0, whatever alpha: a control variate, whose best scale is between or
// beyond reparam (alpha = 1) and stl (alpha = 0). Of other bounds it is unbiased for alpha = 1
// only.
//
//   ./my_estimator gradvar --bounds "elbo,iw(64)"
//       --estimators "reparam,stl,partial_stl(alpha=-0.3)"
//   ./my_estimator train --objective "elbo(mc)" --estimator "partial_stl(alpha=0.2)"
#include "apps/program.hpp"
#include "objectives/bounds/arguments.hpp"
#include "objectives/language/estimator_words.hpp"

using namespace nelbo;

Estimator partial_stl(double alpha) {
  return Estimator({.text = bounds::Arguments("partial_stl").real("alpha", alpha, -9, 9).text(),
                    .formula = "path a_s, score -alpha a_s",
                    .meaning = "sticking the landing with alpha parts of the score kept",
                    .source = "Roeder et al. (2017)",
                    .path = Estimator::Path::decoder,
                    .score = Estimator::Score::own,
                    .independent = false,
                    .bias = [alpha](const Bound& bound) -> std::string {
                      if (bound.linear() || alpha == 1) return "";
                      return "leaves out a part of the score, whose mean is not 0 where a_s "
                             "depends on z_s";
                    }},
                   [alpha](const Estimator::Datum& datum, Estimator::Weights& weights) {
                     for (std::size_t s = 0; s < datum.a.size(); ++s) {
                       weights.path[s] = datum.a[s];
                       weights.score[s] = -alpha * datum.a[s];
                     }
                   });
}

int main(int argc, char** argv) {
  estimator_vocabulary().add({"partial_stl", "partial_stl(alpha=0.5)",
                      [](Call& call) { return partial_stl(call.number("alpha", 0.5)); }});
  return run_program(argc, argv);
}
