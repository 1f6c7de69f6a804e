#pragma once
#include "autodiff/convolution.hpp"

namespace nelbo {

/// Convolutions with kernels of 4 x 4 at stride 2, which is how images shrink and grow in most encoders and decoders: split
/// by the parity of row and column, they are four convolutions of 2 x 2 at stride 1, and these take nine products for every
/// sixteen (kernels/winograd.hpp). They differ from the plain products by a few units in the last place of the largest
/// |pixel| |tap| of a tile; an infinite pixel gives NaN to its tile.
///
/// Whether this is how `shape` is computed: it follows from the shape alone.
bool winograd_serves(const ConvolutionShape& shape);

/// As the functions without winograd_ (convolution.hpp), for shapes that winograd_serves.
template <class T>
void winograd_correlate(const ConvolutionShape& shape, const T* image, const T* weights,
                        const T* bias, Activation activation, T* features, bool add);
template <class T>
void winograd_spread(const ConvolutionShape& shape, const T* features, const T* weights,
                     const T* bias, Activation activation, T* image, bool add);
template <class T>
void winograd_weight_gradient(const ConvolutionShape& shape, const T* image, const T* features,
                              T* gradient, bool add);

}  // namespace nelbo
