#include "autodiff/schedule.hpp"

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>

#include "autodiff/error.hpp"
#include "tests/catch.hpp"

using namespace nelbo;

namespace {

const std::uint64_t for_ever = std::numeric_limits<std::uint64_t>::max();

}  // namespace

TEST_CASE("A constant schedule, also from a plain number") {
  const Schedule schedule = 0.25;
  CHECK(schedule.at(0) == 0.25);
  CHECK(schedule.at(for_ever) == 0.25);
  CHECK(schedule.is_constant());
  CHECK(schedule.text() == "0.25");
}

TEST_CASE("Warm-up rises linearly from 0 and stays") {
  const Schedule schedule = Schedule::warmup(0.8, 4);
  const double expected[] = {0, 0.2, 0.4, 0.6, 0.8, 0.8};
  for (std::uint64_t t = 0; t < 6; ++t) CHECK(schedule.at(t) == Approx(expected[t]).margin(1e-15));
  CHECK(schedule.at(4) == 0.8);
  CHECK(schedule.at(for_ever) == 0.8);
  CHECK_FALSE(schedule.is_constant());
}

TEST_CASE("Cosine decay: its ends, its middle, its thirds and its floor") {
  const Schedule schedule = Schedule::cosine(1.0, 0.1, 600);
  CHECK(schedule.at(0) == 1.0);
  CHECK(schedule.at(200) == Approx(0.1 + 0.9 * 0.75));  // cos(pi / 3) = 1/2
  CHECK(schedule.at(300) == Approx(0.55));
  CHECK(schedule.at(400) == Approx(0.1 + 0.9 * 0.25));
  CHECK(schedule.at(600) == 0.1);
  CHECK(schedule.at(for_ever) == 0.1);
}

TEST_CASE("A step schedule multiplies every so many steps") {
  const Schedule schedule = Schedule::step(0.8, 0.5, 10);
  CHECK(schedule.at(0) == 0.8);
  CHECK(schedule.at(9) == 0.8);
  CHECK(schedule.at(10) == 0.4);
  CHECK(schedule.at(29) == 0.2);
  CHECK(schedule.at(30) == 0.1);
}

TEST_CASE("Annealing is linear, upwards and downwards") {
  const Schedule up = Schedule::anneal(0, 25, 10000);
  CHECK(up.at(0) == 0);
  CHECK(up.at(1) == Approx(0.0025));
  CHECK(up.at(5000) == Approx(12.5));
  CHECK(up.at(10000) == 25);
  CHECK(up.at(for_ever) == 25);
  const Schedule down = Schedule::anneal(1, 0.5, 1);
  CHECK(down.at(0) == 1);
  CHECK(down.at(1) == 0.5);
}

TEST_CASE("Schedules print as they are written, exactly") {
  CHECK(Schedule::cosine(1e-3, 1e-5, 1000).text() == "cosine(0.001, 1e-05, steps=1000)");
  CHECK(Schedule::warmup(1, 7).text() == "warmup(1, steps=7)");
  CHECK(Schedule::step(0.1, 0.5, 30).text() == "step(0.1, factor=0.5, every=30)");
  CHECK(Schedule::anneal(0, 25, 10000).text() == "anneal(0, 25, steps=10000)");
  const double third = 1.0 / 3;
  CHECK(std::stod(Schedule(third).text()) == third);
}

TEST_CASE("Schedules refuse no steps and values that are not finite") {
  CHECK_THROWS_AS(Schedule::warmup(1, 0), Error);
  CHECK_THROWS_AS(Schedule::cosine(1, 0, 0), Error);
  CHECK_THROWS_AS(Schedule::step(1, 0.5, 0), Error);
  CHECK_THROWS_AS(Schedule::anneal(0, std::nan(""), 10), Error);
  CHECK_THROWS_AS(Schedule(std::numeric_limits<double>::infinity()), Error);
}

TEST_CASE("Schedules refuse a way that overflows, and say where they end") {
  const double most = 1e308;
  CHECK_THROWS_WITH(Schedule::anneal(-most, most, 10), tests::contains("overflows"));
  CHECK_THROWS_WITH(Schedule::cosine(-most, most, 10), tests::contains("overflows"));
  CHECK_NOTHROW(Schedule::anneal(0, most, 10));
  CHECK(Schedule(3).settles() == 0);
  CHECK(Schedule::warmup(1, 7).settles() == 7);
  CHECK(Schedule::cosine(1, 2, 8).settles() == 8);
  CHECK(Schedule::anneal(1, 2, 9).settles() == 9);
  CHECK_FALSE(Schedule::step(1, 0.5, 9).settles().has_value());
  CHECK(Schedule::step(1, 1, 9).settles() == 0);
}
