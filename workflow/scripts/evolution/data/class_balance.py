"""How images are shared among classes: what a config is checked for is what is drawn."""


def images_per_class(size: int, classes: int) -> list[int]:
    """How `size` images are shared among classes: the first get one more where it does not come out even."""
    return [size // classes + (place < size % classes) for place in range(classes)]
