"""Parity with FIMO itself (pymemesuite): integers, p-values and hits."""

from __future__ import annotations

import csv
import gzip
import itertools
import os
from pathlib import Path

import numpy as np
import pytest
from motif_helpers import FIMO_BACKGROUND, random_sequences

from cistrace.motifs.background import Background
from cistrace.motifs.integer_matrix import integer_matrix
from cistrace.motifs.library import MotifLibrary, load_library
from cistrace.motifs.motif import Motif
from cistrace.motifs.p_values import p_values
from cistrace.motifs.scanner import DEFAULT_P_THRESHOLD, Scanner

Key = tuple[str, int, int, str]
Values = tuple[float, float]


@pytest.fixture(scope="module")
def jaspar() -> MotifLibrary:
    return load_library()


def fimo_pssm(motif: Motif, background: Background):  # type: ignore[no-untyped-def]
    """pymemesuite's own integers and p-values for a motif; what it borrows from must outlive it."""
    common = pytest.importorskip("pymemesuite.common")
    alphabet = common.Alphabet.dna()
    frequencies = common.Matrix(motif.matrix.smoothed(background).probabilities.tolist())
    made = common.Motif(alphabet, frequencies=frequencies)
    pssm = made.build_pssm(common.Background(alphabet, common.Array(list(background.frequencies))))
    return pssm, (frequencies, made)


def fimo_hits(library: MotifLibrary, background: Background, sequences: list[str]) -> dict[Key, Values]:
    fimo = pytest.importorskip("pymemesuite.fimo")
    common = pytest.importorskip("pymemesuite.common")
    targets = [common.Sequence(bases, name=str(i).encode()) for i, bases in enumerate(sequences)]
    runner = fimo.FIMO(threshold=DEFAULT_P_THRESHOLD)
    found: dict[Key, Values] = {}
    for motif in library.motifs:
        pssm, _borrowed = fimo_pssm(motif, background)
        for match in runner.score_pssm(pssm, targets).matched_elements:
            start = min(match.start, match.stop) - 1
            found[motif.matrix_id, int(match.source.name), start, match.strand] = (match.score, match.pvalue)
    return found


def our_hits(library: MotifLibrary, background: Background, sequences: list[str]) -> dict[Key, Values]:
    scanned = Scanner(library, background).scan(sequences)
    return {
        (hit.matrix_id, number, hit.start, hit.strand): (hit.score, hit.p_value or 0.0)
        for number, hits in enumerate(scanned)
        for hit in hits
    }


def disagreement(key: Key, values: Values, widths: dict[str, int], sequences: list[str]) -> str:
    """Name why one of the two scanners alone reports a hit."""
    matrix_id, number, start, _ = key
    if start + widths[matrix_id] == len(sequences[number]):
        return "last window, which pymemesuite never scans"
    if values[1] == DEFAULT_P_THRESHOLD:
        return "p-value equal to the threshold, which FIMO keeps and pymemesuite drops"
    return "unexplained"


def assert_parity(library: MotifLibrary, sequences: list[str]) -> str:
    ours, theirs = (find(library, FIMO_BACKGROUND, sequences) for find in (our_hits, fimo_hits))
    shared = ours.keys() & theirs.keys()
    widths = {motif.matrix_id: motif.width for motif in library.motifs}
    alone = [(key, (ours | theirs)[key]) for key in ours.keys() ^ theirs.keys()]
    reasons = [disagreement(key, values, widths, sequences) for key, values in alone]
    summary = f"{len(shared)} of FIMO's {len(theirs)} hits; ours alone {len(ours) - len(shared)}: " + ", ".join(
        f"{reasons.count(reason)} {reason}" for reason in sorted(set(reasons))
    )
    assert len(shared) >= 0.999 * len(theirs) > 0, summary
    assert "unexplained" not in reasons, summary
    for key in shared:
        assert ours[key][0] == pytest.approx(theirs[key][0], abs=1e-9), key
        assert ours[key][1] == pytest.approx(theirs[key][1], rel=1e-9), key
    return summary


def test_integers_and_p_values_equal_fimo_for_every_matrix(jaspar: MotifLibrary) -> None:
    for motif in jaspar.motifs:
        pssm, _borrowed = fimo_pssm(motif, FIMO_BACKGROUND)
        ours = integer_matrix(motif, FIMO_BACKGROUND)
        assert (ours.scale, ours.offset) == (pssm.scale, pssm.offset)
        np.testing.assert_array_equal(ours.entries, np.array([list(row)[:4] for row in pssm.matrix]))
        table = p_values(ours, FIMO_BACKGROUND)
        np.testing.assert_allclose(table, np.array(pssm.pvalues)[ours.best - np.arange(len(table))], rtol=1e-12)


def test_hits_equal_fimo_on_random_sequences(jaspar: MotifLibrary) -> None:
    assert_parity(MotifLibrary("part", jaspar.motifs[::3]), random_sequences(200, seed=1))


def test_a_meme_file_is_scanned_as_fimo_scans_it(jaspar: MotifLibrary, tmp_path: Path) -> None:
    """Both read the same file: probabilities, nsites, pseudocount and background are FIMO's own here."""
    common = pytest.importorskip("pymemesuite.common")
    fimo = pytest.importorskip("pymemesuite.fimo")
    lines = ["MEME version 4", "", "ALPHABET= ACGT", ""]
    for number, motif in enumerate(jaspar.motifs[::30]):
        shares = motif.values / motif.values.sum(axis=1, keepdims=True)
        sites = "" if number % 3 == 0 else f" nsites= {int(motif.values.sum(axis=1).max())}"
        lines += [
            f"MOTIF {motif.matrix_id} {motif.name}",
            f"letter-probability matrix: alength= 4 w= {motif.width}{sites}",
        ]
        lines += [*(" ".join(f"{value:.6f}" for value in row) for row in shares), ""]
    path = tmp_path / "some.meme"
    path.write_text("\n".join(lines))
    sequences = [bases + "N" for bases in random_sequences(300, seed=6)]
    targets = [common.Sequence(bases, name=str(i).encode()) for i, bases in enumerate(sequences)]
    reader = common.MotifFile(str(path))
    theirs = {}
    for made in reader:
        found = fimo.FIMO(threshold=DEFAULT_P_THRESHOLD).score_motif(made, targets, reader.background)
        for match in found.matched_elements:
            key = (made.accession.decode(), int(match.source.name), min(match.start, match.stop) - 1, match.strand)
            theirs[key] = (match.score, match.pvalue)
    ours = our_hits(load_library(path), FIMO_BACKGROUND, sequences)
    assert len(ours) > 40 and ours.keys() == theirs.keys()
    for key, values in ours.items():
        assert values == pytest.approx(theirs[key], rel=1e-9)


@pytest.mark.integration
def test_all_hits_equal_fimo_on_2000_random_sequences(jaspar: MotifLibrary) -> None:
    print(assert_parity(jaspar, random_sequences(2000, seed=2)))


@pytest.mark.integration
def test_all_hits_equal_fimo_on_2000_measured_sequences(jaspar: MotifLibrary) -> None:
    folder = os.environ.get("CISTRACE_DATA")
    if not folder:
        pytest.skip("CISTRACE_DATA is not set: no measured sequences to compare on")
    with gzip.open(Path(folder) / "joint_mpra.tsv.gz", "rt") as stream:
        lines = itertools.islice(csv.DictReader(stream, delimiter="\t"), 0, None, 20)
        sequences = [line["sequence"].upper() for line in itertools.islice(lines, 2000)]
    print(assert_parity(jaspar, sequences))
