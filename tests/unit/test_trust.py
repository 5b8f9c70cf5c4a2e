"""Nothing that is read from disk runs code, and nothing that a config says reaches a shell."""

import ast
import pickle
import re
from pathlib import Path

import pytest

from evolution.errors import UserError
from evolution.io import arrays, tables
from evolution.io.checkpoints import load_checkpoint

WORKFLOW = Path(__file__).parents[2] / "workflow"
SCRIPTS = sorted((WORKFLOW / "scripts").rglob("*.py"))
RULES = [WORKFLOW.parent / "Snakefile", *sorted((WORKFLOW / "rules").glob("*.smk"))]
# Ways to run what a file or a config says; torch.load and np.load are safe with the arguments that are asked for.
FORBIDDEN_CALLS = {"eval", "exec", "compile", "system", "popen", "Popen", "check_output", "check_call", "__import__"}
FORBIDDEN_MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal", "subprocess", "runpy"}
# The report is Snakemake's, planning asks programs of this workflow, and a worker forks jobs: they are started as a
# list of arguments, which no shell reads. So is ffmpeg, by imageio-ffmpeg.
STARTS_A_PROGRAM = {"write_report.py", "programs.py", "worker.py"}
# The worker runs Snakemake's copy of a script, as Python would.
RUNS_A_SCRIPT = {"server.py"}
SAFE_ARGUMENTS = {"torch.load": ("weights_only", True), "np.load": ("allow_pickle", False)}


def calls(tree):
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call)]


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_scripts_neither_unpickle_nor_call_a_shell(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imported = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imported |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add((node.module or "").split(".")[0])
    assert not imported & (FORBIDDEN_MODULES - ({"subprocess"} if path.name in STARTS_A_PROGRAM else set()))
    for call in calls(tree):
        name = ast.unparse(call.func)
        # A method of an object, such as re.compile or model.eval, is another thing.
        if isinstance(call.func, ast.Name) or name.startswith("os."):
            allowed = {"exec", "compile"} if path.name in RUNS_A_SCRIPT else set()
            assert name.split(".")[-1] not in FORBIDDEN_CALLS - allowed, f"{name} in line {call.lineno}"
        assert "shell" not in [argument.arg for argument in call.keywords], f"{name} in line {call.lineno}"
        if name in SAFE_ARGUMENTS:
            keyword, value = SAFE_ARGUMENTS[name]
            given = {argument.arg: ast.unparse(argument.value) for argument in call.keywords}
            assert given.get(keyword) == str(value), f"{name} in line {call.lineno}"
        assert name not in ("yaml.unsafe_load", "yaml.full_load"), f"line {call.lineno}"
        if name == "yaml.load":
            assert ast.unparse(call.args[1]) == "SafeLoader", f"line {call.lineno}"


@pytest.mark.parametrize("path", RULES, ids=lambda path: path.name)
def test_rules_run_scripts_and_no_shell(path):
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"^\s*(shell|run|wrapper|notebook|cwl)\s*:", text, flags=re.M)
    assert not re.search(r"\b(shell|os\.system|os\.popen|subprocess|eval|exec)\b\s*[.(]", text)


class Attack:
    """What a malicious pickle does: call something when it is loaded."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


@pytest.mark.parametrize(
    "load",
    [
        lambda path: load_checkpoint(str(path)),
        lambda path: arrays.load_npy(path, (None,)),
        lambda path: arrays.load_npz(path, "eval_labels"),
        lambda path: tables.load_table(path, "epoch"),
    ],
    ids=["checkpoint", "npy", "npz", "parquet"],
)
@pytest.mark.parametrize("kind", ["pickle", "torch"])
@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
def test_an_artifact_that_would_run_code_is_refused(tmp_path, load, kind):
    import torch

    path, ran = tmp_path / "artifact", tmp_path / "ran"
    if kind == "pickle":
        path.write_bytes(pickle.dumps(Attack(ran)))
    else:
        torch.save({"weights": {}, "optimizer": Attack(ran), "epoch": 0}, path)
    with pytest.raises(UserError, match="is damaged or not what this workflow wrote"):
        load(path)
    assert not ran.exists()


def test_the_attack_would_work(tmp_path):
    pickle.loads(pickle.dumps(Attack(tmp_path / "ran")))
    assert (tmp_path / "ran").exists()


def test_every_pin_has_been_looked_at():
    looked_at = (WORKFLOW.parent / "docs" / "trust.md").read_text(encoding="utf-8")
    for name in ("requirements.txt", "requirements-extras.txt"):
        pins = (WORKFLOW.parent / name).read_text(encoding="utf-8").splitlines()
        for package, version in (pin.split("==") for pin in pins if pin and not pin.startswith(("#", "-e ./"))):
            if package == "snakemake-executor-plugin-slurm":
                package = "SLURM plugin"
            assert f"{package} {version}" in looked_at
