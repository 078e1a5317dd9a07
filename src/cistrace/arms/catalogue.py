"""Every arm by its name, in the order of the report, as a contender of an evaluation."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cistrace.arms.composition import composition_ridge
from cistrace.arms.language import BEHINDS, Behind, LanguageArm
from cistrace.arms.nets import Net, NetKind
from cistrace.arms.plan import Plan
from cistrace.arms.shipped import without_rest
from cistrace.arms.wording import Family
from cistrace.checkpoints.schema import CONFIG, model_folder
from cistrace.errors import DataError
from cistrace.evaluation.contenders import AnotherModel, Contender, as_it_predicts
from cistrace.evaluation.specialists import motif_boosting

NETS: dict[str, tuple[NetKind, str]] = {
    "light": ("light", "sequence, the light tower"),
    "legnet": ("legnet", "sequence, LegNet"),
    "dream": ("dream", "sequence, a CNN in the manner of DREAM-CNN"),
}
READS: dict[Behind, str] = {
    "card": "alone",
    "generated": "and the trace that the model writes itself",
    "shuffled": "and another element's such trace",
    "oracle": "and a trace written towards the observed level: an upper bound that no prediction reaches",
    "filler": "and a filler of as many tokens as its trace",
    "paraphrase": "and the card in other words in the trace's place",
}
LANGUAGE: tuple[tuple[Family, Behind], ...] = (
    ("sequence", "card"),
    *(("paper", behind) for behind in BEHINDS),
    *(("evidence", behind) for behind in ("card", "generated", "filler", "paraphrase")),
)  # fmt: skip
SHIPPED = ("tower", "shipped-without-rest", "shipped")
"""Arms of the model under evaluation, which is not fitted anew."""


def known_arms(plan: Plan, model: Path | None) -> dict[str, Contender]:
    """All arms.

    Parameters
    ----------
    model : Path or None
        Of the arms that are not fitted anew; the shipped one for None.
    """
    files = (model_folder(model) / CONFIG,)
    arms = [
        Contender("gc", "GC and CpG, ridge", composition_ridge),
        Contender("motifs", "motif hits and dinucleotides, gradient boosting", motif_boosting, seeded=True),
        *(Contender(name, sees, Net(kind, plan), seeded=True) for name, (kind, sees) in NETS.items()),
        *(_language_arm(plan, family, behind) for family, behind in LANGUAGE),
        Contender("tower", "sequence, the shipped model's tower; all training elements",
                  AnotherModel(model_folder(model), trace=False), files=files),
        Contender("shipped-without-rest", "the same without its trace's last amount", without_rest, files=files),
        Contender("shipped", "the ledger that the model's trace adds up; all training elements", as_it_predicts,
                  files=files),
    ]  # fmt: skip
    return {arm.name: arm for arm in arms}


def _language_arm(plan: Plan, family: Family, behind: Behind) -> Contender:
    arm = LanguageArm(family, behind, plan)
    text = {"sequence": "the bare sequence", "paper": "the paper's card", "evidence": "the evidence card"}[family]
    return Contender(arm.name, f"{text} {READS[behind]}; a small language model", arm, seeded=True)


def chosen_arms(known: dict[str, Contender], names: Sequence[str] | None) -> list[Contender]:
    """The arms of some names, in the report's order; all for None.

    Raises
    ------
    DataError
        A name is unknown, or none is given.
    """
    wanted = list(known) if names is None else list(names)
    unknown = [name for name in wanted if name not in known]
    if unknown or not wanted:
        raise DataError(
            f"--contenders: found {', '.join(unknown) or 'no name'}, expected names of arms among {', '.join(known)}; "
            "leave the others out"
        )
    return [arm for name, arm in known.items() if name in wanted]
