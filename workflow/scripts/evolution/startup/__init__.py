"""How a job's process starts: large libraries imported in less time, and freed memory that it keeps.

This is the one package that changes how other libraries are imported.

Starting costs more than half of a short job's time. What is substituted, why, and what it saves stands in each module;
`guard` says when nothing is substituted. No result depends on it.
"""
