"""Write docs/api.md from the docstrings: the names of `import cistrace` in full, all other public ones in a line each.

python docs/make_api.py
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import cistrace

PAGE = Path(__file__).with_name("api.md")
SOURCE = Path(cistrace.__file__).parent
SECTION = re.compile(r"^([A-Z][a-z]+)\n-{3,}\n", flags=re.MULTILINE)
HEAD = """# Python API

Made from the docstrings by `python docs/make_api.py`; do not edit. Activity is log2(RNA/DNA) throughout, and positions
in Python are 0-based and half-open. Examples begin with `from cistrace import *`.

"""


def page() -> str:
    """The whole page."""
    shown = [name for name in cistrace.__all__ if not name.startswith("_")]
    parts = [entry(name, getattr(cistrace, name)) for name in shown]
    return HEAD + "\n".join([*parts, "## Everything else, by module\n", *index()])


def entry(name: str, one: object) -> str:
    """One name of the package with its signature, its docstring and, of a class, its public methods."""
    lines = [f"## {name}\n", f"`{one.__module__}`\n", *_documented(name, one)]
    for method, member in methods(one):
        lines += [f"### {name}.{method}\n", *_documented(method, member)]
    return "\n".join(lines)


def methods(one: object) -> Iterator[tuple[str, object]]:
    """Public methods and properties that a class has of its own."""
    if inspect.isclass(one) and not issubclass(one, Exception):
        for name, member in vars(one).items():
            if not name.startswith("_") and (inspect.isfunction(member) or isinstance(member, property)):
                yield name, member


def _documented(name: str, one: object) -> list[str]:
    signature = (
        [] if isinstance(one, property) or not _has_signature(one) else [f"```python\n{_signed(name, one)}\n```\n"]
    )
    return [*signature, markdown(inspect.getdoc(one) or ""), ""]


def _has_signature(one: object) -> bool:
    return inspect.isfunction(one) or (inspect.isclass(one) and not issubclass(one, Exception))


def _signed(name: str, one: object) -> str:
    text = f"{name}{inspect.signature(one)}"  # type: ignore[arg-type]
    return re.sub(r"'([^']*)'", r"\1", text) if "->" in text or ": '" in text else text


def markdown(docstring: str) -> str:
    """A docstring in numpy's form: sections as bold words, their entries as lists."""
    summary, *rest = SECTION.split(docstring)
    parts = [summary.strip()]
    for title, body in zip(rest[::2], rest[1::2]):
        parts.append(f"**{title}**\n")
        parts.append(f"```python\n{body.strip()}\n```" if title == "Examples" else _entries(body))
    return "\n".join(part if part.startswith("**") else part + "\n" for part in parts).rstrip() + "\n"


def _entries(body: str) -> str:
    lines = []
    given = body.strip("\n").splitlines()
    for line, following in zip(given, [*given[1:], ""]):
        if line and not line[0].isspace():
            name, colon, kind = line.partition(" : ")
            told = ":" if following.startswith(" ") else ""
            lines.append(f"- `{name}` ({kind}){told}" if colon else f"- {line}{told}")
        else:
            lines.append(f"  {line.strip()}".rstrip())
    return "\n".join(lines).rstrip()


def index() -> Iterator[str]:
    """Every module with its public classes and functions, the first line of each docstring."""
    for path in sorted(SOURCE.rglob("*.py")):
        module = ".".join(["cistrace", *path.relative_to(SOURCE).with_suffix("").parts]).removesuffix(".__init__")
        if module in ("cistrace", "cistrace.__main__") or module.startswith("cistrace.cli"):
            continue  # the first is above; commands explain themselves by --help
        tree = ast.parse(path.read_text(encoding="utf-8"))
        yield f"### {module}\n\n{_first_line(tree)}\n"
        objects = list(public_objects(tree))
        if objects:
            yield "\n".join(f"- `{one.name}`: {_first_line(one)}" for one in objects) + "\n"


def public_objects(tree: ast.Module) -> Iterator[ast.ClassDef | ast.FunctionDef]:
    """Public classes and functions at the top of a module."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("_"):
            yield node


def _first_line(node: ast.Module | ast.ClassDef | ast.FunctionDef) -> str:
    first, *_ = (ast.get_docstring(node) or "").split("\n\n")
    return " ".join(first.split())


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
