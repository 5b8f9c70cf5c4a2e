"""What the workflow's scripts share: file formats, data, models, configuration and figure style."""
