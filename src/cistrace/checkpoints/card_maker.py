"""Open a card maker from a checkpoint's folder."""

from __future__ import annotations

from pathlib import Path

from cistrace.cards.evidence import EvidenceKind
from cistrace.cards.maker import CardMaker
from cistrace.checkpoints.schema import read_config, shipped_checkpoint


def open_card_maker(
    evidence: EvidenceKind = "towers",
    checkpoint: Path | None = None,
    threads: int = 1,
    expressed: frozenset[str] | None = None,
    device: str | None = None,
) -> CardMaker:
    """A card maker from a checkpoint's folder, the shipped one unless given.

    Parameters
    ----------
    evidence : `towers` or `none`
        `none` gives the paper's cards and loads no weights.
    checkpoint : Path, optional
        A folder as `Predictor` takes it.
    threads : int
        Processes that scan.
    expressed : frozenset of str, optional
        Human symbols of the factors that the cells express: no other names a site.
    device : str, optional
        `cpu`, `cuda`, ...: where the sequence model computes. On the CPU unless given.

    Returns
    -------
    CardMaker

    Raises
    ------
    ModelError
        The folder is no checkpoint.
    InputError
        A device that cannot be used.
    """
    if evidence == "none":
        config = read_config(checkpoint or shipped_checkpoint())
        return CardMaker(config.cell_types, config.window, expressed=expressed, threads=threads)
    from cistrace.checkpoints.load import load_checkpoint  # brings torch along

    loaded = load_checkpoint(checkpoint, device)
    return CardMaker(loaded.cell_types, loaded.window, loaded.towers, loaded.settings, expressed, threads)
