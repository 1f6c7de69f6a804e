#include "lab/files/npy.hpp"
#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace nelbo;
  return fuzz::run(bytes, size, [](const std::shared_ptr<const data::Input>& input) {
    data::read_npy(*data::open_stream(input));
  });
}
