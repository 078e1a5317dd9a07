"""cistrace: measured activity of regulatory DNA, predicted with reasons that can be checked.

>>> from cistrace import Predictor
>>> Predictor().cell_types
('HepG2', 'K562', 'WTC11')

    Predictor                       a model that predicts; gives Prediction, with its Provenance
    to_frame                        predictions as a DataFrame of pandas or polars
    read_sequences                  FASTA, tables, BED and a genome; gives DnaSequence
    Scanner                         finds MotifHit, given a MotifLibrary (of Motif) and a Background
    load_library, load_background   these two, from JASPAR or files
    open_card_maker                 a CardMaker of a model, or of none: cards as it reads them; gives WindowCard
    paper_card                      a Card from hits alone; others hold CardSite, CardLedger, Interplay, TfEffect
    render_card, parse_card         a card's text, there and back
    parse_trace                     what a writer wrote as a Trace of Claim
    verify                          a trace against its card: Verification of Finding
    Explainer                       any model's score as a sum: Explanation of Ledger, of SiteAmount and Site;
                                    base by base: BaseEffects, with the WindowSum of each window that was read
    VariantScorer                   what variants do: VariantEffect, of Variant
    read_constraints                what designs keep to: Constraints

Every error a user can cause is a CistraceError and reads as one clear line:

    CistraceError
    +-- InputError          a file or record that cannot be read as asked
    |   +-- RecordError     one record of an otherwise readable file
    +-- MotifError          a motif library or background that cannot be used
    +-- CardError           card text or JSON that is not a card
    +-- TraceError          trace text or JSON that is not a trace
    +-- CellTypeError       a cell type the model does not know
    +-- ModelError          a checkpoint that is missing, torn or of another version
    +-- DataError           training data that is missing or malformed
    +-- RecipeError         a training recipe with faults
    +-- ConstraintError     constraints on designs with faults or contradictions; all of them are told
    +-- RunError            a training run that is of another recipe, unfinished, or torn
    +-- TeacherError        a chat endpoint, its settings or the cache of its answers, that cannot be used any further
    +-- OutputError         a result file that cannot be written
    +-- WorkerError         a process that works beside this one and was lost

Importing this loads nothing heavy: each name comes from its module when it is first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from cistrace.engines.cores import settle_threads
from cistrace.errors import (
    CardError,
    CellTypeError,
    CistraceError,
    ConstraintError,
    DataError,
    InputError,
    ModelError,
    MotifError,
    OutputError,
    RecipeError,
    RecordError,
    RunError,
    TeacherError,
    TraceError,
    WorkerError,
)
from cistrace.version import __version__

if TYPE_CHECKING:
    from cistrace.cards.build import paper_card
    from cistrace.cards.card import Card, CardLedger, CardSite, Composition, GrammarTag, Interplay, TfEffect
    from cistrace.cards.explanation import Explanation
    from cistrace.cards.ledger import Ledger, SiteAmount
    from cistrace.cards.maker import CardMaker, WindowCard
    from cistrace.cards.sites import Site
    from cistrace.cards.text import parse_card, render_card
    from cistrace.checkpoints.card_maker import open_card_maker
    from cistrace.constraints.constraints import Constraints
    from cistrace.constraints.file import read_constraints
    from cistrace.explain.base_effects import BaseEffects, WindowSum
    from cistrace.explain.explainer import Explainer
    from cistrace.io.dna_sequence import DnaSequence
    from cistrace.io.sequences import read_sequences
    from cistrace.motifs.background import Background, load_background
    from cistrace.motifs.hit import MotifHit
    from cistrace.motifs.library import MotifLibrary, load_library
    from cistrace.motifs.motif import Motif
    from cistrace.motifs.scanner import Scanner
    from cistrace.predict import Predictor
    from cistrace.predictions.frame import to_frame
    from cistrace.predictions.prediction import Prediction, Provenance
    from cistrace.reward.components import RewardComponents
    from cistrace.reward.explanation import RewardExplanation
    from cistrace.reward.reward import Reward
    from cistrace.traces.text import parse_trace
    from cistrace.traces.trace import Claim, Finding, Trace, Verification
    from cistrace.traces.verify import verify
    from cistrace.variants.effect import VariantEffect
    from cistrace.variants.scorer import VariantScorer
    from cistrace.variants.variant import Variant

settle_threads()  # before anything here loads torch

__all__ = [
    "Background",
    "BaseEffects",
    "Card",
    "CardError",
    "CardLedger",
    "CardMaker",
    "CardSite",
    "CellTypeError",
    "CistraceError",
    "Claim",
    "Composition",
    "ConstraintError",
    "Constraints",
    "DataError",
    "DnaSequence",
    "Explainer",
    "Explanation",
    "Finding",
    "GrammarTag",
    "InputError",
    "Interplay",
    "Ledger",
    "ModelError",
    "Motif",
    "MotifError",
    "MotifHit",
    "MotifLibrary",
    "OutputError",
    "Prediction",
    "Predictor",
    "Provenance",
    "RecipeError",
    "RecordError",
    "Reward",
    "RewardComponents",
    "RewardExplanation",
    "RunError",
    "Scanner",
    "Site",
    "SiteAmount",
    "TeacherError",
    "TfEffect",
    "Trace",
    "TraceError",
    "Variant",
    "VariantEffect",
    "VariantScorer",
    "Verification",
    "WindowCard",
    "WindowSum",
    "WorkerError",
    "__version__",
    "load_background",
    "load_library",
    "open_card_maker",
    "paper_card",
    "parse_card",
    "parse_trace",
    "read_constraints",
    "read_sequences",
    "render_card",
    "to_frame",
    "verify",
]

_HOMES = {
    "cards.build": ("paper_card",),
    "cards.card": ("Card", "CardLedger", "CardSite", "Composition", "GrammarTag", "Interplay", "TfEffect"),
    "cards.explanation": ("Explanation",),
    "cards.ledger": ("Ledger", "SiteAmount"),
    "cards.maker": ("CardMaker", "WindowCard"),
    "cards.sites": ("Site",),
    "cards.text": ("parse_card", "render_card"),
    "checkpoints.card_maker": ("open_card_maker",),
    "constraints.constraints": ("Constraints",),
    "constraints.file": ("read_constraints",),
    "explain.base_effects": ("BaseEffects", "WindowSum"),
    "explain.explainer": ("Explainer",),
    "io.dna_sequence": ("DnaSequence",),
    "io.sequences": ("read_sequences",),
    "motifs.background": ("Background", "load_background"),
    "motifs.hit": ("MotifHit",),
    "motifs.library": ("MotifLibrary", "load_library"),
    "motifs.motif": ("Motif",),
    "motifs.scanner": ("Scanner",),
    "predict": ("Predictor",),
    "predictions.frame": ("to_frame",),
    "predictions.prediction": ("Prediction", "Provenance"),
    "reward.components": ("RewardComponents",),
    "reward.explanation": ("RewardExplanation",),
    "reward.reward": ("Reward",),
    "traces.text": ("parse_trace",),
    "traces.trace": ("Claim", "Finding", "Trace", "Verification"),
    "traces.verify": ("verify",),
    "variants.effect": ("VariantEffect",),
    "variants.scorer": ("VariantScorer",),
    "variants.variant": ("Variant",),
}
"""Where each name above comes from; what type checkers read (the imports under TYPE_CHECKING) says the same."""


def __getattr__(name: str) -> object:
    for home, names in _HOMES.items():
        if name in names:
            found = getattr(import_module(f"{__name__}.{home}"), name)
            globals()[name] = found  # asked for once
            return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
