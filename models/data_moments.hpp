#pragma once
#include <cstdint>
#include <vector>

#include "autodiff/tensor.hpp"
#include "models/likelihoods/support.hpp"

namespace nelbo {

/// Mean and variance of every feature over the training data, on the scale on which the model sees
/// them. The decoder starts there: its biases at what is best when z says nothing.
struct DataMoments {
  Tensor mean;         // X numbers, f32 or f64, of any shape
  Tensor variance;     // likewise
  Extent extent = {};  // of all the values; empty where it is not known
  /// Means over the data of the likelihood's statistics() = K numbers of a value, [X, K], f64; empty of a
  /// likelihood that has none.
  Tensor statistics = Tensor(Shape{0}, DType::f64);
};

/// The moments as vectors [X] of a model's features; empty ones, of a model that is read from a file, stay
/// empty. Throws Error naming the one that is not of X numbers.
DataMoments of_features(const DataMoments& moments, std::int64_t features);

/// The moments of every channel c of images [.., C], whose features are i C + c, over all places i.
DataMoments of_channels(const DataMoments& moments, std::int64_t channels);

}  // namespace nelbo
