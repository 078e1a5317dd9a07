"""FASTA, files, pipes and rejects: every fault in one clear line, nothing lost."""

from __future__ import annotations

import gzip
import io
import json
import random
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sequence_helpers import (
    LETTERS,
    ROUND_TRIP,
    WORDS,
    A,
    B,
    file_error,
    made,
    pairs,
    record_error,
    records,
    same_again,
    skipped,
)

from cistrace.errors import InputError, RecordError
from cistrace.io import sequences, streams
from cistrace.io.dna_sequence import DnaSequence
from cistrace.io.rejects import Reject, Rejects
from cistrace.io.sequences import parse_sequences, read_sequences

EXAMPLES = Path(__file__).parents[2] / "examples"


# ---- FASTA


def test_fasta_record(tmp_path: Path) -> None:
    path = made(tmp_path, "a.fa", f">one first of two\n{A}\n")
    assert list(read_sequences(path)) == [DnaSequence("one", A, str(path))]
    assert pairs(str(path)) == [("one", A)]


@pytest.mark.parametrize("name", ["a.fa", "a.fasta", "a.fna", "a.txt", "a", "a.csv"])
def test_fasta_by_content(tmp_path: Path, name: str) -> None:
    assert pairs(made(tmp_path, name, f">x\n{A}\n")) == [("x", A)]


@pytest.mark.parametrize(
    "text",
    [
        f">a d\n{A[:7]}\n{A[7:]}\n>b\n{B}\n",
        f">a d\r\n{A[:7]}\r\n{A[7:]}\r\n>b\r\n{B}",
        f">a d\r{A}\r>b\r{B}\r",
        f"\ufeff\n\n>a d  \n\n{A[:7]} \t\n  {A[7:]}\n\n\n>b\tx\n{B}\n\n",
        f"; a comment\n>a\n;another\n{A}\n>b\n{B.lower()}\n",
    ],
    ids=["lines", "crlf", "cr", "bom-blanks", "comments-lower"],
)
def test_fasta_layouts(tmp_path: Path, text: str) -> None:
    assert pairs(made(tmp_path, "a.fa", text)) == [("a", A), ("b", B)]


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "=1+1", "増強子é", "\x1b[31mred", "a\u00a0b", ">", "'"])
def test_odd_ids_are_data(tmp_path: Path, name: str) -> None:
    assert pairs(made(tmp_path, "a.fa", f">{name} more\n{A}\n")) == [(name, A)]
    assert pairs(made(tmp_path, "a.jsonl", json.dumps({"id": name, "seq": A}))) == [(name, A)]


def test_terminal_escapes_do_not_reach_messages(tmp_path: Path) -> None:
    message = record_error(made(tmp_path, "a.fa", ">\x1b[31mred\nACG\x1bT\n"))
    assert message.isprintable() and "\\x1b" in message


def test_iupac_kept_and_lower_case_raised(tmp_path: Path) -> None:
    path = made(tmp_path, "a.fa", ">a\nacgtnryswkmbdhvACGTNRYSWKMBDHV\n")
    assert pairs(path) == [("a", "ACGTNRYSWKMBDHV" * 2)]


@pytest.mark.parametrize(
    ("letter", "mend"),
    [
        ("U", "write T for U"),
        ("-", "remove the gaps"),
        ("*", "remove it"),
        ("7", ""),
        ("E", ""),
        (" ", ""),
        ("\u017f", ""),
    ],
)
def test_wrong_letter_is_named_with_its_position(tmp_path: Path, letter: str, mend: str) -> None:
    message = record_error(made(tmp_path, "a.fa", f">a\n{A}\n{A}{letter}{A}\n"))
    assert f"position {2 * len(A) + 1} is {letter!r}" in message and mend in message
    assert "record 'a'" in message and "line 1" in message


def test_wrong_letter_far_beyond_one_piece(tmp_path: Path) -> None:
    place = 3 * streams.PIECE_CHARACTERS + 17
    message = record_error(made(tmp_path, "a.fa", ">a\n" + "A" * place + "!" + "A" * 100))
    assert f"position {place + 1} is '!'" in message


def test_minimum_length(tmp_path: Path) -> None:
    path = made(tmp_path, "a.fa", f">a\n{A[:19]}\n>b\n{A[:20]}\n")
    assert "19 bp long, expected at least 20" in record_error(path)
    assert skipped(path)[0] == [("b", A[:20])]
    assert [name for name, _ in pairs(path, minimum_length=19)] == ["a", "b"]


def test_maximum_length(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sequences, "MAXIMUM_LENGTH", 100)
    path = made(tmp_path, "a.fa", ">a\n" + "A" * 101 + "\n>b\n" + "A" * 100 + f"\n>c\n{A}\n")
    good, rejects = skipped(path)
    assert [name for name, _ in good] == ["b", "c"]
    assert rejects == [Reject("a", 1, "101 bp long, expected at most 100; cut it into windows")]
    table = made(tmp_path, "a.csv", "seq\n" + "A" * 101)
    assert "over 100 bp long" in record_error(table)


def test_skip_collects_every_record_fault(tmp_path: Path) -> None:
    text = f">a\n{A}\n>b\n>a\n{B}\n>\n{A}\n>c\nACGU\n>d\n{B}\n> e\n{A}\n>{'x' * 1001}\n{A}\n"
    path = made(tmp_path, "a.fa", text)
    good, rejects = skipped(path)
    assert good == [("a", A), ("d", B)]
    assert [(r.record, r.number) for r in rejects] == [
        ("b", 3),
        ("a", 4),
        ("4", 6),
        ("c", 8),
        ("7", 12),
        ("x" * 40 + "…", 14),
    ]
    words = ["sequence is empty", "seen before", "id is empty", "position 4 is 'U'", "id is empty", "over 1,000"]
    assert all(word in reject.reason for word, reject in zip(words, rejects, strict=True))
    assert pairs(path, on_error="skip") == good


def test_stop_raises_at_the_first_fault_and_not_before(tmp_path: Path) -> None:
    reader = read_sequences(made(tmp_path, "a.fa", f">a\n{A}\n>a\n{A}\n"))
    assert next(reader).id == "a"
    with pytest.raises(RecordError, match="seen before") as caught:
        next(reader)
    assert caught.value.record == "a" and caught.value.source.endswith("a.fa, line 3")


def test_text_before_the_first_header(tmp_path: Path) -> None:
    assert "line 2" in file_error(made(tmp_path, "a.fa", f"\n{A}\n>a\n{A}\n"))


def test_long_header_is_cut_and_long_lines_are_read_in_pieces(tmp_path: Path) -> None:
    path = made(tmp_path, "a.fa", ">a " + "word " * 60_000 + "\n" + "ACGT" * 50_000 + f"\n>b\n{B}\n")
    assert pairs(path) == [("a", "ACGT" * 50_000), ("b", B)]
    pieces = list(streams.read_pieces(streams.ByteSource("x", b"", "", io.BytesIO(b"abcdefg\n\nhi")), size=4))
    assert [tuple(piece) for piece in pieces] == [
        (1, "abcd", True, False),
        (1, "efg\n", False, True),
        (2, "\n", True, True),
        (3, "hi", True, False),
    ]


# ---- files


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.fa", b"", "is empty"),
        ("a.fa", b"\n\n  \n", "no records"),
        ("a.csv", b"\n\n", "no records"),
        ("a.csv", b"id,sequence\n", "no records"),
        ("a.jsonl", b"\n", "no records"),
        ("a.fa.gz", gzip.compress(b"", mtime=0), "is empty"),
        ("a.fa", b">a\nAC\0GT\n", "line 2 holds NUL bytes"),
        ("a.fa", b">a\nAC\xff\xfeGT\n", "not UTF-8 (0xff)"),
        ("a.csv", "id,sequence\n".encode("utf-16"), "not UTF-8"),
        ("a.fa", b"\x00\x01\x02\x03" * 500, "NUL"),
        ("a.fa.gz", gzip.compress(gzip.compress(b">a\nACGT\n", mtime=0), mtime=0), "not UTF-8"),
        ("a.fa.gz", b"\x8c\x01\xff" * 9, "is not gzip-compressed, although its name ends in .gz"),
        ("a.csv.GZ", b"PK\x03\x04\x14\0\0\0", "is not gzip-compressed, although its name ends in .GZ"),
        ("a.fa.bgz", b"BZh91AY&SY\xcc\xc3", "is not gzip-compressed, although its name ends in .bgz"),
        ("a.parquet", b"PAR1 torn", "not a whole Parquet"),
        ("a.parquet", b"not parquet at all", "not a whole Parquet"),
        ("a.bed", b"chr1\t1\t50\n", "expected a genome"),
        ("a.txt", f"{A}\n{B}\n".encode(), f"found columns '{A}'"),
    ],
)
def test_file_faults(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    message = file_error(made(tmp_path, name, content))
    assert words in message and name in message


def test_missing_folder_and_odd_paths(tmp_path: Path) -> None:
    assert "no such file; expected a file of sequences" in file_error(tmp_path / "none.fa")
    assert "is a folder" in file_error(tmp_path)
    assert "is not a path" in file_error("a\0b")
    assert "cannot be read" in file_error(made(tmp_path, "a.fa", ">a\n") / "inside")
    assert "\\x1b" in file_error(tmp_path / "\x1b[31m.fa")


def test_gzip_truncated_or_corrupt(tmp_path: Path) -> None:
    letters = random.Random(1)
    text = "".join(f">s{i}\n{''.join(letters.choices('ACGT', k=200))}\n" for i in range(2000))
    whole = gzip.compress(text.encode(), mtime=0)
    assert len(pairs(made(tmp_path, "whole.fa.gz", whole))) == 2000
    assert len(pairs(made(tmp_path, "no-ending", whole))) == 2000
    assert "ends in the middle" in file_error(made(tmp_path, "torn.fa.gz", whole[: len(whole) // 2]))
    assert "ends in the middle" in file_error(made(tmp_path, "head.fa.gz", whole[:6]))
    flipped = whole[:30_000] + bytes(40) + whole[30_040:]
    assert "corrupt" in file_error(made(tmp_path, "bad.fa.gz", flipped))
    assert "corrupt" in file_error(made(tmp_path, "tail.fa.gz", whole + b"junk"))
    reader = read_sequences(made(tmp_path, "late.fa.gz", whole[:-20]))
    assert next(reader).id == "s0"


@pytest.mark.parametrize("start", range(8))
def test_plain_text_under_a_name_of_gzip_is_read(tmp_path: Path, start: int) -> None:
    """What unpacks a file may keep its name. The first bytes may end within a letter."""
    text = f">x{'x' * start}\n{A}\n" + "".join(f">{n} {'ä€😀' * 40}\n{A}\n" for n in range(40))
    assert len(pairs(made(tmp_path, "a.fa.gz", text))) == 41


def test_several_gzip_members_are_one_file(tmp_path: Path) -> None:
    content = gzip.compress(f">a\n{A}\n".encode(), mtime=0) + gzip.compress(f">b\n{B}\n".encode(), mtime=0)
    assert pairs(made(tmp_path, "a.fa.gz", content)) == [("a", A), ("b", B)]


def test_options_that_do_not_fit(tmp_path: Path) -> None:
    path = made(tmp_path, "a.fa", f">a\n{A}\n")
    assert "no columns to name" in file_error(path, id_column="name")
    with pytest.raises(ValueError, match="on_error"):
        read_sequences(path, on_error="ignore")  # type: ignore[arg-type]


# ---- standard input and pipes


@pytest.mark.parametrize(
    "content",
    [
        f">a\n{A}\n>b\n{B}\n".encode(),
        gzip.compress(f">a\n{A}\n>b\n{B}\n".encode(), mtime=0),
        f"id,sequence\na,{A}\nb,{B}\n".encode(),
        f"\ufeffname\tseq\na\t{A}\nb\t{B}\n".encode(),
        json.dumps({"id": "a", "seq": A}).encode() + b"\n" + json.dumps({"id": "b", "seq": B}).encode(),
    ],
    ids=["fasta", "gzip", "csv", "tsv", "jsonl"],
)
def test_standard_input(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    stdin = SimpleNamespace(buffer=io.BytesIO(content))
    monkeypatch.setattr(sys, "stdin", stdin)
    assert pairs("-") == [("a", A), ("b", B)]
    assert not stdin.buffer.closed


def test_standard_input_faults(monkeypatch: pytest.MonkeyPatch) -> None:
    for content, words in [(b"", "is empty"), (b"PAR1....", "cannot be read from a pipe"), (b"\xff\xfe", "UTF-8")]:
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(content)))
        message = file_error("-")
        assert message.startswith("standard input") and words in message
    monkeypatch.setattr(sys, "stdin", None)
    assert "is closed" in file_error("-")


def test_slow_pipe(tmp_path: Path) -> None:
    code = "import sys\nfrom cistrace.io.sequences import read_sequences\nprint([s.id for s in read_sequences('-')])"
    pipe = f"printf '>'; sleep 0.1; printf 'a\\n{A[:5]}'; sleep 0.1; printf '{A}\\n'"
    command = f'{{ {pipe}; }} | "{sys.executable}" -c "{code}"'
    source = str(Path(streams.__file__).parents[2])
    done = subprocess.run(command, shell=True, capture_output=True, text=True, env={"PYTHONPATH": source}, check=False)
    assert (done.stdout.strip(), done.stderr) == ("['a']", "")


# ---- properties


def written_fasta(rows: dict[str, str]) -> bytes:
    wrapped = ("\n".join(bases[i : i + 30] for i in range(0, len(bases), 30)) for bases in rows.values())
    return "".join(f">{name} words\n{lines}\n" for name, lines in zip(rows, wrapped, strict=True)).encode()


@ROUND_TRIP
@given(records(WORDS))
def test_round_trip_fasta(tmp_path: Path, rows: dict[str, str]) -> None:
    same_again(tmp_path, "a.fa", rows, written_fasta(rows))
    same_again(tmp_path, "a.fa.gz", rows, gzip.compress(written_fasta(rows), mtime=0))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.binary(max_size=300),
    st.sampled_from([b"", b">a\n", b"{", b"PAR1", b"\x1f\x8b\x08", b"id,seq\n"]),
    st.sampled_from(["a.fa", "a.csv", "a.tsv", "a.jsonl", "a.parquet", "a"]),
)
def test_junk_gives_records_or_one_clear_line(tmp_path: Path, junk: bytes, start: bytes, name: str) -> None:
    rejects = Rejects()
    try:
        found = pairs(made(tmp_path, name, start + junk), on_error="skip", rejects=rejects, minimum_length=1)
    except InputError as error:
        assert str(error).isprintable()
    else:
        assert found or rejects
        assert all(set(bases) <= set(LETTERS) for _, bases in found)


# ---- the examples


def test_shipped_examples() -> None:
    found = list(read_sequences(EXAMPLES / "enhancers.fa"))
    assert len(found) == 16 and all(len(s.bases) == 200 and set(s.bases) <= set("ACGT") for s in found)
    assert {s.id.split("_")[0] for s in found} == {"chr5", "chr14"}
    assert sorted(s.id.split("_")[2] for s in found).count("K562") == 5
    header = (EXAMPLES / "enhancers.fa").read_text().splitlines()[0]
    assert f"{found[0].id} chr5:1010220-1010420 0-based half-open hg38 cell=HepG2" in header


def test_examples_state_where_they_lie() -> None:
    lines = (EXAMPLES / "enhancers.fa").read_text().splitlines()
    for words in (line[1:].split() for line in lines if line.startswith(">")):
        chrom, start, cell = words[0].split("_")
        assert words[1] == f"{chrom}:{start}-{int(start) + 200}" and f"cell={cell}" in words


def test_heavy_libraries_are_loaded_only_when_needed() -> None:
    code = "import sys, cistrace.io.sequences; print([m for m in ('pysam', 'pyarrow', 'numpy') if m in sys.modules])"
    source = str(Path(streams.__file__).parents[2])
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env={"PYTHONPATH": source})
    assert (done.stdout.strip(), done.stderr) == ("[]", "")


# ---- text


@pytest.mark.parametrize("name", ["a.fa", "a.csv", "a.tsv", "a.jsonl"])
def test_a_text_is_read_as_its_file_is(tmp_path: Path, name: str) -> None:
    tab = {"a.csv": ",", "a.tsv": "\t"}.get(name, "")
    text = f"id{tab}sequence\none{tab}{A}\ntwo{tab}{B}\n" if tab else f">one\n{A}\n>two\n{B}\n"
    if name == "a.jsonl":
        text = "".join(json.dumps({"id": at, "sequence": bases}) + "\n" for at, bases in (("one", A), ("two", B)))
    assert [(one.id, one.bases) for one in parse_sequences(text)] == pairs(made(tmp_path, name, text))


def test_bare_bases_are_one_sequence() -> None:
    wrapped = A * 20
    lines = "\n".join(wrapped[at : at + 60] for at in range(0, len(wrapped), 60))
    assert [(one.id, one.bases) for one in parse_sequences(f"\n {lines.lower()}\r\n\n")] == [("seq1", wrapped)]
    with pytest.raises(InputError, match="several lines without headers"):
        list(parse_sequences(f"{A}\n{A}{A}"))


NO_SEQUENCES = ["", "\n", "PK\x03\x04", "chr1\t5\t90\n", "\ud800\udfff", "a,b\n1,2\n", "{", ">", "\0"]


@pytest.mark.parametrize("text", NO_SEQUENCES)
def test_a_text_without_sequences_gives_one_clear_line(text: str) -> None:
    with pytest.raises(InputError) as caught:
        list(parse_sequences(text))
    assert "\n" not in str(caught.value)
