"""Tables of expression: any usual header, what counts as expressed, and every fault told by its line."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cistrace.cards.expression import AMOUNTS, LEAST, SYMBOLS, read_expressed
from cistrace.errors import InputError


def table(folder: Path, text: str, name: str = "rna.tsv") -> Path:
    path = folder / name
    path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    return path


@pytest.mark.parametrize("mark", ["\t", ","])
@pytest.mark.parametrize("name", ["rna.txt", "rna.gz"])
@pytest.mark.parametrize(
    ("symbol", "amount"), [*((one, "TPM") for one in SYMBOLS), *(("Gene", one) for one in AMOUNTS)]
)
def test_any_usual_header_is_read(tmp_path: Path, mark: str, name: str, symbol: str, amount: str) -> None:
    rows = [(symbol, "length", amount.upper()), ("GATA1", "7", "12.5"), ("tal1", "1", "1e3"), ("SPI1", "900", "0")]
    assert read_expressed(table(tmp_path, "".join(mark.join(row) + "\n" for row in rows), name)) == {"GATA1", "TAL1"}


def test_columns_stand_in_any_order(tmp_path: Path) -> None:
    assert read_expressed(table(tmp_path, "tpm\ttf\n3\tSP1\n0\tKLF4\n")) == {"SP1"}


def test_a_gene_counts_from_the_least_on(tmp_path: Path) -> None:
    path = table(tmp_path, f"tf\ttpm\nA\t{LEAST}\nB\t0.999\nC\t20\n")
    assert read_expressed(path) == {"A", "C"}
    assert read_expressed(path, 0.5) == {"A", "B", "C"} and read_expressed(path, 20) == {"C"}


@given(st.dictionaries(st.text("ABCDEXYZ123", min_size=1, max_size=6), st.floats(0, 1e4), min_size=1))
def test_those_at_or_above_the_least_are_expressed(
    tmp_path_factory: pytest.TempPathFactory, measured: dict[str, float]
) -> None:
    path = table(tmp_path_factory.mktemp("rna"), "tf\ttpm\n" + "".join(f"{a}\t{b!r}\n" for a, b in measured.items()))
    expected = {symbol for symbol, value in measured.items() if value >= LEAST}
    if expected:
        assert read_expressed(path) == expected
    else:
        with pytest.raises(InputError, match="calls no gene expressed"):
            read_expressed(path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "rna.tsv"),
        ("tf\tcount\nSP1\t5\n", r"rna.tsv: found columns .*expected a column of gene symbols"),
        ("factor\ttpm\nSP1\t5\n", r"rna.tsv: found columns .*expected a column of gene symbols"),
        ("tf\ttpm\nSP1\t5\nKLF4\thigh\n", "rna.tsv, line 3: found expression 'high', expected a number"),
        ("tf\ttpm\nSP1\t\n", "rna.tsv, line 2: found expression '', expected a number"),
        ("tf\ttpm\nSP1\tnan\n", "rna.tsv, line 2: found expression 'nan', expected a number"),
        ("tf\ttpm\nSP1\t0.2\n", "rna.tsv: calls no gene expressed .1 or more.; expected some; check its units"),
        ("tf\ttpm\n\t12\n", "rna.tsv: calls no gene expressed"),
        ("tf\ttpm\n", "rna.tsv: calls no gene expressed"),
    ],
)
def test_what_is_no_table_of_expression_is_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(InputError, match=said) as caught:
        read_expressed(table(tmp_path, text))
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.tsv"):
        read_expressed(tmp_path / "none.tsv")
