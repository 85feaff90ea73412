"""The house rules that a machine can check: layers, who may know Twisted, mirrored test names, length of files."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LAYERS = (  # a module imports from those above its own line only; those on one line never import each other
    {"mail"},
    {"storage", "auth", "wire"},
    {"pop3", "imap"},
    {"net"},
    {"web"},
    {"privileges"},
    {"config"},
    {"server"},
    {"cli", "testing"},
    {"__main__"},
)
MAY_KNOW_TWISTED = {"net", "web", "server"}
LONGEST = 600
ACROSS_MODULES = {  # tests of no single module
    "imap/test_robustness.py",
    "imap/test_reopening.py",
    "imap/test_transcripts.py",
    "net/test_endings.py",
    "pop3/test_robustness.py",
    "pop3/test_transcripts.py",
    "storage/test_crashes.py",
    "storage/test_full_disk.py",
    "storage/test_processes.py",
}
FROM_OUTSIDE = {"test_server.py"}  # what tests/e2e is about

MODULES = sorted((ROOT / "mailaccess").rglob("*.py"))
PACKAGES = sorted((ROOT / "mailaccess").glob("*/**/__init__.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))


def room(dotted: str) -> str:
    """The part of the house a module of ours belongs to; mailaccess/__init__.py is in none."""
    return [*dotted.split("."), ""][1]


def imports(module: Path) -> Iterator[str]:
    """The dotted names a module imports from."""
    for node in ast.walk(ast.parse(module.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}:{node.lineno}: imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def dotted(module: Path) -> str:
    return ".".join(module.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def acts(module: Path) -> bool:
    """It has functions; one of nothing but names, types and errors has nothing to try."""
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    tree = ast.parse(module.read_text("utf-8"))
    return any(isinstance(node, functions) and node.name != "__init__" for node in ast.walk(tree))


@pytest.mark.parametrize("module", MODULES, ids=dotted)
def test_a_module_imports_only_from_the_layers_before_its_own(module: Path) -> None:
    """So that storage never learns of a protocol, and a protocol never of a socket."""
    rank = {name: number for number, names in enumerate(LAYERS) for name in names}
    own = room(dotted(module))
    for name in imports(module):
        if name.startswith("mailaccess.") and room(name) in rank and room(name) != own:
            assert rank[room(name)] < rank.get(own, len(LAYERS)), f"{own} may not import {name}"
        if name.split(".")[0] in {"twisted", "OpenSSL", "zope"}:
            assert own in MAY_KNOW_TWISTED, f"{own} may not import {name}"


@pytest.mark.parametrize("module", [module for module in MODULES if module.parent.name == "commands"], ids=dotted)
def test_a_family_of_commands_imports_no_other(module: Path) -> None:
    """What several need stands beside their room, not in one of them."""
    siblings = {f"{dotted(module.parent / '__init__.py')}.{each.stem}" for each in module.parent.glob("*.py")}

    if module.name != "__init__.py":
        assert [name for name in imports(module) if {name, name.rpartition(".")[0]} & siblings] == []


def test_every_module_is_in_a_layer() -> None:
    """Nothing is built beside the house."""
    rooms = {room(dotted(module)) for module in MODULES} - {""}

    assert rooms <= {name for names in LAYERS for name in names}


@pytest.mark.parametrize("package", PACKAGES, ids=dotted)
def test_a_package_says_what_its_modules_are(package: Path) -> None:
    """The map at its door names each of them."""
    words = set(re.findall(r"\w+", ast.get_docstring(ast.parse(package.read_text("utf-8"))) or ""))
    rooms = {module.stem for module in package.parent.glob("*.py")}
    rooms |= {inner.parent.name for inner in package.parent.glob("*/__init__.py")}

    assert sorted(rooms - {"__init__"} - words) == []


def test_tests_mirror_the_modules() -> None:
    """Every mailaccess/a/b.py has tests/a/test_b.py, and back; what concerns several stands in tests/ or tests/e2e/."""
    mirror = {module: module.with_name(f"test_{module.name}").relative_to(ROOT / "mailaccess") for module in MODULES}
    possible = {test.as_posix() for module, test in mirror.items() if module.name != "__init__.py"}
    expected = {test.as_posix() for module, test in mirror.items() if test.as_posix() in possible and acts(module)}
    tests = {test.relative_to(ROOT / "tests").as_posix() for test in TESTS if test.name.startswith("test_")}
    mirrors = {test for test in tests if "/" in test and not test.startswith("e2e/")} - ACROSS_MODULES

    assert sorted(expected - tests - FROM_OUTSIDE) == []
    assert sorted(mirrors - possible) == []


@pytest.mark.parametrize("file", [*MODULES, *TESTS], ids=dotted)
def test_no_file_is_too_long_to_be_read(file: Path) -> None:
    """One file, one subject; 400 lines are a question, this is the answer."""
    assert len(file.read_text("utf-8").splitlines()) <= LONGEST
