// The register of random variables.
#include <string>

#include "autodiff/random_variables.hpp"
#include "tests/catch.hpp"

using namespace nelbo;
using tests::contains;

TEST_CASE("random variables: a line gives its stream, and refuses members that it has not") {
  const RandomVariable family{StreamId::user, 100, 3, "three"};
  const Stream last = family.of(7, 2);
  CHECK(last.seed == 7);
  CHECK(last.id == StreamId::user);
  CHECK(last.variable == 102);
  CHECK_THROWS_WITH(family.of(7, 3), contains("'three': there is no number 3, they are 3"));
}

TEST_CASE("random variables: every variable of a line is found, rqmc's digits with their noise") {
  const RandomVariable& d = random_variables::evaluation.permutations;
  for (const std::size_t member : {std::size_t{0}, std::size_t{d.count} - 1}) {
    CHECK(find_random_variable(d.of(1, member))->purpose == std::string(d.purpose));
  }
  Stream digits = random_variables::training.z.of(1);
  digits.variable += random_variables::rqmc_digits;
  CHECK(find_random_variable(digits)->purpose == std::string(random_variables::training.z.purpose));
  CHECK(find_random_variable({1, StreamId::noise, 3}) == nullptr);
  CHECK(find_random_variable({1, StreamId::user, 0}) == nullptr);
}

// Bits and seeds of runs depend on these places.
TEST_CASE("random variables: those of training stay where they are") {
  using namespace random_variables;
  CHECK(training.z.first == 0);
  CHECK(training.prior.first == 1);
  CHECK(training.dream.first == 2);
  CHECK(training.permutations.first == 16);
  CHECK(training.permutations.count == 65536);
  CHECK(binary_anew.first == 2);
  CHECK(binary_train.first == 2);
  CHECK(binary_test.first == 3);
  CHECK(held_out.first == 1);
}
