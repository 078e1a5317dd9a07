"""Records that a reader sets aside, with reasons: however many, they take no memory to speak of."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import SpooledTemporaryFile

from cistrace.io.delimited import row_writer
from cistrace.io.disk import temporary_faults
from cistrace.io.files import whole_file

IN_MEMORY = 1 << 20  # bytes, beyond which they lie in a temporary file


@dataclass(frozen=True, slots=True)
class Reject:
    """One record set aside.

    Attributes
    ----------
    record : str
        Its id, or its 1-based number among the records where it has none. Ids over `MAXIMUM_ID` are cut short.
    number : int
        1-based line on which it starts; in Parquet, its row.
    reason : str
        What was found, what was expected, how to mend it.
    """

    record: str
    number: int
    reason: str


class Rejects:
    """The records that reading set aside, in the order of the file; beyond 1 MB in a temporary file.

    Parameters
    ----------
    rejects : iterable of Reject
        To begin with.
    """

    def __init__(self, rejects: Iterable[Reject] = ()) -> None:
        self._count = 0
        self._lines = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 (closed with this object)
        for reject in rejects:
            self.append(reject)

    def append(self, reject: Reject) -> None:
        """Take one more.

        Raises
        ------
        OutputError
            There are many, and there is no room for temporary files.
        """
        line = json.dumps([reject.record, reject.number, reject.reason])  # ASCII, so that any id comes back
        with temporary_faults():
            self._lines.write(line.encode() + b"\n")
        self._count += 1

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Reject]:
        """From the first on; none may be taken meanwhile."""
        with temporary_faults():
            self._lines.seek(0)
            for line in self._lines:
                yield Reject(*json.loads(line))


def write_rejects(rejects: Iterable[Reject], path: str | Path) -> None:
    """Write rejects as TSV: record, number, reason. Fields with tabs or line ends are quoted as in CSV.

    Raises
    ------
    OutputError
        The file cannot be written. It appears whole or not at all.
    """
    with (
        whole_file(Path(path)) as part,
        open(part, "w", encoding="utf-8", errors="backslashreplace", newline="") as handle,
    ):
        write = row_writer(handle, "\t")
        write(("record", "number", "reason"))
        for reject in rejects:
            write((reject.record, reject.number, reject.reason))
