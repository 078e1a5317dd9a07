"""An indexed genome: lengths, bases, names that it does not have."""

from __future__ import annotations

from pathlib import Path

import pytest

from cistrace.errors import InputError
from cistrace.io.genome import open_genome


def test_lengths_bases_and_names(tmp_path: Path) -> None:
    path = tmp_path / "genome.fa"
    path.write_text(">chr1 first\nACGTac\nGTN\n>2\nTTTT\n")
    with open_genome(path) as genome:
        assert genome.lengths == {"chr1": 9, "2": 4}
        assert genome.bases("chr1", 0, 9) == "ACGTacGTN" and genome.bases("2", 1, 3) == "TT"
        assert genome.bases("chr1", 4, 4) == ""
        assert "which calls it 'chr1'" in genome.unknown_contig("1")
        assert "which calls it '2'" in genome.unknown_contig("chr2")
        for other in ("CHR1", "Chr1", " chr1"):
            assert "which calls it 'chr1'" in genome.unknown_contig(other)
        assert "which calls it '2'" in genome.unknown_contig("CHR2")
        assert "expected one of its 2 contigs" in genome.unknown_contig("chrX")


def test_an_index_of_another_file_gives_no_bases(tmp_path: Path) -> None:
    path = tmp_path / "genome.fa"
    path.write_text(">chr1\nACGTACGT\n")
    with open_genome(path):
        pass
    path.write_text(">chrA\nACGT\n>chr1\nTTTTTTTT\n")
    with open_genome(path) as genome, pytest.raises(InputError, match="is of another file"):
        genome.bases("chr1", 0, 8)
