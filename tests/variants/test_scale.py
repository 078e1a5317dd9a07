"""Percentiles and intervals of differences."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from cistrace.checkpoints.schema import TOWER_FILES, shipped_checkpoint
from cistrace.errors import ModelError
from cistrace.io.hashes import file_hash
from cistrace.variants.scale import LEVELS, CellVariantScale, read_scale

A_SCALE = CellVariantScale(tuple(level / 100 for level in LEVELS), 0.01, 0.5, 0.1, 2.0)


def test_percentiles_are_of_the_size() -> None:
    assert A_SCALE.percentile(0.25) == pytest.approx(25) and A_SCALE.percentile(-0.25) == pytest.approx(25)
    assert A_SCALE.percentile(0.997) == pytest.approx(99.7)
    assert A_SCALE.percentile(0.0) == 0 and A_SCALE.percentile(-7.0) == 100


def test_half_widths_are_what_the_formula_says() -> None:
    assert A_SCALE.half_width(np.array([0.1, 0.3])) == pytest.approx(2 * (0.01 + 0.5 * 0.1 + 0.1 * 0.2))
    assert A_SCALE.half_width(np.array([-0.1, -0.3])) == A_SCALE.half_width(np.array([0.3, 0.1]))


def test_the_shipped_scale_is_of_the_shipped_model() -> None:
    scale = read_scale()
    assert scale.tower == file_hash(shipped_checkpoint() / TOWER_FILES[0])
    assert list(scale.cell_types) == ["HepG2", "K562", "WTC11"] and scale.substitutions >= 4800
    for one in scale.cell_types.values():
        assert list(one.quantiles) == sorted(one.quantiles) and one.factor > 1


def test_a_file_that_is_no_scale(tmp_path: Path) -> None:
    path = tmp_path / "scale.json"
    for text in ("", "[]", json.dumps({"tower": "x", "substitutions": 1, "others": 1, "cell_types": {"A": {}}})):
        path.write_text(text)
        read_scale.cache_clear()
        with pytest.raises(ModelError, match="no scale of variants"):
            read_scale(path)
