"""What holds for the whole repository: one version, named exports, pins, and what imports what."""

from __future__ import annotations

import ast
import importlib
import importlib.metadata
import re
import subprocess
import sys
import textwrap
import tomllib
from pathlib import Path
from types import ModuleType

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
FOLDERS = ("core", "dashboard", "tests", "benchmarks", ".ci")
SOURCES = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))
CORE = sorted((ROOT / "core").rglob("*.py"))
PACKAGES = [*CORE, *sorted((ROOT / "dashboard").rglob("*.py"))]
EXTRAS = PROJECT["project"]["optional-dependencies"]
DEPENDENCIES = [*PROJECT["project"]["dependencies"], *EXTRAS["sparse"], *EXTRAS["cluster"]]
PUBLIC = ["jacoscope", "jacoscope.problems", "jacoscope.run", "jacoscope_dashboard"]
DRAWING = {"bokeh", "holoviews", "jacoscope_dashboard", "matplotlib", "panel", "panel_material_ui"}


def test_the_version_stands_in_one_place():
    version = PROJECT["project"]["version"]
    assert importlib.metadata.version("jacoscope") == version
    literal = re.compile(rf"[\"']{re.escape(version)}[\"']")
    assert [path.name for path in PACKAGES if literal.search(path.read_text())] == []


def offered(package: ModuleType) -> set[str]:
    """What the file of a package re-exports (`X as X`) or defines without an underscore."""
    names = set()
    body = ast.parse(Path(str(package.__file__)).read_text()).body
    for node in body:
        if isinstance(node, ast.If):  # names that are loaded when first used
            body += node.body
        elif isinstance(node, ast.ImportFrom):
            names |= {alias.name for alias in node.names if alias.asname == alias.name}
        elif isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            names.add(node.name)
    return names


@pytest.mark.parametrize("name", PUBLIC)
def test_all_is_sorted_and_complete(name):
    package = importlib.import_module(name)
    exported = list(package.__all__)
    assert exported == sorted(exported)
    assert set(exported) == offered(package)
    assert all(hasattr(package, each) for each in exported)


@pytest.mark.parametrize("name", ["jacoscope", "jacoscope_dashboard"])
def test_types_are_announced(name):
    assert Path(str(importlib.import_module(name).__file__)).with_name("py.typed").is_file()


INSTALLED_AS = {"PIL": "pillow"}


def imported(path: Path) -> set[str]:
    """The top-level names of all absolute imports, those inside functions too."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("path", CORE, ids=lambda path: str(path.relative_to(ROOT / "core")))
def test_core_imports_nothing_that_draws(path):
    assert imported(path) & DRAWING == set()


def test_what_is_imported_is_declared():
    declared = {canonicalize_name(Requirement(line).name) for line in DEPENDENCIES}
    there = {"jacoscope", "jacoscope-dashboard", "ipython"}  # a notebook runs in the last one
    for path in PACKAGES:
        third_party = imported(path) - sys.stdlib_module_names
        names = {canonicalize_name(INSTALLED_AS.get(name, name)) for name in third_party} - there
        assert names <= declared, path.name


def test_core_works_where_nothing_that_draws_is_installed():
    script = f"""
        import importlib, importlib.abc, pkgutil, sys
        sys.path.insert(0, {str(ROOT / "core")!r})

        class Absent(importlib.abc.MetaPathFinder):
            def find_spec(self, name, path=None, target=None):
                if name.split(".")[0] in {DRAWING | {"param"}!r}:
                    raise ModuleNotFoundError(name)

        sys.meta_path.insert(0, Absent())
        import jacoscope as jsc
        for module in pkgutil.walk_packages(jsc.__path__, "jacoscope."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)
        p = jsc.problem("logistic_regression")
        print(jsc.jacobian(p.f, p.x, mode="reverse").shape)
        print(jsc.compare(p.f, p.x, runner="inline", time_limit=20).best().status)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n")[:2] == ["(4, 3)", "ok"]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_are_small_and_keep_to_public_jax(path):
    text = path.read_text()
    assert len(text.splitlines()) <= 400
    private = "jax." + "_src"
    assert private not in text


def requirements() -> list[Requirement]:
    """Everything that pyproject asks for: to run, in every extra, and to build."""
    project = PROJECT["project"]
    lists = [project["dependencies"], *EXTRAS.values()]
    lists.append(PROJECT["build-system"]["requires"])
    every = [Requirement(line) for lines in lists for line in lines]
    return [each for each in every if each.name != project["name"]]


def pins() -> list[Requirement]:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
def test_every_dependency_is_pinned_once_for_each_python(python):
    chosen: dict[str, list[str]] = {}
    for pin in pins():
        if pin.marker is None or pin.marker.evaluate({"python_version": python}):
            (specifier,) = pin.specifier
            assert specifier.operator == "=="
            chosen.setdefault(canonicalize_name(pin.name), []).append(specifier.version)
    assert {name: found for name, found in chosen.items() if len(found) > 1} == {}
    for wanted in requirements():
        name = canonicalize_name(wanted.name)
        assert name in chosen, f"{name} has no pin"
        assert wanted.specifier.contains(chosen[name][0]), f"{wanted} and {chosen[name][0]}"


def test_pins_name_no_place():
    assert pins()
    assert all(pin.url is None for pin in pins())
    assert "://" not in (ROOT / "constraints.txt").read_text()
