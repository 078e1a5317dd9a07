"""Write src/cistrace/data/archetypes.tsv: which matrices of the default library look alike, and each TF's human symbol.

    pip install memelite
    python docs/make_archetypes.py

Two matrices look alike where TOMTOM (Gupta et al., Genome Biology 8:R24, 2007; memelite's) aligns them at p <= LIKE and
where they correlate by at least SHARED: the cosine of what their columns have beyond an even share of letters, at the
best offset on either strand, a column that only one of them has counting as even in the other. So neither stands on a
part of the other. The matrix like which most others look leads the first archetype, which takes them; so on with what
is left. A matrix goes to a later leader where that one fits by CLEARLY more, unless a later archetype would live on
little else. Matrices of two factors of different classes, ETS beside FOX, keep to themselves.
"""

from __future__ import annotations

import sqlite3
from collections import Counter

import numpy as np
from memelite import tomtom
from numpy.typing import NDArray

from cistrace.io.shipped import DATA
from cistrace.motifs.archetypes import FILE
from cistrace.motifs.background import load_background
from cistrace.motifs.jaspar import jaspar_file
from cistrace.motifs.library import MotifLibrary, load_library

LIKE = 1e-4
SHARED = 0.8
CLEARLY = 0.075
LIVES_ON_OTHERS = 0.75  # of an archetype, from which on what it takes from earlier ones goes back
SMALLEST_P = 1e-12
HUMAN = "9606"
# Human genes whose symbol is not the other species' in capitals; NRF1 beside MAFG is a bZIP factor's old name.
HUMAN_SYMBOLS = {"ARNTL": "BMAL1", "MIX-A": "MIXL1", "ZFP335": "ZNF335", "MAFG::NRF1": "MAFG::NFE2L1"}
NO_HUMAN_GENE = ("Dux", "Duxbl1", "Msx3", "Rhox11", "Zfp809", "Zfp961")
ONE_CLASS = "MAFG::NRF1"  # JASPAR's classes are of the other NRF1
# What the field calls the archetype that holds a matrix (by its base id), where that is not its leader's symbol.
FIELD_NAMES = {
    "MA0886": "HD/TAATTA", "MA0879": "HD/CAATTA", "MA0846": "FOX", "MA0478": "AP-1", "MA0622": "E-box/CACGTG",
    "MA0599": "SP/KLF", "MA1145": "CRE", "MA0474": "ETS", "MA0091": "E-box/CATCTG", "MA0677": "NR/DR1", "MA0078": "SOX",
    "MA0800": "T-box", "MA1100": "E-box/CAGCTG", "MA1558": "E-box/CACCTG", "MA0714": "OTX/PITX", "MA0071": "NR/AGGTCA",
    "MA0905": "HOX9-13", "MA1953": "ETS::FOX", "MA0785": "OCT", "MA1957": "ETS::HOX", "MA1104": "GATA", "MA0652": "IRF",
    "MA0465": "CDX", "MA0102": "C/EBP", "MA0754": "ONECUT", "MA0024": "E2F", "MA0471": "E2F/GCGGGAA", "MA0672": "NKX",
    "MA0519": "STAT", "MA0736": "GLIS", "MA0779": "PAX", "MA0154": "EBF", "MA1525": "NFAT", "MA2674": "HIF",
    "MA1991": "TCF/LEF", "MA0638": "CREB3/XBP1", "MA0734": "GLI", "MA0797": "TGIF", "MA1941": "ETS::E-box",
    "MA2679": "IRX", "MA1989": "RUNX", "MA1569": "TFAP2", "MA0524": "TFAP2/N4", "MA0815": "TFAP2/N5", "MA0727": "GR/AR",
    "MA0773": "MEF2", "MA1639": "PBX", "MA0775": "MEIS", "MA0809": "TEAD", "MA0505": "NR5A", "MA0730": "NR/DR5",
    "MA0733": "EGR", "MA0442": "SOX/ACAAAG", "MA0860": "NR/DR4", "MA0859": "NR/DR2", "MA1538": "NR/IR1",
    "MA1556": "NR/IR0", "MA0112": "ESR", "MA1531": "REV-ERB", "MA0509": "RFX", "MA1707": "DMRT", "MA0715": "PHOX2",
    "MA0898": "HMX", "MA1153": "SMAD", "MA0093": "USF/MITF", "MA0105": "NFKB", "MA0101": "NFKB/RELA", "MA0861": "p53",
    "MA1520": "MAF", "MA0117": "MAF/TGCTGA", "MA0486": "HSF", "MA1965": "ZNF263", "MA1105": "GRHL", "MA0791": "POU4",
    "MA0697": "ZIC", "MA1545": "OVOL", "MA1549": "POU6", "MA1118": "SIX", "MA1527": "NFI", "MA0161": "NFI/half",
    "MA2577": "ZXD", "MA0046": "HNF1", "MA0060": "NFY", "MA0074": "VDR", "MA0693": "NR/GAGTTCA", "MA0114": "HNF4",
    "MA0142": "OCT4-SOX2", "MA0140": "TAL1-GATA", "MA2485": "DUX4", "MA0527": "BANP/ZBTB33", "MA0595": "SREBF",
    "MA0829": "SREBF/E-box", "MA0615": "GMEB", "MA0635": "BARHL", "MA0639": "DBP/TEF", "MA0646": "GCM", "MA0738": "HIC",
    "MA0743": "SCRT", "MA0866": "SOX/dimer", "MA1933": "ETS::SREBF", "MA0038": "GFI1",
    "MA0669": "E-box/CATATG",
}  # fmt: skip
# Factors for which archetypes are best known: of equally good ones they name a site.
BEST_KNOWN = {
    "RUNX": "RUNX1", "TFAP2": "TFAP2A", "GR/AR": "AR NR3C1", "CRE": "CREB1", "E2F": "E2F1 E2F4",
    "ETS": "ELK1 GABPA ETS1", "GATA": "GATA1 GATA2", "GFI1": "GFI1", "SP/KLF": "KLF4 SP1 KLF1", "HNF1": "HNF1A",
    "IRF": "IRF1 IRF3", "MEF2": "MEF2A", "NFY": "NFYA", "NR/DR1": "PPARG::RXRA RXRA HNF4A", "PBX": "PBX1",
    "NR/AGGTCA": "RORA ESRRA NR2F2", "SOX": "SOX9 SOX2", "ZNF143": "ZNF143", "TEAD": "TEAD1 TEAD4",
    "E-box/CATCTG": "TAL1::TCF3 NEUROD1", "USF/MITF": "USF1 MITF", "YY1": "YY1", "AP-1": "FOS::JUN NFE2L2 NFE2",
    "C/EBP": "CEBPA CEBPB", "NFKB": "NFKB1", "p53": "TP53", "NFKB/RELA": "RELA", "ESR": "ESR1", "HNF4": "HNF4A",
    "NKX": "NKX3-1", "HD/TAATTA": "PDX1", "STAT": "STAT1 STAT3 STAT5A::STAT5B", "E-box/CACGTG": "MYC USF2",
    "FOX": "FOXA1", "EBF": "EBF1", "NR/DR5": "RARA::RXRA", "EGR": "EGR1", "CDX": "CDX2", "E2F/GCGGGAA": "E2F6",
    "HSF": "HSF1", "NR/DR4": "NR1H3::RXRA", "MEIS": "MEIS1", "E-box/CAGCTG": "MYOG ASCL1", "RFX": "RFX1",
    "E-box/CACCTG": "TCF3 SNAI2", "TCF/LEF": "TCF7L2 LEF1", "TFAP2/N4": "TFAP2C", "SREBF": "SREBF1", "NFAT": "NFATC1",
    "GCM": "GCM1", "ONECUT": "ONECUT1", "T-box": "TBX21 EOMES", "OTX/PITX": "OTX2", "GLI": "GLI2",
    "OCT": "POU2F1 POU5F1", "SMAD": "SMAD3", "TFAP2/N5": "TFAP2C", "SREBF/E-box": "SREBF1", "CREB3/XBP1": "XBP1 ATF6",
    "HIF": "HIF1A", "SIX": "SIX1",
}  # fmt: skip


def tomtom_p(matrices: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    """-log10 of TOMTOM's p-value, the smaller of both ways round; (matrices, matrices)."""
    p_values = tomtom([matrix.T.copy() for matrix in matrices], [matrix.T.copy() for matrix in matrices])[0]
    return -np.log10(np.clip(np.minimum(p_values, p_values.T), SMALLEST_P, 1))


def correlations(matrices: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Of every two matrices at their best offset, either strand, columns beyond the other's ends included."""
    width = max(map(len, matrices))
    excess = [matrix - 0.25 for matrix in matrices]
    forward = np.fft.rfft(padded(excess, width), axis=1)
    reverse = np.fft.rfft(padded([one[::-1, ::-1] for one in excess], width), axis=1)
    sizes = np.array([np.linalg.norm(one) for one in excess])
    found = np.empty((len(matrices), len(matrices)))
    for at, spectrum in enumerate(forward.conj()):
        sums = [np.fft.irfft((spectrum * other).sum(axis=-1), axis=1).max(axis=1) for other in (forward, reverse)]
        found[at] = np.maximum(*sums) / sizes / sizes[at]
    return found


def padded(matrices: list[NDArray[np.float64]], width: int) -> NDArray[np.float64]:
    """Matrices in one array, twice as long as the widest: no offset wraps round onto another."""
    return np.array([np.pad(matrix, ((0, 2 * width - len(matrix)), (0, 0))) for matrix in matrices])


def leaders(alike: NDArray[np.float64]) -> NDArray[np.int64]:
    """The leader of every matrix, by its place; `alike` holds correlations, and 0 where two do not look alike."""
    near, left, found = alike > 0, np.ones(len(alike), dtype=bool), []
    while left.any():
        company = (near & left).sum(axis=1) + (alike * left).sum(axis=1) / 1e6  # ties: the closer company
        found.append(int(np.argmax(np.where(left, company, -1))))
        left &= ~near[found[-1]]
    order, every = np.array(found), np.arange(len(alike))
    first, best = near[:, order].argmax(axis=1), alike[:, order].argmax(axis=1)
    moves = alike[every, order[best]] - alike[every, order[first]] > CLEARLY
    for at in range(len(order)):
        joins, stays = moves & (best == at), ~moves & (first == at)
        if joins.sum() > LIVES_ON_OTHERS * (joins.sum() + stays.sum()):
            moves &= ~joins
    return order[np.where(moves, best, first)]


def human_symbol(name: str, species: str) -> str:
    """Of a TF or of each part of a heterodimer."""
    if name in HUMAN_SYMBOLS:
        return HUMAN_SYMBOLS[name]
    if species == HUMAN or name in NO_HUMAN_GENE:
        return name
    return "::".join(HUMAN_SYMBOLS.get(part.upper(), part.upper()) for part in name.split("::"))


def labels_of(library: MotifLibrary, leader: NDArray[np.int64], symbols: list[str]) -> dict[int, str]:
    """One name an archetype, by its leader's place; a number tells apart those of one symbol.

    Raises
    ------
    ValueError
        If two names of the field fall on one archetype.
    """
    found: dict[int, str] = {}
    for at in np.unique(leader).tolist():
        members = np.flatnonzero(leader == at).tolist()
        bases = [library.motifs[place].matrix_id.split(".")[0] for place in members]
        named = sorted({FIELD_NAMES[base] for base in bases if base in FIELD_NAMES})
        if len(named) > 1:
            raise ValueError(f"one archetype, several names: {named}")
        found[at] = named[0] if named else symbols[at]
    seen: Counter[str] = Counter()
    for at, label in found.items():
        seen[label] += 1
        found[at] = label if seen[label] == 1 else f"{label}-{seen[label]}"
    return found


def of_two_classes(library: MotifLibrary) -> NDArray[np.bool_]:
    """Which matrices are of two factors of different classes, each with a site of its own."""
    classes: dict[str, set[str]] = {}
    for matrix_id, value in said_of(library, "class"):
        classes.setdefault(matrix_id, set()).add(value)
    several = [len(classes.get(motif.matrix_id, ())) > 1 and motif.name != ONE_CLASS for motif in library.motifs]
    return np.array(several) & np.array(["::" in motif.name for motif in library.motifs])


def said_of(library: MotifLibrary, tag: str) -> list[tuple[str, str]]:
    """What JASPAR says of every matrix under a tag."""
    with sqlite3.connect(jaspar_file(library.name)) as connection:
        return connection.execute(
            "SELECT BASE_ID || '.' || VERSION, VAL FROM MATRIX JOIN MATRIX_ANNOTATION USING (ID) WHERE TAG = ?", (tag,)
        ).fetchall()


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
    library, background = load_library(), load_background("fimo")
    matrices = [motif.matrix.smoothed(background).probabilities for motif in library.motifs]
    log_p, correlation, pair = tomtom_p(matrices), correlations(matrices), of_two_classes(library)
    near = (log_p >= -np.log10(LIKE)) & (correlation >= SHARED) & (pair[:, None] == pair)
    np.fill_diagonal(near, True)
    leader, species = leaders(np.where(near, correlation, 0)), species_of(library)
    symbols = [human_symbol(motif.name, species.get(motif.matrix_id, HUMAN)) for motif in library.motifs]
    labels = labels_of(library, leader, symbols)
    columns = ("matrix_id", "symbol", "archetype", "kind", "leader", "log10_p", "correlation")
    lines = [f"# {library.version}; docs/make_archetypes.py", "\t".join(columns)]
    for at, (motif, symbol, head) in enumerate(zip(library.motifs, symbols, leader.tolist(), strict=True)):
        figures = ("0", "1") if at == head else (f"{-log_p[at, head]:.1f}", f"{correlation[at, head]:.2f}")
        kind = "pair" if pair[at] else "known" if symbol in BEST_KNOWN.get(labels[head], "").split() else "-"
        lines.append("\t".join((motif.matrix_id, symbol, labels[head], kind, library.motifs[head].matrix_id, *figures)))
    (DATA / FILE).write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
