"""The JASPAR releases that pyjaspar bundles, read from its databases without importing it."""

from __future__ import annotations

import sqlite3
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cistrace.errors import MotifError
from cistrace.motifs.matrices import CountMatrix
from cistrace.motifs.motif import Motif


def jaspar_motifs(release: str) -> tuple[Motif, ...]:
    """CORE vertebrate matrices of a release (`JASPAR2026`), by rising id.

    Raises
    ------
    MotifError
        The release is not bundled, or its database is damaged.
    """
    path = jaspar_file(release)
    connection = sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True)
    try:
        return _read_motifs(connection)
    except (sqlite3.DatabaseError, ValueError) as error:
        raise MotifError(f"{path}: not a JASPAR database ({error}); reinstall pyjaspar") from error
    finally:
        connection.close()


def jaspar_file(release: str) -> Path:
    """The database of a release.

    Raises
    ------
    MotifError
        The release is not bundled.
    """
    files = _jaspar_files()
    if release not in files:
        raise MotifError(f"motif library {release!r}: not bundled with pyjaspar, expected one of {', '.join(files)}")
    return files[release]


def _jaspar_files() -> dict[str, Path]:
    # find_spec locates the package without importing it: the import pulls in Biopython and takes seconds.
    spec = find_spec("pyjaspar")
    if spec is None or not spec.submodule_search_locations:
        raise MotifError("JASPAR: package pyjaspar is not installed, expected 4.0 or later; pip install pyjaspar")
    folder = Path(next(iter(spec.submodule_search_locations))) / "data"
    return {path.stem: path for path in sorted(folder.glob("JASPAR*.sqlite"))}


def _read_motifs(connection: sqlite3.Connection) -> tuple[Motif, ...]:
    """Each base id in its latest version over all collections, as pyjaspar selects."""
    matrices = connection.execute("SELECT ID, COLLECTION, BASE_ID, VERSION, NAME FROM MATRIX").fetchall()
    latest: dict[str, int] = {}
    for _, _, base, version, _ in matrices:
        latest[base] = max(version, latest.get(base, version))
    families: dict[int, set[str]] = {}
    vertebrates = set()
    tags = "SELECT ID, TAG, VAL FROM MATRIX_ANNOTATION WHERE TAG IN ('family', 'tax_group')"
    for key, tag, value in connection.execute(tags):
        if tag == "family":
            families.setdefault(key, set()).add(value)
        elif value.lower() == "vertebrates":
            vertebrates.add(key)
    chosen = [
        (key, f"{base}.{version}", name)
        for key, collection, base, version, name in matrices
        if key in vertebrates and collection == "CORE" and version == latest[base]
    ]
    counts = _read_counts(connection, [key for key, _, _ in chosen])
    motifs = [Motif(i, name, frozenset(families.get(key, ())), CountMatrix(counts[key])) for key, i, name in chosen]
    return tuple(sorted(motifs, key=lambda motif: motif.matrix_id))


def _read_counts(connection: sqlite3.Connection, keys: list[int]) -> dict[int, NDArray[np.float64]]:
    """Counts by internal id. The table's own order is id, letter, column, so a matrix is four runs of its width."""
    marks = ",".join(str(int(key)) for key in keys)
    rows = connection.execute(f"SELECT ID, val FROM MATRIX_DATA WHERE ID IN ({marks}) ORDER BY ID, row, col").fetchall()
    values = np.array([value for _, value in rows], dtype=np.float64)
    ids = np.array([key for key, _ in rows], dtype=np.int64)
    unique, starts = np.unique(ids, return_index=True)
    blocks = np.split(values, starts[1:])
    pairs = zip(unique, blocks, strict=True)
    matrices = {int(key): np.ascontiguousarray(block.reshape(4, -1).T) for key, block in pairs}
    for matrix in matrices.values():
        matrix.flags.writeable = False  # all who load a release share its matrices
    return matrices
