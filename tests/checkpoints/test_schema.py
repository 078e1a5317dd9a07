"""checkpoint.json: written and read back, and every fault told."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from checkpoint_helpers import CALIBRATION, SCALE

from cistrace.cards.backdrop import NO_LINE, CompositionLine
from cistrace.checkpoints.schema import (
    CONFIG,
    CONFIG_SUM,
    CheckpointConfig,
    Generation,
    ModelInterface,
    Origin,
    file_hashes,
    listed_files,
    read_config,
    shipped_checkpoint,
    write_config,
)
from cistrace.errors import ModelError

WRITES = Generation("greedy", 0.95, 0.7, 50, 1024, True, 0)
INTERFACE = ModelInterface(
    "domain", "towers", "card+generated", ("trace", "card", "towers"), WRITES, Origin("compact", "0.1.0", None, {})
)
TOWERS = replace(CALIBRATION, slope=1.0, intercept=0.0)
NO_INTERVAL = replace(CALIBRATION, bounds=None)
CONFIGURED = CheckpointConfig(
    3, INTERFACE, ("K562",), 200,
    {
        "K562": replace(
            SCALE, calibrations={"trace": CALIBRATION, "card": NO_INTERVAL, "towers": TOWERS},
            line=CompositionLine(-0.9, 0.6, 0.1),
        ),
    },
    ("a fault",), {"a": "0"},
)  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "cistrace").mkdir()
    write_config(tmp_path, CONFIGURED)
    return tmp_path


def changed(folder: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    plain = json.loads((folder / CONFIG).read_text())
    change(plain)
    (folder / CONFIG).write_text(json.dumps(plain))
    (folder / CONFIG_SUM).unlink(missing_ok=True)  # as in older checkpoints
    return folder


def bounds_changed(**changes: list[float]) -> Callable[[dict[str, Any]], object]:
    return lambda plain: plain["scales"]["K562"]["calibrations"]["trace"]["bounds"].update(changes)


def test_what_is_written_is_read_back(folder: Path) -> None:
    assert read_config(folder) == CONFIGURED


def test_bounds_that_there_are_none_of_are_null_in_the_file(folder: Path) -> None:
    text = (folder / CONFIG).read_text()
    plain = json.loads(text, parse_constant=pytest.fail)  # Infinity is no JSON
    assert plain["scales"]["K562"]["calibrations"]["card"]["bounds"] is None
    assert read_config(folder).scales["K562"].calibrations["card"].bounds is None


def test_an_altered_configuration_is_known_by_its_hash(folder: Path) -> None:
    text = (folder / CONFIG).read_text()
    (folder / CONFIG).write_text(text.replace('"window": 200', '"window": 208'))
    assert text != (folder / CONFIG).read_text()
    with pytest.raises(ModelError, match=r"checkpoint.json: found SHA-256 .*, expected .* restore the checkpoint"):
        read_config(folder)
    (folder / CONFIG).write_text(text)
    assert read_config(folder) == CONFIGURED
    (folder / CONFIG_SUM).write_bytes(b"\xff")
    with pytest.raises(ModelError, match=r"checkpoint.sha256: cannot be read"):
        read_config(folder)
    (folder / CONFIG_SUM).unlink()  # as in older checkpoints
    assert read_config(folder) == CONFIGURED


def test_the_shipped_checkpoint_says_what_it_holds() -> None:
    config = read_config(shipped_checkpoint())
    assert config.files == file_hashes(shipped_checkpoint())
    assert (config.interface.arm, config.interface.readouts, config.faults) == ("ledger", ("towers",), ())
    for scale in config.scales.values():
        assert scale.line is not None and scale.line != NO_LINE
        for one in scale.calibrations.values():
            assert one.fitted > 600 and one.calibrated > 1_600
            assert one.bounds is not None and len(one.bounds.at) > 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda plain: plain.pop("window"), "window: "),
        (lambda plain: plain.update(window="200"), "window: "),
        (lambda plain: plain.update(more=1), "more: "),
        (lambda plain: plain["interface"].update(evidence="paper"), "interface.evidence: "),
        (lambda plain: plain["interface"].update(arm="oracle"), "interface.arm: "),
        (lambda plain: plain["interface"]["generation"].update(top_k=0), "interface.generation.top_k: "),
        (lambda plain: plain["interface"].update(readouts=["card"]), "interface.readouts: "),
        (lambda plain: plain.update(cell_types=["HepG2"]), "scales: of K562, expected of HepG2"),
        (lambda plain: plain["scales"]["K562"].update(cuts=[1, 1, 2]), "scales.K562.cuts: "),
        (lambda plain: plain["scales"]["K562"].update(quantiles=[1, 0]), "scales.K562.quantiles: "),
        (lambda plain: plain["scales"]["K562"]["calibrations"].pop("card"), "scales.K562.calibrations: of trace"),
        (lambda plain: plain["scales"]["K562"]["calibrations"]["card"].update(spread=0), "calibrations.card.spread: "),
        (
            lambda plain: plain["scales"]["K562"]["calibrations"]["towers"].update(slope=0.9),
            "scales.K562.calibrations.towers: slope and intercept 0.9, 0.0, expected 1 and 0",
        ),
        (bounds_changed(at=[]), "calibrations.trace.bounds.at: "),
        (bounds_changed(below=[0.6, -0.1]), "calibrations.trace.bounds.below.1: "),
        (bounds_changed(above=[0.7]), "calibrations.trace.bounds: 2, 2 and 1 numbers, expected as many of each"),
        (bounds_changed(at=[0.5, 0.5]), "calibrations.trace.bounds: at: (0.5, 0.5) do not rise"),
        (
            lambda plain: plain["interface"].update(evidence="none"),
            "interface.readouts: ('trace', 'card', 'towers') with the evidence none",
        ),
        (
            lambda plain: plain["interface"].update(evidence="none"),
            "scales: lines of backdrops with evidence none; expected them of towers",
        ),
        (
            lambda plain: plain["scales"]["K562"].update(line=None),
            "scales: lines of backdrops with evidence towers; expected them of towers",
        ),
        (
            lambda plain: plain["interface"].update(arm="ledger"),
            "interface.readouts: ('trace', 'card', 'towers') with the arm ledger, expected towers alone",
        ),
        (lambda plain: plain["interface"].update(arm="card"), "interface.readouts: ('trace', 'card', 'towers') with"),
    ],
)
def test_a_fault_is_named_by_its_place(folder: Path, change: Callable[[dict[str, Any]], object], words: str) -> None:
    with pytest.raises(ModelError, match="not a readable checkpoint") as caught:
        read_config(changed(folder, change))
    assert words in str(caught.value)


def test_all_faults_are_told_at_once_a_line_each(folder: Path) -> None:
    def change(plain: dict[str, Any]) -> None:
        plain["window"] = 0
        plain["interface"]["layout"] = "tokens"
        del plain["files"]

    with pytest.raises(ModelError) as caught:
        read_config(changed(folder, change))
    first, *faults = str(caught.value).splitlines()
    assert str(folder) in first
    assert sorted(fault.split(":")[0].strip() for fault in faults) == ["files", "interface.layout", "window"]


@pytest.mark.parametrize(("found", "mend"), [(None, "export its run again"), (2, "export"), (4, "update cistrace")])
def test_another_format_is_refused_with_its_mend(folder: Path, found: int | None, mend: str) -> None:
    def change(plain: dict[str, Any]) -> None:
        del plain["format"]
        if found is not None:
            plain["format"] = found

    with pytest.raises(ModelError, match=rf"is of format {found or 1}, expected 3; {mend}"):
        read_config(changed(folder, change))


@pytest.mark.parametrize("text", ["", "{", "[]", "3", "\xff"])
def test_what_is_no_configuration_is_refused(folder: Path, text: str) -> None:
    (folder / CONFIG).write_bytes(text.encode("latin-1"))
    (folder / CONFIG_SUM).unlink()  # as in older checkpoints
    with pytest.raises(ModelError, match="not a readable checkpoint"):
        read_config(folder)


def test_a_run_is_not_taken_for_its_model(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text('{"done": ["tower", "examples", "rationale", "generate", "regression"]}')
    with pytest.raises(ModelError, match="expected its model; run `cistrace export"):
        read_config(tmp_path)


@pytest.mark.parametrize(
    ("about", "done"),
    [('{"done": ["tower", "examples"]}', " (done: tower, examples)"), ("{}", ""), ('{"done": 3}', ""), ("{", "")],
)
def test_a_run_that_is_not_done_is_gone_on_with_first(tmp_path: Path, about: str, done: str) -> None:
    (tmp_path / "run.json").write_text(about)
    with pytest.raises(ModelError) as caught:
        read_config(tmp_path)
    assert f"its stage regression is not done{done}; " in str(caught.value)
    assert "go on with `cistrace train all`" in str(caught.value) and "export" not in str(caught.value)


def test_a_path_stands_once_in_what_is_missing(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(ModelError, match="nope: no such folder; expected a model") as caught:
        read_config(tmp_path / "nope")
    (folder / CONFIG).unlink()
    with pytest.raises(ModelError, match=r"checkpoint.json: not a readable checkpoint \(No such file") as other:
        read_config(folder)
    for message in (str(caught.value), str(other.value)):
        assert message.count(str(tmp_path)) == 1 and "Errno" not in message and "\n" not in message


def test_the_files_of_a_checkpoint_of_any_format_are_known(folder: Path) -> None:
    assert listed_files(folder) == ("a",)
    assert listed_files(changed(folder, lambda plain: plain.pop("format"))) == ("a",)
    (folder / CONFIG).write_text("{")
    assert listed_files(folder) == ()
