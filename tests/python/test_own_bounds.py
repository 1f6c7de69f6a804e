"""Bounds and estimators that are Python functions of arrays, beside the same of nelbo's own."""
import math

import numpy
import nelbo
import pytest

SETTINGS = dict(hidden=[16], latent=3, steps=20, batch=20, quiet=True)


@nelbo.bound(meaning="log of the mean weight")
def own_iw(f):
    w = numpy.exp(f - f.max())
    a = w / w.sum()
    return math.log(w.mean()) + f.max(), a, a * (1 - a)


@nelbo.estimator(meaning="sticking the landing", bias="leaves out a part of the score")
def own_stl(f, a, h):
    return a, 0 * a


def same(a, b):
    for name, value in b.parameters.items():
        assert a.parameters[name] == pytest.approx(value, abs=1e-5), name


@pytest.mark.parametrize("estimator", ["reparam", "phi=dreg", "phi=stl"])
def test_a_bound_is_that_of_nelbo(estimator):
    given = dict(estimator=estimator, **SETTINGS)
    same(nelbo.train("sprites:32", objective=own_iw(5), out="own", **given),
         nelbo.train("sprites:32", objective=nelbo.iw(5), out="nelbo", **given))


def test_an_estimator_is_that_of_nelbo():
    given = dict(objective=nelbo.iw(5), **SETTINGS)
    own = nelbo.train("sprites:32", estimator=f"phi={own_stl}", out="own", **given)
    same(own, nelbo.train("sprites:32", estimator="phi=stl", out="nelbo", **given))
    rows = own.gradvar(bounds="iw", m=4, estimators=[own_stl, "stl"], replicates=50).columns()
    for group in set(rows["group"]):
        one, other = rows["variance"][rows["group"] == group]
        assert one == pytest.approx(other, rel=1e-3)


def test_what_a_bound_raises_ends_the_training(capfd):
    @nelbo.bound()
    def own_wrong(f):
        return f[99], f, f

    assert str(own_wrong(3)) == "own_wrong(m=3)"
    with pytest.raises(nelbo.NotFinite):
        nelbo.train("sprites:32", objective=own_wrong(3), out="wrong", **SETTINGS)
    with pytest.raises(ValueError, match="of nelbo's own"):
        nelbo.bound(name="iw")(own_wrong)
    with pytest.raises(ValueError, match="of nelbo's own"):
        nelbo.estimator(name="stl")(own_wrong)
