"""Arrays of an npz file, once it is known that they are what is expected and are all there."""

from __future__ import annotations

import math
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from cistrace.io.small_files import MOST_BYTES, parse_json

_MOST_PACKED = 1032  # bytes that deflate can make one of
_HEADERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}


def load_arrays(
    path: Path, kinds: Mapping[str, tuple[str, int]], text: str
) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Arrays by name, and the JSON object in the array `text`.

    Parameters
    ----------
    kinds : mapping
        Type and number of dimensions of every array that is wanted.

    Raises
    ------
    OSError
        The file cannot be read.
    ValueError
        It is torn; an array is missing, of another kind, or claims more values than there are bytes for, which is
        found before any memory is asked for; the text is no JSON object.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            arrays = {name: _array(archive, name, *kind) for name, kind in kinds.items()}
            told = parse_json(str(_array(archive, text, None, 0, MOST_BYTES)))
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise ValueError(str(error) or type(error).__name__) from error
    except MemoryError as error:
        raise ValueError("larger than memory") from error
    if not isinstance(told, dict):
        raise ValueError(f"{text}: found a {type(told).__name__}, expected an object")
    return arrays, told


def _array(
    archive: zipfile.ZipFile, name: str, kind: str | None, dimensions: int, most: float = math.inf
) -> NDArray[Any]:
    try:
        part = archive.getinfo(f"{name}.npy")
    except KeyError:
        raise ValueError(f"no array {name}") from None
    with archive.open(part) as file:
        version = npy.read_magic(file)
        if version not in _HEADERS:
            raise ValueError(f"{name}: found version {version} of npy, expected 1.0 or 2.0")
        shape, _, dtype = _HEADERS[version](file)
        told = math.prod(shape) * dtype.itemsize
        there = min(part.file_size, part.compress_size * _MOST_PACKED, _size(archive) * _MOST_PACKED) - file.tell()
    if (kind is not None and dtype != np.dtype(kind)) or len(shape) != dimensions:
        raise ValueError(f"{name}: found {dtype} in {len(shape)} dimensions, expected {kind or 'text'} in {dimensions}")
    if told > min(there, most) or any(length < 0 for length in shape):
        raise ValueError(f"{name}: claims {told:,} bytes; found {there:,}")
    with archive.open(part) as file:
        return np.asarray(npy.read_array(file, allow_pickle=False))


def _size(archive: zipfile.ZipFile) -> int:
    assert archive.filename is not None
    return Path(archive.filename).stat().st_size
