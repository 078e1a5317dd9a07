"""The numbers that shape the fitting of towers: one section of a training's recipe."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, ConfigDict, Field
from pydantic.dataclasses import dataclass

Precision = Literal["auto", "bf16", "fp32"]
"""What a training's products are computed in; `auto`: bf16 on devices that have instructions for it, else float32."""

STRICT = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)
"""How recipes are checked: a boolean is no number, 5.0 no whole number; no key but those named."""


def _number(value: object) -> object:
    """YAML 1.1 reads 1e-5 as text."""
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value


Number = Annotated[float, BeforeValidator(_number)]
Amount = Annotated[Number, Field(ge=0)]
Share = Annotated[Number, Field(ge=0, le=1)]
Dropout = Annotated[Number, Field(ge=0, le=0.9)]
Count = Annotated[int, Field(ge=0)]
Positive = Annotated[int, Field(ge=1)]


@dataclass(frozen=True, config=STRICT)
class TowerFitRecipe:
    """How one kind of tower is fitted. Shifts in bp, other shares of one. See `optimizers.Rates`."""

    epochs: Positive = 12
    batch_size: Annotated[int, Field(ge=2)] = 64
    matrix_learning_rate: Amount = 0.04
    learning_rate: Amount = 2e-3
    weight_decay: Amount = 0.05
    warm: Share = 0.15
    dropout: Dropout = 0.1
    largest_shift: Count = 4
    shortened: Share = 0.03


@dataclass(frozen=True, config=STRICT)
class LegNetFitRecipe(TowerFitRecipe):
    """As `TowerFitRecipe`, with LegNet's own defaults."""

    epochs: Positive = 10
    largest_shift: Count = 6


@dataclass(frozen=True, config=STRICT)
class PretrainingRecipe(TowerFitRecipe):
    """What LegNet learns before it sees a measurement: as `TowerFitRecipe`, with defaults of its own.

    Attributes
    ----------
    sites : str or None
        Table of genomic sites (tab-separated, plain or gzip): columns sequence, chromosome (or chrom, chr), and those
        named below. None: no pretraining.
    columns, logarithms, kinds : list of str
        What is learnt of the sites: numbers as they are; logarithms of positive ones; every value of a column of text
        as a number 0 or 1.
    shuffled : float
        Shuffled sites to add, as a share of the number of sites.
    """

    epochs: Positive = 4
    largest_shift: Count = 6
    sites: str | None = None
    columns: tuple[str, ...] = ()
    logarithms: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    shuffled: Share = 0.25
    seed: int = 5


@dataclass(frozen=True, config=STRICT)
class JudgeRecipe(TowerFitRecipe):
    """The tower that judges designs: as `TowerFitRecipe`, with defaults and a seed of its own."""

    epochs: Positive = 10
    largest_shift: Count = 6
    seed: int = 7


@dataclass(frozen=True, config=STRICT)
class StudentRecipe(TowerFitRecipe):
    """One net that is to say what several do, fitted to the mean of their answers (Lakshminarayanan et al. 2017, and
    DEGU, Zhou et al. 2024, for such tasks): as `TowerFitRecipe`, with defaults of its own.

    Attributes
    ----------
    members : int
        LegNets fitted for it besides the run's own, each from another seed.
    teachers : list of str
        Files of finished towers of the same cell types that teach too; they must not have seen val or test.
        Without members and teachers there is no student, and LegNet gives the estimate.
    recombined : int
        Sequences made of two training elements each, which the teachers answer beside all training elements.
    altered : float
        Largest share of their bases that is drawn anew.
    unmeasured : str or None
        FASTA or table of further sequences for the teachers to answer.
    start : str
        `teacher`: the run's LegNet's weights; `random`.
    """

    epochs: Positive = 6
    largest_shift: Count = 6
    matrix_learning_rate: Amount = 0.02
    learning_rate: Amount = 1e-3
    members: Annotated[int, Field(ge=0, le=16)] = 0
    teachers: tuple[str, ...] = ()
    recombined: Count = 50_000
    altered: Share = 0.1
    unmeasured: str | None = None
    start: Literal["teacher", "random"] = "teacher"
    seed: int = 11

    @property
    def wanted(self) -> bool:
        """Whether there is one."""
        return self.members > 0 or bool(self.teachers)


@dataclass(frozen=True, config=STRICT)
class AdaptRecipe(TowerFitRecipe):
    """A model that starts from a finished one: as `TowerFitRecipe` for the passes in which the whole towers learn, with
    defaults of its own.

    Attributes
    ----------
    start : str or None
        `shipped`, or the folder of a checkpoint with towers that tells ledgers; None: nothing is adapted.
    epochs : int
        Most passes of the whole after the head is fitted; 0: the head alone.
    patience : int
        Passes that are no better, on what chooses, after which the whole is left.
    fewest_to_choose : int
        Measured rows of val's part that chooses, in every cell type; with fewer the choice is by cross-validation.
    folds : int
        Of that cross-validation.
    """

    start: str | None = None
    epochs: Count = 6
    batch_size: Annotated[int, Field(ge=2)] = 32
    matrix_learning_rate: Amount = 5e-4
    learning_rate: Amount = 1e-4
    weight_decay: Amount = 0.0
    warm: Share = 0.1
    dropout: Dropout = 0.1
    largest_shift: Count = 6
    shortened: Share = 0.0
    patience: Positive = 2
    fewest_to_choose: Positive = 100
    folds: Annotated[int, Field(ge=2, le=10)] = 3
    seed: int = 0

    @property
    def wanted(self) -> bool:
        """Whether a model is adapted."""
        return self.start is not None


@dataclass(frozen=True, config=STRICT)
class TowerRecipe:
    """The sequence CNNs that give evidence: a light one a fold, a light one and LegNet on the whole training split.

    Attributes
    ----------
    folds : int
        Cross-fitting folds over chromosomes; 0 fits none: enough where nothing is regressed on the cards.
    further : str or None
        Table of further measurements of the same assay, one row a sequence and cell type (columns sequence, cell_type,
        activity or log2_rna_dna, chrom, split), for the towers alone; brought to the data set's scale.
    """

    folds: Annotated[int, Field(ge=0, le=10)] = 3
    further: str | None = None
    light: TowerFitRecipe = TowerFitRecipe()
    legnet: LegNetFitRecipe = LegNetFitRecipe()
    pretraining: PretrainingRecipe = PretrainingRecipe()
    seed: int = 0
