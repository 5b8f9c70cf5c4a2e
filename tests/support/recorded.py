"""Small trainings with and without a recorder, and what they leave."""

import random

import numpy as np
import torch
from torch import nn


class Net(nn.Module):
    """A convolution, batch norm, dropout and two linear layers: all that a pass could disturb."""

    def __init__(self, classes=3):
        super().__init__()
        self.conv, self.bn = nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4)
        self.dropout, self.fc1, self.fc2 = nn.Dropout(0.3), nn.Linear(4 * 36, 16), nn.Linear(16, classes)

    def forward(self, x):
        x = torch.relu(self.bn(self.conv(x))).flatten(1)
        return self.fc2(self.dropout(torch.relu(self.fc1(x))))


def images(count, seed=0):
    """Float32 (count, 1, 6, 6), and labels of three classes."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(count, 1, 6, 6, generator=generator), torch.arange(count) % 3


def train(
    make_recorder=None,
    *,
    model=None,
    wrap=lambda model: model,
    steps=8,
    accumulate=1,
    autocast=False,
    first=0,
    device="cpu",
):
    """Train with a shuffled loader, and return all that a recorder could have changed.

    Parameters
    ----------
    make_recorder : function of a model, optional
    model : Module, optional
    wrap : function of a model
        Such as torch.compile.
    steps : int
        Optimizer steps.
    accumulate : int
        Batches a step.
    autocast : bool
    first : int
        The number of steps that were made before.
    device : str

    Returns
    -------
    dict of str to list or bytes
    """
    torch.manual_seed(1)
    np.random.seed(1)
    random.seed(1)
    network = (Net() if model is None else model).to(device)
    model = wrap(network)
    optimizer = torch.optim.AdamW(model.parameters(), 0.01)
    data = torch.utils.data.TensorDataset(*images(32, seed=2))
    recorder = make_recorder(model) if make_recorder else None
    losses, step, batches = [], first, 0
    if recorder:
        recorder.step(step)
    while step < first + steps:
        for x, y in torch.utils.data.DataLoader(data, batch_size=8, shuffle=True):
            model.train()
            # What Python and NumPy draw counts too, as augmentations do.
            x = x * random.uniform(0.9, 1.1) + float(np.random.normal()) / 10
            with torch.autocast(device, torch.bfloat16, enabled=autocast):
                loss = nn.functional.cross_entropy(model(x.to(device)), y.to(device))
            loss.backward()
            losses.append(loss.item())
            batches += 1
            if batches % accumulate:
                continue
            optimizer.step()
            step += 1
            if recorder:
                # Before the gradients are zeroed, so that the test sees them.
                recorder.step(step)
            losses.extend(float(parameter.grad.sum()) for parameter in model.parameters())
            optimizer.zero_grad()
            if step == first + steps:
                break
    return {
        "losses": losses,
        "state": {name: value.cpu().numpy().tobytes() for name, value in network.state_dict().items()},
        "modes": [module.training for module in network.modules()],
        "hooks": [len(module._forward_hooks) for module in network.modules()],
        "draws": [torch.rand(1).item(), torch.rand(1, device=device).item(), float(np.random.rand()), random.random()],
    }
