"""torchvision's classifiers, made to fit the images."""

import pytest
import torch

from evolution.errors import ModelError
from evolution.models.torchvision_models import build_torchvision, torchvision_classifiers

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.mark.parametrize("channels", [1, 2, 3])
def test_a_resnet_takes_the_images_channels(channels):
    """Three channels are torchvision's own network; any other number has a first convolution of its own."""
    from torchvision.models import resnet18

    torch.manual_seed(5)
    model = build_torchvision("resnet18", kwargs={}, shape=(channels, 32, 32), classes=7)
    torch.manual_seed(5)
    plain = resnet18(num_classes=7)
    assert model.conv1.weight.shape == (64, channels, 7, 7)
    assert (model.conv1.stride, model.conv1.padding, model.conv1.bias) == ((2, 2), (3, 3), None)
    ours, theirs = model.state_dict(), plain.state_dict()
    assert list(ours) == list(theirs)
    same = [name for name in ours if torch.equal(ours[name], theirs[name])]
    assert set(ours) - set(same) == ({"conv1.weight"} if channels != 3 else set())
    assert model.eval()(torch.zeros(2, channels, 32, 32)).shape == (2, 7)


def test_arguments():
    kwargs = {"width_mult": 0.25, "dropout": 0.5}
    model = build_torchvision("mobilenet_v2", kwargs=kwargs, shape=(1, 32, 32), classes=4)
    assert model.classifier[0].p == 0.5
    assert model.features[0][0].out_channels == 8 and model.features[0][0].in_channels == 1


def test_googlenet_trains_with_one_output():
    model = build_torchvision("googlenet", kwargs={"init_weights": False}, shape=(3, 32, 32), classes=4)
    assert model.train()(torch.zeros(2, 3, 32, 32)).shape == (2, 4)


def test_a_vision_transformer_takes_the_images_size():
    model = build_torchvision("vit_b_32", kwargs={}, shape=(1, 64, 64), classes=4)
    assert model.image_size == 64 and model.conv_proj.in_channels == 1
    for shape in ((1, 28, 28), (3, 32, 64), (3, 33, 33)):
        with pytest.raises(
            ModelError, match=r"patches of 32 x 32 .*Set dataset\.image_size to a multiple of 32"
        ) as error:
            build_torchvision("vit_b_32", kwargs={}, shape=shape, classes=4)
        assert error.value.key == "model.name"


def test_only_classifiers_have_a_name():
    assert {"resnet18", "vit_b_16", "swin_t"} <= set(torchvision_classifiers())
    for name, near in (("resnet8", "did you mean resnet18"), ("fcn_resnet50", ""), ("raft_large", "")):
        with pytest.raises(ModelError, match=rf"^model\.name: torchvision has no classifier {name}; {near}"):
            build_torchvision(name, kwargs={}, shape=(3, 32, 32), classes=4)
