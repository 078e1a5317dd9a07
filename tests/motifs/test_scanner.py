"""Scanning: brute force on short sequences, and invariances."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from motif_helpers import FIMO_BACKGROUND, random_motif, random_sequences

from cistrace.errors import MotifError
from cistrace.io.dna_sequence import DnaSequence
from cistrace.motifs.background import Background, load_background
from cistrace.motifs.hit import STRANDS, MotifHit
from cistrace.motifs.integer_matrix import integer_matrix
from cistrace.motifs.library import MotifLibrary, load_library
from cistrace.motifs.matrices import CountMatrix
from cistrace.motifs.motif import Motif
from cistrace.motifs.p_values import p_values
from cistrace.motifs.scanner import Scanner

COMPLEMENT = str.maketrans("ACGT", "TGCA")


def reverse_complement(bases: str) -> str:
    return bases.translate(COMPLEMENT)[::-1]


@pytest.fixture(scope="module")
def jaspar() -> MotifLibrary:
    return load_library()


@pytest.fixture(scope="module")
def scanner(jaspar: MotifLibrary) -> Scanner:
    return Scanner(jaspar, FIMO_BACKGROUND)


SMALL = MotifLibrary("small", tuple(random_motif(width, seed) for seed, width in enumerate((1, 4, 5, 6, 7, 9, 12, 33))))
SMALL_SCANNER = Scanner(SMALL, FIMO_BACKGROUND, p_threshold=0.01)


def test_a_motif_that_says_nothing_is_never_hit() -> None:
    flat = Motif("FLAT", "flat", frozenset(), CountMatrix(np.zeros((5, 4))))
    matrix = integer_matrix(flat, FIMO_BACKGROUND)
    assert p_values(matrix, FIMO_BACKGROUND)[-1] == pytest.approx(1)
    assert Scanner(MotifLibrary("flat", (flat,)), FIMO_BACKGROUND).scan(["ACGT" * 50]) == [()]


def brute_force(library: MotifLibrary, background: Background, threshold: float, bases: str) -> list[MotifHit]:
    hits = []
    for motif in library.motifs:
        matrix = integer_matrix(motif, background)
        table = p_values(matrix, background)
        for strand, entries in zip(STRANDS, (matrix.entries, matrix.entries[::-1, ::-1]), strict=True):
            for start in range(len(bases) - motif.width + 1):
                window = bases[start : start + motif.width]
                if set(window) <= set("ACGT"):
                    total = int(sum(entries[i]["ACGT".index(letter)] for i, letter in enumerate(window)))
                    chance = float(table[matrix.best - total])
                    if chance <= threshold:
                        about = (motif.matrix_id, motif.name, motif.families)
                        score = matrix.bits(total)
                        hits.append(MotifHit(*about, start, start + motif.width, strand, score, chance))
    return sorted(hits, key=lambda hit: (hit.start, hit.end, hit.matrix_id, hit.strand))


def test_best_words_of_motifs_too_short_for_the_threshold(jaspar: MotifLibrary, scanner: Scanner) -> None:
    short = Scanner(jaspar, FIMO_BACKGROUND, best_word_p=1e-4)
    (usual,), (every,) = (one.scan(["GGC" * 9 + "CTTATCT" + "CGG" * 9 + "AGATAAG"]) for one in (scanner, short))
    more = set(every) - set(usual)
    assert set(usual) <= set(every)
    assert sorted((hit.start, hit.strand) for hit in more if hit.name == "GATA2") == [(27, "+"), (61, "-")]
    motifs = {motif.matrix_id: motif for motif in jaspar.motifs}
    for hit in more:
        best = p_values(integer_matrix(motifs[hit.matrix_id], FIMO_BACKGROUND), FIMO_BACKGROUND)[0]
        assert hit.p_value == best and 5e-5 < best <= 1e-4
    assert "best words p<=0.0001" in short.version and "best words" not in scanner.version


dna = st.text(alphabet="ACGT", max_size=120)
dirty_dna = st.text(alphabet="ACGTACGTACGTACGTNRYK", max_size=120)


@settings(max_examples=60, deadline=None)
@given(dirty_dna)
def test_scan_equals_brute_force(bases: str) -> None:
    assert list(SMALL_SCANNER.scan([bases])[0]) == brute_force(SMALL, FIMO_BACKGROUND, 0.01, bases)


@pytest.mark.parametrize("threshold", [1e-4, 0.1, 1.0])
def test_scan_equals_brute_force_at_any_threshold(threshold: float) -> None:
    bases = random_sequences(1, 150, seed=5)[0]
    uniform = load_background("uniform")
    found = Scanner(SMALL, uniform, threshold).scan([bases])[0]
    assert list(found) == brute_force(SMALL, uniform, threshold, bases)
    if threshold == 1.0:
        assert len(found) == sum(2 * (150 - motif.width + 1) for motif in SMALL.motifs)


@pytest.mark.parametrize("length", [1, 2, 31, 32, 33, 63, 64, 255, 256, 8159, 8160, 8192, 8193, 20_000])
def test_every_length_is_scanned_to_its_end(length: int) -> None:
    """Lengths around lightmotif's lanes (32) and blocks (256 rows)."""
    everything = Scanner(MotifLibrary("one", (random_motif(5, 2),)), FIMO_BACKGROUND, p_threshold=1.0)
    bases = random_sequences(1, length, seed=length)[0]
    starts = [hit.start for hit in everything.scan([bases])[0] if hit.strand == "+"]
    assert starts == list(range(max(0, length - 4)))


def test_jaspar_equals_brute_force_on_one_sequence(jaspar: MotifLibrary) -> None:
    part = MotifLibrary("part", jaspar.motifs[::25])
    bases = random_sequences(1, 200, seed=11)[0]
    found = Scanner(part, FIMO_BACKGROUND, 1e-3).scan([bases])[0]
    assert len(found) > 5
    assert list(found) == brute_force(part, FIMO_BACKGROUND, 1e-3, bases)


@settings(max_examples=60, deadline=None)
@given(dirty_dna)
def test_reverse_complement_mirrors_the_hits(bases: str) -> None:
    forward = SMALL_SCANNER.scan([bases])[0]
    turned = SMALL_SCANNER.scan([reverse_complement(bases)])[0]
    mirrored = {
        (h.matrix_id, len(bases) - h.end, len(bases) - h.start, "-" if h.strand == "+" else "+", h.score, h.p_value)
        for h in turned
    }
    assert mirrored == {(h.matrix_id, h.start, h.end, h.strand, h.score, h.p_value) for h in forward}


@settings(max_examples=40, deadline=None)
@given(st.lists(dirty_dna, max_size=8), st.randoms())
def test_neither_batch_nor_order_matters(sequences: list[str], shuffler) -> None:  # type: ignore[no-untyped-def]
    together = SMALL_SCANNER.scan(sequences)
    assert together == [SMALL_SCANNER.scan([bases])[0] for bases in sequences]
    order = list(range(len(sequences)))
    shuffler.shuffle(order)
    assert SMALL_SCANNER.scan([sequences[i] for i in order]) == [together[i] for i in order]


@settings(max_examples=40, deadline=None)
@given(dna, st.integers(0, 119), st.sampled_from("NRYKMSWBDHV-"))
def test_no_window_over_an_ambiguous_letter_is_scored(bases: str, place: int, letter: str) -> None:
    place = min(place, max(0, len(bases) - 1))
    spoilt = bases[:place] + letter + bases[place + 1 :]
    kept = tuple(hit for hit in SMALL_SCANNER.scan([bases])[0] if not hit.start <= place < hit.end)
    assert SMALL_SCANNER.scan([spoilt])[0] == kept


def test_the_first_and_the_last_window_are_found(jaspar: MotifLibrary, scanner: Scanner) -> None:
    motif = max(jaspar.motifs, key=lambda motif: motif.width)
    best = "".join("ACGT"[i] for i in motif.log_odds(FIMO_BACKGROUND).bits.argmax(axis=1))
    for bases, start, strand in (
        (best, 0, "+"),
        (best + "N" * 20, 0, "+"),
        ("N" * 20 + best, 20, "+"),
        ("N" * 3 + reverse_complement(best), 3, "-"),
    ):
        hits = [hit for hit in scanner.scan([bases])[0] if hit.matrix_id == motif.matrix_id and hit.strand == strand]
        assert [(hit.start, hit.end) for hit in hits] == [(start, start + motif.width)]


def test_short_empty_and_odd_sequences(scanner: Scanner) -> None:
    assert scanner.scan([]) == []
    assert scanner.scan(["", "A", "NNNN", "ACGTN" * 20, "Ä" * 30]) == [()] * 5
    bases = random_sequences(1)[0]
    assert scanner.scan([bases.lower()]) == scanner.scan([bases])


def test_a_stream_gives_the_same_and_holds_little(scanner: Scanner) -> None:
    texts = random_sequences(2500)
    taken = 0

    def stream() -> Iterator[DnaSequence]:
        nonlocal taken
        for number, bases in enumerate(texts):
            taken += 1
            yield DnaSequence(f"s{number}", bases)

    found = scanner.iter_hits(stream())
    first = next(found)
    assert taken < 1001, "a stream is not read to its end before the first hits come"
    rest = [first, *found]
    assert [sequence.id for sequence, _ in rest] == [f"s{number}" for number in range(2500)]
    assert [hits for _, hits in rest] == scanner.scan(texts)


def test_two_cores_give_the_same(jaspar: MotifLibrary) -> None:
    part = MotifLibrary("part", jaspar.motifs[::50])
    texts = random_sequences(3000)
    with Scanner(part, FIMO_BACKGROUND, threads=2) as two:
        assert two.scan(texts) == Scanner(part, FIMO_BACKGROUND).scan(texts)
        streamed = [hits for _, hits in two.iter_hits(DnaSequence(str(i), bases) for i, bases in enumerate(texts))]
        assert streamed == two.scan(texts)


def test_version_says_what_decides_the_hits() -> None:
    version = SMALL_SCANNER.version
    assert "background=fimo" in version and "p<=0.01" in version
    assert Scanner(SMALL, load_background("uniform"), 0.01).version != version


def test_an_unguarded_program_ends_with_a_clear_line(tmp_path: Path) -> None:
    program = tmp_path / "unguarded.py"
    program.write_text(
        "from cistrace.motifs.background import load_background\n"
        "from cistrace.motifs.library import load_library\n"
        "from cistrace.motifs.scanner import Scanner\n"
        "Scanner(load_library(), load_background('fimo'), threads=2).scan(['ACGT' * 50] * 3000)\n"
    )
    ended = subprocess.run([sys.executable, str(program)], check=False, capture_output=True, text=True, timeout=60)
    assert ended.returncode != 0
    assert "guard the program's entry with" in ended.stderr


def test_an_empty_library_is_refused() -> None:
    with pytest.raises(MotifError, match="found no motif"):
        Scanner(MotifLibrary("none", ()), FIMO_BACKGROUND)


@pytest.mark.parametrize(("p", "threads"), [(0.0, 1), (1.5, 1), (float("nan"), 1), (1e-4, 0)])
def test_bad_settings_are_refused(p: float, threads: int) -> None:
    with pytest.raises(MotifError, match="expected"):
        Scanner(SMALL, FIMO_BACKGROUND, p, threads)


def test_scanning_does_not_import_torch() -> None:
    unwanted = ("torch", "Bio", "pyjaspar")
    code = (
        "import sys, cistrace.motifs.scanner, cistrace.motifs.fimo; "
        f"sys.exit(any(m in sys.modules for m in {unwanted}))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
