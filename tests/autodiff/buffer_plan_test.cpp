// Where the buffers of a tape without gradients lie: against a plain check of all pairs.
#include "autodiff/internal/buffer_plan.hpp"

#include <algorithm>
#include <random>

#include "tests/catch.hpp"

using namespace nelbo;

namespace {

std::size_t rounded(std::size_t bytes) { return (bytes + 63) / 64 * 64; }

/// Holds that buffers whose lives meet share no byte, and that all lie in the block.
void check(const std::vector<Lifetime>& lives, const BufferPlan& plan) {
  REQUIRE(plan.offsets.size() == lives.size());
  for (std::size_t i = 0; i < lives.size(); ++i) {
    CHECK(plan.offsets[i] % 64 == 0);
    CHECK(plan.offsets[i] + lives[i].bytes <= plan.bytes);
    for (std::size_t k = 0; k < i; ++k) {
      const Lifetime &a = lives[i], &b = lives[k];
      const bool meet = a.first <= b.last && b.first <= a.last;
      const bool share = plan.offsets[i] < plan.offsets[k] + b.bytes &&
                         plan.offsets[k] < plan.offsets[i] + a.bytes;
      INFO("buffers " << i << " and " << k);
      CHECK_FALSE((meet && share && a.bytes > 0 && b.bytes > 0));
    }
  }
}

/// The most bytes that are needed at one step: no plan is smaller.
std::size_t needed(const std::vector<Lifetime>& lives, std::size_t steps) {
  std::size_t most = 0;
  for (std::size_t n = 0; n < steps; ++n) {
    std::size_t now = 0;
    for (const Lifetime& life : lives) {
      if (life.first <= n && n <= life.last) now += rounded(life.bytes);
    }
    most = std::max(most, now);
  }
  return most;
}

}  // namespace

TEST_CASE("buffer plan: a chain takes turns in two places") {
  std::vector<Lifetime> lives;
  for (std::size_t n = 0; n < 10; ++n) lives.push_back({n, n + 1, 1000});
  const BufferPlan plan = plan_buffers(lives);
  check(lives, plan);
  CHECK(plan.bytes == 2 * 1024);
}

TEST_CASE("buffer plan: random lives share no byte, in little more than what is needed") {
  std::mt19937_64 random(5);
  const auto below = [&](std::size_t n) { return std::size_t(random() % n); };
  for (int round = 0; round < 50; ++round) {
    std::vector<Lifetime> lives;
    for (std::size_t i = 0; i < 60; ++i) {
      const std::size_t first = below(40);
      lives.push_back({first, first + below(12), below(5) == 0 ? 0 : 1 + below(3000)});
    }
    const BufferPlan plan = plan_buffers(lives);
    check(lives, plan);
    CHECK(plan.bytes >= needed(lives, 60));
    CHECK(plan.bytes <= 2 * needed(lives, 60));
  }
  CHECK(plan_buffers({}).bytes == 0);
}
