"""Blocks of neighbouring elements on a chromosome: what is drawn together where elements are not independent.

Elements near one another share regulatory neighbourhoods, sometimes bases. A table states a chromosome and no
coordinate; libraries number their elements of one category along the genome, so that the number at a name's end orders
them. Where names have no number, rows stand in the order of the table.
"""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from cistrace.mpra.table import MpraTable

NEIGHBOURS = 25  # elements of a block
_NUMBER = re.compile(r"(\d+)\D*$")


def chromosome_blocks(table: MpraTable, neighbours: int = NEIGHBOURS) -> NDArray[np.int64]:
    """The block of every row: int64 (N,), numbered from 0.

    Parameters
    ----------
    neighbours : int
        Rows of one chromosome and category, following one another by the number at their names' end, that make a
        block; the last block of a chromosome and category may hold fewer.
    """
    groups: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for row, (name, chromosome, category) in enumerate(
        zip(table.names, table.chromosomes, table.categories, strict=True)
    ):
        found = _NUMBER.search(name)
        groups.setdefault((chromosome, category), []).append((int(found[1]) if found else row, row))
    blocks, count = np.zeros(len(table), dtype=np.int64), 0
    for key in sorted(groups):
        for place, (_, row) in enumerate(sorted(groups[key])):
            blocks[row] = count + place // neighbours
        count += -(-len(groups[key]) // neighbours)
    return blocks
