#include "python/src/arrays.hpp"

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <utility>

#include "autodiff/error.hpp"

namespace nelbo::python {
namespace {

/// Calls f(T{}) with the array's element type; Throws Error for another.
template <class F>
void of_element(const AnyArray& array, const F& f) {
  const nb::dlpack::dtype type = array.dtype();
  if (type == nb::dtype<float>()) return f(float{});
  if (type == nb::dtype<double>()) return f(double{});
  if (type == nb::dtype<std::uint8_t>() || type == nb::dtype<bool>()) return f(std::uint8_t{});
  if (type == nb::dtype<std::int8_t>()) return f(std::int8_t{});
  if (type == nb::dtype<std::int16_t>()) return f(std::int16_t{});
  if (type == nb::dtype<std::uint16_t>()) return f(std::uint16_t{});
  if (type == nb::dtype<std::int32_t>()) return f(std::int32_t{});
  if (type == nb::dtype<std::uint32_t>()) return f(std::uint32_t{});
  if (type == nb::dtype<std::int64_t>()) return f(std::int64_t{});
  if (type == nb::dtype<std::uint64_t>()) return f(std::uint64_t{});
  throw Error("an array of " + std::to_string(int(type.bits)) +
              "-bit elements of another kind than integers and floats; give float32 or float64");
}

Shape tensor_shape(const AnyArray& array) {
  if (array.ndim() > std::size_t(max_rank)) {
    throw Error("an array of " + std::to_string(array.ndim()) + " axes; at most " +
                std::to_string(max_rank) + " are possible");
  }
  return Shape(std::span<const std::int64_t>(shape_of(array)));
}

/// Calls take(i, value) for every element, i counting them row by row.
template <class Take>
void for_each_element(const AnyArray& array, const Take& take) {
  of_element(array, [&]<class T>(T) {
    const std::size_t rank = array.ndim(), size = array.size();
    std::vector<std::size_t> at(rank);
    const auto* const data = static_cast<const T*>(array.data());
    for (std::size_t i = 0; i < size; ++i) {
      std::int64_t offset = 0;
      for (std::size_t axis = 0; axis < rank; ++axis) {
        offset += std::int64_t(at[axis]) * array.stride(axis);
      }
      take(i, data[offset]);
      for (std::size_t axis = rank; axis-- > 0;) {
        if (++at[axis] < array.shape(axis)) break;
        at[axis] = 0;
      }
    }
  });
}

/// A capsule that owns what moves into it.
template <class T>
nb::capsule keep(T value) {
  return nb::capsule(new T(std::move(value)),
                     [](void* kept) noexcept { delete static_cast<T*>(kept); });
}

template <class T>
nb::object numpy_array(const void* data, const std::vector<std::size_t>& shape, nb::handle owner,
                       const std::int64_t* strides) {
  return nb::cast(
      nb::ndarray<nb::numpy, T>(static_cast<std::remove_const_t<T>*>(const_cast<void*>(data)),
                                shape.size(), shape.data(), owner, strides));
}

template <class T>
nb::object numpy_of_vector(std::vector<T> values, const std::vector<std::int64_t>& shape) {
  const std::vector<std::size_t> lengths(shape.begin(), shape.end());
  auto kept = std::make_unique<std::vector<T>>(std::move(values));
  T* const data = kept->data();
  const nb::capsule owner(kept.release(),
                          [](void* held) noexcept { delete static_cast<std::vector<T>*>(held); });
  return numpy_array<T>(data, lengths, owner, nullptr);
}

}  // namespace

AnyArray array_of(nb::handle given) {
  AnyArray array;
  if (nb::try_cast(given, array)) return array;
  const nb::object made = nb::module_::import_("numpy").attr("asarray")(given);
  if (nb::try_cast(made, array)) return array;
  throw nb::type_error(("an array of numbers was wanted, not " +
                        std::string(nb::str(given.type().attr("__name__")).c_str()))
                           .c_str());
}

std::vector<std::int64_t> shape_of(const AnyArray& array) {
  std::vector<std::int64_t> shape;
  for (std::size_t axis = 0; axis < array.ndim(); ++axis) {
    shape.push_back(std::int64_t(array.shape(axis)));
  }
  return shape;
}

bool is_row_major(const AnyArray& array) {
  std::int64_t expected = 1;
  for (std::size_t axis = array.ndim(); axis-- > 0;) {
    if (array.shape(axis) > 1 && array.stride(axis) != expected) return false;
    expected *= std::int64_t(array.shape(axis));
  }
  return true;
}

DType dtype_of_array(const AnyArray& array) {
  const nb::dlpack::dtype type = array.dtype();
  if (type == nb::dtype<double>()) return DType::f64;
  return type.code == std::uint8_t(nb::dlpack::dtype_code::Float) ? DType::f32 : DType::i32;
}

Tensor tensor_of(const AnyArray& array) { return tensor_of(array, dtype_of_array(array)); }

Tensor tensor_of(const AnyArray& array, DType dtype) {
  const Shape shape = tensor_shape(array);
  const nb::dlpack::dtype type = array.dtype();
  const bool same = (dtype == DType::f32 && type == nb::dtype<float>()) ||
                    (dtype == DType::f64 && type == nb::dtype<double>()) ||
                    (dtype == DType::i32 && type == nb::dtype<std::int32_t>());
  if (same) {
    Strides strides{};
    for (int axis = 0; axis < shape.rank(); ++axis) {
      strides[std::size_t(axis)] = array.stride(std::size_t(axis));
    }
    return Tensor(const_cast<void*>(array.data()), shape, strides, dtype);
  }
  const Tensor copy(shape, dtype);
  const auto fill = [&](auto* to) {
    using T = std::remove_reference_t<decltype(*to)>;
    for_each_element(array, [&](std::size_t i, auto value) { to[i] = T(value); });
  };
  if (dtype == DType::f32) fill(copy.data_as<float>());
  if (dtype == DType::f64) fill(copy.data_as<double>());
  if (dtype == DType::i32) fill(copy.data_as<std::int32_t>());
  return copy;
}

namespace {

nb::object numpy_of_tensor(const Tensor& tensor, nb::handle owner, bool writable) {
  std::vector<std::size_t> shape;
  std::vector<std::int64_t> strides;
  for (int axis = 0; axis < tensor.shape().rank(); ++axis) {
    shape.push_back(std::size_t(tensor.shape()[axis]));
    strides.push_back(tensor.strides()[std::size_t(axis)]);
  }
  const auto made = [&]<class T>(T) {
    return writable ? numpy_array<T>(tensor.data(), shape, owner, strides.data())
                    : numpy_array<const T>(tensor.data(), shape, owner, strides.data());
  };
  switch (tensor.dtype()) {
    case DType::f64:
      return made(double{});
    case DType::i32:
      return made(std::int32_t{});
    case DType::f32:
      break;
  }
  return made(float{});
}

}  // namespace

nb::object numpy_of(const Tensor& tensor, bool writable) {
  return numpy_of_tensor(tensor, keep(tensor), writable);
}

nb::object numpy_view(const Tensor& tensor, nb::handle owner) {
  return numpy_of_tensor(tensor, owner, true);
}

nb::object numpy_of(std::vector<double> values, const std::vector<std::int64_t>& shape) {
  return numpy_of_vector(std::move(values), shape);
}

nb::object numpy_of(std::vector<std::int64_t> values, const std::vector<std::int64_t>& shape) {
  return numpy_of_vector(std::move(values), shape);
}

data::StoredType stored_type_of(const AnyArray& array, const std::string& what) {
  const nb::dlpack::dtype type = array.dtype();
  if (type == nb::dtype<bool>()) return data::StoredType::boolean;
  if (type == nb::dtype<std::uint8_t>()) return data::StoredType::uint8;
  if (type == nb::dtype<std::int32_t>()) return data::StoredType::int32;
  if (type == nb::dtype<std::int64_t>()) return data::StoredType::int64;
  if (type == nb::dtype<float>()) return data::StoredType::float32;
  if (type == nb::dtype<double>()) return data::StoredType::float64;
  throw Error(what + ": its elements are none of bool, uint8, int32, int64, float32, float64");
}

std::vector<double> doubles_of(const AnyArray& array) {
  std::vector<double> values(array.size());
  for_each_element(array, [&](std::size_t i, auto value) { values[i] = double(value); });
  return values;
}

}  // namespace nelbo::python
