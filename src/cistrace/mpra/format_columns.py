"""What each format of an MPRA table is known to hold, and which columns of a given one that makes.

What is known of the published files comes from public repositories whose code reads them; the files themselves could
not be opened where this was written.

- `joint-lentimpra` (Agarwal et al. 2025, Nature, doi 10.1038/s41586-024-08430-9): table S11 has `name`,
  `WTC11 [log2(rna/dna)]`, `K562 [log2(rna/dna)]`, `HepG2 [log2(rna/dna)]`; table S10, the design, has one line above
  its header, then `name`, `category`, `chr.hg38` (or `.hg19`) and `230nt sequence (15nt 5' adaptor - 200nt element -
  15nt 3' adaptor)`. Seen in an evaluator's data description and three readers. How the records of the element FASTA
  are named was not seen: as in `name`, it is taken.
- `gosai` (Gosai et al. 2024, Nature, doi 10.1038/s41586-024-08070-z, table S2): `IDs`, `chr` (without `chr`),
  `data_project` (UKBB, GTEX, CRE), `OL`, `class`, `K562_log2FC`, `HepG2_log2FC`, `SKNSH_log2FC`, `K562_lfcSE`,
  `HepG2_lfcSE`, `SKNSH_lfcSE`, `sequence`; tab-separated, 73-200 bp. Val is chromosomes 19, 21, X, test 7, 13; errors
  are below 1. Seen in a dozen readers, older names (`nt_sequence`, `K562_mean`) in boda2's own. boda2 drops a row
  whose error is too large in any cell type, and values beyond six standard deviations; here the measurement alone
  goes, and no value for being extreme.
- `reglm` (Lal et al. 2024, Genome Research, doi 10.1101/gr.279142.124): `Sequence` and `<name>_token`, levels from
  0, are what regLM's own code writes; R3LM's reads `Sequence` too. The activity and split columns of the human
  enhancer file were not seen: they are looked for by cell type (`K562`, `K562_mean`, `K562_log2FC`, ...) and as
  `split`.
- `lentimpra` (as human_legnet reads the above assay): five columns told by place, which public readers call `seq_id`,
  `seq`, `mean_value`, `fold_num` (or `fold`), `rev`. A `rev` of 1 marks added reverse complements. Folds 1-8 as train,
  9 as val, 10 as test are a public benchmark's choice; human_legnet rotates them.
"""

from __future__ import annotations

from collections.abc import Sequence

from cistrace.errors import InputError
from cistrace.io.tables import ID_NAMES, SEQUENCE_NAMES, listed_columns
from cistrace.mpra.columns import (
    Cell,
    ColumnChoice,
    FormatColumns,
    TableColumns,
    activity_columns,
    cell_column,
    companion,
    level_columns,
    named,
    numeric_columns,
    parse_cells,
)
from cistrace.mpra.rows import TableRow

FORMATS = ("table", "joint-lentimpra", "gosai", "reglm", "lentimpra")

JOINT_SEQUENCES = (
    "230nt sequence (15nt 5' adaptor - 200nt element - 15nt 3' adaptor)",
    "sequence_230nt",
    "sequence_trimmed",
    *SEQUENCE_NAMES,
)
JOINT_IDS = ("name", "sequence id", *ID_NAMES)
NAMES = {
    "table": ColumnChoice(SEQUENCE_NAMES, ID_NAMES),
    "joint-lentimpra": ColumnChoice(JOINT_SEQUENCES, JOINT_IDS),
    "gosai": ColumnChoice((*SEQUENCE_NAMES, "nt_sequence"), ("ids", *ID_NAMES), category=("data_project", "category")),
    "reglm": ColumnChoice(SEQUENCE_NAMES, (*ID_NAMES, "ids")),
    "lentimpra": ColumnChoice(SEQUENCE_NAMES, ("seq_id", *ID_NAMES), split=("fold", "fold_num", "split")),
}
_CELLS = {
    "joint-lentimpra": ("HepG2", "K562", "WTC11"),
    "gosai": ("K562", "HepG2", "SKNSH"),
    "reglm": ("HepG2", "K562", "SKNSH"),
}
_LENTIMPRA_ACTIVITY = ("mean_value", "mean", "log2(rna/dna)", "log2", "activity", "value")
_REVERSED = ("rev", "reverse", "is_reverse")
_ERROR_ENDINGS = ("lfcse", "log2fcse", "l2fcse", "se")
_LEVEL_ENDINGS = ("token",)


def header_names(table_format: str, columns: TableColumns) -> tuple[str, ...]:
    """Names by which a spreadsheet's header is known: those the user names, else the format's usual ones."""
    asked = tuple(name for name in (columns.sequence, columns.id) if name is not None)
    return asked or (*NAMES[table_format].sequence, *NAMES[table_format].id)


def cells_of(
    table_format: str, asked: Sequence[str], header: list[str], rows: Sequence[TableRow], source: str
) -> tuple[Cell, ...]:
    """The cell types to read: those asked for, else those of the published file.

    Raises
    ------
    InputError
        None is asked for or known; two of a format that holds one.
    """
    cells = parse_cells(asked or _CELLS.get(table_format, ()))
    if not asked and table_format == "reglm":
        cells = tuple(cell for cell in cells if cell_column(header, cell, source) is not None)
    if not cells:
        raise InputError(
            f"{source}: no cell type is asked for; {numeric_columns(header, rows)}; name some as CELL or CELL=COLUMN"
        )
    if table_format == "lentimpra":
        if len(cells) > 1:
            raise InputError(f"{source}: holds one cell type, {len(cells)} are asked for; name the file's own")
        if cell_column(header, cells[0], source) is None:
            return (Cell(cells[0].name, named(header, _LENTIMPRA_ACTIVITY, None, source)),)
    return cells


def columns_of_format(
    table_format: str,
    header: list[str],
    cells: tuple[Cell, ...],
    columns: TableColumns,
    rows: Sequence[TableRow],
    source: str,
    *,
    bases: bool,
    largest_error: float | None,
) -> FormatColumns:
    """The columns to read.

    Parameters
    ----------
    bases : bool
        Whether the table itself holds the sequences; else its ids name elements of another file.
    largest_error : float or None
        With a limit, every cell type needs a column of standard errors.

    Raises
    ------
    InputError
        A column that is missing.
    """
    names = NAMES[table_format]
    sequence = named(header, names.sequence, columns.sequence, source) if bases else None
    identifier = named(header, names.id, columns.id, source)
    if bases and sequence is None:
        mend = (
            "give the element file" if table_format == "joint-lentimpra" else "name it with the sequence-column option"
        )
        wanted = ", ".join(repr(name) for name in names.sequence)
        raise InputError(f"{source}: no sequence column; found {listed_columns(header)}; expected {wanted}; {mend}")
    if not bases and identifier is None:
        raise InputError(
            f"{source}: no id column; found {listed_columns(header)}; expected {', '.join(names.id)}; name it"
        )
    return FormatColumns(
        sequence,
        identifier,
        named(header, names.chromosome, columns.chromosome, source),
        named(header, names.split, columns.split, source),
        named(header, names.category, columns.category, source),
        activity_columns(header, cells, rows, source),
        _levels(table_format, header, cells, columns, source),
        _errors(header, cells, largest_error, source),
        named(header, _REVERSED, None, source) if table_format == "lentimpra" else None,
    )


def _levels(
    table_format: str, header: list[str], cells: tuple[Cell, ...], columns: TableColumns, source: str
) -> tuple[str | None, ...]:
    if table_format == "reglm" and not columns.levels:
        return tuple(companion(header, cell, _LEVEL_ENDINGS) for cell in cells)
    return level_columns(header, cells, columns.levels, source)


def _errors(
    header: list[str], cells: tuple[Cell, ...], largest_error: float | None, source: str
) -> tuple[str | None, ...]:
    if largest_error is None:
        return (None,) * len(cells)
    found = tuple(companion(header, cell, _ERROR_ENDINGS) for cell in cells)
    if None in found:
        missing = cells[found.index(None)].name
        raise InputError(
            f"{source}: no standard errors of cell type {missing!r}; found {listed_columns(header)}; "
            f"expected {missing}_lfcSE; rename the column or set no largest error"
        )
    return found
