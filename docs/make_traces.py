"""Make docs/traces.md and its picture: twenty traces of the shipped model, with their ledgers as waterfalls.

    python docs/make_traces.py

Sequences and cell types are drawn by a fixed seed from examples/enhancers.fa. Needs matplotlib.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from cistrace import Prediction, Predictor, read_sequences
from cistrace.plots.style import SMALL, panels, save
from cistrace.plots.waterfall import draw_waterfall
from cistrace.predictions.ledger import ledger_terms
from cistrace.predictions.show import verdict
from cistrace.traces.templates import THINK_END

DOCS = Path(__file__).parent
COUNT, SEED, COLUMNS = 20, 18, 4
PICTURE = "figures/waterfalls.png"
HEAD = f"""# Twenty traces

Drawn by seed {SEED} from examples/enhancers.fa and the cell types of the shipped model; made by `python
docs/make_traces.py`. Positions are 1-based, amounts log2 units. A trace's terms add up to the activity
([The ledger](ledger.md)).

![Ledgers as waterfalls: every bar is a term, orange raises and blue lowers, the last is the activity]({PICTURE})
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
    figure, axes = panels(COLUMNS, rows, width=4, height=2.2)
    for number, (one, panel) in enumerate(zip(found, axes, strict=True), 1):
        if one.ledger is not None:
            draw_waterfall(panel, ledger_terms(one.ledger), one.ledger.total)
        panel.set_title(f"{number}. {one.cell_type}", fontsize=SMALL, loc="left")
    path.parent.mkdir(exist_ok=True)
    save(figure, path)


if __name__ == "__main__":
    main()
