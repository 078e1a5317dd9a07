"""Score variants: what either allele makes of the window around it, in every cell type, and why they differ."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import cached_property
from itertools import chain
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from cistrace.cards.cell_types import ALL, canonical_cell_types
from cistrace.cards.composition import composition
from cistrace.checkpoints.load import Checkpoint, load_checkpoint
from cistrace.checkpoints.schema import TOWER_FILES
from cistrace.engines.cores import use_threads
from cistrace.engines.side_by_side import side_by_side
from cistrace.engines.workers import blocks
from cistrace.errors import InputError, ModelError
from cistrace.io.genome import open_genome
from cistrace.io.hashes import file_hash
from cistrace.motifs.scanner import site_scanner
from cistrace.predictions.prediction import Provenance
from cistrace.towers.domain import OUT_OF_DOMAIN
from cistrace.variants.contrast import contrast
from cistrace.variants.contrast_trace import Direction
from cistrace.variants.effect import VariantEffect
from cistrace.variants.paired_cards import CardPair, PairedCards
from cistrace.variants.reading import VariantReader
from cistrace.variants.scale import CellVariantScale, VariantScale, read_scale
from cistrace.variants.windows import PlacedVariant
from cistrace.version import __version__

SLICE = 16  # windows, or variants whose cards are made, that one thread works on at a time
TOGETHER = 256  # variants whose windows are scored at once
NO_INTERVAL, NO_BACKGROUND = "no_interval", "no_background"
MOST_WINDOWS = 64


class VariantScorer:
    """A checkpoint ready to score variants.

    Parameters
    ----------
    genome : path, optional
        FASTA, plain or bgzip, that variants' places are of; pairs of sequences need none.
    model : path, optional
        Folder of a checkpoint, or of a training run that is done; the shipped one unless given.
    threads : int, optional
        Cores to use; all that the process may use unless given.
    device : str, optional
        `cpu`, `cuda`, ...: where the sequence model computes. On the CPU unless given.
    expressed : several str, optional
        Human symbols of the factors that the cells express: no other names a site.
    windows : int
        Over how many windows activities are the mean: the one in whose middle the variant stands, and shifted ones.
    scale : path, optional
        Scale of a model of one's own, as benchmarks/variant_scale.py makes it.

    Raises
    ------
    InputError
        `threads` or `windows` that are no such number, or a device that cannot be used.
    ModelError
        A checkpoint that is missing, torn, or has no sequence model; a scale that is none, or of another model.

    Examples
    --------
    >>> scorer = VariantScorer(genome="hg38.fa")  # doctest: +SKIP
    >>> scorer.score("chr1:109274968:G:T", "HepG2")  # doctest: +SKIP
    """

    def __init__(
        self,
        genome: str | Path | None = None,
        model: str | Path | None = None,
        threads: int | None = None,
        device: str | None = None,
        expressed: Iterable[str] | None = None,
        windows: int = 1,
        scale: str | Path | None = None,
    ) -> None:
        if not 1 <= windows <= MOST_WINDOWS:
            raise InputError(f"windows: found {windows}, expected 1-{MOST_WINDOWS}; give such a number")
        use_threads(threads)
        self.genome = None if genome is None else Path(genome)
        self.checkpoint: Checkpoint = load_checkpoint(None if model is None else Path(model), device)
        self.cell_types, self.window = self.checkpoint.cell_types, self.checkpoint.window
        towers = self.checkpoint.towers
        if towers is None:
            raise ModelError(
                "this model has no sequence model, by which variants are scored; expected one with towers; give another"
            )
        self._towers, self._count = towers, windows
        self._threads = torch.get_num_threads() if (device or "cpu") == "cpu" else 1
        self._expressed = None if expressed is None else frozenset(expressed)
        self.scale: VariantScale | None = self._own_scale(None if scale is None else Path(scale))

    def __repr__(self) -> str:
        return f"<VariantScorer, model {self.checkpoint.hash[:16]}: {', '.join(self.cell_types)}; {self.window} bp>"

    def _own_scale(self, path: Path | None) -> VariantScale | None:
        """The scale that was made with this very sequence model; None for a model that none was given for."""
        found, tower = read_scale(path), file_hash(self.checkpoint.folder / TOWER_FILES[0])
        if found.tower == tower:
            return found
        if path is not None:
            raise ModelError(
                f"{path}: is the scale of sequence model {found.tower[:12]}, not of {tower[:12]}; make it anew"
            )
        return None

    @cached_property
    def _cards(self) -> PairedCards:
        settings = self.checkpoint.settings
        if settings is None:
            raise ModelError("this model makes no cards with evidence; expected one; leave traces out")
        return PairedCards(self._towers, site_scanner(1), settings, self._expressed)

    def score(
        self, variants: str | Path | Iterable[str | PlacedVariant], cell_types: str | Iterable[str] = ALL,
        trace: bool = True,
    ) -> list[VariantEffect]:  # fmt: skip
        """Effects of every variant in every cell type, in that order.

        Parameters
        ----------
        variants : str, Path, or several
            `contig:position:ref:alt` (1-based, as in VCF), one or several; a Path is a file as `cistrace variants`
            takes it; what a `VariantReader` has placed goes too.
        cell_types : str or several
            `all`, or names as in `VariantScorer.cell_types`.
        trace : bool
            False makes no cards, and is many times as fast.

        Raises
        ------
        InputError
            A file that cannot be read; places, and no genome was given.
        RecordError
            A variant that cannot be used.
        CellTypeError
            A cell type that the checkpoint does not know.
        """
        with ExitStack() as stack:
            genome = None if self.genome is None else stack.enter_context(open_genome(self.genome))
            reader = VariantReader(self.window, genome, self._count)
            placed: Iterable[PlacedVariant]
            if isinstance(variants, Path):
                placed = reader.file(variants)
            else:
                each = [variants] if isinstance(variants, str) else variants
                placed = chain.from_iterable(
                    (one,) if isinstance(one, PlacedVariant) else reader.texts([one]) for one in each
                )
            return list(self.stream(placed, cell_types, trace))

    def stream(
        self, placed: Iterable[PlacedVariant], cell_types: str | Iterable[str] = ALL, trace: bool = True
    ) -> Iterator[VariantEffect]:
        """Like `score`, for any number of variants in constant memory.

        Parameters
        ----------
        placed : iterable of PlacedVariant
            As a `VariantReader` gives them.
        cell_types, trace
            As in `score`.

        Raises
        ------
        CellTypeError
            A cell type that the checkpoint does not know.
        """
        cells = canonical_cell_types([cell_types] if isinstance(cell_types, str) else cell_types, self.cell_types)
        for block in blocks(placed, TOGETHER):
            yield from self._block(block, cells, trace)

    def _block(self, block: Sequence[PlacedVariant], cells: tuple[str, ...], trace: bool) -> Iterator[VariantEffect]:
        columns = [self.cell_types.index(cell) for cell in cells]
        effects = [
            [self._effect(one, cell, found[:, :, :, column], out) for cell, column in zip(cells, columns, strict=True)]
            for one, (found, out) in zip(block, self._activities(block), strict=True)
        ]
        if not trace:
            yield from chain.from_iterable(effects)
            return
        maker = self._cards
        slices = [block[at : at + SLICE] for at in range(0, len(block), SLICE)]
        made = side_by_side(lambda part: maker.cards([one.windows[0] for one in part], columns), slices, self._threads)
        for one, row, pairs in zip(block, effects, chain.from_iterable(made), strict=True):
            for effect, pair in zip(row, pairs, strict=True):
                yield self._traced(effect, pair, one)

    def _activities(self, block: Sequence[PlacedVariant]) -> list[tuple[NDArray[np.float32], bool]]:
        """Of every variant, float32 (windows, 2 alleles, 2 strands, cell types); a sequence is scored once.

        And whether its first window, with either allele, is out of the model's domain.
        """
        wanted = [bases for one in block for window in one.windows for bases in (window.ref, window.alt)]
        distinct = list(dict.fromkeys(wanted))
        parts = [distinct[at : at + SLICE] for at in range(0, len(distinct), SLICE)]
        readings = list(side_by_side(self._towers.reading, parts, self._threads))
        scores = np.concatenate([one.strands for one in readings], axis=1)
        domain, distances = self._towers.domain, np.concatenate([one.distances for one in readings])
        out = distances > (np.inf if domain is None else domain.threshold)
        at = {bases: place for place, bases in enumerate(distinct)}
        every = scores[:, [at[bases] for bases in wanted]].transpose(1, 0, 2)
        counts = np.cumsum([2 * len(one.windows) for one in block])[:-1]
        firsts = [bool(out[at[one.windows[0].ref]] or out[at[one.windows[0].alt]]) for one in block]
        split = (rows.reshape(-1, 2, 2, len(self.cell_types)) for rows in np.split(every, counts))
        return list(zip(split, firsts, strict=True))

    def _effect(self, one: PlacedVariant, cell: str, found: NDArray[np.float32], out: bool) -> VariantEffect:
        """`found`: activities of the windows with either allele, read from either strand, (windows, 2, 2)."""
        calibration = self.checkpoint.scales[cell].calibrations["towers"]
        # Strands first, as everywhere: one window's activities are the very numbers of `cistrace predict`.
        ref, alt = (calibration.activity(float(value)) for value in found.mean(axis=2).mean(axis=0))
        scale, flags = self._scale_of(cell), _flags(one, self.window) + (OUT_OF_DOMAIN,) * out
        lower, upper, percentile = -np.inf, np.inf, None
        if scale is not None:
            half = scale.half_width((found[:, 1] - found[:, 0]).mean(axis=0))
            lower, upper, percentile = alt - ref - half, alt - ref + half, scale.percentile(alt - ref)
        else:
            flags = (*flags, NO_INTERVAL, NO_BACKGROUND)
        window = one.windows[0]
        made = Provenance(__version__, self.checkpoint.hash[:16], None, None, None, self.checkpoint.interface.evidence)
        return VariantEffect(
            one.variant, cell, ref, alt, alt - ref, lower, upper, percentile, flags, window.start, window.end, made
        )

    def _scale_of(self, cell: str) -> CellVariantScale | None:
        return None if self.scale is None else self.scale.cell_types.get(cell)

    def _traced(self, effect: VariantEffect, pair: CardPair, one: PlacedVariant) -> VariantEffect:
        scanner = self._cards.scanner
        made = replace(effect.provenance, motifs=scanner.library.version, scanner=scanner.version)
        found = contrast(*pair, one.windows[0], effect.difference, direction(effect), len(one.windows))
        return replace(effect, contrast=found, provenance=made)


def direction(effect: VariantEffect) -> Direction:
    """What the alternative allele does, as far as the difference's interval leaves no doubt."""
    if effect.lower > 0:
        return "raises"
    return "lowers" if effect.upper < 0 else "unclear"


def _flags(one: PlacedVariant, size: int) -> tuple[str, ...]:
    window = one.windows[0]
    flags = []
    if min(len(window.ref), len(window.alt)) < size:
        flags.append("padded")
    if one.off_centre:
        flags.append("off_centre")
    if ambiguous := composition(window.ref).ambiguous:
        flags.append(f"ambiguous:{ambiguous}")
    return tuple(flags)
