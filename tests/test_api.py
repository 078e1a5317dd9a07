"""docs/api.md is what the docstrings say, and they say what they must."""

from __future__ import annotations

import ast
import dataclasses
import importlib.util
import inspect
import re
from pathlib import Path
from types import ModuleType

import pytest

import cistrace

SOURCE = Path(cistrace.__file__).parent


def load_script() -> ModuleType:
    path = Path(__file__).parents[1] / "docs" / "make_api.py"
    spec = importlib.util.spec_from_file_location("make_api", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


make_api = load_script()


def test_the_page_is_what_the_docstrings_say() -> None:
    assert make_api.PAGE.read_text(encoding="utf-8") == make_api.page(), "run: python docs/make_api.py"


def test_every_public_object_has_a_docstring() -> None:
    missing = []
    for path in sorted(SOURCE.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        named = [(str(path.relative_to(SOURCE)), tree), *((one.name, one) for one in make_api.public_objects(tree))]
        missing += [(str(path.relative_to(SOURCE)), name) for name, one in named if not ast.get_docstring(one)]
    assert missing == []


FACE = {
    name: getattr(cistrace, name)
    for name in cistrace.__all__
    if not name.startswith("_") and not issubclass(type(getattr(cistrace, name)), str)
}
CALLABLES = {
    **{name: one for name, one in FACE.items() if not (inspect.isclass(one) and issubclass(one, Exception))},
    **{f"{name}.{method}": member for name, one in FACE.items() for method, member in make_api.methods(one)},
}


def sections(docstring: str) -> dict[str, str]:
    _, *rest = make_api.SECTION.split(docstring)
    return dict(zip(rest[::2], rest[1::2], strict=True))


def stated_names(body: str) -> set[str]:
    heads = re.findall(r"^(\S[^:\n]*?)(?: :|$)", body, flags=re.MULTILINE)
    return {name.strip() for head in heads for name in head.split(",")}


@pytest.mark.parametrize("name", CALLABLES)
def test_docstrings_state_parameters_results_and_errors(name: str) -> None:
    one = CALLABLES[name]
    found = sections(inspect.getdoc(one) or "")
    if isinstance(one, property):
        return
    if dataclasses.is_dataclass(one):
        fields = {field.name for field in dataclasses.fields(one)}
        assert fields <= stated_names(found.get("Attributes", "") + found.get("Parameters", "")), "fields"
        return
    signature = inspect.signature(one)
    parameters = [parameter for parameter in signature.parameters if parameter != "self"]
    said = stated_names(found.get("Parameters", "")) | set(re.findall(r"`(\w+)[=`]", inspect.getdoc(one) or ""))
    assert set(parameters) <= said, "parameters"
    if "." not in name and inspect.isfunction(one) and signature.return_annotation not in (None, "None", "Self"):
        assert {"Returns", "Yields"} & set(found), "returns"
    code = inspect.getsource(one.__init__ if inspect.isclass(one) else one)
    raised = set(re.findall(r"raise (\w+)\(", code))
    assert raised <= stated_names(found.get("Raises", "")), "errors"


def test_errors_are_those_of_the_tree() -> None:
    for name, one in CALLABLES.items():
        for head in stated_names(sections(inspect.getdoc(one) or "").get("Raises", "")):
            assert head in dir(cistrace) or head in ("ValueError",), f"{name} raises {head}"
