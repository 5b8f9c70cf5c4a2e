"""What the workflow's scripts share: file formats, data, models, configuration and figure style."""

# The layer that stands for the images themselves.
PIXELS = "pixels"
