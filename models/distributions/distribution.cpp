#include "models/distributions/distribution.hpp"

#include "autodiff/error.hpp"

namespace nelbo {

void fill_noise(Noise kind, const Tensor& noise, RandomBlock first, Coupling coupling) {
  const Shape shape = noise.shape();
  if (shape.rank() != 3 || !noise.row_major()) {
    throw Error("fill_noise: a tensor " + shape.text() + " is no row-major [S, B, D]");
  }
  first.draws = std::size_t(shape[0]);
  first.batch = std::size_t(shape[1]);
  first.dimensions = std::size_t(shape[2]);
  dispatch(noise.dtype(), [&](auto t) {
    using T = decltype(t);
    T* out = noise.data_as<T>();
    kind == Noise::normal ? fill_normal(out, first, coupling) : fill_uniform(out, first, coupling);
  });
}

}  // namespace nelbo
