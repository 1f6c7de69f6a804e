"""numpy's functions of variables: numpy.exp(z) records what nelbo.ops.exp(z) does."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from . import ops
from ._core import Var

_known = {name: one for name, one in vars(ops).items() if callable(one) and name.islower() and name[0] != "_"}
_known["absolute"] = ops.abs
# What torch calls them, as far as there is no method or function of that name.
_of_torch = {"pow": "x ** n", "detach": "ops.stop_gradient(x)", "view": "x.reshape(...)", "flatten": "x.reshape(-1)",
             "permute": "ops.transpose(x, axes)", "unsqueeze": "x[None]", "numpy": "x.value()", "size": "x.shape",
             "dim": "x.ndim", "backward": "tape.backward(y)", "grad": "tape.gradient(x)"}


def _recorded(name: str, given: Sequence[Any], named: Mapping[str, Any]) -> Var:
    if name not in _known:
        raise TypeError(f"numpy.{name} of a variable cannot be recorded: nelbo.ops has no {name}")
    made: Var = _known[name](*given, **named)
    return made


def _array_ufunc(self: Var, ufunc: Any, method: str, *inputs: Any, **named: Any) -> Any:
    if method != "__call__":
        raise TypeError(f"numpy.{ufunc.__name__}.{method} of a variable cannot be recorded")
    return _recorded(ufunc.__name__, inputs, named)


def _array_function(self: Var, function: Callable[..., Any], types: Any, given: Any, named: Any) -> Any:
    return _recorded(function.__name__, given, named)


def _getattr(self: Var, name: str) -> Any:
    if name in _known:
        raise AttributeError(f"a variable has no method {name}; take nelbo.ops.{name}(x)")
    hint = f"; take {_of_torch[name]}" if name in _of_torch else ""
    raise AttributeError(f"a variable has no attribute {name!r}{hint}")


for _name, _function in (("__array_ufunc__", _array_ufunc), ("__array_function__", _array_function),
                         ("__getattr__", _getattr)):
    setattr(Var, _name, _function)
