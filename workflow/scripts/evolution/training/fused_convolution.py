"""A convolution, batch norm, ReLU and 2x2 max-pool in one operation, which makes small_cnn train faster on a CPU.

Module by module, torch stores the convolution of a full batch whole, and batch norm and pool each pass over it several
times. Most of the time of a step goes to memory, and most of the memory holds values that the pool throws away.
Batch norm keeps the order of values where its scale is positive, so the pool may come first. Here a few images pass at
a time, in the processor's cache, and a convolution that costs less to compute again than to store is not stored at all.

The sums over images are float64 over parts. torch's own batch norm adds up channels-last images one by one in float32,
which moved the losses of a full-batch training by up to 6e-3.

The network knows nothing of this: `training_forward` puts it into a step of training.
"""

from collections.abc import Callable

import torch
from torch import nn
from torch.autograd.function import once_differentiable
from torch.nn import functional
from torch.nn.grad import conv2d_input, conv2d_weight

from evolution.models.networks import SmallCNN

# Bytes of the convolution's output that are computed at a time.
PART_BYTES = 4 * 2**20

# With a scale below this share of its shift, the float32 output has too few digits to recover the normalised values.
SMALLEST_SCALE = 1e-2

# A convolution of at most this many weights for each output channel is computed again in the backward pass.
CHEAP_WEIGHTS = 32


def training_forward(model: nn.Module) -> Callable[[torch.Tensor], torch.Tensor]:
    """What computes the logits in a step of training: the model itself, or for `SmallCNN` a faster form of it.

    Parameters
    ----------
    model : Module
        If any of its modules has a hook, the model itself is called. A hook expects each module to run once on all
        images, and in the faster form the modules run on a few images at a time.

    Returns
    -------
    function of images, float32 (N, C, H, W), that returns logits, float32 (N, classes)
        It holds for as long as no hook is added.
    """
    if type(model) is not SmallCNN or any(map(_has_hooks, model.modules())):
        return model

    def forward(images: torch.Tensor) -> torch.Tensor:
        for conv, norm in ((model.conv1, model.bn1), (model.conv2, model.bn2), (model.conv3, model.bn3)):
            images = fused_block(images, conv=conv, norm=norm, pool=model.pool)
        return model.fc2(model.dropout(torch.relu(model.fc1(images.flatten(1)))))

    return forward


def _has_hooks(module: nn.Module) -> bool:
    """Whether a module has forward or backward hooks; torch has no public function that tells."""
    return bool(
        module._forward_hooks or module._forward_pre_hooks or module._backward_hooks or module._backward_pre_hooks
    )


def fused_block(
    images: torch.Tensor,
    *,
    conv: nn.Conv2d,
    norm: nn.BatchNorm2d,
    pool: nn.MaxPool2d,
    part_bytes: int = PART_BYTES,
) -> torch.Tensor:
    """The result of `pool(relu(norm(conv(images))))`, with its gradients and the change of norm's running statistics.

    It is computed in one operation on a CPU, in training mode, and where all scales of the norm are well above zero;
    module by module otherwise.

    Parameters
    ----------
    images : float tensor (N, C, H, W)
    conv : nn.Conv2d
        With a bias, of stride 1, and padded so that its output is (N, D, H, W).
    norm : nn.BatchNorm2d
        With scale and shift, and running statistics with a momentum.
    pool : nn.MaxPool2d
        Of 2 x 2.
    part_bytes : int
        Bytes of the convolution's output that are computed at a time.

    Returns
    -------
    float tensor (N, D, H // 2, W // 2)
    """
    if norm.training and images.device.type == "cpu" and (norm.weight > SMALLEST_SCALE * norm.bias.abs()).all():
        parts = _parts(images, conv.out_channels, part_bytes)
        return _FusedBlock.apply(images, conv.weight, conv.bias, norm.weight, norm.bias, conv, norm, parts)
    return torch.relu(pool(norm(conv(images))))


class _FusedBlock(torch.autograd.Function):
    """Convolution, training-mode batch norm (Ioffe and Szegedy 2015) with scales above zero, ReLU, 2x2 max-pool."""

    @staticmethod
    def forward(ctx, images, weight, bias, scale, shift, conv, norm, parts):
        count, _, height, width = images.shape
        small = (count, len(weight), height // 2, width // 2)
        pooled = torch.empty(small, dtype=images.dtype, memory_format=torch.channels_last)
        indices = torch.int16 if height * width <= torch.iinfo(torch.int16).max else torch.int32
        maxima = torch.empty(small, dtype=indices, memory_format=torch.channels_last)
        sizes, means, squares, kept = [], [], [], []
        for part in parts:
            maps = conv(images[part])
            if weight[0].numel() > CHEAP_WEIGHTS:
                kept.append(maps)
            values = _channels_last(maps).flatten(0, 2)
            mean = values.mean(0)
            sizes.append(len(values))
            means.append(mean.double())
            squares.append((values - mean).square_().sum(0).double())
            pooled[part], maxima[part] = functional.max_pool2d(maps, 2, return_indices=True)
        # The variance of all images from those of the parts: Chan, Golub and LeVeque 1979.
        sizes, means = torch.tensor(sizes, dtype=torch.float64)[:, None], torch.stack(means)
        total = sizes.sum().item()
        mean = (sizes * means).sum(0) / total
        variance = (torch.stack(squares).sum(0) + (sizes * (means - mean).square()).sum(0)) / total
        norm.num_batches_tracked += 1
        norm.running_mean.lerp_(mean.to(scale.dtype), norm.momentum)
        norm.running_var.lerp_((variance * total / (total - 1)).to(scale.dtype), norm.momentum)

        inverse = (variance + norm.eps).rsqrt()
        slope = scale * inverse
        level, tilt = (values.to(images.dtype)[:, None, None] for values in (shift - mean * slope, slope))
        result = torch.addcmul(level, pooled, tilt, out=pooled).clamp_min_(0)
        ctx.save_for_backward(images, weight, scale, shift, maxima, result, mean, inverse, slope)
        ctx.conv, ctx.parts, ctx.total, ctx.maps = conv, parts, total, kept
        return result

    @staticmethod
    @once_differentiable
    def backward(ctx, gradient):
        images, weight, scale, shift, maxima, result, mean, inverse, slope = ctx.saved_tensors
        conv, parts = ctx.conv, ctx.parts

        def arriving(part):
            """The gradient below the ReLU, (N, H // 2, W // 2, D). Computing it twice costs less than storing it."""
            return torch.where(_channels_last(result[part]) > 0, _channels_last(gradient[part]), 0).contiguous()

        of_shift, of_scale = torch.zeros_like(mean), torch.zeros_like(mean)
        for part in parts:
            values = arriving(part).flatten(0, 2)
            of_shift += values.sum(0)
            # Where a gradient arrives, the output is the normalised values times scale, plus shift.
            of_scale += (_channels_last(result[part]).flatten(0, 2) - shift).mul_(values).sum(0)
        of_scale /= scale

        # The gradient is slope * (arriving - mean of arriving - normalised * mean of arriving * normalised). The first
        # term is zero but for the values that the pool chose; the others are linear in the convolution's output.
        tilt = -slope * inverse * of_scale / ctx.total
        level = -slope * of_shift / ctx.total - mean * tilt
        tilt, level, slope = (values.to(images.dtype) for values in (tilt, level, slope))
        of_images = torch.empty_like(images) if ctx.needs_input_grad[0] else None
        of_weight = torch.zeros_like(weight, dtype=torch.float64)
        for part in parts:
            maps = ctx.maps.pop(0) if ctx.maps else conv(images[part])
            of_maps = torch.addcmul(level, _channels_last(maps), tilt)
            taken, added = _channels_last(maxima[part]).flatten(1, 2), arriving(part).flatten(1, 2)
            of_maps.flatten(1, 2).scatter_add_(1, taken.long(), added.mul_(slope))
            of_maps = of_maps.permute(0, 3, 1, 2)
            of_weight += conv2d_weight(images[part], weight.shape, of_maps, padding=conv.padding)
            if of_images is not None:
                of_images[part] = conv2d_input(images[part].shape, weight, of_maps, padding=conv.padding)
        of_weight, of_scale, of_shift = (values.to(images.dtype) for values in (of_weight, of_scale, of_shift))
        # Batch norm subtracts whatever the convolution's bias adds, so the bias has no gradient.
        return of_images, of_weight, torch.zeros_like(conv.bias), of_scale, of_shift, None, None, None


def _parts(images: torch.Tensor, channels: int, part_bytes: int) -> list[slice]:
    """Slices of the images: maps of so many channels take at most `part_bytes` for the images of one slice."""
    step = max(1, part_bytes // (images[0, 0].numel() * channels * images.element_size()))
    return [slice(first, first + step) for first in range(0, len(images), step)]


def _channels_last(images: torch.Tensor) -> torch.Tensor:
    """Maps as (N, H, W, C); no copy where channels are last in memory."""
    return images.permute(0, 2, 3, 1)
