// Tapes that go forward in stages: what was exchanged between them is used after the pause, at every replay.
#include "autodiff/error.hpp"
#include "autodiff/ops.hpp"
#include "tests/catch.hpp"

using namespace nelbo;
using namespace nelbo::tests;

TEST_CASE("tape: advance() stops at a pause and goes on with what was filled in meanwhile") {
  Tape tape({.mode = Tape::Mode::replay});
  Var x, other, y, total;
  std::size_t first = 9, same = 9, second = 9;
  {
    const Recording recording(tape);
    x = tape.leaf(Shape{2}, DType::f64, true);
    other = tape.leaf(Shape{2}, DType::f64);
    const Var squares = square(x);
    y = squares * 3.0;
    first = tape.pause_after(y);
    same = tape.pause_after(squares);
    total = sum(y * other);
    second = tape.pause_after(total);
    total = total + 1.0;
  }
  CHECK(first == 0);
  CHECK(same == 0);
  CHECK(second == 1);
  for (const double turn : {1.0, 2.0}) {  // again and again
    tape.data(x).copy_from(Tensor::of({turn, 2}, {2}, DType::f64));
    REQUIRE(tape.advance());
    CHECK(y.value().at({0}) == 3 * turn * turn);
    tape.data(other).copy_from(Tensor::of({10, turn}, {2}, DType::f64));
    REQUIRE(tape.advance());
    CHECK_FALSE(tape.advance());
    CHECK(total.item() == 30 * turn * turn + 12 * turn + 1);
    tape.backward(total);
    CHECK(tape.adjoint(x).at({0}) == 60 * turn);
  }
  tape.forward();  // all stages at once
  CHECK(total.item() == 145);
}

TEST_CASE("tape: an eager recording has no pauses") {
  Tape tape;
  const Recording recording(tape);
  const Var x = tape.leaf(Shape{1}, DType::f64);
  CHECK_THROWS_WITH(tape.pause_after(x), contains("not recorded for replay"));
}
