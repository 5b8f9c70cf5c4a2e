"""What is measured of a layer at one time, of layers against each other, and of runs."""
