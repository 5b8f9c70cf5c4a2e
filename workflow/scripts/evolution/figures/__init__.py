"""What the figures share: style, curves, sheets of maps, film, fonts."""
