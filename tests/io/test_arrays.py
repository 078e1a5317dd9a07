"""Arrays of an npz file: nothing is made of a header that claims more than there is."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from cistrace.io.arrays import load_arrays

KINDS = {"one": ("int16", 1), "two": ("float32", 2)}


def saved(path: Path, **changes: object) -> Path:
    arrays: dict[str, object] = {"one": np.arange(3, dtype=np.int16), "two": np.ones((2, 3), dtype=np.float32)}
    np.savez_compressed(path, **{**arrays, "about": '{"a": 1}', **changes})  # type: ignore[arg-type]
    return path


def with_header(path: Path, name: str, shape: tuple[int, ...], dtype: str, after: bytes = b"") -> Path:
    """The file with an array whose header claims a shape, and these bytes behind it."""
    made = io.BytesIO()
    np.lib.format.write_array_header_1_0(made, {"descr": dtype, "fortran_order": False, "shape": shape})
    with zipfile.ZipFile(path) as archive:
        parts = {one: archive.read(one) for one in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for one, content in parts.items():
            archive.writestr(one, made.getvalue() + after if one == f"{name}.npy" else content)
    return path


def test_arrays_and_what_is_told_of_them_come_back(tmp_path: Path) -> None:
    arrays, told = load_arrays(saved(tmp_path / "a.npz"), KINDS, "about")
    assert told == {"a": 1} and list(arrays) == ["one", "two"]
    np.testing.assert_array_equal(arrays["one"], np.arange(3, dtype=np.int16), strict=True)
    np.testing.assert_array_equal(arrays["two"], np.ones((2, 3), dtype=np.float32), strict=True)


@pytest.mark.parametrize(
    ("shape", "dtype"), [((10**13,), "<i2"), ((-1,), "<i2"), ((1,), "<i4"), ((1, 1), "<i2"), ((), "<i2")]
)
def test_a_header_that_claims_another_array_is_refused_before_it_is_made(
    tmp_path: Path, shape: tuple[int, ...], dtype: str
) -> None:
    path = with_header(saved(tmp_path / "a.npz"), "one", shape, dtype, bytes(4))
    with pytest.raises(ValueError, match=r"^one: (claims 20,000,000,000,000 bytes; found 4|claims -2 |found int)"):
        load_arrays(path, KINDS, "about")


def test_a_size_that_the_archive_lies_about_is_refused(tmp_path: Path) -> None:
    path = with_header(saved(tmp_path / "a.npz"), "one", (10**9,), "<i2", bytes(40))
    with zipfile.ZipFile(path) as archive:
        size = archive.getinfo("one.npy").file_size.to_bytes(4, "little")
    path.write_bytes(path.read_bytes().replace(size, (2**31 + 200).to_bytes(4, "little")))
    with pytest.raises(ValueError, match="one: claims 2,000,000,000 bytes"):
        load_arrays(path, KINDS, "about")


@pytest.mark.parametrize(
    ("about", "told"),
    [("[" * 100_000, "nested too deeply"), ("[1]", "found a list, expected an object"), ("no", "Expecting value")],
)
def test_what_is_told_is_an_object(tmp_path: Path, about: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        load_arrays(saved(tmp_path / "a.npz", about=about), KINDS, "about")


def test_what_is_no_archive_of_arrays_is_refused(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.npz")
    with pytest.raises(ValueError, match="no array three"):
        load_arrays(path, {**KINDS, "three": ("int16", 1)}, "about")
    whole = path.read_bytes()
    for torn in (b"", whole[:100], whole[:-20]):
        path.write_bytes(torn)
        with pytest.raises(ValueError, match="zip"):
            load_arrays(path, KINDS, "about")
