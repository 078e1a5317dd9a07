"""Result files: whole or not at all, and no link planted beside them is followed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cistrace.errors import OutputError
from cistrace.io.files import check_output, placed_together, text_output, whole_file, whole_folder
from cistrace.io.partials import part_beside


def test_a_full_disk_is_an_output_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="No space left"), whole_file(tmp_path / "x"):
        raise OSError(28, "No space left on device")
    assert not os.listdir(tmp_path)


def test_a_device_is_not_replaced() -> None:
    with text_output(Path("/dev/null")) as out:
        out.write("gone")
    assert Path("/dev/null").is_char_device()


def test_a_pipe_by_its_number_is_written_in_place() -> None:
    reading, writing = os.pipe()
    path = Path(f"/dev/fd/{writing}")
    check_output(path)
    with text_output(path) as out:
        out.write("through")
    os.close(writing)
    with os.fdopen(reading) as pipe:
        assert pipe.read() == "through"


def test_a_link_planted_at_the_partials_name_is_not_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    monkeypatch.setattr("secrets.token_hex", lambda size: "guessed")
    planted = part_beside(tmp_path / "out.tsv")
    planted.symlink_to(victim)
    with pytest.raises(OutputError, match="File exists"), whole_file(tmp_path / "out.tsv") as part:
        part.write_text("ours")
    assert victim.read_text() == "precious"
    assert planted.is_symlink()  # nor is it removed: it is not ours


def test_an_interrupt_as_soon_as_the_file_is_there_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(handle: int) -> None:
        monkeypatch.undo()
        os.close(handle)
        raise SystemExit(143)

    monkeypatch.setattr(os, "close", interrupted)
    with pytest.raises(SystemExit), whole_file(tmp_path / "out.tsv"):
        pass
    assert os.listdir(tmp_path) == []


def test_the_partials_name_cannot_be_guessed(tmp_path: Path) -> None:
    names = set()
    for _ in range(3):
        with whole_file(tmp_path / "out.tsv") as part:
            names.add(part.name)
            assert part.exists()
    assert len(names) == 3
    assert os.listdir(tmp_path) == ["out.tsv"]


def test_a_whole_file_has_the_rights_of_any_other(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        with whole_file(tmp_path / "out.tsv") as part:
            part.write_text("x")
    finally:
        os.umask(before)
    assert (tmp_path / "out.tsv").stat().st_mode & 0o777 == 0o640


def tree(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}


def fill(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


OLD = {"model.bin": "1", "shard-2.bin": "1", "deep/scales": "1"}
MINE = {"notes.txt": "mine", ".git/HEAD": "mine", "deep/mine": "mine", "deep/er/mine": "mine"}


def test_a_whole_folder_replaces_its_older_files_and_keeps_all_others(tmp_path: Path) -> None:
    fill(tmp_path / "model", {**OLD, **MINE})
    with whole_folder(tmp_path / "model", OLD) as part:
        fill(part, {"model.bin": "2", "deep/scales": "2"})
        assert tree(tmp_path / "model") == {**OLD, **MINE}
    assert tree(tmp_path / "model") == {"model.bin": "2", "deep/scales": "2", **MINE}
    assert os.listdir(tmp_path) == ["model"]


def test_a_new_whole_folder_appears_with_its_parents(tmp_path: Path) -> None:
    with whole_folder(tmp_path / "a" / "model") as part:
        fill(part, OLD)
        assert not (tmp_path / "a" / "model").exists()
    assert tree(tmp_path / "a" / "model") == OLD


@pytest.mark.parametrize("fault", [ValueError, KeyboardInterrupt])
def test_an_error_leaves_the_old_folder(tmp_path: Path, fault: type[BaseException]) -> None:
    fill(tmp_path / "model", {**OLD, **MINE})
    with pytest.raises(fault), whole_folder(tmp_path / "model", OLD) as part:
        fill(part, {"model.bin": "2"})
        raise fault
    assert tree(tmp_path / "model") == {**OLD, **MINE}
    assert os.listdir(tmp_path) == ["model"]


def test_the_old_folder_comes_back_where_the_new_one_cannot_stand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path / "model", OLD)
    rename = Path.rename

    def fail(self: Path, target: Path) -> Path:
        if self.name.endswith(".partial"):
            raise OSError(28, "No space left on device")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", fail)
    with pytest.raises(OutputError, match="No space left"), whole_folder(tmp_path / "model", OLD) as part:
        fill(part, {"model.bin": "2"})
    assert tree(tmp_path / "model") == OLD
    assert os.listdir(tmp_path) == ["model"]


def test_files_get_their_names_together(tmp_path: Path) -> None:
    with placed_together():
        with whole_file(tmp_path / "a") as part:
            part.write_text("a")
        with placed_together(), whole_file(tmp_path / "b", "name.x") as part:
            assert part.name == "name.x"
            part.write_text("b")
        assert not {"a", "b"} & set(os.listdir(tmp_path))
    assert {name: (tmp_path / name).read_text() for name in os.listdir(tmp_path)} == {"a": "a", "b": "b"}


def test_after_an_error_none_of_them_is_left(tmp_path: Path) -> None:
    with pytest.raises(KeyError), placed_together():
        with whole_file(tmp_path / "a"), whole_file(tmp_path / "b", "name.x"):
            pass
        raise KeyError("later")
    assert os.listdir(tmp_path) == []
    with pytest.raises(OutputError, match="b: cannot be written"), placed_together():
        for name in ("a", "b", "c"):
            with whole_file(tmp_path / name):
                pass
        (tmp_path / "b").mkdir()  # since it was looked at
    assert os.listdir(tmp_path) == ["b"]


def test_a_folder_at_the_partials_name_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("secrets.token_hex", lambda size: "guessed")
    planted = part_beside(tmp_path / "out")
    planted.mkdir()
    (planted / "theirs").write_text("precious")
    with pytest.raises(OutputError, match="File exists"), whole_file(tmp_path / "out", "name.x"):
        pass
    assert (planted / "theirs").read_text() == "precious"
