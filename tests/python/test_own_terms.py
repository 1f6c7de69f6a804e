"""Terms that Python functions record: once for each recording, and never in training."""
import itertools
import pathlib

import numpy
import nelbo
import pytest
from nelbo import ops

SETTINGS = dict(hidden=[16], latent=3)
names = (f"own{i}" for i in itertools.count())


def own(function, **given):
    return nelbo.term(name=next(names), **{"moves": ["phi"], **given})(function)


@pytest.fixture(autouse=True)
def quiet():
    with pytest.warns(nelbo.NelboWarning):
        nelbo.load_data("sprites:32"), nelbo.Trainer("sprites:32", **SETTINGS)
        yield


def trained(objective, steps=40):
    trainer = nelbo.Trainer("sprites:32", objective=objective, **SETTINGS)
    for _ in range(steps):
        trainer.step()
    return trainer


def same(a, b):
    return all((a.parameters[name] == b.parameters[name]).all() for name in a.parameters)


def test_never_called_after_the_last_recording():
    calls = []

    def sparsity(draw):
        calls.append(None)
        return abs(draw.z()).sum(-1)

    term = own(sparsity)
    trainer = nelbo.Trainer("sprites:32", objective=nelbo.nell() + nelbo.div() + 0.1 * term(),
                            **SETTINGS)
    of_training = len(calls)
    assert of_training == term.recordings >= 1
    for _ in range(50):
        trainer.step()
    assert len(calls) == of_training
    trainer.fit(1)  # at its end the test examples are recorded
    recorded = len(calls)
    assert recorded <= of_training + 2
    trainer.fit(2)
    for _ in range(100):
        trainer.step()
    assert len(calls) == term.recordings == recorded


def test_the_bits_of_the_same_term_in_cpp():
    """draw.kl() is div(exact) itself; the expressions differ by the name alone."""
    kl = own(lambda draw: draw.kl())
    assert same(trained(nelbo.nell() + 2 * kl()), trained("nell + 2*div"))
    mc = own(lambda draw: draw.log_posterior() - draw.log_prior())
    assert same(trained(nelbo.nell() + 2 * mc()), trained("nell + 2*div(mc)"))
    nell = own(lambda draw: -draw.log_likelihood(), moves=["theta", "phi"])
    assert same(trained(nell() + nelbo.div()), trained("nell + div"))


def test_values_are_those_of_numpy():
    term = own(lambda draw: ops.square(draw.mean()).sum(-1))
    run = nelbo.train("sprites:32", objective=nelbo.nell() + nelbo.div() + term(), steps=20,
                      quiet=True, out="run", **SETTINGS)
    test = run.result.test
    mean = run.encode().mean.astype(numpy.float64)
    # The objective is shown as a gain, and div in closed form.
    assert -test["objective"] - test["nell"] - test["div"] == pytest.approx(
        (mean**2).sum(-1).mean(), rel=1e-4)


def test_a_cell_that_runs_again_means_the_new_function():
    first = nelbo.term(name="again", moves=["phi"])(lambda draw: draw.kl())
    kept = nelbo.Trainer("sprites:32", objective="nell + again", **SETTINGS)
    second = nelbo.term(name="again", moves=["phi"])(lambda draw: 3 * draw.kl())
    assert same(trained("nell + again"), trained("nell + 3*div"))
    assert same(trained(nelbo.nell() + second()), trained("nell + 3*div"))
    for _ in range(40):
        kept.step()
    assert same(kept, trained("nell + div"))
    assert first.recordings > 0


def test_noise_is_fresh_at_each_step_and_known_by_the_seed():
    term = own(lambda draw: (draw.z()[0] * draw.noise("own", draw.batch, draw.latent)).sum(-1))
    assert same(trained(nelbo.nell() + nelbo.div() + term()),
                trained(nelbo.nell() + nelbo.div() + term()))


def test_pairs_of_a_batch():
    def spread(draw):
        z = draw.z()[0]
        return ops.mean(abs(z[:, None, :] - z[None, :, :]))

    term = own(spread, pairwise=True)
    trainer = trained(nelbo.nell() + nelbo.div() - 0.1 * term(), steps=5)
    assert numpy.isfinite(trainer.evaluate()["objective"])


def test_discrete_codes_have_expectations():
    term = own(lambda draw: draw.expectation(lambda codes: codes.z().sum(-1)))
    trainer = nelbo.Trainer("sprites:32", objective=nelbo.nell() + nelbo.div() + term(),
                            posterior="bernoulli", estimator="rloo", **SETTINGS)
    trainer.step()
    wrong = own(lambda draw: draw.z().sum(-1))
    with pytest.raises(ValueError, match="reparameterised"):
        nelbo.Trainer("sprites:32", objective=nelbo.nell() + nelbo.div() + wrong(),
                      posterior="bernoulli", estimator="rloo", **SETTINGS)


@pytest.mark.parametrize("read", [float, bool, numpy.asarray, lambda x: x.item(), lambda x: x.value()])
def test_reading_a_value_while_recording(read):
    term = own(lambda draw: draw.z().sum(-1) if read(draw.z().sum()) else draw.kl())
    with pytest.raises(ValueError, match="recorded"):
        nelbo.Trainer("sprites:32", objective=nelbo.nell() + term(), **SETTINGS)


def test_what_is_no_value():
    term = own(lambda draw: 3.0)
    with pytest.raises(ValueError, match="returned float"):
        nelbo.Trainer("sprites:32", objective=nelbo.nell() + term(), **SETTINGS)


def test_what_is_no_value_of_each_datum():
    with pytest.raises(ValueError, match=r"returned \[1, \d+, \d\]; values are \[1, \d+\] .* \.sum\(-1\)"):
        nelbo.Trainer("sprites:32", objective=nelbo.nell() + own(lambda draw: draw.z())(), **SETTINGS)


def test_a_term_without_more():
    @nelbo.term
    def bare(draw):
        """What it is."""
        return draw.kl()

    assert same(trained(nelbo.nell() + bare()), trained("nell + div"))


def test_errors_of_the_function_come_through():
    def wrong(draw):
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        nelbo.Trainer("sprites:32", objective=nelbo.nell() + own(wrong)(), **SETTINGS)
    with pytest.raises(KeyError, match="mine"):
        nelbo.train("sprites:32", objective=nelbo.nell() + own(wrong)(), quiet=True, **SETTINGS)
    assert not pathlib.Path("runs").exists()


def test_variables_end_with_their_recording():
    kept = []

    def keeps(draw):
        kept.extend([draw, draw.z()])
        return draw.kl()

    nelbo.Trainer("sprites:32", objective=nelbo.nell() + own(keeps)(), **SETTINGS)
    with pytest.raises(ValueError, match="over"):
        kept[0].z()
    with pytest.raises(ValueError, match="over"):
        kept[1] + 1
    assert "over" in repr(kept[1])


def test_words_of_nelbo_stay():
    with pytest.raises(ValueError, match="'tc' is a word of nelbo's own"):
        nelbo.term(name="tc")(lambda draw: draw.kl())
    with pytest.raises(ValueError):
        nelbo.term(name="no name")(lambda draw: draw.kl())


def test_studies_know_it():
    term = own(lambda draw: abs(draw.z()).sum(-1), meaning="mean absolute code")
    found = nelbo.explain(nelbo.nell() + 0.1 * term())
    assert found.quantities[1]["meaning"] == "mean absolute code"
    study = nelbo.gradvar("linear-gaussian", objective=nelbo.nell() + 0.1 * term(), replicates=8)
    assert study.rows and study.rows[0]["undefined"] is None


def test_a_command_inside_a_term():
    term = own(lambda draw: nelbo.explain("elbo"))
    with pytest.raises(ValueError, match="runs already"):
        nelbo.train("sprites:32", objective=nelbo.nell() + term(), quiet=True, **SETTINGS)
