#pragma once
// Arrays of Python and tensors of nelbo, without a copy where type and layout match.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <vector>

#include "autodiff/tensor.hpp"
#include "lab/files/array.hpp"

namespace nelbo::python {

namespace nb = nanobind;

/// An array of any library that speaks DLPack or the buffer protocol: numpy, torch, jax.
using AnyArray = nb::ndarray<nb::ro, nb::device::cpu>;

/// What Python gives as an array: itself, or what numpy makes of it (lists, numbers). Throws TypeError.
AnyArray array_of(nb::handle given);

/// The array's memory as a tensor of `dtype`: a view, for as long as the caller keeps the array, where it is of this type,
/// else a row-major copy. Throws Error for more than 6 axes and for types that are no numbers.
Tensor tensor_of(const AnyArray& array, DType dtype);
/// Of the array's own type: float64 as f64, integers as i32, others as f32.
Tensor tensor_of(const AnyArray& array);
/// f64 where the array holds float64, i32 where it holds integers, else f32.
DType dtype_of_array(const AnyArray& array);

/// A numpy array of the tensor's memory, which lives as long as the array does. Read-only unless
/// `writable`.
nb::object numpy_of(const Tensor& tensor, bool writable = false);
/// The same of memory that `owner` keeps, to be read and written.
nb::object numpy_view(const Tensor& tensor, nb::handle owner);
/// The same of numbers that move into it, of this shape.
nb::object numpy_of(std::vector<double> values, const std::vector<std::int64_t>& shape);
nb::object numpy_of(std::vector<std::int64_t> values, const std::vector<std::int64_t>& shape);

/// The type that nelbo stores an array's numbers in; Throws Error for one that it does not know.
data::StoredType stored_type_of(const AnyArray& array, const std::string& what);
/// Whether the array is row-major.
bool is_row_major(const AnyArray& array);
std::vector<std::int64_t> shape_of(const AnyArray& array);
/// All numbers of it, row by row, in double.
std::vector<double> doubles_of(const AnyArray& array);

}  // namespace nelbo::python
