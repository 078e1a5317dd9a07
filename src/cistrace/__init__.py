"""cistrace: measured activity of regulatory DNA, predicted with reasons that can be checked.

>>> from cistrace import Predictor
>>> Predictor().cell_types
('HepG2', 'K562', 'WTC11')
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cistrace.cards.card import Card
from cistrace.errors import CistraceError
from cistrace.io.cores import settle_threads
from cistrace.io.dna_sequence import DnaSequence
from cistrace.motifs.hit import MotifHit
from cistrace.predictions.prediction import Prediction
from cistrace.traces.trace import Trace, Verification
from cistrace.version import __version__

if TYPE_CHECKING:
    from cistrace.predict import Predictor

settle_threads()  # before anything here loads torch

__all__ = [
    "Card",
    "CistraceError",
    "DnaSequence",
    "MotifHit",
    "Prediction",
    "Predictor",
    "Trace",
    "Verification",
    "__version__",
]


def __getattr__(name: str) -> object:
    # Predictor brings torch along; scanning and cards without evidence must not wait for it.
    if name == "Predictor":
        from cistrace.predict import Predictor

        return Predictor
    raise AttributeError(f"module 'cistrace' has no attribute {name!r}")
