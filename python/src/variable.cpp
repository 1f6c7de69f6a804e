#include "python/src/variable.hpp"

#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <cstdint>
#include <string>
#include <vector>

#include "autodiff/error.hpp"
#include "autodiff/ops.hpp"

namespace nelbo::python {
namespace {

using Binary = Var (*)(Var, Var);

/// `f` of a variable and what stands on its right, or on its left where `swapped`.
template <Binary f, bool swapped = false>
Variable beside(const Variable& self, nb::handle other) {
  const Var a = self.get(), b = operand(other, self);
  return self.with(swapped ? f(b, a) : f(a, b));
}

Variable power(const Variable& self, nb::handle exponent) {
  if (nb::isinstance<nb::float_>(exponent) || nb::isinstance<nb::int_>(exponent)) {
    return self.with(pow(self.get(), nb::cast<double>(exponent)));
  }
  return self.with(pow(self.get(), operand(exponent, self)));
}

Var indexed_by_slice(Var x, int axis, const nb::slice& slice) {
  const auto [start, stop, step, length] = slice.compute(std::size_t(x.shape()[axis]));
  if (step != 1)
    throw Error("a variable is sliced with the step 1; take nelbo.ops.take_rows for others");
  return nelbo::slice(x, axis, std::int64_t(start), std::int64_t(start + length));
}

/// One axis less: element `at` of it.
Var without_axis(Var x, int axis, std::int64_t at) {
  const Shape shape = x.shape();
  if (at < -shape[axis] || at >= shape[axis]) {
    throw nb::index_error(
        ("index " + std::to_string(at) + " on axis " + std::to_string(axis) + " of " + shape.text())
            .c_str());
  }
  if (at < 0) at += shape[axis];
  Shape rest;
  for (int i = 0; i < shape.rank(); ++i) {
    if (i != axis) rest.push_back(shape[i]);
  }
  return reshape(nelbo::slice(x, axis, at, at + 1), rest);
}

Var with_axis(Var x, int axis) {
  Shape more;
  const Shape shape = x.shape();
  for (int i = 0; i <= shape.rank(); ++i) {
    if (i == axis) more.push_back(1);
    if (i < shape.rank()) more.push_back(shape[i]);
  }
  return reshape(x, more);
}

/// x[1, :, None, ..., 2:4] as in numpy: whole numbers, slices, None and one ellipsis.
Variable item(const Variable& self, nb::handle index) {
  const nb::tuple parts = nb::isinstance<nb::tuple>(index) ? nb::borrow<nb::tuple>(index)
                                                           : nb::make_tuple(nb::borrow(index));
  Var x = self.get();
  int named = 0;
  for (const nb::handle part : parts) named += !part.is_none() && part.ptr() != Py_Ellipsis;
  if (named > x.shape().rank()) {
    throw nb::index_error(("too many indices for " + x.shape().text()).c_str());
  }
  const int skipped = x.shape().rank() - named;
  int axis = 0;
  for (const nb::handle part : parts) {
    if (part.ptr() == Py_Ellipsis) {
      axis += skipped;
    } else if (part.is_none()) {
      x = with_axis(x, axis++);
    } else if (nb::isinstance<nb::slice>(part)) {
      x = indexed_by_slice(x, axis, nb::borrow<nb::slice>(part));
      ++axis;
    } else if (nb::hasattr(part, "__index__") && !nb::isinstance<nb::bool_>(part)) {
      x = without_axis(x, axis, nb::cast<std::int64_t>(nb::int_(nb::borrow(part))));
    } else {
      throw nb::type_error(
          "a variable is indexed by whole numbers, slices, None and ...; take nelbo.ops.take_rows "
          "for lists of rows, and nelbo.ops.where for masks");
    }
  }
  return self.with(x);
}

/// The only number of a value. Throws Error where there are more.
double number_of(const Variable& self) {
  const Shape shape = self.get().shape();
  if (shape.size() == 1) return self.get().item();
  throw Error("a value of shape " + shape.text() + " is no single number");
}

/// The value where it can be read: an eager tape's.
nb::object value_of(const Variable& self) {
  const Tensor value = self.get().value();
  const Tensor copy(value.shape(), value.dtype());
  copy.copy_from(value);
  return numpy_of(copy, true);
}

std::vector<std::int64_t> shape_of_variable(const Variable& self) {
  const Shape shape = self.get().shape();
  return {shape.dims().begin(), shape.dims().end()};
}

}  // namespace

Var Variable::get() const {
  if (life->over) {
    throw Error(
        "this variable belongs to a recording that is over: what a Python function makes of its "
        "variables is returned by it, and not kept");
  }
  return var;
}

Var operand(nb::handle given, const Variable& beside) {
  if (nb::isinstance<Variable>(given)) return nb::cast<const Variable&>(given).get();
  const Var like = beside.get();
  if (nb::isinstance<nb::float_>(given) || nb::isinstance<nb::int_>(given)) {
    return like.tape().constant(nb::cast<double>(given), like.dtype());
  }
  return like.tape().leaf(tensor_of(array_of(given), like.dtype()).contiguous());
}

Var variable_made(const std::string& what, const nb::object& made) {
  if (nb::isinstance<Variable>(made)) return nb::cast<const Variable&>(made).get();
  throw Error(what + ": the function returned " +
              std::string(nb::str(made.type().attr("__name__")).c_str()) +
              ", not what operators made of its variables");
}

const Variable& variable_among(std::initializer_list<nb::handle> given, const char* op) {
  for (const nb::handle one : given) {
    if (nb::isinstance<Variable>(one)) return nb::cast<const Variable&>(one);
  }
  throw nb::type_error((std::string(op) + ": one of the operands is a variable of a tape").c_str());
}

nb::class_<Variable> bind_variable(nb::module_& module) {
  nb::class_<Variable> type(module, "Var",
                            "A value on a tape: what operators and nelbo.ops record. Shapes follow "
                            "numpy's rules.");
  type.def_prop_ro(
          "shape",
          [](const Variable& self) {
            const auto dims = shape_of_variable(self);
            nb::list all;
            for (const std::int64_t one : dims) all.append(one);
            return nb::tuple(all);
          },
          nb::sig("def shape(self) -> tuple[int, ...]"), "Numbers per axis.")
      .def_prop_ro("ndim", [](const Variable& self) { return self.get().shape().rank(); })
      .def_prop_ro(
          "dtype", [](const Variable& self) { return std::string(name_of(self.get().dtype())); },
          "'f32', 'f64' or 'i32'.")
      .def(
          "value", &value_of, nb::sig("def value(self) -> numpy.typing.NDArray[typing.Any]"),
          "A copy of the value. ValueError while it is recorded for replay: a branch on a computed "
          "value would be frozen silently.")
      .def("item", &number_of, "The only element of the value.")
      .def("__float__", &number_of)
      .def("__bool__", [](const Variable& self) { return number_of(self) != 0; })
      .def(
          "__array__",
          [](const Variable& self, nb::object dtype, nb::object) {
            nb::object value = value_of(self);
            return dtype.is_none() ? value : nb::object(value.attr("astype")(dtype));
          },
          nb::arg("dtype") = nb::none(), nb::arg("copy") = nb::none(),
          nb::sig("def __array__(self, dtype: object = None, copy: object = None) -> "
                  "numpy.typing.NDArray[typing.Any]"))
      .def("__getitem__", &item, nb::arg("index"))
      .def("__len__",
           [](const Variable& self) {
             if (self.get().shape().rank() == 0) throw nb::type_error("a scalar has no length");
             return self.get().shape()[0];
           })
      .def("__repr__", [](const Variable& self) {
        if (self.life->over) return std::string("<nelbo.Var of a recording that is over>");
        return "<nelbo.Var " + self.var.shape().text() + " " + name_of(self.var.dtype()) + ">";
      });
  type.def("__add__", &beside<&add>)
      .def("__radd__", &beside<&add, true>)
      .def("__sub__", &beside<&subtract>)
      .def("__rsub__", &beside<&subtract, true>)
      .def("__mul__", &beside<&multiply>)
      .def("__rmul__", &beside<&multiply, true>)
      .def("__truediv__", &beside<&divide>)
      .def("__rtruediv__", &beside<&divide, true>)
      .def("__matmul__", &beside<&matmul>)
      .def("__rmatmul__", &beside<&matmul, true>)
      .def("__lt__", &beside<&less>)
      .def("__le__", &beside<&less_equal>)
      .def("__gt__", &beside<&greater>)
      .def("__ge__", &beside<&greater_equal>)
      .def("__eq__", &beside<&equal>, nb::sig("def __eq__(self, other: object, /) -> typing.Any"))
      .def("__ne__", &beside<&not_equal>,
           nb::sig("def __ne__(self, other: object, /) -> typing.Any"))
      .def("__hash__", [](nb::handle self) { return std::intptr_t(self.ptr()); })
      .def("__pow__", &power)
      .def("__rpow__", &beside<static_cast<Binary>(&pow), true>)
      .def("__neg__", [](const Variable& self) { return self.with(negate(self.get())); })
      .def("__abs__", [](const Variable& self) {
        return self.with(static_cast<Var (*)(Var)>(&abs)(self.get()));
      });
  return type;
}

}  // namespace nelbo::python
