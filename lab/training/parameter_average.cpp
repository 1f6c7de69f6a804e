#include "lab/training/parameter_average.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "autodiff/dtype.hpp"
#include "autodiff/threads.hpp"

namespace nelbo {

ParameterAverage::ParameterAverage(const ParameterStore& store, double decay)
    : decay_(decay), values_(Shape{std::int64_t(store.size())}, store.dtype()) {
  std::memcpy(values_.data(), store.data(), store.size() * size_of(store.dtype()));
}

void ParameterAverage::update(const ParameterStore& store, std::uint64_t t) {
  const double weight = (1 - decay_) / (1 - std::pow(decay_, double(t)));
  dispatch(store.dtype(), [&](auto type) {
    using T = decltype(type);
    T* const average = values_.data_as<T>();
    const T* const parameters = static_cast<const T*>(store.data());
    const std::size_t size = store.size(), chunks = (size + chunk_elements - 1) / chunk_elements;
    parallel_for(chunks, [&](std::size_t chunk) {
      const std::size_t end = std::min(size, (chunk + 1) * chunk_elements);
      for (std::size_t i = chunk * chunk_elements; i < end; ++i) {
        average[i] += T(weight) * (parameters[i] - average[i]);
      }
    });
  });
}

void ParameterAverage::exchange(ParameterStore& store) {
  dispatch(store.dtype(), [&](auto type) {
    using T = decltype(type);
    T* const average = values_.data_as<T>();
    std::swap_ranges(average, average + store.size(), static_cast<T*>(store.data()));
  });
}

}  // namespace nelbo
