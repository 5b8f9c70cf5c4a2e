"""How a job's process starts: a worker that has large libraries loaded forks it; freed memory that it keeps.

No result depends on it.
"""
