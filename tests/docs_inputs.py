"""Small inputs under the names that the pages use, so that their commands run as they stand there."""

from __future__ import annotations

import gzip
import random
from pathlib import Path

from bench_helpers import a_table
from docs_helpers import ROOT

FEW = 2  # sequences of a file
CONTIG = "chr1"
MEME = """\
MEME version 4

ALPHABET= ACGT

strands: + -

Background letter frequencies
A 0.3 C 0.2 G 0.2 T 0.3

MOTIF M1 box
letter-probability matrix: alength= 4 w= 8 nsites= 20 E= 0
0 0 1 0
0 0 1 0
0 0 1 0
0 1 0 0
0 0 1 0
0 0 1 0
0 0 1 0
0 0 1 0
"""


def natural() -> list[tuple[str, str]]:
    """The first records of examples/enhancers.fa."""
    found: list[tuple[str, str]] = []
    for record in (ROOT / "examples" / "enhancers.fa").read_text(encoding="utf-8").split(">")[1 : FEW + 1]:
        head, _, bases = record.partition("\n")
        found.append((head, "".join(bases.split())))
    return found


def fasta(records: list[tuple[str, str]]) -> str:
    return "".join(f">{head}\n{bases}\n" for head, bases in records)


def write_inputs(folder: Path) -> None:
    """Every file that a page's commands read and do not make."""
    records = natural()
    first, second = records[0][1], records[1][1]
    genome = "".join(random.Random(3).choices("ACGT", k=400)) + first + second
    changed = first[:100] + ("A" if first[100] != "A" else "C") + first[101:]
    (folder / "examples").mkdir()
    texts = {
        "examples/enhancers.fa": fasta(records),
        "enhancers.fa": fasta(records),
        "elements.fa": fasta(records),
        "big.fa": fasta(records),
        "designs.fa": fasta(records),
        "new.fa": fasta(records),
        "enhancer.fa": fasta(records[:1]),
        "locus.fa": fasta([("locus", first + second)]),
        "library.csv": f"id,sequence\na,{first}\nb,{second}\n",
        "hg38.fa": fasta([(CONTIG, genome)]),
        "peaks.bed": f"{CONTIG}\t400\t600\tpeak\n",
        "tiles.bed": f"{CONTIG}\t300\t500\n{CONTIG}\t400\t600\n",
        "pairs.csv": f"id,ref,alt\none,{first},{changed}\n",
        "rows.txt": f"{CONTIG}:501:{genome[500]}:{'A' if genome[500] != 'A' else 'C'}\n",
        "mine.meme": MEME,
    }
    for name, text in texts.items():
        (folder / name).write_text(text)
    with gzip.open(folder / "many.fa.gz", "wt") as packed:
        packed.write(fasta(records))
    allele = "A" if genome[500] != "A" else "C"
    with gzip.open(folder / "my.vcf.gz", "wt") as packed:
        packed.write("##fileformat=VCFv4.3\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n")
        packed.write(f"{CONTIG}\t501\trs1\t{genome[500]}\t{allele}\t.\t.\t.\n")
    write_measurements(folder / "mpra.tsv")


def write_measurements(path: Path) -> None:
    """A made-up table of two cell types, 240 elements of 120 bp on eight chromosomes."""
    table = a_table(240, ("Liver", "K562"), length=120)
    chromosomes = ("chr1", "chr2", "chr3", "chr5", "chr14", "chr19", "chr21", "chrX")
    lines = ["sequence\tactivity\tcell_type\tchromosome"]
    for column, cell in enumerate(table.cell_types):
        for row in range(len(table)):
            value = table.activity[row, column]
            lines.append(f"{table.sequences[row]}\t{value:.3f}\t{cell}\t{chromosomes[row % 8]}")
    path.write_text("\n".join(lines) + "\n")
