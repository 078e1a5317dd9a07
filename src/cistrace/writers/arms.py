"""The arms of stage II: what the score is read from, beside what the towers say."""

from __future__ import annotations

from typing import Literal, get_args

Arm = Literal["ledger", "card+generated", "card", "sequence", "oracle", "shuffled"]
"""The ledger that the model's own trace tells, which is added up and needs no head; card and the model's own trace; the
card alone; the bare sequence; card and a trace written towards the observed level; card and another sequence's
trace."""

PredictingArm = Literal["ledger", "card+generated", "card", "sequence"]
"""Those that need nothing a new sequence lacks: only these become models that predict. The others are comparisons."""

LEDGER: PredictingArm = "ledger"

ARMS: tuple[Arm, ...] = get_args(Arm)
PREDICTING_ARMS: tuple[PredictingArm, ...] = get_args(PredictingArm)
