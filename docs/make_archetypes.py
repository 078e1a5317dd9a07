"""Write src/cistrace/data/archetypes.tsv: which matrices of the default library look alike, and each TF's human symbol.

    pip install memelite
    python docs/make_archetypes.py

Every two matrices are aligned by TOMTOM (Gupta et al., Genome Biology 8:R24, 2007; memelite's). The matrix with the
most likenesses at p <= LIKE leads the first archetype, which takes them; so on with what is left; then every matrix
goes to the leader that it resembles most. All members of an archetype thus share its leader's consensus, which no class
of DNA-binding domains promises.
"""

from __future__ import annotations

import re
import sqlite3
from collections import Counter

import numpy as np
from memelite import tomtom
from numpy.typing import NDArray

from cistrace.motifs.archetypes import FILE
from cistrace.motifs.background import load_background
from cistrace.motifs.jaspar import jaspar_file
from cistrace.motifs.library import MotifLibrary, load_library
from cistrace.motifs.motif import Motif

LIKE = 1e-4
SMALLEST_P = 1e-12
HUMAN = "9606"
# Human genes whose symbol is not the other species' in capitals.
HUMAN_SYMBOLS = {"ARNTL": "BMAL1", "MIX-A": "MIXL1", "ZFP335": "ZNF335"}
NO_HUMAN_GENE = ("Dux", "Duxbl1", "Msx3", "Rhox11", "Zfp809", "Zfp961")
# What the field calls the archetype that holds a matrix (by its base id), where that is no gene's name.
FIELD_NAMES = {
    "MA0099": "AP-1", "MA0018": "CRE", "MA0102": "C/EBP", "MA0106": "p53", "MA0060": "NF-Y",
    "MA0107": "NF-kB", "MA0058": "E-box", "MA0091": "E-box", "MA0103": "E-box", "MA0521": "E-box",
    "MA0079": "SP/KLF", "MA0523": "TCF/LEF", "MA0098": "ETS", "MA0036": "GATA", "MA0143": "SOX",
    "MA0148": "FOX", "MA0114": "HNF4/NR2", "MA0046": "HNF1/POU4", "MA0027": "homeobox",
}  # fmt: skip
CONSENSUS_SHARE = 0.5  # of a column, from which on its letter stands in a consensus


def likeness(library: MotifLibrary) -> NDArray[np.float64]:
    """-log10 of TOMTOM's p-value, the smaller of both ways round, (matrices, matrices)."""
    background = load_background("fimo")
    matrices = [motif.matrix.smoothed(background).probabilities.T.copy() for motif in library.motifs]  # type: ignore[union-attr]
    p_values = tomtom(matrices, matrices)[0]
    return -np.log10(np.clip(np.minimum(p_values, p_values.T), SMALLEST_P, 1))


def leaders(like: NDArray[np.float64]) -> NDArray[np.int64]:
    """The leader of every matrix, by its place."""
    near = like >= -np.log10(LIKE)
    np.fill_diagonal(near, True)
    left, found = np.ones(len(like), dtype=bool), []
    while left.any():
        company = (near & left).sum(axis=1) + (like * (near & left)).sum(axis=1) / 1e6  # ties: the closer company
        found.append(int(np.argmax(np.where(left, company, -1))))
        left &= ~near[found[-1]]
    order = np.array(found)
    return order[like[:, order].argmax(axis=1)]


def human_symbol(name: str, species: str) -> str:
    """Of a TF or of each part of a heterodimer."""
    if species == HUMAN or name in NO_HUMAN_GENE:
        return name
    return "::".join(HUMAN_SYMBOLS.get(part.upper(), part.upper()) for part in name.split("::"))


def label_of(symbols: list[str]) -> str:
    """A name for symbols: the one or two beginnings that most of them share, or the only one there is."""
    if len(set(symbols)) == 1:
        return symbols[0]
    stems = [stem_of(part) for symbol in symbols for part in symbol.split("::")]
    kin = Counter(stem[:-1] for stem in set(stems) if len(stem) > 3)
    short = Counter(stem[:-1] if kin[stem[:-1]] > 1 else stem for stem in stems)  # FOXA, FOXD: FOX
    common = [stem for stem, count in short.most_common(2) if count >= max(2, 0.2 * len(stems))]
    return "/".join(common) if common else symbols[0]


def stem_of(gene: str) -> str:
    """The letters before a gene's number: ETS of ETS1, E2F of E2F1."""
    letters = re.match(r"[A-Z]*", gene.upper())[0]  # type: ignore[index]
    return letters if len(letters) > 1 else gene[:3]


def consensus(motif: Motif) -> str:
    """The stretch of clear letters of a matrix, N where a column has none."""
    shares = motif.values / motif.values.sum(axis=1, keepdims=True)
    letters = ["ACGT"[int(row.argmax())] if row.max() >= CONSENSUS_SHARE else "N" for row in shares]
    return "".join(letters).strip("N")


def labels_of(library: MotifLibrary, leader: NDArray[np.int64], symbols: list[str]) -> dict[int, str]:
    """One name an archetype, by its leader's place; the consensus tells apart those of one name."""
    found: dict[int, str] = {}
    for at in np.unique(leader).tolist():
        members = np.flatnonzero(leader == at).tolist()
        given = [FIELD_NAMES.get(library.motifs[place].matrix_id.split(".")[0], "") for place in members]
        found[at] = next(filter(None, given), "") or label_of([symbols[place] for place in members])
    count = Counter(found.values())
    repeated = {at: f"{label} {consensus(library.motifs[at])}" for at, label in found.items() if count[label] > 1}
    again = Counter(repeated.values())
    return found | {
        at: label if again[label] == 1 else f"{label} {library.motifs[at].name}" for at, label in repeated.items()
    }


def species_of(library: MotifLibrary) -> dict[str, str]:
    """Taxon of every matrix; HUMAN where that is among them or none is said."""
    with sqlite3.connect(jaspar_file(library.name)) as connection:
        rows = connection.execute(
            "SELECT BASE_ID || '.' || VERSION, TAX_ID FROM MATRIX JOIN MATRIX_SPECIES ON MATRIX.ID = MATRIX_SPECIES.ID"
        ).fetchall()
    taxa: dict[str, set[str]] = {}
    for matrix_id, taxon in rows:
        taxa.setdefault(matrix_id, set()).add(taxon or HUMAN)
    return {matrix_id: HUMAN if HUMAN in found else min(found) for matrix_id, found in taxa.items()}


def main() -> None:
    """Write the table."""
    library = load_library()
    like, species = likeness(library), species_of(library)
    leader = leaders(like)
    symbols = [human_symbol(motif.name, species.get(motif.matrix_id, HUMAN)) for motif in library.motifs]
    labels = labels_of(library, leader, symbols)
    lines = [f"# {library.version}; docs/make_archetypes.py", "matrix_id\tsymbol\tarchetype\tleader\tlog10_p"]
    for at, (motif, symbol, head) in enumerate(zip(library.motifs, symbols, leader.tolist(), strict=True)):
        log_p = "0" if at == head else f"{-like[at, head]:.1f}"
        lines.append("\t".join((motif.matrix_id, symbol, labels[head], library.motifs[head].matrix_id, log_p)))
    FILE.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
