"""Two people, two clones, one cache: the second takes from it what the first computed."""

import io
from collections import Counter

import numpy as np
import pyarrow.parquet as pq

from support.project import TINY, Project, changed

# What the first clone makes: all but the figures and pages, which are not cached.
TARGETS = ("training", "metrics", "embeddings")
COSTLY = ("prepare_data", "train", "snapshot", "raw_inputs", "measure", "embed")


def test_the_second_clone_computes_nothing_that_the_first_did(finished, tmp_path):
    cache = tmp_path / "cache"
    cache.mkdir()
    environment = {"SNAKEMAKE_OUTPUT_CACHE": str(cache)}
    first, second = Project(tmp_path / "first"), Project(tmp_path / "second")
    first.run(*TARGETS, "--cache", *COSTLY, env=environment)
    # Another name for the run, and another resolution of figures: neither decides anything that is cached.
    second.configure(changed(changed(TINY, "runs", {"other": {}}), "plots.dpi", 60))
    second.run("--cache", *COSTLY, env=environment)

    def logs(project, rule):
        """The logs that the rule's scripts wrote; Snakemake leaves an empty log for a result from the cache."""
        logs = project.folder / "results"
        files = [*logs.glob(f"*/logs/{rule}.log"), *logs.glob(f"*/logs/{rule}/**/*.log")]
        return [path for path in files if path.stat().st_size]

    for rule in COSTLY:
        assert logs(first, rule), rule
        assert not logs(second, rule), rule
    # The right layer's results under each layer's name, and the same bytes as without a cache.
    theirs = {name.replace("other/", "tiny/", 1): content for name, content in second.artifacts().items()}
    for name, content in finished.artifacts().items():
        if name.startswith("tiny/tables"):
            # They name the run.
            ours, other = (pq.read_table(io.BytesIO(each)).drop("run") for each in (content, theirs[name]))
            np.testing.assert_equal(other.to_pydict(), ours.to_pydict(), err_msg=name)
        elif not name.startswith(("tiny/figures", "tiny/summary", "tiny/warnings", "tiny/explorer", "tiny/contents")):
            assert theirs[name] == content, name
    assert second.plan() == Counter()

    probe = second.folder / "workflow" / "scripts" / "evolution" / "measures" / "probe.py"
    probe.write_text(probe.read_text(encoding="utf-8") + "\n# edited\n", encoding="utf-8")
    second.run("metrics", "--cache", *COSTLY, env=environment)
    assert logs(second, "measure")
    assert not logs(second, "embed")


def test_a_cached_result_is_not_taken_for_another_seed(finished, tmp_path):
    cache = tmp_path / "cache"
    cache.mkdir()
    environment = {"SNAKEMAKE_OUTPUT_CACHE": str(cache)}
    project = Project(tmp_path / "checkout")
    project.run("training", "--cache", *COSTLY, env=environment)
    project.configure(changed(TINY, "runs", {"other": {"seed": 5}}))
    project.run("training", "--cache", *COSTLY, env=environment)
    weights = "checkpoints/0003-0004.pt"
    results = project.folder / "results"
    assert (results / "other" / weights).read_bytes() != (results / "tiny" / weights).read_bytes()
