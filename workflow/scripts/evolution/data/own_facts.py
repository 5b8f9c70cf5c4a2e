"""What the samples of a user's function are: a program of its own, which the planner starts.

The program reads a request as YAML from standard input, and writes its answer to the file that the request names: the
fields of `evolution.data.kinds.DataFacts`. If the samples cannot be used, it ends with code 3, and the last line of its
output is JSON: the key of the config that the problem lies at, and the problem.
"""

from evolution.startup.collection import without_collections

with without_collections():
    import torch  # noqa: F401 - the user's code may import it

# isort: split

import json
import sys
from dataclasses import asdict

import yaml

from evolution.data.own_function import own_function
from evolution.data.own_samples import first_samples
from evolution.errors import UserError
from evolution.io.whole_files import whole_file
from evolution.planning.programs import FAULT


def main() -> None:
    """Answer the request on standard input."""
    request = yaml.safe_load(sys.stdin)
    try:
        _, facts = first_samples(
            *own_function(request["data"]), count=1, seed=request["seed"], **request.get("said", {})
        )
    except UserError as error:
        print(f"\n{json.dumps({'key': error.key, 'problem': error.problem})}")
        sys.exit(FAULT)
    with whole_file(request["answer"]) as temporary:
        temporary.write_text(json.dumps(asdict(facts), indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
