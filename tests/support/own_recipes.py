"""A file with recipes, as a user may write one: some train, and the others have a slip each."""

from pathlib import Path

RECIPES = """
import torch
from torch.nn import functional

class Scaled(torch.nn.Module):
    '''Cross entropy with a factor that is learned.'''

    def __init__(self, model, classes, scale=1.0):
        super().__init__()
        self.scale = torch.nn.Parameter(torch.tensor(scale))

    def loss(self, model, images, labels):
        return self.scale.exp() * functional.cross_entropy(model(images), labels)

class Slip(Scaled):
    def loss(self, model, images, labels):
        return functional.cross_entropy(model(images), label)

class Unreduced(Scaled):
    def loss(self, model, images, labels):
        return functional.cross_entropy(model(images), labels, reduction="none")

class Many(Scaled):
    def loss(self, model, images, labels):
        if len(images) < 20:
            raise ValueError("a queue of 20")
        return super().loss(model, images, labels)

class Counts(Scaled):
    '''One that keeps nothing but a number, which a checkpoint holds and another recipe cannot take.'''

    steps = 0

    def after_step(self, model):
        self.steps += 1

    def state_dict(self):
        return {"steps": self.steps}

    def load_state_dict(self, state):
        self.count(state["steps"])

class Code(Scaled):
    def state_dict(self):
        return {"optimizer": print}

class Twice(Scaled):
    '''Goes back through the graph of the step before.'''

    kept = 0

    def loss(self, model, images, labels):
        loss = super().loss(model, images, labels)
        self.kept = self.kept + loss
        return self.kept

class Closure(Scaled):
    def optimizer(self, model, learning_rate, weight_decay):
        return torch.optim.LBFGS(model.parameters())

class OnGpu(Scaled):
    def __init__(self, model, classes):
        super().__init__(model, classes)
        torch.zeros(1).cuda()

class Teacher(Scaled):
    def __init__(self, model, classes, weights):
        super().__init__(model, classes)
        torch.load(weights, weights_only=True)

class NoLoss:
    def __init__(self, model, classes):
        pass
"""


def write_recipes(folder: Path) -> Path:
    """Write the file; its path."""
    path = folder / "recipes.py"
    path.write_text(RECIPES)
    return path


def line_of(text: str) -> int:
    """The number of the line of the file that holds a text once."""
    (found,) = [number for number, line in enumerate(RECIPES.splitlines(), 1) if text in line]
    return found
