from __future__ import annotations

import gzip
import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cistrace.io.count import RecordCount, count_records
from cistrace.io.sequences import read_sequences

DNA = "ACGTTGCAAGTCCGATAGCTTGCACC"
FILES = {
    "in.fa": "".join(f">r{i} a > b\n{DNA}\n{DNA}\n" for i in range(7)),
    "crlf.fa": "".join(f">r{i}\r\n{DNA}\r\n" for i in range(7)),
    "in.csv": "id,sequence\n" + "".join(f"r{i},{DNA}\n" for i in range(7)),
    "open.tsv": "id\tsequence\n\n" + "\n".join(f"r{i}\t{DNA}" for i in range(7)),  # a blank line, no last line end
    "in.jsonl": "".join(f'{{"id": "r{i}", "sequence": "{DNA}"}}\n\n' for i in range(7)),
}


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("name", FILES)
def test_the_count_is_that_of_the_records_read(tmp_path: Path, name: str, zipped: bool) -> None:
    path = tmp_path / f"{name}.gz" if zipped else tmp_path / name
    content = FILES[name].encode()
    path.write_bytes(gzip.compress(content) if zipped else content)
    assert len(list(read_sequences(path))) == 7
    assert count_records(path) == RecordCount(7, True)


def test_parquet_says_its_count(tmp_path: Path) -> None:
    pq.write_table(pa.table({"sequence": [DNA] * 5}), tmp_path / "in.parquet")
    assert count_records(tmp_path / "in.parquet") == RecordCount(5, True)


@pytest.mark.parametrize("zipped", [False, True])
def test_a_long_file_is_reckoned_from_the_part_read_in_time(tmp_path: Path, zipped: bool) -> None:
    path = tmp_path / "long.fa"
    draw = np.random.default_rng(0)  # DNA that gzip cannot shrink to nothing
    bases = draw.choice(np.frombuffer(b"ACGT", dtype="S1"), (20_000, 400))
    content = b"".join(b">r%07d\n%s\n" % (i, row.tobytes()) for i, row in enumerate(bases))
    path.write_bytes(gzip.compress(content, 1) if zipped else content)
    found = count_records(path, seconds=0)
    assert found is not None and not found.exact
    assert found.records == pytest.approx(20_000, rel=0.1)


def test_what_is_read_only_once_or_not_at_all_has_no_count(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "empty.fa").touch()
    (tmp_path / "torn.parquet").write_bytes(b"PAR1 and then nothing")
    (tmp_path / "torn.fa.gz").write_bytes(gzip.compress(FILES["in.fa"].encode() * 500)[:-20])
    for path in ("-", "none.fa", "pipe", "empty.fa", "torn.parquet", "torn.fa.gz", "."):
        assert count_records("-" if path == "-" else tmp_path / path) is None
