// nelbo.Tape: automatic differentiation by itself, eager.
#include <memory>
#include <optional>

#include "autodiff/error.hpp"
#include "python/src/variable.hpp"

namespace nelbo::python {
namespace {

class PythonTape {
 public:
  PythonTape() : life_(std::make_shared<Life>()) { life_->tape = std::make_unique<Tape>(); }

  void enter() {
    if (recording_) throw Error("this tape is recording already");
    recording_.emplace(*life_->tape);
  }
  void leave() { recording_.reset(); }

  Variable leaf(nb::handle given, bool differentiable) const {
    const AnyArray array = array_of(given);
    const DType dtype = dtype_of_array(array);
    if (differentiable && dtype == DType::i32) {
      throw Error("variable: of integers there are no gradients; give float32 or float64");
    }
    return {life_->tape->leaf(tensor_of(array, dtype).contiguous(), differentiable), life_};
  }

  void backward(const Variable& of, nb::object cotangent) const {
    check(of);
    const Var root = of.get();
    if (cotangent.is_none()) {
      const nb::gil_scoped_release released;
      life_->tape->backward(root);
      return;
    }
    const AnyArray array = array_of(cotangent);
    const Tensor start = tensor_of(array, root.dtype());
    const nb::gil_scoped_release released;
    life_->tape->backward(std::array<Root, 1>{{{root, &start}}}, leaf_group, nullptr);
  }

  nb::object gradient(const Variable& of) const {
    check(of);
    const Tensor adjoint = life_->tape->adjoint(of.get());
    const Tensor copy(adjoint.shape(), adjoint.dtype());
    copy.copy_from(adjoint);
    return numpy_of(copy, true);
  }

 private:
  void check(const Variable& of) const {
    if (&of.get().tape() != life_->tape.get()) throw Error("the variable is another tape's");
  }

  std::shared_ptr<Life> life_;
  std::optional<Recording> recording_;
};

}  // namespace

void bind_tape(nb::module_& module) {
  nb::class_<PythonTape>(module, "Tape",
                         "Automatic differentiation: operators inside `with Tape() as tape:` are "
                         "computed at once and recorded.")
      .def(nb::init<>())
      .def(
          "__enter__",
          [](PythonTape& self) -> PythonTape& {
            self.enter();
            return self;
          },
          nb::rv_policy::reference, nb::sig("def __enter__(self) -> Tape"))
      .def(
          "__exit__", [](PythonTape& self, nb::handle, nb::handle, nb::handle) { self.leave(); },
          nb::arg("kind").none(), nb::arg("error").none(), nb::arg("trace").none(),
          nb::sig("def __exit__(self, kind: object, error: object, trace: object) -> None"))
      .def(
          "variable", [](const PythonTape& self, nb::object x) { return self.leaf(x, true); },
          nb::arg("x"), nb::sig("def variable(self, x: object) -> Var"),
          "A copy of an array whose gradient is asked for.")
      .def(
          "constant", [](const PythonTape& self, nb::object x) { return self.leaf(x, false); },
          nb::arg("x"), nb::sig("def constant(self, x: object) -> Var"),
          "A copy of an array without a gradient; integers are indices of rows.")
      .def("backward", &PythonTape::backward, nb::arg("y"),
           nb::arg("cotangent").none() = nb::none(),
           nb::sig("def backward(self, y: Var, cotangent: object = None) -> None"),
           "One reverse pass from y; dL/dy is the cotangent, or ones.")
      .def("gradient", &PythonTape::gradient, nb::arg("x"),
           nb::sig("def gradient(self, x: Var) -> numpy.typing.NDArray[typing.Any]"),
           "dL/dx of a variable after backward(); zeros where no path leads there.");
}

}  // namespace nelbo::python
