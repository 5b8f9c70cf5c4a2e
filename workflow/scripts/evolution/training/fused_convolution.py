"""A convolution, batch norm, ReLU and 2x2 max-pool in one step of training on a CPU.

Layer by layer, a full batch's convolution is kept whole, and batch norm and pool each pass over it several times: most
of a step's time goes to memory, and most of its memory to values that the pool throws away. Normalizing keeps the
order of values where its scale is positive, so that pooling may come first. Here the images go through a few at a
time, in the processor's cache, and a convolution that costs less to compute again than to store is not kept at all.

The sums over images are float64 over parts: torch's own batch norm adds up channels-last images one by one in float32,
which moved a full-batch training's losses by up to 6e-3.
"""

import torch
from torch import nn
from torch.autograd.function import once_differentiable
from torch.nn import functional
from torch.nn.grad import conv2d_input, conv2d_weight

# Of a convolution's output.
PART_BYTES = 4 * 2**20

# A scale below this share of its shift leaves too little of float32 in the output to tell the normalized values by.
SMALLEST_SCALE = 1e-2

# Weights of an output channel: with no more than these a convolution is computed again for the way back.
CHEAP_WEIGHTS = 32


def conv_block(images: torch.Tensor, conv: nn.Conv2d, norm: nn.BatchNorm2d, pool: nn.MaxPool2d) -> torch.Tensor:
    """What `pool(relu(norm(conv(images))))` gives, with its gradients and the change of norm's running figures.

    Parameters
    ----------
    images : float tensor (N, C, H, W)
    conv : nn.Conv2d
        With a bias; of stride 1, and padded so that its output is (N, D, H, W).
    norm : nn.BatchNorm2d
        With scale and shift, and running figures with a momentum.
    pool : nn.MaxPool2d
        Of 2 x 2.

    Returns
    -------
    float tensor (N, D, H // 2, W // 2)
    """
    if norm.training and images.device.type == "cpu" and (norm.weight > SMALLEST_SCALE * norm.bias.abs()).all():
        return _ConvBlock.apply(images, conv.weight, conv.bias, norm.weight, norm.bias, conv, norm)
    # ReLU and max-pool give the same in either order; a quarter of the values is left after the pool.
    return torch.relu(pool(norm(conv(images))))


class _ConvBlock(torch.autograd.Function):
    """Convolution, training-mode batch norm (Ioffe and Szegedy 2015) with scales above zero, ReLU, 2x2 max-pool."""

    @staticmethod
    def forward(ctx, images, weight, bias, scale, shift, conv, norm):
        count, _, height, width = images.shape
        small = (count, len(weight), height // 2, width // 2)
        pooled = torch.empty(small, dtype=images.dtype, memory_format=torch.channels_last)
        indices = torch.int16 if height * width <= torch.iinfo(torch.int16).max else torch.int32
        places = torch.empty(small, dtype=indices, memory_format=torch.channels_last)
        sizes, means, squares, kept = [], [], [], []
        for part in _parts(images, len(weight)):
            maps = conv(images[part])
            if weight[0].numel() > CHEAP_WEIGHTS:
                kept.append(maps)
            values = _channels_last(maps).flatten(0, 2)
            mean = values.mean(0)
            sizes.append(len(values))
            means.append(mean.double())
            squares.append((values - mean).square_().sum(0).double())
            pooled[part], places[part] = functional.max_pool2d(maps, 2, return_indices=True)
        # The parts' variances make up the whole's: Chan, Golub and LeVeque 1979.
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
        ctx.save_for_backward(images, weight, scale, shift, places, result, mean, inverse, slope)
        ctx.conv, ctx.total, ctx.maps = conv, total, kept
        return result

    @staticmethod
    @once_differentiable
    def backward(ctx, gradient):
        images, weight, scale, shift, places, result, mean, inverse, slope = ctx.saved_tensors
        conv, parts = ctx.conv, _parts(images, len(weight))

        def arriving(part):
            """What comes back through the ReLU: (N, H // 2, W // 2, D); two passes cost less than to keep it."""
            return torch.where(_channels_last(result[part]) > 0, _channels_last(gradient[part]), 0).contiguous()

        of_shift, of_scale = torch.zeros_like(mean), torch.zeros_like(mean)
        for part in parts:
            values = arriving(part).flatten(0, 2)
            of_shift += values.sum(0)
            # Where something arrives, the output is the normalized values times scale, plus shift.
            of_scale += (_channels_last(result[part]).flatten(0, 2) - shift).mul_(values).sum(0)
        of_scale /= scale

        # slope * (arriving - mean of arriving - normalized * mean of arriving * normalized): something arrives only
        # where the pool took a value from; the rest is a line in the convolution's output.
        tilt = -slope * inverse * of_scale / ctx.total
        level = -slope * of_shift / ctx.total - mean * tilt
        tilt, level, slope = (values.to(images.dtype) for values in (tilt, level, slope))
        of_images = torch.empty_like(images) if ctx.needs_input_grad[0] else None
        of_weight = torch.zeros_like(weight, dtype=torch.float64)
        for part in parts:
            maps = ctx.maps.pop(0) if ctx.maps else conv(images[part])
            of_maps = torch.addcmul(level, _channels_last(maps), tilt)
            taken, added = _channels_last(places[part]).flatten(1, 2), arriving(part).flatten(1, 2)
            of_maps.flatten(1, 2).scatter_add_(1, taken.long(), added.mul_(slope))
            of_maps = of_maps.permute(0, 3, 1, 2)
            of_weight += conv2d_weight(images[part], weight.shape, of_maps, padding=conv.padding)
            if of_images is not None:
                of_images[part] = conv2d_input(images[part].shape, weight, of_maps, padding=conv.padding)
        of_weight, of_scale, of_shift = (values.to(images.dtype) for values in (of_weight, of_scale, of_shift))
        # Batch norm takes away whatever the convolution's bias adds.
        return of_images, of_weight, torch.zeros_like(conv.bias), of_scale, of_shift, None, None


def _parts(images: torch.Tensor, channels: int) -> list[slice]:
    """Slices of the images, as many at a time as their maps of so many channels fit in PART_BYTES."""
    step = max(1, PART_BYTES // (images[0, 0].numel() * channels * images.element_size()))
    return [slice(first, first + step) for first in range(0, len(images), step)]


def _channels_last(images: torch.Tensor) -> torch.Tensor:
    """Maps as (N, H, W, C); no copy where channels are last in memory."""
    return images.permute(0, 2, 3, 1)
