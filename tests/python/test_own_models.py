"""Networks of Python functions."""
import nelbo
import pytest
from nelbo import layers, ops

calls = []


@nelbo.architecture(latent=3)
def like_mlp(networks):
    """The networks of mlp with one hidden layer of 16."""
    calls.append("declared")
    encoder = layers.sequential(networks.linear("encoder.0", networks.inputs, 16, "tanh"),
                                networks.encoder_head(16))
    hidden, output = networks.linear("decoder.0", networks.codes, 16), networks.decoder_output(16)

    def decode(z):
        calls.append("recorded")
        return output(ops.tanh(hidden(z)))

    return encoder, decode


def test_the_bits_of_the_same_networks_in_cpp():
    own = nelbo.train("sprites:32", model="like_mlp", steps=40, out="own", quiet=True)
    mlp = nelbo.train("sprites:32", model="mlp", hidden=[16], latent=3, steps=40, out="mlp", quiet=True)
    assert own.parameters.keys() == mlp.parameters.keys()
    for name, value in mlp.parameters.items():
        assert own.parameters[name] == pytest.approx(value, abs=1e-5), name
    assert own.evaluate().elbo == pytest.approx(mlp.evaluate().elbo, abs=1e-3)
    assert nelbo.open("own").encode().mean.shape == (1000, 3)


def test_never_called_in_training():
    with pytest.warns(nelbo.NelboWarning):
        trainer = nelbo.Trainer("sprites:32", model="like_mlp")
    trainer.fit(1)
    before = len(calls)
    trainer.fit(1)
    assert len(calls) == before


def test_convolutions():
    @nelbo.architecture(latent=2, name="own_convolutions")
    def define(networks):
        assert networks.example == [32, 32]
        first = networks.conv2d("encoder.0", 1, 4, 4, 2, 1, "relu")
        head = networks.encoder_head(16 * 16 * 4)
        output = networks.decoder_output(8)
        hidden = networks.linear("decoder.0", networks.codes, 8, "relu")
        return lambda x: head(first(x.reshape(-1, 32, 32, 1)).reshape(-1, 16 * 16 * 4)), \
            layers.sequential(hidden, networks.dropout(0.1), output)

    run = nelbo.train("sprites:32", model="own_convolutions", posterior="full", steps=5, out="run", quiet=True)
    assert run.parameters["encoder.0.weight"].shape == (4, 1, 4, 4)


def test_mistakes():
    with pytest.raises(ValueError, match="a model of nelbo's own"):
        nelbo.architecture(name="mlp")(like_mlp)

    @nelbo.architecture(name="own_wrong")
    def define(networks):
        return networks.linear("middle.0", 3, 4)

    with pytest.raises(ValueError, match="begins with 'encoder.'"):
        nelbo.train("sprites:32", model="own_wrong", quiet=True)
    nelbo.architecture(name="own_wrong")(lambda networks: None)
    with pytest.raises(ValueError, match="two functions"):
        nelbo.train("sprites:32", model="own_wrong", quiet=True)
