"""The FIMO table: its columns, its coordinates and its q-values."""

from __future__ import annotations

import csv
import io
from collections import Counter

import numpy as np
import pytest

from cistrace.errors import MotifError
from cistrace.io.dna_sequence import DnaSequence
from cistrace.motifs.background import load_background
from cistrace.motifs.fimo import COLUMNS, RECENT, PValueCounts, QValues, benjamini_hochberg, write_fimo_table
from cistrace.motifs.hit import MotifHit
from cistrace.motifs.integer_matrix import integer_matrix
from cistrace.motifs.library import MotifLibrary, load_library
from cistrace.motifs.scanner import Scanner

BACKGROUND = load_background("fimo")
COMPLEMENT = str.maketrans("ACGT", "TGCA")


@pytest.fixture(scope="module")
def library() -> MotifLibrary:
    return MotifLibrary("part", load_library().motifs[:40])


def random_sequences(number: int, seed: int = 0) -> list[DnaSequence]:
    rng = np.random.default_rng(seed)
    return [DnaSequence(f"s{i}", "".join(rng.choice(list("ACGT"), 200))) for i in range(number)]


def table_of(scanned: list[tuple[DnaSequence, tuple[MotifHit, ...]]]) -> list[list[str]]:
    out = io.StringIO()
    rows = write_fimo_table(iter(scanned), out)
    lines = [line.split("\t") for line in out.getvalue().splitlines()]
    assert lines[0] == list(COLUMNS)
    assert len(lines) == rows + 1
    return lines[1:]


def test_header_is_fimos() -> None:
    assert "\t".join(COLUMNS) == (
        "motif_id\tmotif_alt_id\tsequence_name\tstart\tstop\tstrand\tscore\tp-value\tq-value\tmatched_sequence"
    )
    assert table_of([]) == []


def test_rows_say_what_was_matched_and_where(library: MotifLibrary) -> None:
    sequences = random_sequences(300)
    scanned = list(Scanner(library, BACKGROUND, 1e-4).iter_hits(sequences))
    rows = table_of(scanned)
    hits = [(sequence, hit) for sequence, found in scanned for hit in found]
    assert len(rows) == len(hits) > 50
    motifs = {motif.matrix_id: motif for motif in library.motifs}
    for row, (sequence, hit) in zip(rows, hits, strict=True):
        assert row[:3] == [hit.matrix_id, hit.name, sequence.id]
        start, stop = int(row[3]), int(row[4])
        assert (start, stop, row[5]) == (hit.start + 1, hit.end, hit.strand)
        window = sequence.bases[start - 1 : stop]
        assert row[9] == (window if hit.strand == "+" else window.translate(COMPLEMENT)[::-1])
        matrix = integer_matrix(motifs[hit.matrix_id], BACKGROUND)
        total = sum(int(matrix.entries[i]["ACGT".index(letter)]) for i, letter in enumerate(row[9]))
        assert row[6] == f"{matrix.bits(total):g}", "the matched sequence, read on its strand, has the row's score"
        assert row[7] == f"{hit.p_value:.3g}"


def test_csv_holds_the_same_table(library: MotifLibrary) -> None:
    sequences = [DnaSequence(f'a,"{s.id}"', s.bases) for s in random_sequences(20)]
    scanned = list(Scanner(library, BACKGROUND, 1e-3).iter_hits(sequences))
    out = io.StringIO()
    rows = write_fimo_table(scanned, out, ",")
    found = list(csv.reader(io.StringIO(out.getvalue()), strict=True))
    assert found == [list(COLUMNS), *table_of(scanned)] and len(found) == rows + 1 > 50
    assert "\t" not in out.getvalue() and "\r" not in out.getvalue()


def test_q_values_are_benjamini_hochberg() -> None:
    rng = np.random.default_rng(3)
    p_values = np.round(rng.beta(0.5, 5, size=3 * RECENT // 2), 2)  # rounded: many ties
    kept = np.sort(p_values)
    plain = np.minimum.accumulate((kept * len(kept) / np.arange(1, len(kept) + 1))[::-1])[::-1]
    counts = PValueCounts()
    for some in np.array_split(p_values, 7):
        counts.add(some.tolist())
    values, times = counts.counted()
    assert dict(zip(values.tolist(), times.tolist())) == Counter(p_values.tolist())
    found = benjamini_hochberg(values, times, len(p_values))
    looked_up = QValues(values, times, len(p_values))
    for value, q_value in zip(values.tolist(), found.tolist(), strict=True):
        assert q_value == looked_up.of(value) == pytest.approx(min(1.0, plain[kept == value].min()))


def test_windows_over_ambiguous_letters_are_not_tests(library: MotifLibrary) -> None:
    motif = library.motifs[0]
    scanner = Scanner(MotifLibrary("one", (motif,)), BACKGROUND, 1e-3)
    best = "".join("ACGT"[i] for i in motif.log_odds(BACKGROUND).bits.argmax(axis=1))
    plain = DnaSequence("plain", best + "N" * 500)
    row = table_of(list(scanner.iter_hits([plain])))[0]
    hits = scanner.scan([best])[0]
    assert float(row[8]) == pytest.approx(min(1.0, min(h.p_value or 0 for h in hits) * 2), rel=1e-2)
    empty = DnaSequence("empty", "A" * (motif.width + 98))
    more = table_of(list(scanner.iter_hits([plain, empty])))[0]
    assert float(more[8]) == pytest.approx(min(1.0, float(row[8]) * 100), rel=1e-2)


def test_q_values_bound_fimos_from_above(library: MotifLibrary) -> None:
    fimo = pytest.importorskip("pymemesuite.fimo")
    common = pytest.importorskip("pymemesuite.common")
    # One N at the end gives pymemesuite, which never scans the last window, the same windows as us.
    sequences = [DnaSequence(s.id, s.bases + "N") for s in random_sequences(300, seed=4)]
    targets = [common.Sequence(s.bases, name=s.id.encode()) for s in sequences]
    ours = {
        (row[0], row[2], int(row[3]), row[5]): float(row[8])
        for row in table_of(list(Scanner(library, BACKGROUND, 1e-4).iter_hits(sequences)))
    }
    alphabet = common.Alphabet.dna()
    background = common.Background(alphabet, common.Array(list(BACKGROUND.frequencies)))
    compared = 0
    for motif in library.motifs:
        frequencies = common.Matrix(motif.matrix.smoothed(BACKGROUND).probabilities.tolist())
        made = common.Motif(alphabet, frequencies=frequencies)
        for match in fimo.FIMO(threshold=1e-4).score_motif(made, targets, background).matched_elements:
            key = (motif.matrix_id, match.source.name.decode(), min(match.start, match.stop), match.strand)
            assert 0.5 * ours[key] <= match.qvalue <= ours[key] * 1.01, key
            compared += 1
    assert compared == len(ours) > 50


def test_odd_names_keep_the_table_whole(library: MotifLibrary) -> None:
    sequence = DnaSequence("a\tb\nc", random_sequences(1)[0].bases)
    hit = MotifHit("M1", "M1", frozenset(), 3, 9, "-", 10.5, 1e-5)
    (row,) = table_of([(sequence, (hit,))])
    assert row[:3] == ["M1", "", "a b c"]


def test_hits_without_p_values_are_refused() -> None:
    hit = MotifHit("", "SP1", frozenset(), 0, 4, "+", 9.0, None)
    with pytest.raises(MotifError, match="s1: hit of SP1 states no p-value"):
        write_fimo_table([(DnaSequence("s1", "ACGT"), (hit,))], io.StringIO())
