"""Motif libraries and backgrounds: what is read equals its source, and what cannot be used says so in one line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from cistrace.errors import MotifError
from cistrace.motifs.background import Background, load_background
from cistrace.motifs.library import MotifLibrary, load_library
from cistrace.motifs.matrices import CountMatrix, LogOddsMatrix, ProbabilityMatrix

MEME = """\
MEME version 4

ALPHABET= ACGT

strands: + -

Background letter frequencies (from uniform background):
A 0.3 C 0.2 G 0.2 T 0.3

MOTIF M2 second

letter-probability matrix: alength= 4 w= 3 nsites= 10 E= 0
0.5 0.5 0 0
0 0 1 0
0.1 0.2 0.3 0.4
URL https://example.org/M2

MOTIF M1
letter-probability matrix:
 1.000000  0.000000  0.000000  0.000000
 0.333 0.333 0.333 0
"""


@pytest.fixture(scope="module")
def jaspar() -> MotifLibrary:
    return load_library()


@pytest.fixture
def meme(tmp_path: Path) -> Path:
    path = tmp_path / "small.meme"
    path.write_text(MEME)
    return path


def fetch_with_pyjaspar(release: str) -> dict[str, tuple[str, frozenset[str], NDArray[np.float64]]]:
    pyjaspar = pytest.importorskip("pyjaspar")
    motifs = pyjaspar.jaspardb(release=release).fetch_motifs(collection="CORE", tax_group=["vertebrates"])
    counts = {m.matrix_id: np.array([[m.counts[base][i] for base in "ACGT"] for i in range(m.length)]) for m in motifs}
    return {m.matrix_id: (m.name, frozenset(m.tf_family), counts[m.matrix_id]) for m in motifs}


def assert_equals_pyjaspar(library: MotifLibrary) -> None:
    expected = fetch_with_pyjaspar(library.name)
    assert [motif.matrix_id for motif in library.motifs] == sorted(expected)
    for motif in library.motifs:
        name, families, counts = expected[motif.matrix_id]
        assert (motif.name, motif.families) == (name, families)
        assert isinstance(motif.matrix, CountMatrix)
        np.testing.assert_array_equal(motif.matrix.counts, counts)


def test_jaspar_2026_equals_what_pyjaspar_fetches(jaspar: MotifLibrary) -> None:
    assert_equals_pyjaspar(jaspar)


@pytest.mark.integration
@pytest.mark.parametrize("year", [2014, 2016, 2018, 2020, 2022, 2024])
def test_older_releases_equal_what_pyjaspar_fetches(year: int) -> None:
    assert_equals_pyjaspar(load_library(f"JASPAR{year}"))


def test_jaspar_2026_holds_what_is_known_of_it(jaspar: MotifLibrary) -> None:
    assert len(jaspar) == 1019
    assert sum(not motif.families for motif in jaspar.motifs) == 3
    assert sum(len(motif.families) > 1 for motif in jaspar.motifs) == 68
    assert len({motif.matrix_id for motif in jaspar.motifs}) == 1019
    assert all(motif.values.shape == (motif.width, 4) and motif.values.min() >= 0 for motif in jaspar.motifs)
    assert jaspar.background is None


def test_version_is_a_hash_of_the_content(jaspar: MotifLibrary) -> None:
    again = load_library("jaspar2026")
    assert again.version == jaspar.version
    assert jaspar.version.startswith("JASPAR2026:")
    assert MotifLibrary(jaspar.name, jaspar.motifs[1:]).version != jaspar.version
    assert MotifLibrary(jaspar.name, tuple(reversed(jaspar.motifs))).version != jaspar.version


def test_a_meme_file_is_read_whole(meme: Path) -> None:
    library = load_library(meme)
    first, second = library.motifs
    assert (library.name, first.matrix_id, first.name, second.matrix_id, second.name) == (
        "small.meme",
        "M1",
        "M1",
        "M2",
        "second",
    )
    assert isinstance(first.matrix, ProbabilityMatrix) and isinstance(second.matrix, ProbabilityMatrix)
    assert (first.matrix.sites, second.matrix.sites) == (20.0, 10.0), "nsites missing: 20, as in the MEME suite"
    np.testing.assert_allclose(first.matrix.probabilities, [[1.0, 0.0, 0.0, 0.0], [1 / 3, 1 / 3, 1 / 3, 0.0]])
    np.testing.assert_array_equal(second.values[2], [0.1, 0.2, 0.3, 0.4])
    assert first.families == frozenset()


def test_pseudocounts_equal_the_meme_suite(meme: Path) -> None:
    common = pytest.importorskip("pymemesuite.common")
    reader = common.MotifFile(str(meme))
    theirs = {motif.accession.decode(): [list(row)[:4] for row in motif.frequencies] for motif in reader}
    background = Background("theirs", tuple(reader.background.frequencies))
    np.testing.assert_allclose(load_background("fimo").frequencies, background.frequencies, rtol=1e-14)
    for motif in load_library(meme).motifs:
        np.testing.assert_allclose(motif.matrix.smoothed(background).probabilities, theirs[motif.matrix_id], rtol=1e-13)


def test_averaged_background_equals_the_meme_suite(meme: Path) -> None:
    common = pytest.importorskip("pymemesuite.common")
    theirs = np.array(common.MotifFile(str(meme), symmetrical=True).background.frequencies)
    np.testing.assert_allclose(load_background("fimo-averaged").frequencies, theirs, rtol=1e-14)


def test_the_three_kinds_of_matrix() -> None:
    background = load_background("uniform")
    ppm = CountMatrix(np.array([[8.0, 0, 0, 0], [2.0, 2, 2, 2]])).smoothed(background)
    np.testing.assert_allclose(ppm.probabilities.sum(axis=1), 1)
    assert ppm.probabilities[0, 0] == pytest.approx(8.025 / 8.1)
    pwm = ppm.log_odds(background)
    assert isinstance(pwm, LogOddsMatrix)
    np.testing.assert_allclose(pwm.bits[1], 0, atol=1e-12)
    same = ProbabilityMatrix(np.array([[1.0, 0, 0, 0], [0.25] * 4]), 8).smoothed(background)
    np.testing.assert_allclose(same.probabilities, ppm.probabilities)


def test_background_sources(meme: Path, tmp_path: Path) -> None:
    np.testing.assert_allclose(
        load_background("fimo").frequencies, (0.2817739, 0.2220201, 0.2288760, 0.2673300), atol=5e-8
    )
    assert load_background("uniform").frequencies == (0.25, 0.25, 0.25, 0.25)
    np.testing.assert_allclose(
        load_background("motif-file", load_library(meme)).frequencies, (0.3, 0.2, 0.2, 0.3), atol=1e-6
    )
    path = tmp_path / "markov.bg"
    path.write_text("# order 0\na 0.31\nC 0.19\nG 0.2 # a comment\nT 0.30\n# order 1\nAA 0.1\nAC 0.06\n")
    np.testing.assert_allclose(load_background(path).frequencies, (0.31, 0.19, 0.2, 0.3), atol=1e-6)
    for source in ("fimo", "fimo-averaged", "uniform", str(path)):
        background = load_background(source)
        assert sum(background.array) == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("A 0.5\nC 0.5\n", "G, T"),
        ("A 0.5\nC 0.5\nG 0.5\nT 0.5\n", "summing to 2"),
        ("A 1\nC 0\nG 0\nT 0\n", "C, G, T"),
        ("A 0.25\nA 0.25\nC 0.25\nG 0.25\nT 0.25\n", "line 2: letter 'A' comes twice"),
        ("A 0.25\nC x\n", "line 2: found 'x'"),
        ("R 0.25\n", "line 1"),
        ("A 0.25 0.25\n", "line 1"),
        ("A\x000.25\n", "binary"),
        ("", "A, C, G, T"),
    ],
)
def test_a_bad_background_file_is_one_clear_line(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "bad.bg"
    path.write_text(text)
    with pytest.raises(MotifError) as error:
        load_background(path)
    assert words in str(error.value) and str(path) in str(error.value) and "\n" not in str(error.value)


def test_motif_file_background_needs_one(jaspar: MotifLibrary) -> None:
    for library in (jaspar, None):
        with pytest.raises(MotifError, match="states no letter frequencies"):
            load_background("motif-file", library)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("MEME version 4", "", "no 'MEME version' line"),
        ("MEME version 4", ">seq1", "no 'MEME version' line"),
        ("ALPHABET= ACGT", "ALPHABET= ACDEFGHIKLMNPQRSTVWY", "protein alphabet"),
        ("ALPHABET= ACGT", "ALPHABET= ACGU", "expected 'ALPHABET= ACGT'"),
        ("strands: + -", "strands: both", "expected 'strands: + -'"),
        ("A 0.3 C 0.2", "A 0.3 G 0.2", "expected 'A 0.3 C 0.2 G 0.2 T 0.3'"),
        ("A 0.3 C 0.2", "A 0.9 C 0.2", "summing to 1"),
        ("MOTIF M2 second", "MOTIF", "without an id"),
        ("MOTIF M1", "MOTIF M2", "'M2' comes twice"),
        ("0.1 0.2 0.3 0.4", "0.1 0.2 0.3 0.5", "motif 'M2': found a row summing to 1.1"),
        ("0.1 0.2 0.3 0.4", "0.1 0.2 0.7", "found 3 columns"),
        ("0.1 0.2 0.3 0.4", "1 2 3 4", "found '2'"),
        ("0.1 0.2 0.3 0.4", "0.1 nan 0.3 0.4", "found 'nan'"),
        ("0.1 0.2 0.3 0.4\n", "", "found 2 rows, expected w= 3"),
        ("w= 3", "w= 2", "more rows than w= 2"),
        ("alength= 4", "alength= 20", "alength= 20"),
        ("nsites= 10", "nsites= ten", "nsites= 'ten'"),
        ("letter-probability matrix: alength", "log-odds matrix: alength", "no 'letter-probability matrix:'"),
        ("MOTIF M2 second", "", "without a 'MOTIF' line"),
        (MEME[MEME.index("MOTIF") :], "", "found no motif"),
        (MEME[MEME.index("letter-probability matrix:\n") :], "", "no 'letter-probability matrix:'"),
        ("second", "sec\x00ond", "binary data"),
    ],
)
def test_a_bad_meme_file_is_one_clear_line(tmp_path: Path, old: str, new: str, words: str) -> None:
    assert old in MEME
    path = tmp_path / "bad.meme"
    path.write_text(MEME.replace(old, new, 1))
    with pytest.raises(MotifError) as error:
        load_library(path)
    message = str(error.value)
    assert words in message and str(path) in message and "expected" in message and "\n" not in message


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(MotifError, match="No such file"):
        load_library(tmp_path / "absent.meme")
    with pytest.raises(MotifError, match="directory"):
        load_library(tmp_path)
    with pytest.raises(MotifError, match=r"JASPAR1999.*not bundled.*JASPAR2026"):
        load_library("JASPAR1999")
    junk = tmp_path / "junk.meme"
    junk.write_bytes(bytes(range(256)))
    with pytest.raises(MotifError, match="binary data"):
        load_library(junk)
    junk.write_bytes(b"MEME version 4\n\xff\xfe")
    with pytest.raises(MotifError, match="binary data"):
        load_library(junk)
