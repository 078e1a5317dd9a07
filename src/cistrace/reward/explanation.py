"""A reward with its reasons."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from cistrace.predictions.prediction import Prediction
from cistrace.predictions.table import prediction_object


@dataclass(frozen=True)
class RewardExplanation:
    """What the reward of one sequence is made of.

    Attributes
    ----------
    bases : str
        As it was scored: upper-case, without blanks around it.
    reward : float
    fault : str or None
        Why it cannot be scored; nothing below is known of it then.
    objective : float or None
    activities : dict
        log2(RNA/DNA) by cell type: of the target, the off-targets and what else the objective names.
    target : float or None
        Activity in the target.
    off_targets : dict
        Activities in the off-targets.
    specificity : float or None
        The target's activity minus the largest of the off-targets'; None without off-targets.
    uncertainty, out_of_domain : float or None
        Penalties, at least 0.
    constraints : dict
        A penalty of every kind of constraint, 0 where it is met.
    distance : float or None
        From what the model learnt from; None for a model that does not know.
    predictions : tuple of Prediction
        One for each of `activities`, with verified trace and ledger; none where no traces were asked for.
    """

    bases: str
    reward: float
    fault: str | None = None
    objective: float | None = None
    activities: dict[str, float] = field(default_factory=dict)
    target: float | None = None
    off_targets: dict[str, float] = field(default_factory=dict)
    specificity: float | None = None
    uncertainty: float | None = None
    out_of_domain: float | None = None
    constraints: dict[str, float] = field(default_factory=dict)
    distance: float | None = None
    predictions: tuple[Prediction, ...] = ()

    @property
    def valid(self) -> bool:
        """Whether the sequence can be scored."""
        return self.fault is None

    def plain(self) -> dict[str, Any]:
        """As JSON types; predictions as lines of `cistrace predict -o FILE.jsonl`.

        Halves of surrogate pairs in `bases`, which no encoding can write, are escaped: `\\ud800`.
        """
        bases = self.bases.encode("utf-8", "backslashreplace").decode("utf-8")
        return {
            "bases": bases, "reward": self.reward, "valid": self.valid, "fault": self.fault,
            "objective": self.objective, "activities": self.activities, "target": self.target,
            "off_targets": self.off_targets, "specificity": self.specificity, "uncertainty": self.uncertainty,
            "out_of_domain": self.out_of_domain, "constraints": self.constraints, "distance": self.distance,
            "predictions": [prediction_object(one) for one in self.predictions],
        }  # fmt: skip
