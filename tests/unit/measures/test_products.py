"""Products of centred rows, kept or taken a part at a time."""

import numpy as np
import pytest

from evolution.measures.devices import on_host
from evolution.measures.products import Products

pytestmark = pytest.mark.usefixtures("one_thread")


def centred(rows):
    exact = rows.astype(float) - rows.astype(float).mean(0)
    return exact / np.sqrt(np.square(exact).sum(1).mean())


@pytest.mark.parametrize("kept", [2**26, 0], ids=["kept", "in parts"])
@pytest.mark.parametrize("scale", [1, 1e-20, 1e20])
def test_products_are_of_centred_rows(kept, scale, device):
    rows = ((np.random.default_rng(0).gamma(1, size=(9000, 7)) + 3) * scale).astype(np.float32)
    exact, products = centred(rows / np.float32(scale)), Products(rows, kept_numbers=kept, device=device)
    chosen = np.array([5, 8999, 1])
    np.testing.assert_allclose(on_host(products.part(chosen)), exact[chosen], rtol=1e-4, atol=1e-6)
    folds = np.array_split(np.random.default_rng(1).permutation(9000), 4)
    for fold, moment in zip(folds, products.moments(folds)):
        np.testing.assert_allclose(on_host(moment), exact[fold].T @ exact[fold], rtol=1e-4, atol=0.01)
    np.testing.assert_allclose(on_host(products.smaller()), exact.T @ exact, rtol=1e-4, atol=0.01)
    assert not products.constant


def test_of_the_products_of_samples_and_of_features_the_fewer_are_taken():
    wide = np.random.default_rng(0).normal(size=(20, 50))
    assert Products(wide).smaller().shape == (20, 20) and Products(wide.T).smaller().shape == (20, 20)
    taken = Products(wide)
    taken.moments([np.arange(20)])
    assert taken.smaller().shape == (50, 50), "what is there serves"
    np.testing.assert_allclose(Products(wide).gram(), centred(wide) @ centred(wide).T, atol=1e-12)


@pytest.mark.parametrize("kept", [2**26, 0], ids=["kept", "in parts"])
@pytest.mark.parametrize("value", [0, 0.1])
def test_a_constant_layer(kept, value, device):
    assert Products(np.full((30, 4), value, np.float32), kept_numbers=kept, device=device).constant
