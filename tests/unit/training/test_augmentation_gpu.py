"""Augmentation of batches on a GPU, where there is one."""

import numpy as np
import pytest
import torch

from evolution.training.augmentation import Augmentation

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU that torch can use")

MEAN, STD = np.array([0.4, 0.5, 0.3], np.float32), np.array([0.2, 0.25, 0.3], np.float32)
LABELS = torch.arange(8) % 4
DRAWN_ON_THE_CPU = (
    [{"RandomCrop": {"size": [12, 10], "padding": 4}}, "RandomHorizontalFlip", "RandomErasing"],
    [{"RandomRotation": {"degrees": 30, "interpolation": "bilinear"}}, "MixUp"],
    [{"JPEG": {"quality": [60, 90]}}, "CutMix"],
)
DRAWN_ON_THE_GPU = (["AugMix"], ["GaussianNoise"])


def augment(transforms, device, seed=3):
    pixels = torch.rand((8, 3, 12, 10), generator=torch.Generator().manual_seed(1))
    images = ((pixels - torch.from_numpy(MEAN)[:, None, None]) / torch.from_numpy(STD)[:, None, None]).to(device)
    return Augmentation(transforms, mean=MEAN, std=STD, classes=4)(images, LABELS.to(device), seed=seed)


@pytest.mark.parametrize("transforms", DRAWN_ON_THE_CPU, ids=str)
def test_batches_are_those_of_a_cpu(transforms):
    expected, expected_labels = augment(transforms, "cpu")
    changed, labels = augment(transforms, "cuda")
    assert changed.device.type == labels.device.type == "cuda"
    # A byte may be rounded to the other side: 1/255 over the least std.
    limit = 0.021 if "JPEG" in str(transforms) else 1e-4
    torch.testing.assert_close(changed.cpu(), expected, rtol=0, atol=limit)
    torch.testing.assert_close(labels.cpu(), expected_labels, rtol=0, atol=1e-6)


@pytest.mark.parametrize("transforms", DRAWN_ON_THE_CPU + DRAWN_ON_THE_GPU, ids=str)
def test_all_draws_come_from_the_seed(transforms):
    before = torch.cuda.get_rng_state()
    first = augment(transforms, "cuda")
    assert torch.equal(torch.cuda.get_rng_state(), before)
    torch.rand(5, device="cuda")
    again, other = augment(transforms, "cuda"), augment(transforms, "cuda", seed=4)
    assert torch.equal(first[0], again[0])
    assert not torch.equal(first[0], other[0])
