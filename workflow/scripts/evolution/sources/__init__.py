"""Where a run's snapshots come from, if the training ran elsewhere: other people's checkpoints."""
