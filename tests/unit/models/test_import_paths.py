"""Files that import from their package, and models of packages: what is imported, and which files they are."""

import sys
from importlib import import_module
from pathlib import Path

import pytest
import torch

from evolution.errors import ModelError
from evolution.models.build import build_model
from evolution.models.import_paths import find_module
from evolution.planning.code_files import model_files, model_versions
from evolution.planning.programs import SCRIPTS
from support.nets_packages import LAYOUTS, NET, write_layout

pytestmark = pytest.mark.usefixtures("one_thread", "own_imports")


@pytest.fixture
def own_imports(tmp_path, monkeypatch):
    """What a model imports is gone after the test."""
    monkeypatch.setattr(sys, "path", sys.path.copy())
    # The tests import this workflow's scripts; jobs run them.
    for script in SCRIPTS.glob("*.py"):
        monkeypatch.delitem(sys.modules, script.stem, raising=False)
    yield
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", None)).startswith(str(tmp_path)):
            del sys.modules[name]


def build(name, **kwargs):
    return build_model(str(name), kwargs=kwargs, shape=(1, 2, 2), classes=5, seed=1)


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_what_a_file_imports(tmp_path, layout):
    file = write_layout(tmp_path, layout, mark=7)
    model = build(f"{file}:Net")
    assert model.mark == 7 and model(torch.zeros(2, 1, 2, 2)).shape == (2, 5)
    assert sorted(path.relative_to(tmp_path).as_posix() for path in model_files(f"{file}:Net")) == sorted(layout)
    assert not list(tmp_path.rglob("__pycache__"))
    # The same names in another folder, and other content.
    other = write_layout(tmp_path / "other", layout, mark=8)
    assert build(f"{other}:Net").mark == 8 and build(f"{file}:Net").mark == 7
    assert set(model_files(f"{other}:Net")).isdisjoint(model_files(f"{file}:Net"))
    write_layout(tmp_path, layout, mark=9)
    assert build(f"{file}:Net").mark == 9


def test_paths_from_the_working_directory_stay_such(tmp_path, monkeypatch):
    write_layout(tmp_path / "proj", LAYOUTS["absolute"], mark=7)
    monkeypatch.chdir(tmp_path)
    found = {"__init__.py", "blocks.py", "net.py"}
    assert set(model_files("proj/nets/net.py:Net")) == {Path("proj/nets") / name for name in found}
    monkeypatch.chdir(tmp_path / "proj" / "nets")
    assert set(model_files("net.py:Net")) == {Path(name) for name in found}


def test_installed_packages_are_no_files_of_the_model(tmp_path):
    (tmp_path / "net.py").write_text(NET.format(imports="import numpy.linalg, torch.nn, queue\nMARK = 1"))
    assert model_files(f"{tmp_path}/net.py:Net") == [tmp_path / "net.py"]


def test_no_folder_takes_the_place_of_an_installed_package(tmp_path):
    (tmp_path / "numpy").mkdir()
    (tmp_path / "numpy" / "linalg.py").write_text("")
    (tmp_path / "nets").mkdir()
    file = tmp_path / "nets" / "net.py"
    file.write_text(NET.format(imports="from numpy.linalg import norm\nMARK = norm"))
    assert build(f"{file}:Net").mark([3.0, 4.0]) == 5
    assert model_files(f"{file}:Net") == [file]


@pytest.mark.parametrize(
    ("imports", "said"),
    [
        (
            "from nothing_there.blocks import MARK",
            r"No module named 'nothing_there' \(net\.py, line 3\)\. Imports are loo",
        ),
        ("from torch import MARK", r"cannot import name 'MARK' from 'torch'.*\(net\.py, line 3\)"),
        (
            "from evolution.blocks import MARK",
            r"'evolution\.blocks' \(net\.py, line 3\); this workflow's own library is called evolution too\. ",
        ),
    ],
)
def test_imports_that_fail(tmp_path, imports, said):
    (tmp_path / "net.py").write_text(NET.format(imports=imports))
    with pytest.raises(ModelError, match=rf"^model\.name: .*net\.py cannot be imported: .*{said}") as error:
        build(f"{tmp_path}/net.py:Net")
    assert "\n" not in str(error.value)


COUNTER = "COUNT = []\n"
COUNTS = NET.format(imports="from counter import COUNT\nCOUNT.append(1)\nMARK = len(COUNT)")


def test_a_model_that_is_built_again_finds_nothing_of_the_first(tmp_path):
    """As in a job of its own."""
    (tmp_path / "counter.py").write_text(COUNTER)
    (tmp_path / "net.py").write_text(COUNTS)
    assert [build(f"{tmp_path}/net.py:Net").mark for _ in range(3)] == [1, 1, 1]


def write_package(folder, *, mark, name="my_nets"):
    (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / name / "__init__.py").write_text("from .net import Net\n")
    (folder / name / "net.py").write_text(NET.format(imports=f"from {name}.blocks import MARK"))
    (folder / name / "blocks.py").write_text(f"MARK = {mark}\n")
    return {f"{name}/{file}.py" for file in ("__init__", "net", "blocks")}


@pytest.mark.parametrize("place", ["PYTHONPATH", "the working directory"])
@pytest.mark.parametrize("module", ["my_nets.net", "my_nets", "evolution.net"])
def test_a_package_in_a_folder_of_the_users(tmp_path, monkeypatch, place, module):
    package = module.partition(".")[0]
    files = write_package(tmp_path, mark=3, name=package)
    monkeypatch.chdir(tmp_path)
    if place == "PYTHONPATH":
        sys.path.insert(0, str(tmp_path))
        (tmp_path / "elsewhere").mkdir()
        monkeypatch.chdir("elsewhere")
    name = f"{module}:Net"
    assert build(name).mark == 3
    assert {path.resolve().relative_to(tmp_path).as_posix() for path in model_files(name)} == files
    assert model_versions(name) == {}
    write_package(tmp_path, mark=44, name=package)
    assert build(name).mark == 44


def test_the_name_evolution_is_this_workflows_again(tmp_path):
    """Also after an import that fails, and what a user's file has put on the path stays there."""
    ours = {name: module for name, module in sys.modules.items() if name.partition(".")[0] == "evolution"}
    (tmp_path / "evolution.py").write_text("MARK = 3\n")
    (tmp_path / "net.py").write_text(
        NET.format(imports="import sys\nfrom evolution import MARK\nsys.path.append('more')")
    )
    assert build(f"{tmp_path}/net.py:Net").mark == 3 and "more" in sys.path
    (tmp_path / "evolution.py").write_text("")
    with pytest.raises(ModelError, match="cannot import name 'MARK' from 'evolution'"):
        build(f"{tmp_path}/net.py:Net")
    assert {name: module for name, module in sys.modules.items() if name.partition(".")[0] == "evolution"} == ours
    import_module("evolution.models.names")


def test_an_installed_package(tmp_path, monkeypatch):
    site = tmp_path / "site-packages"
    write_package(site, mark=3)
    for name, version in (("other-nets", "1.5"), ("nets-by-me", "2.0")):
        info = site / f"{name.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        (info / "top_level.txt").write_text("my_nets\n" if name == "nets-by-me" else "other\n")
    sys.path.insert(0, str(site))
    model_versions.cache_clear()
    assert build("my_nets.net:Net").mark == 3
    assert model_files("my_nets.net:Net") == [] and model_versions("my_nets.net:Net") == {"nets-by-me": "2.0"}
    model_versions.cache_clear()


def test_functions_of_installed_packages():
    found = build("torchvision.models:resnet18", num_classes=5)
    torch.manual_seed(1)
    from torchvision.models import resnet18

    torch.testing.assert_close(found.state_dict(), resnet18(num_classes=5).state_dict(), rtol=0, atol=0)
    assert model_versions("torchvision.models:resnet18").keys() == {"torchvision"}
    assert model_files("torchvision.models:resnet18") == []


@pytest.mark.parametrize(
    "name", ["my_nets_2:Net", "torch.nothing:Net", "os.path:join", "evolution.models.networks:MLP"]
)
def test_modules_that_are_not_there(name):
    """Neither is this workflow's own library."""
    assert find_module(name.partition(":")[0]) is None
    for asked in (build, model_files):
        with pytest.raises(ModelError, match=r"^model\.name: there is no module"):
            asked(name)


def test_finding_a_module_runs_nothing(tmp_path):
    write_package(tmp_path, mark="fail()")
    (tmp_path / "my_nets" / "__init__.py").write_text("fail()\n")
    sys.path.insert(0, str(tmp_path))
    assert find_module("my_nets.net") == tmp_path / "my_nets" / "net.py"
    assert "my_nets" not in sys.modules


def test_what_a_module_lacks(tmp_path):
    write_package(tmp_path, mark=1)
    sys.path.insert(0, str(tmp_path))
    with pytest.raises(ModelError, match=r"^model\.name: my_nets has no Other; its models are Net"):
        build("my_nets:Other")
