"""RUN/README.md: what a trained model is, made of its recipe, data set and figures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cistrace.checkpoints.soundness import FROM_SCRATCH
from cistrace.mpra.folds import RELATED
from cistrace.reasonbench.dataset import DataSet
from cistrace.towers.cross_fit import LEGNET
from cistrace.training.recipe import Recipe
from cistrace.training.run import Run
from cistrace.training.watch import VAL_PEARSON
from cistrace.writers.arms import LEDGER

READS = {
    "ledger": "the card, and writes the ledger of the sequence CNN's score, whose sum is the activity",
    "sequence": "the sequence alone",
    "card": "the card, without a trace",
    "card+generated": "the card and the trace that the model wrote itself, its conclusion cut off",
    "oracle": "the card and a trace that was written with the measured level in view",
    "shuffled": "the card and the trace of another sequence",
}


def model_card(run: Run, recipe: Recipe, data: DataSet, faults: tuple[str, ...]) -> str:
    """The card as Markdown, with the front matter that model hubs read.

    Parameters
    ----------
    faults : tuple of str
        What speaks against using the model (`checkpoints.soundness`).
    """
    figures = run.read_metrics()
    lines = [
        *("---", "library_name: transformers", "tags: [genomics, enhancer, MPRA, cistrace]", "---"),
        f"# {recipe.name}: activity of regulatory DNA in {', '.join(data.cell_types)}",
        "",
        *([] if recipe.regression.arm != "oracle" else _oracle()),
        f"Base: {_base(recipe)}. It reads {READS[recipe.regression.arm]}{_scored(recipe)}, in the units of the data "
        "set. `cistrace predict --model` uses all of it; the language model alone opens with `AutoModelForCausalLM`.",
        "",
        "## Data",
        "",
        f"Data set with manifest SHA-256 `{data.hash}`: {_count(data, 'train')} training, {_count(data, 'val')} val "
        f"sequences; sources: {_sources(data)}. The measurements keep their source's licence.",
        *_further(figures),
        *_adapted(recipe, figures),
        "",
        "## Training",
        "",
        f"{_first(recipe, figures)} "
        f"{_second(recipe, figures)}`config.yaml` holds every setting, `run.json` the versions.",
        "",
        "## Figures",
        "",
        *_figures(figures),
        "",
        *_faults(faults),
        "The figures are of val, on which the checkpoint may have been chosen; report test. A trace that agrees with "
        "its card gives true positions, scores and directions; that the cell works by those reasons is a hypothesis.",
        "",
    ]
    return "\n".join(lines)


def _scored(recipe: Recipe) -> str:
    if recipe.regression.arm == LEDGER:
        return ""
    beside = ", beside the outputs of sequence CNNs" if recipe.regression.tower_inputs else ""
    return f", and a head (LayerNorm and a linear map{beside}) on the last token gives the activity"


def _first(recipe: Recipe, figures: dict[str, Any]) -> str:
    if figures.get("rationale", {}).get("kept"):
        return "Stage I: the writer of the start was kept as it is; it reads the names of the cell types as new tokens."
    return f"Stage I ({recipe.rationale.method}): {_course(figures, 'rationale')}, loss on the completion alone."


def _second(recipe: Recipe, figures: dict[str, Any]) -> str:
    if recipe.regression.arm == LEDGER:
        return "There is no stage II: nothing is regressed. "
    writing = " and the writing loss" if recipe.regression.writing else ""
    return f"Stage II ({recipe.regression.method}): {_course(figures, 'regression')}, squared error{writing}. "


def _base(recipe: Recipe) -> str:
    """Of a folder its name alone: the card may leave this machine."""
    named = recipe.adapt.start or recipe.model.base
    name = Path(named).name if Path(named).is_dir() else named
    return f"{name}, a finished model of {recipe.model.base}" if recipe.adapt.wanted else name


def _course(figures: dict[str, Any], stage: str) -> str:
    found = figures.get(stage, {})
    return f"{found.get('steps', 0):,} weight updates over {found.get('rows', 0):,} rows"


def _further(figures: dict[str, Any]) -> list[str]:
    """Measurements of `tower.further`: those that the towers learnt from, and why not from the others."""
    found = figures.get("further")
    if not found:
        return []
    refused = found["refused"]
    return [
        "",
        f"The towers learnt from {found['taken']:,} further measurements too. Refused: {sum(refused.values()):,}, of "
        f"which {refused['held_out']:,} are elements of val or test, {refused['related']:,} share {RELATED} bases with "
        f"one, and {refused['elsewhere']:,} lie on chromosomes that the data set does not train on.",
    ]


def _adapted(recipe: Recipe, figures: dict[str, Any]) -> list[str]:
    """How many rows an adapted model learnt from, how it was chosen, and what that means."""
    found = figures.get("adapt", {}).get(LEGNET)
    if not recipe.adapt.wanted or not found:
        return []
    counts = [f"{rows:,} measured rows of {name}" for name, rows in found["rows"].items()]
    words = " and ".join([counts[0], *(one.replace(" measured rows", "") for one in counts[1:])])
    passes = found["passes"]
    learnt = f"then the whole in {passes} passes at a small rate" if passes else "and no other layer"
    chooser = "val's part for choosing" if found["chosen_by"] == "val" else "cross-validation over training rows"
    fewest = min(found["rows"].values())
    few = [] if fewest >= FROM_SCRATCH.training else [
        "",
        f"**Few rows.** {fewest:,} rows say little of rare sites: what it knows of those is of the cell types that its "
        "start was fitted on. Intervals are as wide as its errors on val are large; trust the order of activities more "
        "than single ones, and measure test rows before relying on it.",
    ]  # fmt: skip
    return [
        "",
        "The model was not trained from nothing: its sequence CNNs start from those of a finished model, and learnt "
        f"from {words}. The last layer was fitted first, {learnt}, as {chooser} chose.",
        *few,
    ]


def _faults(faults: tuple[str, ...]) -> list[str]:
    return ["## What speaks against this model", "", *(f"- {fault}" for fault in faults), ""] if faults else []


def _oracle() -> list[str]:
    return [
        "**Oracle.** The traces this model reads carry the label. Its figures are an upper bound, and it makes no "
        "predictions.",
        "",
    ]


def _count(data: DataSet, split: str) -> str:
    return f"{len(data.places(split)):,}"


def _sources(data: DataSet) -> str:
    return ", ".join(f"`{source.name}`" for source in data.manifest.sources) or "not stated"


def _figures(figures: dict[str, Any]) -> list[str]:
    reached = figures.get("regression", {}).get("val_pearson", {})
    names = {name: name.removeprefix("pearson_") for name in reached} | {VAL_PEARSON: "mean of the cell types"}
    lines = [f"- val Pearson, {names[name]}: {value:.3f}" for name, value in reached.items()]
    generated = figures.get("generate", {}).get("val")
    if generated:
        lines.append(f"- val traces that ended their reasoning: {generated['ended']:,} of {generated['examples']:,}")
    return lines or ["none yet"]
