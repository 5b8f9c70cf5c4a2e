"""The fused convolution against torch's own layers, one after the other in float64, and where training uses it."""

from functools import partial

import pytest
import torch
from torch import nn

from evolution.models.build import build_model
from evolution.training.fused_convolution import CHEAP_WEIGHTS, SMALLEST_SCALE, fused_block, training_forward


def block(channels, outputs, kernel, seed=0, dtype=torch.float64):
    """The layers of a block, its batch norm with scales above zero, shifts and running figures of its own."""
    generator = torch.Generator().manual_seed(seed)
    torch.manual_seed(seed)
    conv, norm = nn.Conv2d(channels, outputs, kernel, padding=kernel // 2), nn.BatchNorm2d(outputs, momentum=0.3)
    with torch.no_grad():
        norm.weight.uniform_(0.2, 2, generator=generator)
        norm.bias.normal_(generator=generator)
        norm.running_mean.normal_(generator=generator)
        norm.running_var.uniform_(0.5, 2, generator=generator)
    return conv.to(dtype), norm.to(dtype), nn.MaxPool2d(2)


def one_by_one(images, conv, norm, pool):
    return pool(torch.relu(norm(conv(images))))


def fused(images, conv, norm, pool, **more):
    return fused_block(images, conv=conv, norm=norm, pool=pool, **more)


def step(forward, images, layers, weighting):
    """The output, the gradients and batch norm's running figures after one pass there and back."""
    images = images.clone().requires_grad_()
    output = forward(images, *layers)
    (output * weighting).sum().backward()
    conv, norm, _ = layers
    found = {"output": output.detach(), "images": images.grad}
    found |= {f"conv.{name}": values.grad for name, values in conv.named_parameters()}
    found |= {f"norm.{name}": values.grad for name, values in norm.named_parameters()}
    return found | {name: values.clone() for name, values in norm.named_buffers()}


def draw(*shape, seed=1):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("part_bytes", [1, 20_000, 10**9])
@pytest.mark.parametrize(
    ("channels", "outputs", "kernel", "height", "width"),
    [(1, 4, 3, 8, 8), (3, 5, 3, 9, 7), (7, 3, 3, 4, 6), (5, 8, 5, 5, 12), (2, 1, 1, 2, 2)],
)
def test_as_the_layers_one_by_one(layout, part_bytes, channels, outputs, kernel, height, width):
    # Kernels on both sides of what is worth computing again, images in one part and in many, with one left over.
    images = draw(11, channels, height, width).contiguous(memory_format=layout)
    weighting = draw(11, outputs, height // 2, width // 2, seed=2)
    expected = step(one_by_one, images, block(channels, outputs, kernel), weighting)
    found = step(partial(fused, part_bytes=part_bytes), images, block(channels, outputs, kernel), weighting)
    assert found.keys() == expected.keys()
    for name, values in expected.items():
        torch.testing.assert_close(
            found[name], values, rtol=1e-9, atol=1e-9, msg=lambda text, name=name: f"{name} {text}"
        )


def test_the_cases_above_lie_on_both_sides_of_what_is_computed_again():
    counts = [channels * kernel**2 for channels, kernel in [(1, 3), (3, 3), (7, 3), (5, 5), (2, 1)]]
    assert min(counts) <= CHEAP_WEIGHTS < max(counts)


@pytest.mark.parametrize("scale", [0.0, -0.5])
def test_a_scale_that_is_not_above_zero(scale):
    # The order of values is turned around, or lost: the pool has to come after batch norm.
    images, weighting = draw(6, 2, 8, 8), draw(6, 4, 4, 4, seed=2)
    results = []
    for forward in (one_by_one, fused):
        layers = block(2, 4, 3)
        with torch.no_grad():
            layers[1].weight[2] = scale
        results.append(step(forward, images, layers, weighting))
    for name, values in results[0].items():
        torch.testing.assert_close(results[1][name], values, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("share", [1e-4, 0.9e-2, 1.1e-2, 1.0])
def test_a_scale_that_is_small_for_its_shift_gets_its_gradient_in_float32(share):
    # With so small a scale, the output holds too few digits of the normalised values.
    images, weighting = draw(40, 2, 8, 8), draw(40, 4, 4, 4, seed=2)
    results = []
    for forward, dtype in ((one_by_one, torch.float64), (fused, torch.float32)):
        layers = block(2, 4, 3, dtype=dtype)
        with torch.no_grad():
            layers[1].bias.fill_(3)
            layers[1].weight.fill_(3 * share)
        results.append(step(forward, images.to(dtype), layers, weighting.to(dtype))["norm.weight"].double())
    torch.testing.assert_close(results[1], results[0], rtol=1e-5, atol=0)
    step_of_all = fused(images.float(), *layers).grad_fn.name()
    assert ("FusedBlock" in step_of_all) == (share > SMALLEST_SCALE)


def test_maps_of_more_pixels_than_16_bits_hold():
    images, weighting = draw(2, 1, 184, 186), draw(2, 2, 92, 93, seed=2)
    expected, found = (step(forward, images, block(1, 2, 3), weighting) for forward in (one_by_one, fused))
    for name, values in expected.items():
        torch.testing.assert_close(found[name], values, rtol=1e-9, atol=1e-9)


def test_evaluation_takes_the_running_figures_and_leaves_them():
    layers = block(2, 4, 3)
    layers[1].eval()
    images, before = draw(6, 2, 8, 8), layers[1].running_mean.clone()
    with torch.inference_mode():
        torch.testing.assert_close(fused(images, *layers), one_by_one(images, *layers))
    assert torch.equal(layers[1].running_mean, before)


def test_no_precision_is_lost_where_values_lie_far_from_zero():
    # As the mean of squares less the square of the mean, a variance of 1 would be lost next to 1e6 in float32.
    images = draw(64, 1, 32, 32) + 1000
    expected_layers, layers = block(1, 2, 1), block(1, 2, 1, dtype=torch.float32)
    expected = one_by_one(images, *expected_layers)
    output = fused(images.float(), *layers)
    torch.testing.assert_close(output.double(), expected, rtol=2e-3, atol=2e-3)
    torch.testing.assert_close(layers[1].running_var.double(), expected_layers[1].running_var, rtol=1e-4, atol=0)


@pytest.mark.parametrize("channels", [2, 7])
def test_a_second_pass_back_gives_the_same(channels):
    images, layers = draw(5, channels, 6, 6).requires_grad_(), block(channels, 3, 3)
    output = fused(images, *layers).sum()
    first, second = (
        torch.autograd.grad(output, [images, *layers[0].parameters()], retain_graph=True) for _ in range(2)
    )
    for one, other in zip(first, second, strict=True):
        assert torch.equal(one, other)


def test_not_a_number_comes_through():
    images = draw(4, 1, 4, 4)
    images[2] = torch.nan
    assert fused(images, *block(1, 2, 3)).isnan().all()


def small_cnn():
    return build_model("small_cnn", kwargs={"dropout": 0.0}, shape=(1, 8, 8), classes=3, seed=5).train()


def pass_there_and_back(forward, model, images):
    """The logits, the gradients and batch norm's running figures after a step of training."""
    logits = forward(images)
    (logits * draw(len(images), 3, seed=4).to(logits.dtype)).sum().backward()
    return {"logits": logits.detach()} | {
        **{f"gradient of {name}": values.grad for name, values in model.named_parameters()},
        **{name: values.clone() for name, values in model.named_buffers()},
    }


def operations(logits):
    """The names of all operations that a gradient passes on its way back."""
    names, pending = set(), [logits.grad_fn]
    while pending:
        operation = pending.pop()
        if operation is not None:
            names.add(operation.name())
            pending += [before for before, _ in operation.next_functions]
    return names


def test_small_cnn_trains_with_the_fused_convolution_and_as_without():
    images, model, expected = draw(12, 1, 8, 8).float(), small_cnn(), small_cnn()
    forward = training_forward(model)
    assert any("FusedBlock" in name for name in operations(forward(images)))
    assert not any("FusedBlock" in name for name in operations(model(images)))
    model.load_state_dict(expected.state_dict())
    found = pass_there_and_back(forward, model, images)
    for name, values in pass_there_and_back(expected, expected, images).items():
        torch.testing.assert_close(found[name], values, rtol=1e-4, atol=1e-4, msg=lambda text, name=name: name + text)


def test_other_models_train_as_they_are():
    for model in (nn.Linear(2, 3), build_model("tiny_cnn", kwargs={}, shape=(1, 8, 8), classes=3, seed=5)):
        assert training_forward(model) is model


@pytest.mark.parametrize(
    "register",
    [
        "register_forward_hook",
        "register_forward_pre_hook",
        "register_full_backward_hook",
        "register_full_backward_pre_hook",
    ],
)
@pytest.mark.parametrize("module", ["conv2", "pool", ""])
def test_a_hook_sees_what_it_sees_without_fusing(register, module):
    images, seen = draw(12, 1, 8, 8).float().requires_grad_(), []

    def hook(module, *tensors):
        seen[-1] += [
            tensor.detach().clone()
            for group in tensors
            for tensor in (group if isinstance(group, tuple) else (group,))
            if tensor is not None
        ]

    for forward_of in (training_forward, lambda model: model):
        model = small_cnn()
        handle = getattr(model.get_submodule(module), register)(hook)
        seen.append([])
        pass_there_and_back(forward_of(model), model, images)
    assert len(seen[0]) == len(seen[1]) > 0
    assert all(map(torch.equal, *seen))
    handle.remove()
    assert training_forward(model) is not model, "without the hook it is fused again"
