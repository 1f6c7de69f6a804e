#pragma once
// Three products from which convolution, transposed convolution and all their gradients are made.
// Activations are channel-last; weights are stored OIHW.
#include <cstdint>

#include "autodiff/activation.hpp"

namespace nelbo {

/// A convolution from an image [B, H, W, C] to features [B, OH, OW, O] with weights [O, C, KH, KW].
struct ConvolutionShape {
  std::int64_t batch;
  std::int64_t height, width, channels;
  std::int64_t out_height, out_width, features;
  std::int64_t kernel_height, kernel_width;
  std::int64_t stride, padding;

  std::int64_t rows() const { return batch * out_height * out_width; }
  std::int64_t patch() const { return kernel_height * kernel_width * channels; }
};

/// features = activation(image * weights + bias); bias [O] or null.
template <class T>
void correlate(const ConvolutionShape& shape, const T* image, const T* weights, const T* bias,
               Activation activation, T* features, bool add = false);

/// The transpose of correlate: image (+)= features spread by the weights; then, without `add`, bias
/// [C] (or null) and activation.
template <class T>
void spread(const ConvolutionShape& shape, const T* features, const T* weights, const T* bias,
            Activation activation, T* image, bool add = false);

/// d<features, cotangent>/d weights: gradient[o, c, ky, kx] (+)= sum of image patches times
/// features.
template <class T>
void correlate_weight_gradient(const ConvolutionShape& shape, const T* image, const T* features,
                               T* gradient, bool add);

}  // namespace nelbo
