// Traversals of codes that are no real numbers: points on circles, proportions, blocks.
#include "lab/evaluation/traversal.hpp"

#include <cmath>
#include <numbers>

#include "autodiff/error.hpp"
#include "models/posteriors/posterior_family.hpp"
#include "tests/catch.hpp"

using namespace nelbo;
using namespace nelbo::tests;

TEST_CASE("traversal: a point goes around its circle, and other proportions are scaled") {
  const CodeSpace circles = parse_posterior("von_mises").codes(2);
  const Tensor at = Tensor::of({1, 0, 0, -1}, {1, 4}, DType::f32);
  const Traversal turned = traverse(circles, at, {1}, {0, std::numbers::pi / 2});
  CHECK(turned.z.values()[2] == Approx(1));
  CHECK(turned.z.values()[6] == Approx(0).margin(1e-7));
  CHECK(turned.z.values()[7] == Approx(1));
  CHECK(turned.z.values()[4] == 1);

  const CodeSpace shares = parse_posterior("dirichlet").codes(3);
  const Tensor of = Tensor::of({0.5, 0.3, 0.2}, {1, 3}, DType::f32);
  const std::vector<double> moved = traverse(shares, of, {0}, {0.2}).z.values();
  CHECK(moved[0] == Approx(0.2));
  CHECK(moved[1] == Approx(0.48));
  CHECK(moved[2] == Approx(0.32));
}

TEST_CASE("traversal: variables of one kind go through values of their support") {
  const CodeSpace codes = parse_posterior("gamma:1+dirichlet:2+bernoulli:2").codes(0);
  const Tensor at = Tensor::of({2, 0.25, 0.75, 1, 0}, {1, 5}, DType::f32);
  CHECK(traverse(codes, at, {2}, {0.5}).z.values() == std::vector<double>{2, 0.5, 0.5, 1, 0});
  CHECK(traverse(codes, at, {4}, {1}).z.values() == std::vector<double>{2, 0.25, 0.75, 1, 1});
  CHECK(alike(codes, {3, 0, 4}) == std::vector<std::int64_t>{3, 4});
  CHECK_THROWS_WITH(traverse(codes, at, {0, 3}, {1}), contains("take variables of one kind"));
  CHECK_THROWS_WITH(traverse(codes, at, {0}, {-1}), contains("-1 is no value of codes"));
  CHECK_THROWS_WITH(traverse(codes, at, {1}, {1}), contains("1 is no value of codes"));
  CHECK_THROWS_WITH(traverse(codes, at, {3}, {2}), contains("none of the classes 0 to 1"));
}
