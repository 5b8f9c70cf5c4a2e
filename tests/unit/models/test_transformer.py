"""The transformer against torch's own layers with the same weights."""

import pytest
import torch
from torch import nn

from evolution.errors import ModelError
from evolution.models.transformer import HEADS, WIDTH, Block, TinyTransformer

pytestmark = pytest.mark.usefixtures("one_thread")

NAMES = {
    "self_attn.in_proj_weight": "attention.qkv.weight",
    "self_attn.in_proj_bias": "attention.qkv.bias",
    "self_attn.out_proj.weight": "attention.out.weight",
    "self_attn.out_proj.bias": "attention.out.bias",
    "linear1.weight": "fc1.weight",
    "linear1.bias": "fc1.bias",
    "linear2.weight": "fc2.weight",
    "linear2.bias": "fc2.bias",
    **{name: name for name in ("norm1.weight", "norm1.bias", "norm2.weight", "norm2.bias")},
}


def sentences(count=6, tokens=9, vocabulary=20):
    found = torch.randint(1, vocabulary, (count, tokens), generator=torch.Generator().manual_seed(0))
    for sample in range(count):
        found[sample, sample + 2 :] = 0
    return found


def torchs_block(block):
    layer = nn.TransformerEncoderLayer(WIDTH, HEADS, 2 * WIDTH, dropout=0, norm_first=True, batch_first=True)
    ours = block.state_dict()
    layer.load_state_dict({theirs: ours[name] for theirs, name in NAMES.items()})
    return layer


def test_a_block_is_torchs_encoder_layer():
    torch.manual_seed(3)
    block, padding = Block(), sentences() == 0
    vectors = torch.randn(6, 9, WIDTH)
    expected = torchs_block(block)(vectors, src_key_padding_mask=padding)
    found = block(vectors, padding)
    torch.testing.assert_close(found[~padding], expected[~padding], rtol=1e-4, atol=1e-5)


def test_the_whole_network_from_torchs_layers():
    torch.manual_seed(4)
    model, tokens = TinyTransformer((9,), 3, 20).eval(), sentences()
    padding = tokens == 0
    x = model.embedding.weight[tokens] + model.position
    for block in (model.block1, model.block2):
        x = torchs_block(block)(x, src_key_padding_mask=padding)
    x = torch.nn.functional.layer_norm(x, (WIDTH,), model.norm.weight, model.norm.bias)
    means = torch.stack([row[~empty].mean(0) for row, empty in zip(x, padding)])
    expected = means @ model.head.weight.T + model.head.bias
    torch.testing.assert_close(model(tokens), expected, rtol=1e-4, atol=1e-5)


def test_padding_changes_nothing():
    torch.manual_seed(5)
    model = TinyTransformer((9,), 3, 20).eval()
    tokens = sentences()
    shorter = tokens[:2, :4]
    model_of_shorter = TinyTransformer((4,), 3, 20).eval()
    weights = model.state_dict()
    model_of_shorter.load_state_dict(weights | {"position": weights["position"][:4]})
    torch.testing.assert_close(model(tokens)[:2], model_of_shorter(shorter), rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(model(tokens[:1]), model(tokens)[:1], rtol=1e-4, atol=1e-6)


def test_a_sample_of_padding_alone_is_finite():
    outputs = TinyTransformer((9,), 3, 20).eval()(torch.zeros(2, 9, dtype=torch.int64))
    assert outputs.isfinite().all()


@pytest.mark.parametrize(("shape", "vocabulary"), [((1, 8, 8), None), ((5,), None), ((2, 5), 9)])
def test_samples_that_are_no_tokens(shape, vocabulary):
    with pytest.raises(ModelError, match=r"model\.name: tiny_transformer takes tokens, and dataset\.name gives"):
        TinyTransformer(shape, 3, vocabulary)


def test_dropout_is_of_training_alone():
    torch.manual_seed(6)
    model, tokens = TinyTransformer((9,), 3, 20, dropout=0.5), sentences()
    assert not torch.equal(model.train()(tokens), model(tokens))
    assert torch.equal(model.eval()(tokens), model(tokens))


def test_tokens_of_which_nobody_knows_how_many_there_are():
    with pytest.raises(ModelError, match=r"model\.name: tiny_transformer needs to know how many tokens there are"):
        TinyTransformer((5,), 3, 0)
