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

TEST_CASE("Stages hold each for its length, and the last one stays") {
  const Schedule schedule = Schedule::stages({{3, 2}, {5, 1}, {-1, 4}});
  const double expected[] = {3, 3, 5, -1, -1, -1, -1, -1, -1};
  for (std::uint64_t t = 0; t < 9; ++t) CHECK(schedule.at(t) == expected[t]);
  CHECK(schedule.at(for_ever) == -1);
  CHECK(schedule.settles() == 3);
  CHECK(schedule.turns() == std::vector<std::uint64_t>{0, 2, 3});
  CHECK(schedule.text() == "stages(3, 2, 5, 1, -1, 4)");
  CHECK(Schedule::stages({{3, 2}, {5, 0}}).text() == "stages(3, 2, 5)");
  CHECK(Schedule::stages({{3, 2}, {5, 0}}).at(2) == 5);
  CHECK_THROWS_WITH(Schedule::stages({}), tests::contains("stage"));
  CHECK_THROWS_WITH(Schedule::stages({{1, 0}, {2, 1}}), tests::contains("at least 1"));
  CHECK_THROWS_WITH(Schedule::stages({{1, for_ever}, {2, 1}}), tests::contains("overflows"));
  CHECK_THROWS_WITH(Schedule::stages({{std::nan(""), 1}}), tests::contains("finite"));
}

TEST_CASE("In epochs a schedule goes by the share of the examples seen, whatever the step") {
  using Unit = Schedule::Unit;
  const Schedule cosine = Schedule::cosine(1, 0, 2, Unit::epochs);
  CHECK(cosine.at({7, 0.0}) == 1);
  CHECK(cosine.at({1, 0.5}) == Approx((1 + std::sqrt(0.5)) / 2));  // cos(pi / 4)
  CHECK(cosine.at({99, 1.0}) == Approx(0.5));
  CHECK(cosine.at({3, 2.0}) == 0);
  CHECK(cosine.text() == "cosine(1, 0, steps=2, unit=epochs)");
  const Schedule halved = Schedule::step(8, 0.5, 3, Unit::epochs);
  CHECK(halved.at({0, 2.99}) == 8);
  CHECK(halved.at({0, 3.0}) == 4);
  CHECK(halved.at({0, 6.5}) == 2);
  const Schedule stages = Schedule::stages({{1, 1}, {2, 3}}, Unit::epochs);
  CHECK(stages.at({5, std::nextafter(1.0, 0.0)}) == 1);
  CHECK(stages.at({5, 1.0}) == 2);
  // Of so many steps nobody knows the epochs, but at the beginning.
  CHECK(stages.at(0) == 1);
  CHECK_THROWS_WITH(stages.at(5), tests::contains("counts epochs"));
  CHECK(stages.at(TrainingTime::for_ever()) == 2);
}

TEST_CASE("Burda's rates: 3^i epochs at 1e-3 10^(-i/7), 3,280 in all") {
  const Schedule burda = Schedule::burda();
  double begins = 0, length = 1;
  for (int i = 0; i < 8; ++i, length *= 3) {
    const double rate = 1e-3 * std::exp(-double(i) / 7 * std::log(10.0));
    CHECK(burda.at({0, begins}) == Approx(rate).epsilon(1e-14));
    CHECK(burda.at({0, begins + length - 1e-6}) == Approx(rate).epsilon(1e-14));
    begins += length;
  }
  CHECK(begins == 3280);
  CHECK(burda.at({0, 3280.0}) == Approx(1e-4).epsilon(1e-14));
  CHECK(burda.settles() == 1093);
  CHECK(burda.text().find(", 2187, unit=epochs)") != std::string::npos);
}
