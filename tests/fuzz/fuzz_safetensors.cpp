#include "lab/files/safetensors.hpp"
#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace nelbo;
  return fuzz::run(bytes, size, [](const std::shared_ptr<const data::Input>& input) {
    const safetensors::Reader reader(input);
    for (const auto& [name, entry] : reader.entries())
      if (safetensors::is_readable(entry.dtype)) reader.read(name);
  });
}
