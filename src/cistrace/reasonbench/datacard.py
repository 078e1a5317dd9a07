"""The data set's card, README.md: what it holds, how it was made, what it must not be used for; from the manifest."""

from __future__ import annotations

from typing import Any

SPLIT_NAMES = {"train": "train", "val": "validation", "test": "test"}

_COLUMNS = """| column | holds |
|---|---|
| messages | system, user (the card), assistant (the trace: steps, `</think>`, level) |
| expression_score | measured activity, in the source's units |
| label | observed level, 0 (weakest) to 3 |
| id, cell_type, split, row | which measurement; `row` counts the usable rows of the source from 0 |
| stated_level | the level the trace concludes with |
| kinds | the kind of claim of each step; `prose` follows no template |
| faults | what the gates found (gate, reason); val and test keep every row, so look here before you trust a trace |
| written_by, review | teacher, or `review` after a correction; a person's decision |
"""


def data_card(about: dict[str, Any]) -> str:
    """Markdown with the front matter that `datasets` reads."""
    entries = about["statistics"]["entries"]
    splits = [split for split in SPLIT_NAMES if any("kept" in cell for cell in entries.get(split, {}).values())]
    return "\n".join(
        [*_front(splits), "", "# Reasoning traces for regulatory DNA", "", *_made(about), "", *_counts(about, splits),
         "", "## Columns", "", _COLUMNS, *_caution(about), ""]
    )  # fmt: skip


def _front(splits: list[str]) -> list[str]:
    files = [f"  - split: {SPLIT_NAMES[split]}\n    path: data/{split}.parquet" for split in splits]
    return ["---", "license: other", "configs:", "- config_name: default", "  data_files:", *files, "---"]


def _made(about: dict[str, Any]) -> list[str]:
    teacher, evidence = about["teacher"], about["evidence"]
    knowing = "told the observed level" if teacher["condition"] == "level" else "not told the observed level"
    model = f" ({teacher['model']})" if teacher.get("model") else ""
    sources = ", ".join(f"`{source['name']}` (SHA-256 {source['sha256'][:16]}…)" for source in about["sources"])
    return [
        f"Built by cistrace {about['cistrace']} from {sources}; the measurements keep their source's licence. "
        f"Cell types: {', '.join(about['cell_types'])}. Motifs: {about['motifs']}. Evidence on the cards: "
        f"{evidence.get('origin') or evidence['kind']}. Teacher: {teacher['kind']}{model}, {knowing}. "
        f"Splits: {about['split']['rule']}. "
        f"Levels: {about['level_rule']}. `manifest.json` holds all settings, cut points and file hashes; "
        "`rejects.jsonl` what the gates kept out, with reasons; `excluded.tsv` the rows that could not be used; "
        "`elements.parquet` the measured elements by themselves.",
    ]


def _counts(about: dict[str, Any], splits: list[str]) -> list[str]:
    statistics = about["statistics"]
    lines = [
        "| split | cell type | traces | rejected | agree with the observed level |",
        "|---|---|---|---|---|",
    ]
    for split in splits:
        for cell, states in statistics["entries"][split].items():
            agreement = statistics["agreement_with_observed_level"][split][cell]
            kept, rejected = states.get("kept", 0), states.get("rejected", 0)
            lines.append(f"| {split} | {cell} | {kept:,} | {rejected:,} | {agreement:.1%} |")
    supported = statistics["steps_supported"] / max(1, statistics["steps"])
    lines += [
        "",
        f"{statistics['steps']:,} steps, {supported:.2%} supported by their cards, "
        f"{statistics['distinct_step_texts']:,} distinct texts. Rows that share a stretch of "
        f"{about['split']['leaks']['k']} bp, on either strand, with another split: {_leaks(about['split']['leaks'])}.",
    ]
    return lines


def _leaks(leaks: dict[str, Any]) -> str:
    pairs = [(name, leak["sharing"]) for name, leak in leaks.items() if isinstance(leak, dict)]
    return ", ".join(f"{name.replace('_from_', ' with ')} {count:,}" for name, count in pairs)


def _caution(about: dict[str, Any]) -> list[str]:
    if about["teacher"]["condition"] != "level":
        return ["The teacher was blind to the measurements: a trace's level is its own conclusion."]
    return [
        "**The traces carry the label.** The teacher was told the observed level and wrote towards it: how well a",
        "model that reads these traces predicts the level says nothing of what reasoning adds. `cistrace reasonbench",
        "leakage` measures it. Train a writer on them, then evaluate on traces that it wrote itself.",
    ]
