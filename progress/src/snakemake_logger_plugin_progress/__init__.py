"""A logger plugin for Snakemake: `snakemake --logger progress`, see the README.

Snakemake finds this package by its name, and makes one `LogHandler`.
"""

from snakemake_logger_plugin_progress.handler import LogHandler

__all__ = ["LogHandler"]
