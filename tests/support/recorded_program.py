"""Programs that record a small training: one of several processes, or one that is killed while it writes.

python recorded_program.py two RANK FOLDER recorded|bare
python recorded_program.py killed FOLDER FIRST
"""

import json
import os
import signal
import sys
from pathlib import Path

import torch
from torch import nn

from activation_recorder import Recorder, network_outputs
from support.recorded import Net, images, train


def two(rank: str, folder: str, recorded: str) -> None:
    """Train with one of two processes, and write its losses."""
    folder = Path(folder)
    torch.set_num_threads(1)
    torch.distributed.init_process_group(
        "gloo", init_method=f"file://{folder / recorded}.rendezvous", rank=int(rank), world_size=2
    )
    torch.manual_seed(7)
    model = Net()

    recorders = []

    def make(model):
        recorders.append(Recorder(model, *images(20), path=folder / "rec", at=[0, 2, 5]))
        return recorders[0]

    made = train(
        make if recorded == "recorded" else None, model=model, wrap=nn.parallel.DistributedDataParallel, steps=6
    )
    followed = recorders[0].layers if recorders else None
    (folder / f"{recorded}.{rank}.json").write_text(
        json.dumps([made["losses"], made["draws"], made["modes"], followed])
    )
    torch.distributed.destroy_process_group()


def killed(folder: str, first: str) -> None:
    """Train, and be killed by kill -9 when the second file of step 3 is half written."""
    write, files = network_outputs.write_array, []

    def write_and_die(path, array):
        files.append(path)
        if ".3.partial" in str(path) and len([file for file in files if file.parent == path.parent]) == 2:
            path.write_bytes(b"\x93NUMPY")
            os.kill(os.getpid(), signal.SIGKILL)
        write(path, array)

    network_outputs.write_array = write_and_die
    torch.set_num_threads(1)
    train(lambda model: Recorder(model, *images(20), path=folder, at=range(10)), first=int(first), steps=5)


if __name__ == "__main__":
    {"two": two, "killed": killed}[sys.argv[1]](*sys.argv[2:])
