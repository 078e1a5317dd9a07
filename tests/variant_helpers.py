"""A scorer of small towers, so that tests need no shipped weights."""

from __future__ import annotations

import json
import random
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from card_helpers import setting
from tower_helpers import random_legnet, random_residual

from cistrace.io.hashes import file_hash
from cistrace.towers.evidence import Towers
from cistrace.variants.scale import LEVELS, CellVariantScale, VariantScale
from cistrace.variants.scorer import VariantScorer

WINDOW = 60
GENOME = "".join(random.Random(11).choices("ACGT", k=600))


def small_scorer(folder: Path, monkeypatch: pytest.MonkeyPatch, **options: Any) -> VariantScorer:
    """With random towers of cell types A and B, 60 bp, a genome with the contig `chr1`, and a scale of A alone."""
    tower = folder / "cistrace" / "tower-legnet.safetensors"
    tower.parent.mkdir(exist_ok=True)
    tower.write_bytes(b"weights")
    calibration = SimpleNamespace(activity=lambda score: score)
    checkpoint = SimpleNamespace(
        folder=folder, hash="c0ffee" * 10, cell_types=("A", "B"), window=WINDOW, faults=(),
        towers=Towers(random_legnet(), random_residual()),
        scales={cell: SimpleNamespace(calibrations={"towers": calibration}) for cell in "AB"},
        settings=(setting(cell_type="A"), setting(cell_type="B")), interface=SimpleNamespace(evidence="towers"),
    )  # fmt: skip
    cell = CellVariantScale(tuple(level / 100 for level in LEVELS), 0.001, 0.1, 0.01, 2.0)
    scale = folder / "scale.json"
    scale.write_text(json.dumps(asdict(VariantScale(file_hash(tower), 1, 1, {"A": cell}))))  # type: ignore[call-overload]
    genome = folder / "genome.fa"
    genome.write_text(f">chr1\n{GENOME}\n")
    monkeypatch.setattr("cistrace.variants.scorer.load_checkpoint", lambda model, device: checkpoint)
    return VariantScorer(genome, None, 1, scale=scale, **options)


def other(base: str) -> str:
    """Another base."""
    return "A" if base != "A" else "C"


def substitution(at: int) -> str:
    """A substitution at a place from 1, as `contig:position:ref:alt`."""
    return f"chr1:{at}:{GENOME[at - 1]}:{other(GENOME[at - 1])}"
