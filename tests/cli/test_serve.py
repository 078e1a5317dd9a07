"""What the commands that serve say before anything is loaded."""

from __future__ import annotations

import pytest
from cli_helpers import invoke


@pytest.mark.parametrize("command", ["serve", "mcp"])
def test_what_is_not_installed_is_named_with_its_extra(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cistrace.cli.extras.find_spec", lambda name: None if name == "fastapi" else object())
    found = invoke(command)
    assert found.exit_code == 2
    told = f"cistrace {command}: found no fastapi; expected the extra serve; run `pip install 'cistrace[serve]'`"
    assert found.stderr == f"cistrace: {told}\n"


@pytest.mark.parametrize("option", [("--port", "65536"), ("--max-length", "0"), ("--max-mebibytes", "x")])
def test_options_out_of_bounds(option: tuple[str, str]) -> None:
    found = invoke("serve", *option)
    assert found.exit_code == 2 and option[0] in found.stderr
