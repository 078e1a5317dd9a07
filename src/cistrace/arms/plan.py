"""What all arms share: training elements, weight updates, seeds; and the comparison that they are fitted in."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal, get_args

from cistrace.errors import DataError, OutputError
from cistrace.evaluation.comparison import Comparison
from cistrace.io.files import whole_file, write_faults
from cistrace.io.small_files import parse_json, small_text
from cistrace.io.streams import shown
from cistrace.writers.compact_model import LanguageModelShape

PLAN_FILE = "plan.json"
Size = Literal["compact", "small"]
SIZES: tuple[Size, ...] = get_args(Size)
SHAPES: dict[Size, LanguageModelShape] = {
    "compact": LanguageModelShape(),
    "small": LanguageModelShape(hidden=96, layers=3, heads=3, head_size=32, inner=256),
}


@dataclass(frozen=True)
class Plan:
    """Numbers that are the same for every arm.

    Attributes
    ----------
    rows : int
        Training elements, drawn at random from the training split.
    passes : int
        Over these, in every net and in each of a language model's two stages.
    batch : int
        Elements of a weight update.
    val_rows : int
        Elements of val by which a language model's weights are chosen and given their intervals; all other arms have
        the whole of val.
    size : str
        Of language models: `compact`, the shipped writer's shape, or `small`, an eighth of its work.
    narrow : int
        What the published channels of the DREAM-style CNN are divided by.
    """

    rows: int = 10_000
    passes: int = 5
    batch: int = 64
    val_rows: int = 500
    size: Size = "compact"
    narrow: int = 1

    @property
    def steps(self) -> int:
        """Weight updates."""
        return self.passes * max(1, self.rows // self.batch)

    @property
    def shape(self) -> LanguageModelShape:
        return SHAPES[self.size]


def drawn_comparison(comparison: Comparison, plan: Plan) -> Comparison:
    """The comparison with the plan's training elements alone: the same for every arm, of the training split.

    A smaller plan's elements are among a larger one's.

    Raises
    ------
    DataError
        The training split holds fewer.
    """
    found = len(comparison.training)
    if found < plan.rows:
        raise DataError(
            f"{comparison.source}: found {found:,} training elements, expected at least the {plan.rows:,} that every "
            f"arm is to learn from; choose --train-rows {found} or fewer"
        )
    return replace(comparison, training=comparison.training.sample(plan.rows))


def keep_plan(folder: Path, plan: Plan) -> None:
    """Write OUT/plan.json, or hold it against the one that is there.

    Raises
    ------
    OutputError
        The folder holds arms of another plan, or cannot be written.
    """
    path, wanted = folder / PLAN_FILE, asdict(plan)
    if path.exists():
        try:
            before = parse_json(small_text(path))
        except (OSError, ValueError) as error:
            raise OutputError(f"{shown(path)}: not readable ({error}); expected a plan; choose another -o") from error
        if before != wanted:
            found = before if isinstance(before, dict) else {}
            faults = [f"{name} {found.get(name)}, not {now}" for name, now in wanted.items() if found.get(name) != now]
            raise OutputError(
                f"{shown(folder)}: holds arms of another plan ({', '.join(faults)}); expected the same; choose "
                "another -o"
            )
        return
    with write_faults(path):
        folder.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as part:
            part.write_text(json.dumps(wanted, indent=1) + "\n", encoding="utf-8")
