"""Effects on a terminal."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from variant_helpers import small_scorer, substitution

from cistrace.variants.show import show_effects


def test_table_traces_and_verdicts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    effects = small_scorer(tmp_path, monkeypatch).score([substitution(200), substitution(300)], "A")
    first = effects[0]
    hostile = replace(first, variant=replace(first.variant, contig="[red]\x1b[31m" + "x" * 80))
    out = StringIO()
    show_effects([hostile, effects[1]], Console(file=out, width=200))
    text = out.getvalue()
    assert "\x1b" not in text and "[red]" in text and f"{first.difference:+.3f}" in text
    assert text.count("Verified: all") == 2 and text.count("Effect: ") == 2
