"""The manifest of a data set: one reader, and one line for what is wrong with it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cistrace.errors import DataError
from cistrace.reasonbench.manifest import MANIFEST, Manifest, listed_files, read_manifest

PLAIN: dict[str, Any] = {
    "format": "cre-reasonbench",
    "version": "2",
    "cistrace": "0.1.0",
    "cell_types": ["K562", "Liver"],
    "cuts": {"K562": [-0.5, 0.0, 0.5], "Liver": [0.0, 0.1, 1e-7]},
    "sources": [{"name": "mpra.tsv", "sha256": "00"}],
    "evidence": {"kind": "associations", "origin": "associations of the training rows", "folds": {"count": 3}},
    "teacher": {"kind": "chat", "condition": "none", "model": "m", "top_p": 0.7},
    "draw": {"per_level": None, "short_of": {}},
    "files": {"train.jsonl": {"sha256": "11", "rows": 2}, "README.md": {"sha256": "22"}},
}


def write(folder: Path, plain: object) -> Path:
    (folder / MANIFEST).write_text(json.dumps(plain), encoding="utf-8")
    return folder


def test_what_was_written_comes_back_key_by_key(tmp_path: Path) -> None:
    found = read_manifest(write(tmp_path, PLAIN))
    assert found.plain() == PLAIN
    assert (found.cell_types, found.evidence.kind, found.files["train.jsonl"].rows) == (
        ("K562", "Liver"),
        "associations",
        2,
    )
    assert found.teacher is not None and found.teacher.condition == "none"
    assert Manifest.model_validate(found.plain()) == found


@pytest.mark.parametrize(
    ("harm", "expected"),
    [
        (
            lambda plain: {**plain, "version": "1"},
            r"version: Input should be '2'\); expected .* version 2",
        ),
        (lambda plain: {name: plain[name] for name in plain if name != "cell_types"}, r"cell_types: Field required"),
        (lambda plain: {**plain, "cuts": {"K562": [1, 2]}}, r"cuts\.K562"),
        (lambda plain: {**plain, "evidence": {"kind": "tower"}}, r"evidence\.kind: Input should be 'none', 'assoc"),
        (lambda plain: {**plain, "files": {"a": {}}}, r"files\.a\.sha256: Field required"),
        (lambda plain: [plain], "the file: Input should be an object"),
    ],
)
def test_a_manifest_that_is_none_says_where_in_one_line(
    harm: Callable[[dict[str, Any]], object], expected: str, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match=expected) as raised:
        read_manifest(write(tmp_path, harm(PLAIN)))
    assert "\n" not in str(raised.value)
    assert "make one with `cistrace reasonbench build`" in str(raised.value)


def test_a_folder_without_or_with_a_torn_manifest_is_no_data_set(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"holds no readable manifest\.json \(No such file"):
        read_manifest(tmp_path)
    (tmp_path / MANIFEST).write_text(json.dumps(PLAIN)[:50])
    with pytest.raises(DataError, match="Invalid JSON"):
        read_manifest(tmp_path)
    assert listed_files(tmp_path) == {}


def test_the_files_of_an_older_releases_data_set_are_known_but_nothing_outside(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("x")
    folder = tmp_path / "set"
    folder.mkdir()
    (folder / "train.jsonl").write_text("x")
    outside = {"../mine.txt": {"sha256": "0"}, str(tmp_path / "mine.txt"): {"sha256": "0"}, "gone": {"sha256": "0"}}
    write(folder, {"version": "1", "files": {"train.jsonl": {"sha256": "0", "rows": 1}, **outside}})
    assert list(listed_files(folder)) == ["train.jsonl"]
