"""A logger plugin for Snakemake that notes each job and each group of jobs that it announces, as a line of JSON.

Snakemake finds the plugin by this folder's name where its parent is on PYTHONPATH; `--logger jobs` chooses it. It
writes to the file that the environment variable ANNOUNCED_JOBS names.
"""

import json
import os

from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent


class LogHandler(LogHandlerBase):
    def emit(self, record):
        event = getattr(record, "event", None)
        if event == LogEvent.JOB_INFO:
            # A target rule, such as `all`, has no message and does nothing.
            note = {"rule": record.rule_name, "wildcards": dict(record.wildcards), "target": not record.rule_msg}
            note["in_group"] = record.indent
            note["gpus"] = dict(record.resources).get("gpu", 0)
        elif event == LogEvent.GROUP_INFO:
            note = {"group": str(record.group_id)}
        else:
            return
        with open(os.environ["ANNOUNCED_JOBS"], "a", encoding="utf-8") as stream:
            stream.write(json.dumps(note) + "\n")

    # Snakemake's own handlers go on to write to the terminal and to its log file.
    writes_to_stream = False
    writes_to_file = False
    # Every record comes here, and as it is.
    has_filter = True
    has_formatter = True
    needs_rulegraph = False
