"""How images are shared among classes. The config is checked with the function that the drawing uses."""


def images_per_class(size: int, classes: int) -> list[int]:
    """The number of images of each class when `size` images are shared evenly among `classes` classes.

    Where the size does not divide by the number of classes, the first classes get one image more.
    """
    return [size // classes + (label < size % classes) for label in range(classes)]
