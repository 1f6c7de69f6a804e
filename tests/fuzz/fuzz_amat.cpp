#include "lab/files/text_table.hpp"
#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace nelbo;
  return fuzz::run(bytes, size, [](const std::shared_ptr<const data::Input>& input) {
    // Every other column is kept apart.
    data::read_amat(*data::open_stream(input),
                    [](const auto&, std::size_t index) { return index % 2 == 1; });
  });
}
