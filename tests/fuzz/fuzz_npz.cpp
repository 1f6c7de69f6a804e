#include "lab/files/npz.hpp"
#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace nelbo;
  return fuzz::run(bytes, size, [](const std::shared_ptr<const data::Input>& input) {
    const data::Npz npz(input);
    for (const std::string& name : npz.names()) {
      // A broken member must not keep the others from being tried.
      try {
        npz.read(name);
      } catch (const Error&) {
      }
    }
  });
}
