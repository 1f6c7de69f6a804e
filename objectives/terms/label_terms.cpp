#include "objectives/terms/label_terms.hpp"

#include "autodiff/ops/elementwise_ops.hpp"
#include "autodiff/ops/reduce_ops.hpp"
#include "models/batch_part.hpp"
#include "models/labels/labelled_posterior.hpp"
#include "objectives/draw/draw.hpp"

namespace nelbo {
namespace {

const LabelledPosterior& labelled(Draw& draw, const char* what) {
  if (const LabelledPosterior* q = draw.posterior().labelled()) return *q;
  throw Error(std::string(what) +
              " is of a model that infers labels, and this one does not; train one (labels_used)");
}

}  // namespace

Term classification() {
  return Term({.name = "classification",
               .latex = "\\mathrm{Classification}",
               .formula = "-\\mathbb{E} \\log Q(c|x)",
               .equation = "Kingma et al. (2014) eq. (9)",
               .meaning = "-log Q(c|x) of the data whose label c is known",
               .moves = {"phi"}},
              Direction::cost, [](Draw& d) {
                const LabelledPosterior& q = labelled(d, "classification");
                const Var known = known_labels(*d.data().condition);  // [B, K]
                // The mean over the batch is then the one over those that are known.
                const Var of_each =
                    double(whole_batch(d.batch())) / maximum(sum(of_whole_batch(known, 0)), 1.0);
                return -sum(known * q.classifier(), -1) * of_each;
              });
}

Var label_hits(Draw& draw) {
  const LabelledPosterior& q = labelled(draw, "accuracy");
  return sum(known_labels(*draw.data().condition) * q.most_probable_label(), -1);
}

}  // namespace nelbo
