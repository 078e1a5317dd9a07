"""Language models as arms: a small Llama from scratch, told to write what its family is told, then to regress.

Stage I is the same for all arms of a family: the bare sequence's learns to foretell the next base, a card's to write
the teacher's traces. Stage II learns the activity from the family's text and from what stands behind it, at the same
updates; the weights of the best val Pearson are kept.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from cistrace.arms.plan import Plan
from cistrace.arms.score import scores_of
from cistrace.arms.subjects import SPLITS, ArmSubject, subjects_of, tables_of
from cistrace.arms.wording import Family
from cistrace.arms.words import WordsLayout, build_words, filler_like
from cistrace.errors import DataError
from cistrace.evaluation.comparison import Comparison
from cistrace.evaluation.predicted import Predicted, with_interval
from cistrace.traces.templates import THINK_END
from cistrace.training.arms import shuffled
from cistrace.training.cards import Scale
from cistrace.training.examples import Example
from cistrace.training.generate import by_model, generate, identity_of
from cistrace.training.language_models import load_trained
from cistrace.training.rationale import train_rationale
from cistrace.training.recipe import (
    CardsRecipe,
    GenerationRecipe,
    ModelRecipe,
    RationaleRecipe,
    Recipe,
    RegressionRecipe,
)
from cistrace.training.regression import train_regression
from cistrace.training.run import Run
from cistrace.training.trace_file import read_traces
from cistrace.writers.compact_model import new_language_model

log = logging.getLogger(__name__)
Behind = Literal["card", "generated", "shuffled", "oracle", "filler", "paraphrase"]
BEHINDS: tuple[Behind, ...] = get_args(Behind)
READ_GENERATED = ("generated", "shuffled", "filler")
MICRO = 8  # elements that a pass holds at a time
MOST_TOKENS = 200  # of a trace


@dataclass(frozen=True)
class LanguageArm:
    """A contender's `predict`.

    Attributes
    ----------
    behind : str
        What stands behind the family's text: nothing (`card`); the trace that the model wrote itself, another
        element's of the same cell type, one that was written towards the observed level; a filler of as many tokens as
        its own trace; the card in other words.
    """

    family: Family
    behind: Behind
    plan: Plan

    @property
    def name(self) -> str:
        return self.family if self.family == "sequence" else f"{self.family}-{self.behind}"

    def __call__(self, comparison: Comparison, seed: int) -> Predicted:
        """Fit both stages, or take up what is there, and predict."""
        found = subjects_of(comparison, self.plan, self.family)
        folder = comparison.folder / "language"
        recipe = recipe_of(self.plan, self.behind, seed)
        first, run = Run(folder / f"{self.family}.{seed}"), Run(folder / f"{self.name}.{seed}.fitted")
        _first_stage(first, recipe, self.family, self.plan, found, seed)
        model, tokenizer = load_trained(first.rationale, recipe)
        layout = WordsLayout(tokenizer)
        generated = _generated(first, recipe, layout, found) if self.behind in READ_GENERATED else None
        read = {
            split: readings(self.behind, layout, found[split], None if generated is None else generated[split], seed)
            for split in SPLITS
        }
        examples = {split: [one.example for one in found[split]] for split in SPLITS}
        if not _done(run).exists():
            log.info("%s, seed %d: learns the activity", self.name, seed)
            learnt, chosen = (examples["train"], read["train"]), (examples["val"], read["val"])
            train_regression(recipe, model, tokenizer, layout, *learnt, [], *chosen, run)
            _done(run).touch()
        fitted, _ = load_trained(run.regression, recipe)
        head = run.regression / "head.safetensors"
        val, judged = (scores_of(fitted, head, layout, examples[split], read[split]) for split in ("val", "judged"))
        return _predicted(comparison, self.plan, examples, val, judged)


def recipe_of(plan: Plan, behind: Behind, seed: int) -> Recipe:
    """The numbers of both stages, at the plan's updates."""
    micro = min(MICRO, plan.batch)
    batch, accumulate, epochs = micro, max(1, plan.batch // micro), float(plan.passes + 1)
    return Recipe(
        name="arm",
        model=ModelRecipe(precision="fp32"),
        cards=CardsRecipe(pieces=0),
        rationale=RationaleRecipe(
            epochs=epochs, most_steps=plan.steps, rows=None, batch_size=batch, accumulate=accumulate,
            save_steps=max(1, plan.steps // 4), seed=seed,
        ),
        generation=GenerationRecipe(grammar=False, most_tokens=MOST_TOKENS),
        regression=RegressionRecipe(
            arm="card" if behind == "card" else "card+generated", epochs=epochs, most_steps=plan.steps, pieces=0,
            batch_size=batch, accumulate=accumulate, writing=0.0, without_trace=0.0, tower_inputs=False,
            evaluate_steps=max(1, plan.steps // 5), seed=seed,
        ),
    )  # fmt: skip


def readings(
    behind: Behind, layout: WordsLayout, found: Sequence[ArmSubject], generated: Sequence[str] | None, seed: int
) -> list[str] | None:
    """What stands behind the text of every subject, with the end of reasoning; None where nothing does.

    Parameters
    ----------
    generated : sequence of str, or None
        What the model wrote about each, for what is made of it.
    """
    if behind == "card":
        return None
    if behind == "oracle":
        # Of what was not measured there is no level to write towards, and no figure is taken.
        return [one.example.oracle or one.example.trace for one in found]
    if behind == "paraphrase":
        return [one.paraphrase for one in found]
    if generated is None or len(generated) != len(found):
        raise DataError(f"arm {behind}: found no traces for its {len(found)} examples; expected those of its model")
    if behind == "filler":
        return [filler_like(layout, trace) for trace in generated]
    if behind == "shuffled":
        return [generated[other] for other in shuffled([one.example for one in found], seed)]
    return list(generated)


def _first_stage(
    run: Run, recipe: Recipe, family: Family, plan: Plan, found: dict[str, list[ArmSubject]], seed: int
) -> None:
    if _done(run).exists():
        return
    train = found["train"]
    examples = [one.example for one in train]
    texts = chain.from_iterable(
        (one.shared, one.own, one.trace.replace(THINK_END, " "), one.oracle.replace(THINK_END, " ")) for one in examples
    )
    others = (one.paraphrase.removesuffix(THINK_END) for one in train)
    tokenizer = build_words(chain(texts, others), max(len(one.bases) for one in examples))
    log.info("%s, seed %d: learns to write, %d words", family, seed, len(tokenizer))
    model = new_language_model(tokenizer, plan.shape, seed)
    told = [next_base(one) for one in _one_a_row(examples)] if family == "sequence" else examples
    train_rationale(recipe, model, tokenizer, WordsLayout(tokenizer), told, [], [], run)
    _done(run).touch()


def _one_a_row(examples: Sequence[Example]) -> list[Example]:
    return list({one.row: one for one in examples}.values())


def next_base(example: Example) -> Example:
    """The bare sequence as a text to be written: every base foretold from those before it."""
    begin, _, bases = example.shared.partition(" ")
    return replace(example, shared=begin, own="", trace=bases + THINK_END)


def _generated(
    run: Run, recipe: Recipe, layout: WordsLayout, found: dict[str, list[ArmSubject]]
) -> dict[str, list[str]]:  # fmt: skip
    """What the first stage's model writes about every subject; kept trace by trace."""
    model, _ = load_trained(run.rationale, recipe)
    writing = by_model(model, layout, recipe.generation, identity_of(run.rationale))
    texts = {}
    for split, subjects in found.items():
        examples = [one.example for one in subjects]
        counts = generate(examples, writing, run.traces(split))
        log.info("%s: %d traces, %d end their reasoning", split, counts.examples, counts.ended)
        texts[split] = list(read_traces(run.traces(split), examples, writing.source))
    return texts


def _predicted(
    comparison: Comparison, plan: Plan, examples: dict[str, list[Example]], val: NDArray[np.float32],
    judged: NDArray[np.float32],
) -> Predicted:  # fmt: skip
    """Scores in the units of the measurements, with intervals from val."""
    tables, scale, cells = tables_of(comparison, plan), Scale.of(comparison.training), comparison.cell_types
    filled = {}
    for split, scores, first in (
        ("val", val, len(tables["train"])),
        ("judged", judged, len(tables["train"]) + len(tables["val"])),
    ):
        activity = np.full((len(tables[split]), len(cells)), np.nan)
        for one, score in zip(examples[split], scores.tolist(), strict=True):
            cell = cells.index(one.cell_type)
            activity[one.row - first, cell] = score * scale.spread[cell] + scale.location[cell]
        filled[split] = activity
    return with_interval(filled["judged"], filled["val"], tables["val"].activity)


def _done(run: Run) -> Path:
    """Stands where a stage is whole."""
    return run.folder / ".done"
