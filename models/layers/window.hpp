#pragma once
#include <cstdint>
#include <string>

namespace nelbo {

/// How a convolution's kernel, K x K, moves over its input.
struct Window {
  int kernel = 3;
  int stride = 1;
  int padding = 0;
};

/// Throws Error naming the layer for sizes below 1 or a negative padding.
void check_window(const char* layer, const std::string& name, std::int64_t channels,
                  std::int64_t features, const Window& window);

}  // namespace nelbo
