"""What made a data set, and what it is made of: manifest.json, and its one reader.

A folder without a manifest is no whole data set: it is written last.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from cistrace.cards.evidence import EvidenceKind
from cistrace.errors import DataError
from cistrace.io.small_files import parse_json, small_bytes
from cistrace.io.streams import shown
from cistrace.reasonbench.entries import Condition, TeacherKind

MANIFEST = "manifest.json"
FORMAT_VERSION = "2"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="allow")


class SourceFile(_Part):
    """A file that was read."""

    name: str
    sha256: str


class EvidenceRecord(_Part):
    """What cards say beside their motifs, and where it is from. `folds` tells how rows were dealt: `mpra.folds`."""

    kind: EvidenceKind
    origin: str = ""
    sha256: str = ""
    towers_sha256: str = ""
    folds: dict[str, str | int] = {}


class TeacherRecord(_Part):
    """Who wrote the traces."""

    kind: TeacherKind
    condition: Condition
    model: str = ""


class ListedFile(_Part):
    """A file of the data set; `rows` where it has rows."""

    sha256: str
    rows: int | None = None


class Manifest(_Part):
    """The content of manifest.json.

    Attributes
    ----------
    cuts : dict
        Of every cell type the three cut points between levels 0-3, in the table's units.
    statistics : dict
        As `statistics.BuildStatistics.plain` gives it.
    files : dict
        Every other file, by its path in the folder.
    """

    format: Literal["cre-reasonbench"] = "cre-reasonbench"
    version: Literal["2"] = "2"
    cell_types: tuple[str, ...]
    cuts: dict[str, tuple[float, float, float]] = {}
    sources: tuple[SourceFile, ...] = ()
    evidence: EvidenceRecord = EvidenceRecord(kind="none")
    teacher: TeacherRecord | None = None
    draw: dict[str, Any] = {}
    statistics: dict[str, Any] = {}
    files: dict[str, ListedFile] = {}

    def plain(self) -> dict[str, Any]:
        """As JSON types: what was read, key by key."""
        return self.model_dump(mode="json", exclude_unset=True)


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a data set.

    Raises
    ------
    DataError
        There is none, or none of this release.
    """
    try:
        return Manifest.model_validate_json(small_bytes(folder / MANIFEST))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        fault = f"{where}: {first['msg']}"
    except OSError as error:
        fault = error.strerror or str(error)
    raise DataError(
        f"{shown(folder)}: holds no readable {MANIFEST} ({fault}); expected a data set of format version "
        f"{FORMAT_VERSION}; make one with `cistrace reasonbench build`"
    )


def listed_files(folder: Path) -> dict[str, ListedFile]:
    """The files that a manifest of any release names and the folder holds; none where there is no manifest."""
    try:
        plain = parse_json(small_bytes(folder / MANIFEST))["files"]
        files = {str(name): ListedFile.model_validate(about) for name, about in plain.items()}
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return {}
    return {
        name: about
        for name, about in files.items()
        if not Path(name).is_absolute() and ".." not in Path(name).parts  # a manifest is a file anyone can edit
        and (folder / name).is_file()
    }  # fmt: skip
