"""Networks: built in, torchvision's, the user's own; their layers, and what these put out."""
