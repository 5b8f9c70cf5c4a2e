"""Files with recipes that keep something from step to step, outside their state dict or in it."""

HELPERS = """
calls = 0

def count():
    global calls
    calls += 1

class Shared:
    total = 0
"""

RECIPES = '''
import collections
import functools
import itertools
import logging
import random
import re
import threading
import weakref
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torchvision.transforms import v2

import helpers_of_recipes

steps = 0
drawn = np.random.default_rng(3)
log = logging.getLogger("recipe")


class Plain:
    """No Module, and no state."""
    def __init__(self, model, classes):
        pass

    def loss(self, model, images, labels):
        self.change(images)
        return nn.functional.cross_entropy(model(images), labels)

    def change(self, images):
        pass


class Base(nn.Module):
    def __init__(self, model, classes):
        super().__init__()
        self.begin(model)

    def begin(self, model):
        pass

    def loss(self, model, images, labels):
        self.change(images)
        return nn.functional.cross_entropy(model(images), labels)

    def change(self, images):
        pass


class Counter(Base):
    steps = 0

    def change(self, images):
        self.steps += 1


class CounterOfNoModule(Plain):
    def __init__(self, model, classes):
        self.steps = 0

    def change(self, images):
        self.steps += 1


class TensorInAttribute(Base):
    def begin(self, model):
        self.mean = torch.zeros(3)

    def change(self, images):
        self.mean = self.mean + images.mean(0)


class TensorInPlace(Base):
    def begin(self, model):
        self.mean = torch.zeros(3)

    def change(self, images):
        self.mean += 1


class ListOfTensors(Base):
    def begin(self, model):
        self.last = [torch.zeros(3), torch.zeros(3)]

    def change(self, images):
        self.last[1] = self.last[1] + 1


class ListThatGrows(Base):
    def begin(self, model):
        self.losses = []

    def change(self, images):
        self.losses.append(0.5)


class Queue(Base):
    def begin(self, model):
        self.queue = collections.deque([torch.zeros(3)] * 2, maxlen=2)

    def change(self, images):
        self.queue.append(self.queue[-1] + 1)


class DictOfTensors(Base):
    def begin(self, model):
        self.sums = {"a": torch.zeros(3), 1: {"b": torch.zeros(2)}}

    def change(self, images):
        self.sums[1]["b"] += 1


class DefaultDict(Base):
    def begin(self, model):
        self.counts = collections.defaultdict(int)

    def change(self, images):
        self.counts["images"] += len(images)


class ParametersAsKeys(Base):
    def begin(self, model):
        self.shadow = {parameter: parameter.detach().clone() for parameter in model.parameters()}

    def change(self, images):
        for value in self.shadow.values():
            value += 1


class SetThatGrows(Base):
    def begin(self, model):
        self.met = set()

    def change(self, images):
        self.met.add("image")


class ArrayOfNumPy(Base):
    def begin(self, model):
        self.mean = np.zeros(3)

    def change(self, images):
        self.mean += 1


class ArrayOfObjects(Base):
    def begin(self, model):
        self.parts = np.array([torch.zeros(2), None], dtype=object)

    def change(self, images):
        self.parts[0] += 1


class TorchGenerator(Base):
    def begin(self, model):
        self.generator = torch.Generator().manual_seed(3)

    def change(self, images):
        torch.rand(2, generator=self.generator)


class NumPyGenerator(Base):
    def begin(self, model):
        self.generator = np.random.default_rng(3)

    def change(self, images):
        self.generator.random()


class NumPyMersenne(Base):
    """Late in its array of 624 numbers, which the text of an array leaves out."""
    def begin(self, model):
        self.generator = np.random.Generator(np.random.MT19937(3))

    def change(self, images):
        self.generator.random(1000)


class NumPyBits(Base):
    def begin(self, model):
        self.bits = np.random.PCG64(3)

    def change(self, images):
        self.bits.random_raw()


class NumPyRandomState(Base):
    def begin(self, model):
        self.generator = np.random.RandomState(3)

    def change(self, images):
        self.generator.rand()


class PythonGenerator(Base):
    def begin(self, model):
        self.generator = random.Random(3)

    def change(self, images):
        self.generator.random()


class MethodOfGenerator(Base):
    def begin(self, model):
        self.draw = random.Random(3).random

    def change(self, images):
        self.draw()


class Count(Base):
    def begin(self, model):
        self.numbers = itertools.count()

    def change(self, images):
        next(self.numbers)


class Cycle(Base):
    def begin(self, model):
        self.order = itertools.cycle([1, 2, 3, 4])

    def change(self, images):
        next(self.order)


class IteratorOfList(Base):
    def begin(self, model):
        self.order = iter([1, 2, 3, 4, 5])

    def change(self, images):
        next(self.order)


class PythonsGeneratorFunction(Base):
    def begin(self, model):
        def weights():
            weight = 1.0
            while True:
                yield weight
                weight /= 2

        self.weights = weights()

    def change(self, images):
        next(self.weights)


class UnstoredBuffer(Base):
    def begin(self, model):
        self.register_buffer("mean", torch.zeros(3), persistent=False)

    def change(self, images):
        self.mean += 1


class UnstoredBufferLater(Base):
    def change(self, images):
        if not hasattr(self, "mean"):
            self.register_buffer("mean", torch.zeros(3), persistent=False)


class StateDictThatLeavesOut(Base):
    """Parameters too, where the recipe's own state dict does not hold them."""
    def begin(self, model):
        self.teacher = nn.Linear(3, 4)

    def change(self, images):
        with torch.no_grad():
            self.teacher.bias += 1

    def state_dict(self):
        return {}

    def load_state_dict(self, state):
        pass


class ClassCounter(Base):
    seen = 0

    def change(self, images):
        ClassCounter.seen += 1


class CounterOfClassAbove(ClassCounter):
    pass


class GlobalCounter(Base):
    def change(self, images):
        global steps
        steps += 1


class NewGlobal(Base):
    def change(self, images):
        global found_on_the_way
        found_on_the_way = len(images)


class GlobalBehindDecorator(Plain):
    """The first function of the class is torch's, which wraps the user's."""
    @torch.no_grad()
    def change(self, images):
        drawn.random()


class CounterOfImportedFile(Base):
    def change(self, images):
        helpers_of_recipes.count()


class ClassOfImportedFile(Base):
    def change(self, images):
        helpers_of_recipes.Shared.total += 1


class FunctionAttribute(Base):
    def change(self, images):
        noted.calls = getattr(noted, "calls", 0) + 1


def noted():
    pass


class Closure(Base):
    def begin(self, model):
        count = 0

        def step():
            nonlocal count
            count += 1

        self.step = step

    def change(self, images):
        self.step()


class MutableDefault(Base):
    def change(self, images, seen=[]):
        seen.append(1)


class Partial(Base):
    def begin(self, model):
        self.note = functools.partial(list.append, [])

    def change(self, images):
        self.note(1)


class OfSubmodule(Base):
    def begin(self, model):
        self.part = Counter(model, 2)

    def change(self, images):
        self.part.change(images)


class OfModuleInList(Base):
    def begin(self, model):
        self.parts = nn.ModuleList([nn.ReLU(), Counter(model, 2)])

    def change(self, images):
        self.parts[1].change(images)


class Helper:
    def __init__(self):
        self.steps = 0


class OfHelper(Base):
    def begin(self, model):
        self.helper = Helper()

    def change(self, images):
        self.helper.steps += 1


class MethodOfHelper(Base):
    def begin(self, model):
        self.step = Stepper().step

    def change(self, images):
        self.step()


class Stepper(Helper):
    def step(self):
        self.steps += 1


class Slots(Base):
    def begin(self, model):
        self.helper = WithSlots()

    def change(self, images):
        self.helper.steps += 1


class WithSlots:
    __slots__ = ("steps", "never_set")

    def __init__(self):
        self.steps = 0


@dataclass
class Progress:
    steps: int = 0
    seen: list = field(default_factory=list)


class OfDataclass(Base):
    def begin(self, model):
        self.progress = Progress()

    def change(self, images):
        self.progress.steps += 1
        self.progress.seen.append(1)


class ListWithAttribute(Base):
    def begin(self, model):
        self.queue = Ring([0, 0, 0])

    def change(self, images):
        self.queue.pointer += 1


class Ring(list):
    pointer = 0


class SecondOptimizer(Base):
    """Momentum that nothing stores."""
    def begin(self, model):
        self.part = nn.Linear(3, 1)
        self.second = torch.optim.Adam(self.part.parameters())

    def change(self, images):
        self.second.zero_grad()
        self.part(images).sum().backward()
        self.second.step()


class Scheduler(Base):
    def begin(self, model):
        self.part = nn.Linear(3, 1)
        self.second = torch.optim.SGD(self.part.parameters(), lr=1.0)
        self.schedule = torch.optim.lr_scheduler.StepLR(self.second, 10)

    def change(self, images):
        self.second.step()
        self.schedule.step()

    def get_extra_state(self):
        return self.second.state_dict()

    def set_extra_state(self, state):
        self.second.load_state_dict(state)


# Nothing of these is to be named.


class Buffers(Base):
    def begin(self, model):
        self.register_buffer("queue", torch.zeros(4, 3))
        self.register_buffer("steps", torch.zeros((), dtype=torch.int64))
        self.part = nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3))

    def change(self, images):
        self.queue = torch.cat([self.queue[1:], self.part(images).detach()[:1]])
        self.steps += 1


class ExtraState(Base):
    def begin(self, model):
        self.steps, self.weights = 0, [torch.zeros(3)]
        self.generator, self.numbers = torch.Generator().manual_seed(3), np.random.default_rng(3)

    def change(self, images):
        self.steps += 1
        self.weights.append(torch.rand(3, generator=self.generator))
        self.numbers.random()

    def get_extra_state(self):
        return {
            "steps": self.steps,
            "weights": self.weights,
            "generator": self.generator.get_state(),
            "numbers": self.numbers.bit_generator.state,
        }

    def set_extra_state(self, state):
        self.steps, self.weights = state["steps"], state["weights"]
        self.generator.set_state(state["generator"])
        self.numbers.bit_generator.state = state["numbers"]


class StateOfNoModule(CounterOfNoModule):
    def state_dict(self):
        return {"steps": self.steps}

    def load_state_dict(self, state):
        self.steps = state["steps"]


class Hooks(Base):
    """Each hook of torch has a number of its own."""
    def begin(self, model):
        self.part = nn.Linear(3, 3)
        self.handle = model[0].register_forward_hook(lambda *given: None)
        self.part.register_forward_hook(self.seen)

    def seen(self, module, inputs, output):
        pass

    def change(self, images):
        self.part(images)
        self.last = None
        del self.last


class NetworkInAttributes(Base):
    def begin(self, model):
        self.model, self.hidden = model, [model]
        self.proxy, self.reference = weakref.proxy(model), weakref.ref(model)
        self.first, self.forward_of = model[0].weight, model.forward
        self.frozen = set(model[2].parameters())
        self.names = {module: name for name, module in model.named_modules()}


class Functions(Base):
    def begin(self, model):
        share = torch.ones(2)
        self.weight, self.scaled = lambda step: 0.5 * step, lambda x: x * share
        self.rounded, self.root = functools.partial(round, ndigits=3), torch.sqrt

    @functools.cached_property
    def table(self):
        return torch.arange(3.0)

    @property
    def twice(self):
        return 2

    @staticmethod
    def half(x):
        return x / 2


class Things(Base):
    def begin(self, model):
        self.pattern, self.module, self.log = re.compile("a+", re.I), torch, logging.getLogger("other")
        self.own_log, self.own_log.name = logging.Logger("mine"), "mine"
        self.lock, self.event, self.condition = threading.Lock(), threading.Event(), threading.Condition()
        self.config = {"rate": 0.1, "layers": [1, 2], "nested": {"name": "a", "none": None}}
        self.file, self.path = open(__file__), Path(__file__)
        self.kind, self.device, self.random = torch.float32, torch.device("cpu"), random.SystemRandom()
        self.interval, self.size, self.text = range(3), torch.Size([1, 2]), b"abc"

    def change(self, images):
        self.log.warning("a step")
        self.own_log.warning("a step")
        self.file.readline()
        str(self.path), self.path.name, self.path.parts
        self.random.random()


class Transforms(Base):
    def begin(self, model):
        self.views = v2.Compose([v2.RandomHorizontalFlip(), v2.RandomAffine(10, translate=(0.1, 0.1))])
        self.jitter, self.mixed = v2.RandomApply([v2.ColorJitter(0.4)]), v2.MixUp(num_classes=2)
        self.chosen = [v2.RandAugment(), v2.GaussianBlur(3), v2.RandomResizedCrop(8)]

    def change(self, images):
        self.views(torch.rand(3, 8, 8))
        self.jitter(torch.rand(3, 8, 8))
        self.mixed(torch.rand(4, 3, 8, 8), torch.arange(4) % 2)


class Derived(Base):
    """Computed once from what both are made with."""
    def begin(self, model):
        self.table = torch.linspace(0, 1, 5)
        self.start = [parameter.detach().clone() for parameter in model.parameters()]
        self.register_buffer("mask", torch.eye(3), persistent=False)
        self.sums = np.arange(3)


class OptimizerInAttribute(Base):
    """With a state that is taken over, as the training does of the optimizer that the recipe makes for it."""
    def begin(self, model):
        self.part = nn.Linear(3, 1)
        self.second = torch.optim.Adam(self.part.parameters())

    def change(self, images):
        self.second.zero_grad()
        self.part(images).sum().backward()
        self.second.step()

    def get_extra_state(self):
        return self.second.state_dict()

    def set_extra_state(self, state):
        self.second.load_state_dict(state)


class OtherLayers(Base):
    def begin(self, model):
        self.lstm, self.attention = nn.LSTM(3, 2), nn.MultiheadAttention(4, 2)
        self.normed = nn.utils.parametrizations.weight_norm(nn.Linear(3, 2))
        self.spectral = nn.utils.parametrizations.spectral_norm(nn.Linear(3, 2))

    def change(self, images):
        self.lstm(images), self.normed(images), self.spectral(images)
'''

# Each recipe that keeps something outside its state dict, and the names of that.
CHANGING = {
    "Counter": ["steps"],
    "CounterOfNoModule": ["steps"],
    "TensorInAttribute": ["mean"],
    "TensorInPlace": ["mean"],
    "ListOfTensors": ["last[1]"],
    "ListThatGrows": ["losses"],
    "Queue": ["queue[0]", "queue[1]"],
    "DictOfTensors": ["sums[1]['b']"],
    "DefaultDict": ["counts"],
    "ParametersAsKeys": ["shadow"],
    "SetThatGrows": ["met"],
    "ArrayOfNumPy": ["mean"],
    "ArrayOfObjects": ["parts[0]"],
    "TorchGenerator": ["generator"],
    "NumPyGenerator": ["generator"],
    "NumPyMersenne": ["generator"],
    "NumPyBits": ["bits"],
    "NumPyRandomState": ["generator"],
    "PythonGenerator": ["generator"],
    "MethodOfGenerator": ["draw"],
    "Count": ["numbers"],
    "Cycle": ["order"],
    "IteratorOfList": ["order"],
    "PythonsGeneratorFunction": ["weights"],
    "UnstoredBuffer": ["mean"],
    "UnstoredBufferLater": ["mean"],
    "StateDictThatLeavesOut": ["teacher.bias"],
    "ClassCounter": ["ClassCounter.seen (of recipes.py)"],
    "CounterOfClassAbove": ["ClassCounter.seen (of recipes.py)"],
    "GlobalCounter": ["steps (of recipes.py)"],
    "NewGlobal": ["found_on_the_way (of recipes.py)"],
    "GlobalBehindDecorator": ["drawn (of recipes.py)"],
    "CounterOfImportedFile": ["calls (of helpers_of_recipes.py)"],
    "ClassOfImportedFile": ["Shared.total (of helpers_of_recipes.py)"],
    "FunctionAttribute": ["noted (of recipes.py)"],
    "Closure": ["step"],
    "MutableDefault": ["MutableDefault.change"],
    "Partial": ["note"],
    "OfSubmodule": ["part.steps"],
    "OfModuleInList": ["parts.1.steps"],
    "OfHelper": ["helper.steps"],
    "MethodOfHelper": ["step.steps"],
    "Slots": ["helper.steps"],
    "OfDataclass": ["progress.steps", "progress.seen"],
    "ListWithAttribute": ["queue.pointer"],
    "SecondOptimizer": ["second"],
    "Scheduler": ["schedule.last_epoch", "schedule._step_count"],
}

# Those that keep nothing there.
STILL = (
    *("Plain", "Base", "Buffers", "ExtraState", "StateOfNoModule", "Hooks", "NetworkInAttributes", "Functions"),
    *("Things", "Transforms", "Derived", "OptimizerInAttribute", "OtherLayers"),
)


def write_recipes(folder):
    """Write the file and one that it imports; the path of the first."""
    (folder / "recipes.py").write_text(RECIPES, encoding="utf-8")
    (folder / "helpers_of_recipes.py").write_text(HELPERS, encoding="utf-8")
    return folder / "recipes.py"
