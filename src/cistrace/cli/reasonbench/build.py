"""`cistrace reasonbench build`: a data set of reasoning traces from an MPRA table."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Literal

import click

from cistrace.cli.engine import EngineName, engine_options, open_engine
from cistrace.cli.progress import tracked
from cistrace.cli.reading import threads_option
from cistrace.cli.reasonbench.options import (
    chat_options,
    evidence_kind,
    level_cuts,
    message,
    names,
    split_options,
    table_options,
)


@click.command(short_help="Build a data set from an MPRA table.")
@click.argument("table", metavar="TABLE")
@table_options
@split_options
@click.option(
    "--levels",
    default="quantiles",
    show_default=True,
    metavar="RULE",
    help="Observed levels 0-3: quantiles (quartiles of the training rows), column (--level-column), or three cut "
    "points, for all cell types (-0.5,0.1,0.9) or for each (K562=-0.5,0.1,0.9;HepG2=...).",
)
@click.option(
    "--teacher",
    type=click.Choice(["grounded", "chat"]),
    default="grounded",
    show_default=True,
    help="grounded: offline, every claim from the card; chat: an OpenAI-compatible endpoint.",
)
@click.option(
    "--condition",
    type=click.Choice(["none", "level"]),
    default="none",
    show_default=True,
    help="What the teacher is told beside the card: nothing, or the observed level (its traces then carry the label).",
)
@click.option("--all", "everything", is_flag=True, help="Every row of every split.")
@click.option(
    "--per-level", type=click.IntRange(min=1), metavar="N", help="N accepted training traces a level and cell type."
)
@click.option(
    "--evidence",
    metavar="KIND",
    help="What cards say of each motif's effect: associations (a cross-fitted regression on the table itself), towers "
    "(sequence models: --towers says which), none (the paper's card; for --teacher chat), or a file evidence.npz of an "
    "earlier build. [default: towers where --towers is given, else associations]",
)
@click.option(
    "--towers",
    metavar="RUN",
    help="Towers of --evidence towers: the cross-fitted ones of a training run; shipped, for elements that the "
    "shipped towers never saw, or adapted: the shipped LegNet with a last layer of the table's own, cross-fitted, for "
    "any cell type of a few hundred rows. What they say is kept in DIR/evidence.npz.",
)
@click.option(
    "--gates",
    type=click.Choice(["full", "format"]),
    default="full",
    show_default=True,
    help="full: form, steps, every claim, duplicates; format: form and steps alone, as in the R3LM paper.",
)
@click.option("--require-level", is_flag=True, help="Training traces must conclude the observed level.")
@chat_options
@click.option(
    "--official-names", is_flag=True, help="Write also K562/1000-reason-sharegpt-short-conclu.jsonl and the like."
)
@click.option(
    "--seed", type=int, metavar="N", default=0, show_default=True, help="Of the draw and of the homology split."
)
@threads_option
@engine_options
@click.option(
    "-o", "--output", "folder", type=click.Path(path_type=Path), required=True, metavar="DIR", help="Data set to write."
)
def build(
    table: str,
    table_format: str,
    elements: Path | None,
    cell_types: tuple[str, ...],
    sequence_column: str | None,
    id_column: str | None,
    chromosome_column: str | None,
    split_column: str | None,
    category_column: str | None,
    level_columns: tuple[str, ...],
    sheet: str | None,
    length: int | None,
    largest_error: float,
    split: Literal["chromosome", "column", "homology"] | None,
    val: str,
    test: str,
    shared_bases: int,
    leak_bases: int,
    levels: str,
    teacher: Literal["grounded", "chat"],
    condition: Literal["none", "level"],
    everything: bool,
    per_level: int | None,
    evidence: str | None,
    towers: str | None,
    gates: Literal["full", "format"],
    require_level: bool,
    base_url: str | None,
    model: str | None,
    temperature: float,
    top_p: float,
    max_tokens: int,
    concurrency: int,
    timeout: float,
    requests_per_minute: float | None,
    token_budget: int | None,
    attempts: int,
    key_variable: str,
    cache: Path | None,
    official_names: bool,
    seed: int,
    threads: int | None,
    engine_name: EngineName,
    address: str | None,
    folder: Path,
) -> None:
    """Build a data set of reasoning traces from the MPRA table TABLE.

    TABLE is CSV, TSV, JSONL (plain or gzip), Parquet or XLSX with a column of bases and an activity column a cell type.
    Every usable measurement becomes a card, a teacher writes a trace for it, gates judge the trace. Rows that cannot be
    used are listed in DIR/excluded.tsv, training traces that fail a gate in DIR/rejects.jsonl; val and test keep every
    row. DIR/manifest.json says what made it all.

    \b
    Examples:
      cistrace reasonbench build mpra.tsv --cell-type K562 --val chr19,chr21,chrX --test chr5,chr14 --all -o bench
      cistrace reasonbench build mpra.csv --cell-type Liver=log2fc --split homology --per-level 250 -o bench
      cistrace reasonbench build S2.tsv --format gosai --all -o gosai
      cistrace reasonbench build mpra.tsv --cell-type K562 --split column --all --towers run -o bench
      cistrace reasonbench build mpra.tsv --cell-type K562 --split column --per-level 25 --teacher chat \\
          --base-url http://127.0.0.1:8000/v1 --model Qwen/Qwen3-4B-Instruct-2507 -o chat
    """
    if everything == (per_level is not None):
        raise click.UsageError("give either --all or --per-level N")
    kind = evidence_kind(evidence, towers)
    if teacher == "grounded" and kind == "none":
        raise click.UsageError("the grounded teacher reasons from evidence; --evidence none is for --teacher chat")
    if teacher == "chat" and not (base_url and model):
        raise click.UsageError("--teacher chat needs --base-url and --model")
    if table_format == "joint-lentimpra" and towers in ("shipped", "adapted"):
        raise click.UsageError("the shipped towers were trained on this library; name a run's folder of fold towers")

    from cistrace.mpra.columns import TableColumns
    from cistrace.mpra.formats import read_table
    from cistrace.mpra.homology import leaks
    from cistrace.reasonbench.build import BuildPlan, Gating
    from cistrace.reasonbench.build import build as build_bench
    from cistrace.reasonbench.evidence import NO_EVIDENCE, card_evidence
    from cistrace.reasonbench.files import DataSetFiles, check_folder
    from cistrace.reasonbench.prepare import observe, setting_of, split_rows
    from cistrace.reasonbench.statistics import summary
    from cistrace.reasonbench.teachers import open_grounded

    split_rule = split or ("column" if split_column is not None else None)
    rule, cuts = level_cuts(levels)
    check_folder(folder)
    columns = TableColumns(
        sequence_column, id_column, chromosome_column, split_column, category_column, level_columns, sheet
    )
    measured = read_table(
        table, table_format, elements=elements, cell_types=cell_types, columns=columns, length=length,
        largest_error=largest_error,
    )  # fmt: skip
    where = split_rows(measured, split_rule, names(val), names(test), shared_bases, seed)
    exclusions = (*measured.exclusions, *where.exclusions)
    found = leaks(measured.table.sequences, where.splits, leak_bases)
    for note in (*measured.notes, *where.notes):
        message(note)
    message(f"{sum(map(bool, where.splits)):,} rows usable, {len(exclusions):,} exclusions")
    message(
        f"rows that share {found.k} bp with another split, on either strand: val with train "
        f"{found.val_from_train.sharing:,}, test with train {found.test_from_train.sharing:,}, test with val "
        f"{found.test_from_val.sharing:,}"
    )
    observed = observe(measured, where, rule, cuts)
    with ExitStack() as stack:
        engine = stack.enter_context(open_engine(engine_name, address, threads))
        export = stack.enter_context(DataSetFiles(folder, official_names))
        found_evidence = card_evidence(observed, kind, towers, folder / "evidence.npz", engine, tracked)
        if kind != NO_EVIDENCE:
            message(f"evidence: {found_evidence.name}")
        setting = setting_of(observed, found_evidence)
        if teacher == "grounded":
            teach, about = open_grounded(setting, condition, engine)
        else:
            assert base_url and model
            from cistrace.chat.settings import ChatSettings
            from cistrace.reasonbench.ask import open_chat

            settings = ChatSettings(
                base_url, model, temperature, top_p, max_tokens, seed, concurrency, timeout, requests_per_minute,
                token_budget, attempts, key_variable,
            )  # fmt: skip
            answers = cache or folder / "answers.sqlite"
            teach, about = stack.enter_context(open_chat(setting, condition, settings, answers, engine, message))
        plan = BuildPlan(
            measured, where, found, observed, exclusions, found_evidence, Gating(gates, require_level),
            per_level, seed,
            {"table_format": table_format, "level_rule": levels, "evidence": found_evidence.plain(), "teacher": about},
        )  # fmt: skip
        manifest = build_bench(plan, teach, export, lambda items, total: tracked(items, "traces", total))
    for cell, missing in manifest.draw["short_of"].items():
        levels_short = ", ".join(f"{count:,} of level {level}" for level, count in missing.items())
        message(f"{cell}: fewer accepted traces than asked: {levels_short} are missing")
    for line in summary(manifest.statistics):
        click.echo(line)
