"""Make docs/traces.md and its picture: twenty traces of the shipped model, with their ledgers as waterfalls.

    python docs/make_traces.py

Sequences and cell types are drawn by a fixed seed from examples/enhancers.fa. Needs matplotlib.
"""

from __future__ import annotations

from itertools import accumulate
from pathlib import Path

import matplotlib
import numpy as np

from cistrace import Prediction, Predictor, read_sequences
from cistrace.predictions.ledger import TraceLedger
from cistrace.predictions.show import verdict
from cistrace.traces.templates import THINK_END
from cistrace.traces.trace import Claim

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.axes import Axes

DOCS = Path(__file__).parent
COUNT, SEED, COLUMNS = 20, 18, 4
PICTURE = "figures/waterfalls.png"
RAISES, LOWERS, WHOLE = "#b2182b", "#2166ac", "#555555"
HEAD = f"""# Twenty traces

Drawn by seed {SEED} from examples/enhancers.fa and the cell types of the shipped model; made by `python
docs/make_traces.py`. Positions are 1-based, amounts log2 units. A trace's terms add up to the activity
(docs/ledger.md).

![Ledgers as waterfalls: every bar is a term, red raises and blue lowers, the last is the activity]({PICTURE})
"""


def main() -> None:
    predictor = Predictor()
    records = list(read_sequences(DOCS.parent / "examples" / "enhancers.fa"))
    random = np.random.default_rng(SEED)
    cells = len(predictor.cell_types)
    chosen = random.choice(len(records) * cells, COUNT, replace=False).tolist()
    found = [predictor.predict(records[at // cells], predictor.cell_types[at % cells])[0] for at in sorted(chosen)]
    draw(found, DOCS / PICTURE)
    parts = [HEAD, *(section(number, one) for number, one in enumerate(found, 1))]
    (DOCS / "traces.md").write_text("\n".join(parts), encoding="utf-8")


def section(number: int, one: Prediction) -> str:
    """One prediction as Markdown."""
    text = (one.trace_text or "").replace(THINK_END, "")
    return (
        f"## {number}. {one.id} in {one.cell_type}: {one.activity:+.2f} ({one.lower:+.2f} to {one.upper:+.2f}), level "
        f"{one.level}\n\n```\n{text}\n```\n\n{verdict(one)} Written by the {one.written_by}.\n"
    )


def draw(found: list[Prediction], path: Path) -> None:
    """A panel a prediction."""
    rows = -(-len(found) // COLUMNS)
    figure, axes = plt.subplots(rows, COLUMNS, figsize=(4 * COLUMNS, 2.2 * rows), constrained_layout=True)
    for number, (one, panel) in enumerate(zip(found, axes.flat), 1):
        if one.ledger is not None and one.trace is not None:
            waterfall(panel, one.ledger, one.trace.steps)
        panel.set_title(f"{number}. {one.cell_type}", fontsize=8, loc="left")
    path.parent.mkdir(exist_ok=True)
    figure.savefig(path, dpi=70)


def waterfall(panel: Axes, ledger: TraceLedger, steps: tuple[Claim, ...]) -> None:
    """The terms in the trace's order, each from where the sum stood, and the total."""
    named = iter(ledger.sites)
    bars = []
    for step in steps:
        if step.kind == "backdrop":
            bars.append(("backdrop", ledger.backdrop))
        elif step.kind == "site":
            site = next(named)
            bars.append((f"{site.tf} {site.start}-{site.end}", site.amount))
        elif step.kind == "interplay":
            bars.append((f"{step.get('start')} with {step.get('second')}", ledger.interplay[0].amount))
    bars.append(("rest", ledger.rest))
    left = [0.0, *accumulate(amount for _, amount in bars)][: len(bars)]
    places = range(len(bars))
    panel.barh(places, [value for _, value in bars], left=left,
               color=[RAISES if value > 0 else LOWERS for _, value in bars])  # fmt: skip
    panel.barh(len(bars), ledger.total, color=WHOLE)
    panel.set_yticks(range(len(bars) + 1), [*(name for name, _ in bars), "activity"], fontsize=6)
    panel.axvline(0, color=WHOLE, linewidth=0.5)
    panel.tick_params(axis="x", labelsize=6)
    panel.invert_yaxis()


if __name__ == "__main__":
    main()
