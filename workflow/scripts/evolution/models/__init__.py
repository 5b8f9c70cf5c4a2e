"""Networks of this workflow, of torchvision and of the user: how they are built, and what their layers put out."""
