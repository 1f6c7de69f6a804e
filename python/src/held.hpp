#pragma once
#include <nanobind/nanobind.h>

#include <memory>
#include <type_traits>
#include <utility>

namespace nelbo::python {

/// A value that holds objects of Python, and whose last user may be a thread without the GIL.
template <class T>
std::shared_ptr<T> held(std::remove_const_t<T> value) {
  return {new T(std::move(value)), [](T* of) {
            if (!Py_IsInitialized()) return;
            const nanobind::gil_scoped_acquire acquired;
            delete of;
          }};
}

}  // namespace nelbo::python
