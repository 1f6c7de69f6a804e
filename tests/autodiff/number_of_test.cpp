#include "autodiff/number_of.hpp"

#include <cmath>
#include <cstdint>
#include <limits>

#include "tests/catch.hpp"

using nelbo::number_of;

TEST_CASE("A number is the whole of a text", "[number_of]") {
  CHECK(number_of<std::int64_t>("-12") == -12);
  CHECK(number_of<std::int64_t>("9223372036854775807") == std::numeric_limits<std::int64_t>::max());
  CHECK(number_of<double>("1e-3") == 1e-3);
  CHECK(number_of<double>(".5") == 0.5);
  CHECK(std::isinf(number_of<double>("inf").value()));
  for (const char* text : {"", " 1", "1 ", "+1", "1x", "x", "0x10", "1,5", "--1"}) {
    CAPTURE(text);
    CHECK_FALSE(number_of<std::int64_t>(text));
    CHECK_FALSE(number_of<double>(text));
  }
  CHECK_FALSE(number_of<std::int64_t>("9223372036854775808"));
  CHECK_FALSE(number_of<std::int64_t>("1.0"));
  CHECK_FALSE(number_of<std::size_t>("-1"));
  CHECK_FALSE(number_of<double>("1e999"));
}
