"""What a checkpoint says of the elements that its towers were fitted on."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from cistrace.checkpoints.schema import SEEN, shipped_checkpoint
from cistrace.checkpoints.seen import seen_by, write_seen


def test_elements_are_known_again_on_either_strand(tmp_path: Path) -> None:
    (tmp_path / SEEN).parent.mkdir()
    write_seen(["ACGTTTTT", "GGGGCCCA", "ACGTTTTT"], tmp_path)
    found = seen_by(tmp_path, ["acgttttt", "AAAAACGT", "ACGTTTTA", "TGGGCCCC"])
    assert found is not None and found.tolist() == [True, True, False, True]
    assert len(np.load(tmp_path / SEEN)) == 2


def test_one_that_does_not_say_is_none(tmp_path: Path) -> None:
    assert seen_by(tmp_path, ["ACGT"]) is None


def test_the_shipped_one_says_so_and_knows_no_example_site() -> None:
    """The examples are of chr5 and chr14, which nothing was fitted on."""
    from cistrace import read_sequences

    examples = [record.bases for record in read_sequences(Path(__file__).parents[2] / "examples" / "enhancers.fa")]
    found = seen_by(shipped_checkpoint(), examples)
    assert found is not None and not found.any()
    assert len(np.load(shipped_checkpoint() / SEEN)) > 50_000
