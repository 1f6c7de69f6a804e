#include "lab/training/seed_list.hpp"

#include "autodiff/setting_error.hpp"
#include "tests/catch.hpp"

using namespace nelbo;
using Seeds = std::vector<std::uint64_t>;

TEST_CASE("seeds: ranges with both ends, and lists, in their order") {
  CHECK(read_seeds("0..4") == Seeds{0, 1, 2, 3, 4});
  CHECK(read_seeds("5,1,3") == Seeds{5, 1, 3});
  CHECK(read_seeds("0..2,7") == Seeds{0, 1, 2, 7});
  CHECK(read_seeds("7") == Seeds{7});
  CHECK(read_seeds("9223372036854775807") == Seeds{9223372036854775807u});
  CHECK(read_seeds("0..999").size() == 1000);
}

TEST_CASE("seeds: what is no list is refused with what is wrong") {
  for (const char* text :
       {"", ",", "1,", "a", "-1", "1.5", "0...3", "..3", "0..", "1 ,2", "+1", "9223372036854775808",
        "-0", "4..0", "0..1000", "0..998,1000,1001", "0..9223372036854775807", "1,1", "0..3,2"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(read_seeds(text), SettingError);
  }
  CHECK_THROWS_WITH(read_seeds("0..2,1"), tests::contains("seed 1 is there twice"));
  CHECK_THROWS_WITH(read_seeds("3..1"), tests::contains("from the lower seed to the higher"));
  CHECK_THROWS_WITH(read_seeds("1,x"), tests::contains("'x' is no seed"));
}
