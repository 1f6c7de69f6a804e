// A program outside nelbo: the derivative of x^2 summed, and the terms that an objective can be
// written with.
#include <cstdio>
#include <vector>

#include "autodiff/ops.hpp"
#include "objectives/language/vocabulary.hpp"

int main() {
  using namespace nelbo;
  Tape tape;
  Recording recording(tape);
  Var x = tape.leaf(Tensor::of({1, 2, 3}, {3}), true);
  tape.backward(sum(square(x)));
  const std::vector<double> gradient = tape.adjoint(x).values();
  std::printf("d/dx sum(x^2) = [%g, %g, %g]\n", gradient[0], gradient[1], gradient[2]);

  std::printf("terms:");
  for (const Word& term : vocabulary().all()) std::printf(" %s", term.name.c_str());
  std::printf("\n");
  return gradient == std::vector<double>{2, 4, 6} ? 0 : 1;
}
