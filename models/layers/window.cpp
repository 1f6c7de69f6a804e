#include "models/layers/window.hpp"

#include "autodiff/error.hpp"

namespace nelbo {

void check_window(const char* layer, const std::string& name, std::int64_t channels,
                  std::int64_t features, const Window& window) {
  if (channels >= 1 && features >= 1 && window.kernel >= 1 && window.stride >= 1 &&
      window.padding >= 0) {
    return;
  }
  throw Error(std::string(layer) + " '" + name + "': " + std::to_string(channels) + " channels, " +
              std::to_string(features) + " features, kernel " + std::to_string(window.kernel) +
              ", stride " + std::to_string(window.stride) + ", padding " +
              std::to_string(window.padding) + "; all must be at least 1 (padding 0)");
}

}  // namespace nelbo
