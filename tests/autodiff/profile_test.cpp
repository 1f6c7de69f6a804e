// Where the time of a step goes: what is counted, how often, and that counting changes nothing.
#include "autodiff/profile.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "autodiff/ops.hpp"
#include "tests/catch.hpp"

using namespace nelbo;

namespace {

constexpr std::int64_t rows = 6, in = 5, out = 4;

/// sum(exp(x W + b)) of data x, replayed.
struct Small {
  ParameterStore store;
  ParameterId weight = add("w", {in, out}), bias = add("b", {out});
  Tape tape{{.mode = Tape::Mode::replay}};
  Var cost;
  std::optional<GradientSink> gradient;

  Small() {
    store.freeze(1);
    gradient.emplace(store);
    Recording recording(tape);
    const Var x = tape.leaf(Tensor::full({rows, in}, 0.5));
    cost = sum(exp(linear(x, tape.parameter(store, weight), tape.parameter(store, bias))));
  }
  ParameterId add(const std::string& name, const Shape& shape) {
    return store.add(name, "phi", shape, [](const Tensor& parameter, std::uint64_t, std::uint32_t) {
      parameter.copy_from(Tensor::full(parameter.shape(), 0.25));
    });
  }
  void step() {
    tape.forward();
    tape.backward(cost, all_groups, *gradient);
  }
};

const Profile::Row* found(const Profile& profile, const std::string& name, Profile::Pass pass) {
  const auto& all = profile.rows();
  const auto at = std::find_if(all.begin(), all.end(), [&](const Profile::Row& row) {
    return row.name == name && row.pass == pass;
  });
  return at == all.end() ? nullptr : &*at;
}

}  // namespace

TEST_CASE("profile: operators by direction, with their products and bytes") {
  Small small;
  small.step();
  Profile profile;
  {
    const Profiling profiling(profile);
    for (int step = 0; step < 7; ++step) small.step();
  }
  small.step();  // nobody counts any more

  const Profile::Row* forward = found(profile, "linear", Profile::Pass::forward);
  const Profile::Row* backward = found(profile, "linear", Profile::Pass::backward);
  REQUIRE(forward != nullptr);
  REQUIRE(backward != nullptr);
  CHECK(forward->calls == 7);
  CHECK(forward->shape == Shape{rows, out});
  CHECK(forward->work.flop == 7 * 2 * rows * in * out);
  CHECK(forward->work.bytes == 7 * 4 * (rows * in + in * out + out + rows * out));
  CHECK(backward->calls == 7);
  CHECK(backward->work.flop == 7 * 2 * rows * in * out);  // the weights' alone: x is data
  CHECK(backward->work.bytes == 7 * 4 * (rows * in + 2 * (in * out + out) + rows * out));
  const Profile::Row* exponential = found(profile, "exp", Profile::Pass::forward);
  REQUIRE(exponential != nullptr);
  CHECK(exponential->work.flop == 0);

  double counted = 0;
  for (const Profile::Row& row : profile.rows()) {
    INFO(row.name);
    CHECK(row.seconds > 0);
    CHECK(row.busy.size() == num_threads());
    for (const double thread : row.busy) CHECK(thread <= row.seconds * (1 + 1e-9));
    counted += row.seconds;
  }
  CHECK(counted <= profile.seconds());
}

TEST_CASE("profile: counting changes no number") {
  Small plain, counted;
  plain.step();
  Profile profile;
  {
    const Profiling profiling(profile);
    counted.step();
  }
  CHECK(plain.cost.item() == counted.cost.item());
  const auto *a = plain.gradient->buffer().data_as<float>(),
             *b = counted.gradient->buffer().data_as<float>();
  CHECK(std::equal(a, a + plain.gradient->buffer().size(), b));
}

TEST_CASE("profile: work beside the tape is one row with all that it calls") {
  Small small;
  Profile profile;
  {
    const Profiling profiling(profile);
    const ProfiledWork work("evaluation");
    small.step();
  }
  REQUIRE(profile.rows().size() == 1);
  CHECK(profile.rows()[0].name == "evaluation");
  CHECK(profile.rows()[0].pass == Profile::Pass::beside);
  CHECK(profile.rows()[0].calls == 1);
}

TEST_CASE("profile: a thread is busy in its chunks and waits for the others") {
  const std::size_t before = num_threads();
  set_num_threads(2);
  Profile profile;
  {
    const Profiling profiling(profile);
    const ProfiledWork work("sleep");
    parallel_for(2, [](std::size_t chunk) {
      std::this_thread::sleep_for(std::chrono::milliseconds(chunk == 0 ? 20 : 60));
    });
  }
  set_num_threads(before);
  REQUIRE(profile.rows().size() == 1);
  const Profile::Row& row = profile.rows()[0];
  REQUIRE(row.busy.size() == 2);
  CHECK(row.seconds >= .06);
  CHECK(row.busy[0] + row.busy[1] >= .08);  // both chunks, on whichever threads
  for (const double thread : row.busy) CHECK(thread <= row.seconds);
}
