from __future__ import annotations

import hashlib
import tracemalloc
from pathlib import Path

from cistrace.io.hashes import file_hash, files_hash, json_hash, text_hash


def test_hashes_are_those_of_sha256(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # FIPS 180-2, appendix B.1
    assert file_hash(tmp_path / "a") == text_hash("abc") == expected
    assert files_hash([tmp_path / "a"]) == hashlib.sha256(bytes.fromhex(expected)).hexdigest()
    assert json_hash({"b": 1, "a": [2]}) == json_hash({"a": [2], "b": 1}) == text_hash('{"a": [2], "b": 1}')


def test_the_order_of_files_counts(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"1")
    (tmp_path / "b").write_bytes(b"2")
    assert files_hash([tmp_path / "a", tmp_path / "b"]) != files_hash([tmp_path / "b", tmp_path / "a"])


def test_a_large_file_is_not_read_into_memory(tmp_path: Path) -> None:
    with (tmp_path / "large").open("wb") as handle:
        handle.truncate(64 * 2**20)
    tracemalloc.start()
    try:
        file_hash(tmp_path / "large")
        assert tracemalloc.get_traced_memory()[1] < 2 * 2**20
    finally:
        tracemalloc.stop()
