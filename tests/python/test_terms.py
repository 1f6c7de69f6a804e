"""The algebra of objectives."""
import pickle

import nelbo
import pytest

from conftest import WORDS


def test_terms_print_as_expressions():
    objective = nelbo.nell() + 4 * nelbo.tc("strat")
    assert repr(objective) == "nell + 4*tc(strat)"
    assert objective._repr_latex_() == r"$\mathrm{Nell} + 4\,\mathrm{TC}^{\mathrm{strat}}$"
    assert objective.quantities == ["nell", "tc(strat)"]
    assert objective.direction == "cost" and nelbo.elbo().direction == "gain"
    assert str(2 * nelbo.elbo() - 1) == "2*elbo - 1"
    assert str(abs(nelbo.div() - 25)) == "abs(div - 25)"
    assert str(nelbo.maximum(nelbo.div_j(), 0.5)) == "max(div_j, 0.5)"
    assert str(-nelbo.iw(8) / 2) == str(nelbo.parse("-iw(8)/2"))


def test_every_word_is_a_function():
    other = {"mi_dec", "critic_loss"}  # which stand in no objective
    functions = {"abs": abs, "max": nelbo.maximum, "min": nelbo.minimum}
    for name, _, kind, _ in WORDS:
        if name not in other and name not in functions:
            assert hasattr(nelbo, name), (kind, name)


@pytest.mark.parametrize(
    "made, text",
    [
        (lambda: nelbo.tc("mss", groups=[[0, 1], [2]], level="within"), "tc(mss, groups=[[0,1],[2]], level=within)"),
        (lambda: nelbo.iw(m=8), "iw(m=8)"),
        (lambda: nelbo.mc(4, 2), "mc(k=4, m=2)"),
        (lambda: nelbo.cubo(), "cubo(n=2, m=5)"),
        (lambda: nelbo.renyi(alpha=0.25, m=3), "renyi(alpha=0.25, m=3)"),
        (lambda: nelbo.dip("ii", 10), "dip(ii, diagonal=10)"),
        (lambda: nelbo.mmd("rbf"), "mmd(rbf)"),
        (lambda: nelbo.word("ciwae", beta=0.5, m=2), "ciwae(beta=0.5, m=2)"),
    ],
)
def test_functions_are_words(made, text):
    assert str(made()) == str(nelbo.parse(text))


def test_schedules():
    weight = nelbo.warmup(2, steps=10)
    assert [weight.at(step) for step in (0, 5, 10, 100)] == [0, 1, 2, 2]
    assert str(weight * nelbo.div()) == "warmup(2, steps=10)*div"
    assert nelbo.cosine(1, 0, steps=4, unit="epochs").at(100, epochs=2) == pytest.approx(0.5)
    assert nelbo.nell().at(0) is None


def test_mistakes_show_their_place():
    with pytest.raises(ValueError, match=r"column 8: unknown term 'dvi'; did you mean 'div'\?\n  nell \+ dvi\n *\^"):
        nelbo.parse("nell + dvi")
    with pytest.raises(ValueError, match="cannot be added"):
        nelbo.nell() + nelbo.elbo()
    with pytest.raises(ValueError):
        nelbo.nell() * nelbo.div()
    with pytest.raises(TypeError):
        nelbo.nell() + "div"


def test_pickling():
    objective = nelbo.nell() + nelbo.anneal(0, 4, steps=10) * nelbo.tc("mss")
    assert str(pickle.loads(pickle.dumps(objective))) == str(objective)
