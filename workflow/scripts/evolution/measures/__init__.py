"""What is measured of a layer at one epoch, of layers against each other, and of runs."""
