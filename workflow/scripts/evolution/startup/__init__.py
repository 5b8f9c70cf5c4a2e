"""Loading large libraries in less time: the one package that changes how they are imported.

Starting costs more than half of a short job's time. What is substituted, why, and what it saves stands in each module;
`guard` says when nothing is substituted. No result depends on it.
"""
