"""Effects of variants as VCF 4.2: a record an alternative allele, its figures in INFO, sorted; bgzip and index too."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cistrace.errors import OutputError
from cistrace.io.disk import SortedOnDisk
from cistrace.io.files import whole_file
from cistrace.io.streams import shown
from cistrace.version import __version__

LARGEST_FOR_TBI = 2**29 - 1  # bp of a contig that a .tbi can index; longer ones take a .csi
FIGURES = {
    "REF": ("ref_activity", "Activity with the reference allele, log2(RNA/DNA)"),
    "ALT": ("alt_activity", "Activity with the alternative allele, log2(RNA/DNA)"),
    "DIFF": ("difference", "Activity with the alternative allele less that with the reference's, log2"),
    "LOWER": ("lower", "Lower bound of the difference's 90 % interval, log2"),
    "UPPER": ("upper", "Upper bound of the difference's 90 % interval, log2"),
    "PCTL": ("percentile", "Random substitutions in natural elements with a smaller difference, per cent"),
}
WORDS = {
    "FLAGS": "What is unusual",
    "SITES": "Motif sites lost, gained or altered, percent-encoded: "
    "fate|archetype|start-end|change of activity, log2, or rest",
}
_NO_KEY, _NO_ID = re.compile(r"[^0-9A-Za-z_.]"), re.compile(r"[\s,]")
_ESCAPED = {ord(letter): f"%{ord(letter):02X}" for letter in "%:;=,\t\r\n "}  # as VCF 4.3 has it


def info_key(cell_type: str, figure: str) -> str:
    """Name of the INFO field of a figure in a cell type: `CT_K562_DIFF`."""
    return f"CT_{_NO_KEY.sub('_', cell_type)}_{figure}"


@contextmanager
def vcf_rows(
    path: Path, contigs: Mapping[str, int], cell_types: tuple[str, ...]
) -> Iterator[Callable[[dict[str, Any]], None]]:
    """Take the rows of a VCF, all cell types of a variant one after another, and write them at the end, sorted.

    Until then they lie in a temporary file.

    A name that ends in .gz gives bgzip, and an index beside it (.tbi, for contigs over 512 Mb .csi).

    Parameters
    ----------
    contigs : mapping of str to int
        bp of the genome's contigs, in whose order records are sorted.

    Raises
    ------
    OutputError
        The file cannot be written.
    """
    order = {contig: place for place, contig in enumerate(contigs)}
    waiting = SortedOnDisk()
    variant: list[dict[str, Any]] = []

    def add(row: dict[str, Any]) -> None:
        slim = {name: row[name] for name in ("chrom", "pos", "id", "ref", "alt", "cell_type", "flags", "sites")}
        slim |= {name: row[name] for name, _ in FIGURES.values()}
        variant.append(slim)
        if row["cell_type"] == cell_types[-1]:
            waiting.add(order[row["chrom"]], row["pos"], json.dumps(variant))
            variant.clear()

    zipped = path.name.lower().endswith(".gz")
    with whole_file(path) as part:
        yield add
        try:
            _write(part, (json.loads(text) for _, _, text in waiting), contigs, cell_types, zipped)
        except (OSError, ValueError) as error:
            raise OutputError(
                f"{shown(path)}: cannot be written ({error}); expected room; choose another path"
            ) from error
        if zipped and not path.is_symlink():
            _index(path, part, contigs)


def _write(
    part: Path, variants: Iterable[list[dict[str, Any]]], contigs: Mapping[str, int], cell_types: tuple[str, ...],
    zipped: bool,
) -> None:  # fmt: skip
    import pysam

    header = _header(contigs, cell_types)
    with pysam.VariantFile(str(part), "wz" if zipped else "w", header=header) as out:
        for rows in variants:
            first = rows[0]
            record = header.new_record(
                contig=first["chrom"], start=first["pos"] - 1, alleles=(first["ref"], first["alt"]),
                id=None if first["id"] == "." else _NO_ID.sub("_", first["id"]),
            )  # fmt: skip
            for row in rows:
                _fill(record.info, row)
            out.write(record)


def _fill(info: Any, row: dict[str, Any]) -> None:
    from cistrace.variants.table import site_words  # which needs this module

    cell = row["cell_type"]
    for figure, (name, _) in FIGURES.items():
        if row[name] is not None:
            info[info_key(cell, figure)] = row[name]
    if row["flags"]:
        info[info_key(cell, "FLAGS")] = tuple(one.translate(_ESCAPED) for one in row["flags"])
    if row["sites"]:
        info[info_key(cell, "SITES")] = tuple(one.translate(_ESCAPED) for one in site_words(row["sites"]))


def _header(contigs: Mapping[str, int], cell_types: tuple[str, ...]) -> Any:
    import pysam

    header = pysam.VariantHeader()
    header.add_line(f"##source=cistrace {__version__}")
    for contig, length in contigs.items():
        header.contigs.add(contig, length=length)
    for cell in cell_types:
        for figure, (_, meaning) in FIGURES.items():
            header.info.add(info_key(cell, figure), 1, "Float", f"{meaning}, in {_quoted(cell)}")
        for figure, meaning in WORDS.items():
            header.info.add(info_key(cell, figure), ".", "String", f"{meaning}, in {_quoted(cell)}")
    return header


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _index(path: Path, part: Path, contigs: Mapping[str, int]) -> None:
    import pysam

    long = max(contigs.values(), default=0) > LARGEST_FOR_TBI
    target = path.with_name(f"{path.name}.{'csi' if long else 'tbi'}")
    with whole_file(target) as index:
        pysam.tabix_index(str(part), preset="vcf", index=str(index), csi=long, force=True)
