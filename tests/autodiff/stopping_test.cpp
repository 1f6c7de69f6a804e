#include "autodiff/stopping.hpp"

#include <cstddef>

#include "autodiff/threads.hpp"
#include "tests/catch.hpp"

using namespace nelbo;

TEST_CASE("What may be stopped stops before its next chunk, on one thread and on several",
          "[threads]") {
  for (const std::size_t threads : {1, 3}) {
    set_num_threads(threads);
    ask_to_stop(true);
    std::size_t done = 0;
    const auto count = [&] { parallel_for(1, [&](std::size_t) { ++done; }); };
    count();  // not asked for here
    CHECK(done == 1);
    {
      const StoppableScope scope;
      CHECK_THROWS_AS(count(), Stopped);
      CHECK_THROWS_AS(parallel_for(64, [](std::size_t) {}), Stopped);
      set_stoppable(false);
      count();
      CHECK(done == 2);
    }
    ask_to_stop(false);
    const StoppableScope scope;
    count();
    CHECK(done == 3);
  }
}
