"""requirements.txt, envs/*.yaml and what the code imports say the same."""

import ast
import re
import sys
import tomllib
from importlib.metadata import requires
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from evolution.data.catalogue import DATA_PACKAGES
from evolution.embedding.methods import METHODS
from evolution.figures.registry import COMPARISON_FIGURES, FIGURES
from evolution.models.names import TRANSFORMERS
from evolution.planning.code_files import code_files

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "workflow" / "scripts"
ENVIRONMENTS = sorted((ROOT / "envs").glob("*.yaml"))
# Names on PyPI where conda-forge's or the import's is another.
PYPI_OF_CONDA = {"pytorch": "torch", "matplotlib-base": "matplotlib", "opentsne": "openTSNE"}
PYPI_OF_IMPORT = {"sklearn": "scikit-learn", "PIL": "pillow", "yaml": "pyyaml", "imageio_ffmpeg": "imageio-ffmpeg"}
PYPI_OF_IMPORT |= {"umap": "umap-learn"}
# What jobs of an environment import where they use a GPU alone: their rule has the environment torch then.
ON_GPU = {"analysis": {"torch"}}


def read_pins(name):
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    # A package of this repository has no pin.
    return [Requirement(line) for line in lines if line and not line.startswith(("#", "-e ./"))]


def read_environment(path):
    """A conda environment's packages by their PyPI names, each with its range; and Python's range."""
    lines = yaml.safe_load(path.read_text(encoding="utf-8"))["dependencies"]
    packages = {name: SpecifierSet(bounds) for name, bounds in (line.split(maxsplit=1) for line in lines)}
    python = packages.pop("python")
    return {PYPI_OF_CONDA.get(name, name): bounds for name, bounds in packages.items()}, python


def third_party(source):
    """What a piece of Python imports from outside, by PyPI's names, wherever in it the import stands.

    A package of which it takes a file, found by `find_spec`, counts too.
    """
    imported = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "find_spec":
            imported |= {argument.value for argument in node.args if isinstance(argument, ast.Constant)}
        elif isinstance(node, ast.Import):
            imported |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(node.module.split(".")[0])
    own = {"evolution", *(path.stem for path in SCRIPTS.glob("*.py"))}
    return {PYPI_OF_IMPORT.get(name, name) for name in imported - own - set(sys.stdlib_module_names)}


def script_imports(script):
    """What a script and the modules it imports take from outside."""
    sources = code_files(SCRIPTS / f"{script}.py")
    return set().union(*(third_party(path.read_text(encoding="utf-8")) for path in sources))


def read_rules():
    """Each rule's script and conda environment, as the rule files and the registry of figures name them."""
    # Figures' rules are made in a loop, with the rule's name as that of its script.
    rules = {figure.rule: ([figure.rule], ["plots"]) for figure in (*FIGURES, *COMPARISON_FIGURES)}
    for path in sorted((ROOT / "workflow" / "rules").glob("*.smk")):
        text = path.read_text(encoding="utf-8")
        for block in re.split(r"^ *(?:rule|checkpoint) ?(?=\w*:$)", text, flags=re.MULTILINE)[1:]:
            scripts = re.findall(r'"\.\./scripts/(\w+)\.py"', block)
            environments = re.findall(r'"\.\./\.\./envs/(\w+)\.yaml"', block)
            if scripts:
                # A rule that is made for each set of layers has no name here; it goes by its script's.
                rules[block.split(":")[0] or scripts[0]] = (scripts, environments)
            elif "scripts/{params.script}.py" in block:
                assert environments == ["plots"]
    return rules


PINS = {pin.name: pin for pin in read_pins("requirements.txt")}
EXTRAS = {pin.name: pin for pin in read_pins("requirements-extras.txt")}
RULES = read_rules()


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-extras.txt", "requirements-test.txt"])
def test_every_requirement_is_pinned(name):
    pins = read_pins(name)
    assert len({pin.name.lower() for pin in pins}) == len(pins)
    for pin in pins:
        (bound,) = pin.specifier
        assert bound.operator == "==" and "*" not in bound.version, pin


def test_torch_and_torchvision_are_a_pair():
    """torchvision says itself which torch it was built with; conda's lower bounds belong together as well."""
    (wanted,) = (Requirement(line) for line in requires("torchvision") if Requirement(line).name == "torch")
    (torch,) = PINS["torch"].specifier
    (torchvision,) = PINS["torchvision"].specifier
    assert wanted.specifier.contains(torch.version)
    # torchvision 0.15 came with torch 2.0, and each minor version since with the next.
    pairs = [(torch.version, torchvision.version)]
    for path in ENVIRONMENTS:
        packages, _ = read_environment(path)
        if "torchvision" in packages:
            pairs.append([bound.version for name in ("torch", "torchvision") for bound in packages[name]])
    assert len(pairs) == 2
    for torch, torchvision in pairs:
        assert Version(torchvision).minor - Version(torch).minor == 15


@pytest.mark.parametrize("path", ENVIRONMENTS, ids=lambda path: path.stem)
def test_conda_ranges_hold_what_is_pinned(path):
    packages, python = read_environment(path)
    for name, bounds in packages.items():
        (pin,) = (PINS | EXTRAS)[name].specifier
        assert str(bounds), f"{name} has a range"
        assert bounds.contains(pin.version), name
    assert python.contains("3.11") and not python.contains("3.10"), "as the Makefile wants it"
    channels = yaml.safe_load(path.read_text(encoding="utf-8"))["channels"]
    assert channels == ["conda-forge", "nodefaults"]


def test_every_script_is_run_by_a_rule_with_an_environment():
    run = [script for scripts, _ in RULES.values() for script in scripts]
    assert sorted(set(run)) == sorted(path.stem for path in SCRIPTS.glob("*.py"))
    for rule, (_, environments) in RULES.items():
        # What is optional has an environment of its own, in addition to the usual one; so has what may run on a GPU.
        assert len(environments) == 1 or (len(environments) == 2 and {"extras", "torch"} & {*environments}), rule
        for environment in environments:
            assert ROOT / "envs" / f"{environment}.yaml" in ENVIRONMENTS


@pytest.mark.parametrize("rule", RULES)
def test_an_environment_has_what_its_scripts_import(rule):
    scripts, environments = RULES[rule]
    for environment in environments:
        packages, _ = read_environment(ROOT / "envs" / f"{environment}.yaml")
        optional = ON_GPU.get(environment, set()) | (set() if environment == "extras" else set(EXTRAS))
        for script in scripts:
            assert script_imports(script) - optional <= set(packages)


@pytest.mark.parametrize("path", ENVIRONMENTS, ids=lambda path: path.stem)
def test_an_environment_has_nothing_that_no_script_imports(path):
    needed = [script_imports(script) for scripts, names in RULES.values() if path.stem in names for script in scripts]
    optional = ON_GPU.get(path.stem, set()) | (set() if path.stem == "extras" else set(EXTRAS))
    assert set(read_environment(path)[0]) == set().union(*needed) - optional


def test_requirements_are_what_the_workflow_imports():
    """Scripts, shared modules and the Snakemake files; the executor is named in a profile.

    Snakemake writes its report only where it finds what it calls its extra for reports.
    """
    wanted = [Requirement(line) for line in requires("snakemake")]
    reports = {each.name for each in wanted if each.marker and each.marker.evaluate({"extra": "reports"})}
    assert reports
    imported = set().union(*(third_party(path.read_text(encoding="utf-8")) for path in SCRIPTS.rglob("*.py")))
    for path in [ROOT / "Snakefile", *sorted((ROOT / "workflow" / "rules").glob("*.smk"))]:
        lines = re.findall(r"^ *(?:import|from) .+$", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
        imported |= third_party("\n".join(line.strip() for line in lines))
    data = {pin.partition("==")[0] for pin in DATA_PACKAGES.values()} - set(EXTRAS)
    # What prints Snakemake's progress is a package of its own; Snakemake brings the interface of its plugins.
    progress = tomllib.loads((ROOT / "progress" / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    printing = {Requirement(line).name for line in progress["dependencies"]} - {"snakemake-interface-logger-plugins"}
    assert "-e ./progress\n" in (ROOT / "requirements.txt").read_text(encoding="utf-8")
    own = {"snakemake", "snakemake-executor-plugin-slurm"}
    assert set(PINS) == imported - set(EXTRAS) | own | reports | data | printing


def test_packages_of_which_only_data_are_read_are_pinned_as_the_messages_say():
    pins = {name: str(pin) for name, pin in (PINS | EXTRAS).items()}
    assert all(pins[pin.partition("==")[0]] == pin for pin in DATA_PACKAGES.values())


def test_extras_are_what_optional_methods_and_models_import():
    data = {pin.partition("==")[0] for pin in DATA_PACKAGES.values()} - set(PINS)
    assert {method.package for method in METHODS.values() if method.package} | {TRANSFORMERS} | data == set(EXTRAS)
    for method in METHODS.values():
        assert PYPI_OF_IMPORT.get(method.module, method.module) == method.package
