"""The page on which a run is explored in a browser."""
