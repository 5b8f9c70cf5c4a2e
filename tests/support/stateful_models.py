"""A file with models that keep something outside their weights, or evaluate in ways that a snapshot cannot show."""

MODELS = '''
import torch
from torch import nn
from torch.nn import functional


class Plain(nn.Module):
    def __init__(self, shape, classes):
        super().__init__()
        self.hidden = nn.Linear(shape[0] * shape[1] * shape[2], 16)
        self.head = nn.Linear(16, classes)

    def features(self, x):
        return torch.relu(self.hidden(x.flatten(1)))

    def forward(self, x):
        return self.head(self.features(x))


class GateOutside(Plain):
    """A factor that fades in while the network trains, in no state dict."""
    gate = 0.0

    def forward(self, x):
        if self.training:
            self.gate = min(1.0, self.gate + 0.25)
        return self.head(self.features(x) * self.gate)


class GateInBuffer(Plain):
    def __init__(self, shape, classes):
        super().__init__(shape, classes)
        self.register_buffer("gate", torch.zeros(()))

    def forward(self, x):
        if self.training:
            self.gate += 0.25
        return self.head(self.features(x) * self.gate)


class GateInUnstoredBuffer(GateInBuffer):
    def __init__(self, shape, classes):
        super().__init__(shape, classes)
        self.register_buffer("gate", torch.zeros(()), persistent=False)


class GateInExtraState(GateOutside):
    def get_extra_state(self):
        return {"gate": self.gate}

    def set_extra_state(self, state):
        self.gate = state["gate"]


class ExtraStateThatIsCode(GateOutside):
    def get_extra_state(self):
        return nn.Linear(2, 2)

    def set_extra_state(self, state):
        pass


class CounterOutside(Plain):
    """Dropout that becomes weaker from step to step, seen in training alone."""
    steps = 0

    def forward(self, x):
        x = self.features(x)
        if self.training:
            self.steps += 1
            x = functional.dropout(x, 0.8 / self.steps)
        return self.head(x)


class GeneratorOutside(Plain):
    """Noise from a generator of its own, seen in training alone."""
    def __init__(self, shape, classes):
        super().__init__(shape, classes)
        self.generator = torch.Generator().manual_seed(3)

    def forward(self, x):
        x = self.features(x)
        if self.training:
            x = x + torch.rand(x.shape, generator=self.generator)
        return self.head(x)


class Dropout(Plain):
    def forward(self, x):
        return self.head(functional.dropout(self.features(x), training=self.training))


class DropoutAlwaysOn(Plain):
    def forward(self, x):
        return self.head(functional.dropout(self.features(x)))


class HiddenDropoutAlwaysOn(Plain):
    """The outputs do not show it, as the head is all zeros; a layer does."""
    def __init__(self, shape, classes):
        super().__init__(shape, classes)
        nn.init.zeros_(self.head.weight)
        self.after = nn.Identity()

    def forward(self, x):
        return self.head(self.after(functional.dropout(self.features(x))))


class CountsEvaluations(Plain):
    passes = 0

    def forward(self, x):
        self.passes += 1
        return self.head(self.features(x)) * self.passes


class BatchNorm(Plain):
    stored = True

    def __init__(self, shape, classes):
        super().__init__(shape, classes)
        self.norm = nn.BatchNorm1d(16, track_running_stats=self.stored)

    def forward(self, x):
        return self.head(self.norm(self.features(x)))


class BatchNormWithoutStatistics(BatchNorm):
    stored = False


class CentredOverTheBatch(Plain):
    def forward(self, x):
        x = self.features(x)
        return self.head(x - x.mean(0))


class GroupsOfFive(Plain):
    """Batch norm over five groups of the batch while it trains, and over running statistics afterwards."""

    def __init__(self, shape, classes):
        super().__init__(shape, classes)
        self.norm = nn.BatchNorm1d(16)

    def forward(self, x):
        x = self.features(x)
        return self.head(torch.cat([self.norm(part) for part in x.view(5, -1, 16)]) if self.training else self.norm(x))


class CentredOverNeighbours(Plain):
    """Over groups of four, in the order of the batch."""

    def forward(self, x):
        x = self.features(x).view(len(x) // 4, 4, -1)
        return self.head((x - x.mean(1, keepdim=True)).flatten(0, 1))


class TwoHeads(Plain):
    def __init__(self, shape, classes):
        super().__init__(shape, classes)
        self.second = nn.Linear(16, classes)

    def forward(self, x):
        x = self.features(x)
        return (self.head(x) + self.second(x)) / 2


class Softmax(Plain):
    def forward(self, x):
        return super().forward(x).softmax(1)


class LogSoftmax(Plain):
    def forward(self, x):
        return super().forward(x).log_softmax(1)


class Temperature(Plain):
    def forward(self, x):
        return super().forward(x) / 0.1


class InMapping(Plain):
    def forward(self, x):
        features = self.features(x)
        return {"hidden": features, "logits": self.head(features)}


class InTuple(Plain):
    def forward(self, x):
        features = self.features(x)
        return self.head(features), features


class Sigmoid(Plain):
    def forward(self, x):
        return (20 * super().forward(x)).sigmoid()


class InBfloat16(Plain):
    def forward(self, x):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            return super().forward(x)


class Relu(Plain):
    def forward(self, x):
        return super().forward(x).relu()
'''


def write_stateful(folder):
    """Write the file; return a function that names a class in it, as `model.name` does."""
    path = folder / "stateful.py"
    path.write_text(MODELS)
    return lambda name: f"{path}:{name}"
