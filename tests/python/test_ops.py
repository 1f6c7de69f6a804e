"""Operators: values and gradients of every function of nelbo.ops against torch, and what they refuse."""
import inspect

import numpy
import nelbo
import pytest
from nelbo import ops

random = numpy.random.default_rng(0)
NORMAL = random.normal(size=(3, 4))
POSITIVE = numpy.exp(NORMAL)
UNIT = random.uniform(0.05, 0.95, size=(3, 4))
OTHER = random.normal(size=(3, 4))
SQUARE = NORMAL @ NORMAL.T + numpy.eye(3)
LOWER = numpy.linalg.cholesky(SQUARE)


def taped(f, *arrays):
    """Value and gradients of sum(weights * f(...)), with weights that tell elements apart."""
    with nelbo.Tape() as tape:
        given = [tape.variable(array) for array in arrays]
        value = f(*given)
        weights = numpy.cos(numpy.arange(max(1, value.value().size))).reshape(value.shape)
        tape.backward(value, weights)
    return value.value(), [tape.gradient(one) for one in given]


def by_torch(f, *arrays):
    torch = pytest.importorskip("torch")
    given = [torch.tensor(array, requires_grad=True) for array in arrays]
    value = f(*given)
    weights = torch.tensor(numpy.cos(numpy.arange(max(1, value.numel()))).reshape(tuple(value.shape)))
    (value * weights).sum().backward()
    zeros = [torch.zeros_like(one) if one.grad is None else one.grad for one in given]
    return value.detach().numpy(), [one.numpy() for one in zeros]


def torch_of(name):
    return lambda *x: __import__("torch").__dict__[name](*x)


def functional(name):
    return lambda *x, **y: getattr(__import__("torch").nn.functional, name)(*x, **y)


def distribution(name, *parameters, **named):
    return getattr(__import__("torch").distributions, name)(*parameters, **named)


# nelbo's function, torch's, and the operands.
CASES = {
    **{name: (getattr(ops, name), torch_of(name), [NORMAL])
       for name in ["exp", "expm1", "square", "abs", "sin", "cos", "tanh", "erf", "sigmoid", "relu"]},
    **{name: (getattr(ops, name), torch_of(name), [POSITIVE])
       for name in ["log", "log1p", "sqrt", "lgamma", "digamma"]},
    **{name: (getattr(ops, name), torch_of(name), [NORMAL, OTHER])
       for name in ["add", "subtract", "multiply", "divide", "minimum", "maximum"]},
    "trigamma": (ops.trigamma, lambda x: __import__("torch").special.polygamma(1, x), [POSITIVE]),
    "negative": (ops.negative, lambda x: -x, [NORMAL]),
    "softplus": (ops.softplus, functional("softplus"), [NORMAL]),
    "elu": (ops.elu, functional("elu"), [NORMAL]),
    "gelu": (ops.gelu, functional("gelu"), [NORMAL]),
    "silu": (ops.silu, functional("silu"), [NORMAL]),
    "leaky_relu": (lambda x: ops.leaky_relu(x, 0.2), lambda x: functional("leaky_relu")(x, 0.2), [NORMAL]),
    "clip": (lambda x: ops.clip(x, -0.5, 0.5), lambda x: x.clamp(-0.5, 0.5), [NORMAL]),
    "power": (ops.power, torch_of("pow"), [POSITIVE, OTHER]),
    "power of a number": (lambda x: x**3, lambda x: x**3, [NORMAL]),
    "where": (lambda a, b: ops.where(a < b, a, 2 * b),
              lambda a, b: __import__("torch").where(a < b, a, 2 * b), [NORMAL, OTHER]),
    "sum": (lambda x: ops.sum(x, 0), lambda x: x.sum(0), [NORMAL]),
    "mean": (lambda x: ops.mean(x, (0, 1)), lambda x: x.mean(), [NORMAL]),
    "max": (lambda x: ops.max(x, -1), lambda x: x.amax(-1), [NORMAL]),
    "min": (lambda x: ops.min(x, -1, True), lambda x: x.amin(-1, True), [NORMAL]),
    "logsumexp": (lambda x: ops.logsumexp(x, 0), lambda x: x.logsumexp(0), [NORMAL]),
    "logmeanexp": (lambda x: ops.logmeanexp(x, 0), lambda x: x.logsumexp(0) - numpy.log(3), [NORMAL]),
    "var": (lambda x: ops.var(x, 1, 1), lambda x: x.var(1), [NORMAL]),
    "std": (lambda x: ops.std(x, 1), lambda x: x.std(1, correction=0), [NORMAL]),
    "softmax": (ops.softmax, lambda x: x.softmax(-1), [NORMAL]),
    "log_softmax": (lambda x: ops.log_softmax(x, 0), lambda x: x.log_softmax(0), [NORMAL]),
    "reshape": (lambda x: ops.reshape(x, (2, -1)), lambda x: x.reshape(2, -1), [NORMAL]),
    "ravel": (ops.ravel, lambda x: x.ravel(), [NORMAL]),
    "transpose": (ops.transpose, lambda x: x.T, [NORMAL]),
    "swapaxes": (lambda x: ops.swapaxes(x), lambda x: x.swapaxes(0, 1), [NORMAL]),
    "expand_dims": (lambda x: ops.expand_dims(x, 1), lambda x: x[:, None], [NORMAL]),
    "squeeze": (lambda x: ops.squeeze(x[:, None, :1]), lambda x: x[:, :1].squeeze(), [NORMAL]),
    "broadcast_to": (lambda x: ops.broadcast_to(x, (2, 3, 4)), lambda x: x.broadcast_to(2, 3, 4), [NORMAL]),
    "concatenate": (lambda a, b: ops.concatenate([a, b], 1),
                    lambda a, b: __import__("torch").cat([a, b], 1), [NORMAL, OTHER]),
    "stack": (lambda a, b: ops.stack([a, b]), lambda a, b: __import__("torch").stack([a, b]),
              [NORMAL, OTHER]),
    "contiguous": (lambda x: ops.contiguous(x.T), lambda x: x.T.contiguous(), [NORMAL]),
    "stop_gradient": (lambda x: x * ops.stop_gradient(x), lambda x: x * x.detach(), [NORMAL]),
    "straight_through": (lambda x: ops.straight_through(x > 0, x) * x,
                         lambda x: ((x > 0) * 1.0 + x - x.detach()) * x, [NORMAL]),
    "gate": (lambda x: ops.gate(x, numpy.full((3, 4), 2.0)), lambda x: 2 * x - x.detach(), [NORMAL]),
    "matmul": (ops.matmul, torch_of("matmul"), [NORMAL, OTHER.T.copy()]),
    "cholesky": (lambda x: ops.cholesky(ops.matmul(x, ops.swapaxes(x)) + numpy.eye(3)),
                 lambda x: __import__("torch").linalg.cholesky(x @ x.T + __import__("torch").eye(3)), [NORMAL]),
    "triangular_solve": (lambda b: ops.triangular_solve(ops.cholesky(ops.matmul(b, b.T) + numpy.eye(3)), b),
                         lambda b: __import__("torch").linalg.solve_triangular(
                             __import__("torch").linalg.cholesky(b @ b.T + __import__("torch").eye(3)), b,
                             upper=False), [NORMAL]),
    "log_determinant": (lambda x: ops.log_determinant(ops.cholesky(ops.matmul(x, x.T) + numpy.eye(3))),
                        lambda x: __import__("torch").logdet(x @ x.T + __import__("torch").eye(3)), [NORMAL]),
    "lower_triangular": (lambda a: ops.lower_triangular(a[:, 0], a[0, :3]),
                         lambda a: __import__("torch").diag(a[:, 0]) + __import__("torch").stack(
                             [0 * a[0, :3], __import__("torch").stack([a[0, 0], 0 * a[0, 0], 0 * a[0, 0]]),
                              __import__("torch").stack([a[0, 1], a[0, 2], 0 * a[0, 0]])]), [NORMAL]),
    "normal_log_prob": (ops.normal_log_prob,
                        lambda z, m, v: distribution("Normal", m, (v / 2).exp()).log_prob(z).sum(-1),
                        [NORMAL, OTHER, UNIT]),
    "standard_normal_log_prob": (ops.standard_normal_log_prob,
                                 lambda z: distribution("Normal", 0.0, 1.0).log_prob(z).sum(-1), [NORMAL]),
    "normal_kl_standard": (ops.normal_kl_standard,
                           lambda m, v: ((v.exp() + m**2 - 1 - v) / 2).sum(-1), [NORMAL, UNIT]),
    "normal_kl": (ops.normal_kl,
                  lambda m, v, n, w: __import__("torch").distributions.kl_divergence(
                      distribution("Normal", m, (v / 2).exp()),
                      distribution("Normal", n, (w / 2).exp())).sum(-1), [NORMAL, UNIT, OTHER, POSITIVE]),
    "bernoulli_log_prob": (lambda x: ops.bernoulli_log_prob(x, UNIT),
                           lambda x: -functional("binary_cross_entropy_with_logits")(
                               x, __import__("torch").tensor(UNIT), reduction="none").sum(-1), [NORMAL]),
    "mixture_log_prob": (lambda z, m, v: ops.mixture_log_prob(z, m, v, -numpy.log(3)),
                         lambda z, m, v: (distribution("Normal", m[None], (v[None] / 2).exp())
                                          .log_prob(z[:, None]).sum(-1).logsumexp(1) - numpy.log(3)),
                         [NORMAL, OTHER, UNIT]),
    "stirling_error": (ops.stirling_error,
                       lambda x: x.lgamma() - ((x - 0.5) * x.log() - x + 0.5 * numpy.log(2 * numpy.pi)),
                       [POSITIVE]),
    "digamma_minus_log": (ops.digamma_minus_log, lambda x: x.digamma() - x.log(), [POSITIVE]),
    "gamma_entropy": (ops.gamma_entropy, lambda x: x + x.lgamma() + (1 - x) * x.digamma(), [POSITIVE]),
    "log_bessel_i0e": (ops.log_bessel_i0e, lambda x: __import__("torch").special.i0e(x).log(), [POSITIVE]),
    "von_mises_entropy": (ops.von_mises_entropy, lambda x: _von_mises_entropy(x), [POSITIVE]),
    "log_expm1_ratio": (ops.log_expm1_ratio, lambda x: (x.expm1() / x).log(), [NORMAL]),
    "tilted_uniform_mean": (ops.tilted_uniform_mean, lambda x: x.exp() / x.expm1() - 1 / x, [POSITIVE]),
    "poisson_log_mass": (lambda r: ops.poisson_log_mass(numpy.full((3, 4), 2.0), r),
                         lambda r: distribution("Poisson", r.exp()).log_prob(
                             __import__("torch").full((3, 4), 2.0, dtype=r.dtype)), [NORMAL]),
    "negative_binomial_log_mass": (
        lambda m, r: ops.negative_binomial_log_mass(numpy.full((3, 4), 2.0), m, r),
        lambda m, r: distribution("NegativeBinomial", r.exp(), logits=m - r).log_prob(
            __import__("torch").full((3, 4), 2.0, dtype=r.dtype)), [NORMAL, OTHER]),
    "gamma_divergence": (lambda p, q: ops.gamma_divergence(p, q, 0.5),
                         lambda p, q: __import__("torch").distributions.kl_divergence(
                             distribution("Gamma", p.exp(), p.exp() * 0 + numpy.exp(-0.5)),
                             distribution("Gamma", q.exp(), q.exp() * 0 + 1)), [NORMAL, OTHER]),
    "dirichlet_divergence": (ops.dirichlet_divergence,
                             lambda p, q: __import__("torch").distributions.kl_divergence(
                                 distribution("Dirichlet", p.exp()), distribution("Dirichlet", q.exp())),
                             [NORMAL, OTHER]),
    "rounded_logistic_mean": (
        lambda m, s: ops.rounded_logistic_mean(m, s),
        lambda m, s: ((m[..., None] - (__import__("torch").arange(255, dtype=m.dtype) + 0.5) / 255)
                      / s[..., None].exp()).sigmoid().sum(-1) / 255, [UNIT, NORMAL - 2]),
    "log_gamma_quantile": None, "student_t_quantile": None, "von_mises_quantile": None,
    "logit_beta_quantile": None, "negative_binomial_quantile": None,
    "less": None, "less_equal": None, "greater": None, "greater_equal": None, "equal": None,
    "not_equal": None, "take_rows": None,
}


def _von_mises_entropy(x):
    special = __import__("torch").special
    return numpy.log(2 * numpy.pi) + special.i0e(x).log() + x - x * special.i1e(x) / special.i0e(x)


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case])
def test_against_torch(name):
    f, g, arrays = CASES[name]
    value, gradients = taped(f, *arrays)
    expected, derivatives = by_torch(g, *arrays)
    assert value == pytest.approx(expected, rel=1e-9, abs=1e-11)
    for gradient, derivative in zip(gradients, derivatives, strict=True):
        assert gradient == pytest.approx(derivative, rel=1e-7, abs=1e-9)


def test_every_operator_is_among_them():
    functions = {name for name, _ in inspect.getmembers(ops, inspect.isfunction) if name[0] != "_"}
    assert functions == {name for name in CASES if " " not in name}
    core = {name[3:] for name in dir(nelbo._core) if name.startswith("op_")}
    source = inspect.getsource(ops)
    assert [name for name in core if f"_core.op_{name}(" not in source and f'"{name}"' not in source] == ["slice"]


def test_quantiles_invert_distributions():
    stats = pytest.importorskip("scipy.stats")
    a = POSITIVE
    value, _ = taped(lambda x: ops.log_gamma_quantile(x, UNIT), a)
    assert stats.gamma(a).cdf(numpy.exp(value)) == pytest.approx(UNIT, rel=1e-9)
    value, _ = taped(lambda x: ops.student_t_quantile(x, UNIT), a)
    assert stats.t(a).cdf(value) == pytest.approx(UNIT, rel=1e-9)
    value, _ = taped(lambda x: ops.von_mises_quantile(x, UNIT), a)
    assert stats.vonmises(a).cdf(value) == pytest.approx(UNIT, rel=1e-7)
    value, _ = taped(lambda x: ops.logit_beta_quantile(x, 2.0, UNIT), a)
    assert stats.beta(a, 2.0).cdf(1 / (1 + numpy.exp(-value))) == pytest.approx(UNIT, rel=1e-9)


def test_comparisons():
    with nelbo.Tape() as tape:
        x = tape.variable(numpy.array([1.0, 2.0, 3.0]))
        for f, expected in [(ops.less, [1, 0, 0]), (ops.less_equal, [1, 1, 0]), (ops.greater, [0, 0, 1]),
                            (ops.greater_equal, [0, 1, 1]), (ops.equal, [0, 1, 0]), (ops.not_equal, [1, 0, 1])]:
            assert f(x, 2.0).value().tolist() == expected
        index = tape.constant(numpy.array([2, 0]))
        assert ops.take_rows(x, index).value().tolist() == ops.take_rows(x, [2, 0]).value().tolist() == [3, 1]
        assert (x == 2).value().tolist() == [0, 1, 0] and (x != 2.0).value().tolist() == [1, 0, 1]
        assert (numpy.array([1.0, 0, 3]) == x).value().tolist() == [1, 0, 1]
        assert len({x, x}) == 1 and x in {x}


@pytest.mark.parametrize("index", [0, -1, slice(1, 3), (slice(None), 1), (..., None), (None, 2, slice(0, 2)),
                                   (..., 1), (slice(-2, None), slice(1, -1))])
def test_indices_are_numpys(index):
    with nelbo.Tape() as tape:
        x = tape.variable(NORMAL)
        assert x[index].value() == pytest.approx(NORMAL[index])
        assert x[index].shape == NORMAL[index].shape


def test_numbers_and_arrays_beside_variables():
    with nelbo.Tape() as tape:
        x = tape.variable(NORMAL)
        for made, expected in [(1 - x, 1 - NORMAL), (OTHER + x, OTHER + NORMAL), (x @ OTHER.T, NORMAL @ OTHER.T),
                               (OTHER.T @ x, OTHER.T @ NORMAL), (2 / x, 2 / NORMAL), (2**x, 2**NORMAL),
                               (numpy.float64(3) * x, 3 * NORMAL), (-abs(x), -abs(NORMAL)),
                               (x.T.reshape(-1), NORMAL.T.ravel()), (x.mean(axis=1), NORMAL.mean(axis=1))]:
            assert made.value() == pytest.approx(expected)
        assert len(x) == 3 and x.ndim == 2 and x.dtype == "f64"
        assert tape.variable(NORMAL.astype(numpy.float32)).dtype == "f32"


def test_numpys_functions_of_variables_record():
    with nelbo.Tape() as tape:
        x = tape.variable(POSITIVE)
        for made, expected in [(numpy.exp(x), numpy.exp(POSITIVE)), (numpy.abs(-x), POSITIVE),
                               (numpy.sum(x, axis=1), POSITIVE.sum(1)), (numpy.var(x, axis=0), POSITIVE.var(0)),
                               (numpy.where(x > 1, x, 0), numpy.where(POSITIVE > 1, POSITIVE, 0)),
                               (numpy.maximum(OTHER, x), numpy.maximum(OTHER, POSITIVE)),
                               (numpy.concatenate([x, x]), numpy.concatenate([POSITIVE, POSITIVE])),
                               (numpy.add(x, 1), POSITIVE + 1), (numpy.square(x).sum(), (POSITIVE**2).sum())]:
            assert made.value() == pytest.approx(expected)
        with pytest.raises(TypeError, match="numpy.floor of a variable .* no floor"):
            numpy.floor(x)
        with pytest.raises(TypeError, match="add.reduce"):
            numpy.add.reduce(x)


def test_what_torch_has_is_named():
    with nelbo.Tape() as tape:
        x = tape.variable(NORMAL)
        for name, there in [("exp", "nelbo.ops.exp"), ("detach", "stop_gradient"), ("unsqueeze", r"x\[None\]")]:
            with pytest.raises(AttributeError, match=there):
                getattr(x, name)
        assert not hasattr(x, "nothing_of_the_kind")
        with pytest.raises(TypeError, match="take_rows"):
            x[[0, 1]]
        with pytest.raises(TypeError, match="where"):
            x[x > 0]
        with pytest.raises(TypeError, match="exp: a variable was wanted, not float"):
            ops.exp(1.0)
        with pytest.raises(ValueError, match="no single number"):
            float(x)


def test_refusals():
    with nelbo.Tape() as tape:
        x = tape.variable(NORMAL)
        with pytest.raises(ValueError, match=r"\[3, 4\]"):
            ops.matmul(x, x)
        with pytest.raises(IndexError):
            x[5]
        with pytest.raises(ValueError, match="step"):
            x[::2]
        with pytest.raises(TypeError):
            x + "text"
        with pytest.raises(TypeError):
            ops.add(NORMAL, OTHER)
        with pytest.raises(ValueError, match="integers"):
            tape.variable(numpy.arange(3))
        with pytest.raises(ValueError, match="recording already"):
            tape.__enter__()
    with pytest.raises(ValueError):
        x + 1
    other = nelbo.Tape()
    with pytest.raises(ValueError, match="another tape"):
        other.gradient(x)


def test_variables_keep_their_tape():
    def made():
        with nelbo.Tape() as tape:
            return ops.exp(tape.variable(numpy.zeros(3)))

    assert made().value().tolist() == [1, 1, 1]
