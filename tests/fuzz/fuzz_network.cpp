// Files that describe networks: read and built for small pictures, or refused in one line.
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>

#include "autodiff/error.hpp"
#include "lab/training/network_file.hpp"
#include "models/architectures/described.hpp"
#include "models/vae_config.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace nelbo;
  const std::string text(reinterpret_cast<const char*>(bytes), size);
  try {
    VaeConfig config;
    config.example = Shape{6, 6};
    config.latent = 2;
    config.network = std::make_shared<const NetworkDescription>(read_network(text, "net.toml"));
    const DataMoments moments{Tensor::full({36}, 0.4, DType::f64),
                              Tensor::full({36}, 0.24, DType::f64)};
    ParameterStore store;  // not frozen: parameters are declared, and not made
    described_coders(*config.network, config, moments, store);
  } catch (const Error& error) {
    if (std::string(error.what()).find('\n') != std::string::npos) std::abort();
  }
  return 0;
}
