"""An indexed genome FASTA: lengths of its contigs, and their bases."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cistrace.errors import InputError
from cistrace.io.streams import file_faults, shown

_BGZIP_MARK = b"BC"


class Genome:
    """An open genome; `open_genome` makes one.

    Attributes
    ----------
    name : str
        As messages call it.
    lengths : dict of str to int
        bp of every contig, in the file's order.
    """

    def __init__(self, path: Path, fasta: Any) -> None:
        self._path = path
        self._fasta = fasta
        self._checked: set[str] = set()
        self.name = shown(path)
        self.lengths: dict[str, int] = dict(zip(fasta.references, fasta.lengths, strict=True))

    def bases(self, contig: str, start: int, end: int) -> str:
        """Bases of a stretch within a contig, 0-based half-open, in the file's case.

        Raises
        ------
        InputError
            The index is of another file, or the genome ends before it says.
        """
        if contig not in self._checked:
            _check_index(self._path, contig)
            self._checked.add(contig)
        try:
            with _quiet():
                bases = str(self._fasta.fetch(contig, start, end))
        except (OSError, ValueError):
            bases = ""
        if len(bases) != end - start:
            raise InputError(
                f"{self.name}: gives {len(bases)} bases of {contig}:{start}-{end}, its index says {end - start}; "
                f"expected a whole genome; replace it, delete {self.name}.fai and run again"
            )
        return bases

    def unknown_contig(self, contig: str) -> str:
        """Why a contig that the genome does not have cannot be used, with the name that was meant where one is near."""
        if other := self._by_near_name.get(_near_name(contig)):
            return f"contig {contig!r} is not in the genome, which calls it {other!r}; use the genome's names"
        return (
            f"contig {contig!r} is not in the genome; expected one of its {len(self.lengths)} contigs; check names and "
            "release"
        )

    @cached_property
    def _by_near_name(self) -> dict[str, str]:
        """Contigs by what is left of their names; of several the first."""
        return {_near_name(name): name for name in reversed(self.lengths)}


def _near_name(contig: str) -> str:
    """What names have in common that mean the same contig: `chr1`, `CHR1` and `1` are one."""
    return contig.strip().casefold().removeprefix("chr")


@contextmanager
def open_genome(path: Path) -> Iterator[Genome]:
    """Open a genome FASTA (plain or bgzip), building its `.fai` index beside it where there is none.

    The index appears whole or not at all.

    Raises
    ------
    InputError
        Missing, a folder, plain gzip, not FASTA, or an index that cannot be written.
    """
    import pysam

    name = shown(path)
    _check_genome(path, name)
    if not os.path.exists(f"{path}.fai"):
        _build_index(path, name)
    try:
        with _quiet():
            fasta = pysam.FastaFile(str(path))
    except (OSError, ValueError) as error:
        raise InputError(
            f"{name}: cannot be opened as an indexed FASTA; expected FASTA, plain or bgzip; "
            f"delete {name}.fai and run again"
        ) from error
    with fasta:
        yield Genome(path, fasta)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep htslib from writing to stderr by itself: our errors say it in one line."""
    import pysam

    level = pysam.set_verbosity(0)
    try:
        yield
    finally:
        pysam.set_verbosity(level)


def _check_genome(path: Path, name: str) -> None:
    if os.path.isdir(path):
        raise InputError(f"{name}: is a folder; expected a genome FASTA; name the file in it")
    with file_faults(name), open(path, "rb") as handle:
        head = handle.read(16)
    if head.startswith(b"\x1f\x8b") and head[12:14] != _BGZIP_MARK:
        raise InputError(f"{name}: is plain gzip; expected plain text or bgzip; gunzip it, or compress it with bgzip")
    if not head.startswith((b">", b"\x1f\x8b")):
        raise InputError(f"{name}: does not start with '>'; expected a genome FASTA; check that this is the file")


def _build_index(path: Path, name: str) -> None:
    """Build the index in a folder beside the genome and move it, so that no other process reads half of one."""
    import pysam
    from pysam.utils import SamtoolsError

    try:
        with _quiet(), TemporaryDirectory(prefix=".cistrace-index-", dir=Path(path).parent) as folder:
            fai, gzi = f"{folder}/fai", f"{folder}/gzi"
            pysam.faidx("--fai-idx", fai, "--gzi-idx", gzi, str(path))
            if os.path.exists(gzi):  # bgzip
                os.replace(gzi, f"{path}.gzi")
            os.replace(fai, f"{path}.fai")
    except OSError as error:
        raise InputError(
            f"{name}: has no index {name}.fai and none can be written there ({error.strerror}); expected either; "
            "make it with 'samtools faidx', or copy the genome to a folder you can write"
        ) from error
    except SamtoolsError as error:
        raise InputError(
            f"{name}: cannot be indexed; expected FASTA with lines of one length per contig; write it anew"
        ) from error


def _check_index(path: Path, contig: str) -> None:
    """Refuse an index left from another genome: it would give wrong bases without a word."""
    with file_faults(shown(path)), open(path, "rb") as handle, open(f"{path}.fai", encoding="utf-8") as index:
        if handle.read(1) != b">":
            return  # bgzip: offsets are of the unzipped text
        entry = next((row for row in (line.split("\t") for line in index) if row[0] == contig), None)
        if entry is None or len(entry) < 3 or not entry[2].isdigit():
            found = b""
        else:
            offset = int(entry[2])
            handle.seek(max(0, offset - 4096))
            found = handle.read(min(offset, 4096))
    header = found.removesuffix(b"\n").rsplit(b"\n", 1)[-1]
    if not found.endswith(b"\n") or header[:1] != b">" or header[1:].split()[:1] != [contig.encode()]:
        raise InputError(
            f"{shown(path)}: its index {shown(path)}.fai is of another file (no {contig!r} where it points); "
            "expected an index of this genome; delete it and run again"
        )
