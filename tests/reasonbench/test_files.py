from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from bench_helpers import an_entry
from hypothesis import given
from hypothesis import strategies as st

from cistrace.errors import OutputError
from cistrace.reasonbench.entries import entry_object, read_entries
from cistrace.reasonbench.files import DataSetFiles, safe_name
from cistrace.reasonbench.manifest import read_manifest


@given(st.text())
def test_any_cell_type_names_one_folder_in_its_place(name: str) -> None:
    safe = safe_name(name)
    assert safe and "/" not in safe and "\0" not in safe and safe not in (".", "..")


@pytest.mark.parametrize("count", [1, 2_000, 2_001])
def test_parquet_and_jsonl_hold_the_same(count: int, tmp_path: Path) -> None:
    entry = an_entry()
    with DataSetFiles(tmp_path) as export:
        for _ in range(count):
            export.add(entry)
        export.exclude([])
        manifest = export.finish({"cell_types": ["K562"], "seed": 0}, "card")
    rows = pq.read_table(tmp_path / "data" / "train.parquet").to_pylist()
    assert len(rows) == count == manifest.files["train.jsonl"].rows
    assert rows[-1] == entry_object(entry)
    assert list(read_entries(tmp_path / "train.jsonl"))[-1] == entry
    assert read_manifest(tmp_path) == manifest


def test_an_error_leaves_the_older_data_set_as_it_was(tmp_path: Path) -> None:
    for text in ("first", "second"):
        try:
            with DataSetFiles(tmp_path) as export:
                export.add(an_entry(text))
                if text == "second":
                    raise KeyboardInterrupt
                export.finish({"cell_types": ["K562"]}, "card")
        except KeyboardInterrupt:
            pass
    assert [entry.id for entry in read_entries(tmp_path / "train.jsonl")] == ["first"]
    assert not (tmp_path / ".building").exists()


HOLDS = """
import sys, time
from pathlib import Path
from cistrace.reasonbench.files import DataSetFiles
with DataSetFiles(Path(sys.argv[1])):
    print("at work", flush=True)
    time.sleep(60)
"""


def test_a_build_at_work_is_not_disturbed_and_a_dead_one_gives_way(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLDS, str(tmp_path)], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None and other.stdout.readline() == "at work\n"
        with pytest.raises(OutputError, match="another build is at work"), DataSetFiles(tmp_path):
            pass
        assert (tmp_path / ".building").exists()
        other.kill()  # as kill -9: nothing is tidied up
    with DataSetFiles(tmp_path) as export:
        export.add(an_entry())
        export.finish({"cell_types": ["K562"]}, "card")
    assert not (tmp_path / ".building").exists()


def test_a_forged_manifest_removes_nothing_outside(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("x")
    folder = tmp_path / "set"
    folder.mkdir()
    forged: dict[str, dict[str, dict[str, object]]] = {"files": {"../mine.txt": {}, str(tmp_path / "mine.txt"): {}}}
    (folder / "manifest.json").write_text(json.dumps(forged))
    with DataSetFiles(folder) as export:
        export.add(an_entry())
        export.finish({"cell_types": ["K562"]}, "card")
    assert (tmp_path / "mine.txt").exists()
