"""`cistrace generate`: the trained model writes its own traces for every example of a run."""

from __future__ import annotations

import logging
import sys
from contextlib import ExitStack
from dataclasses import asdict, replace
from pathlib import Path
from typing import Literal

import click

from cistrace.cli.engine import EngineName, device_option, engine_options, open_engine, say_device
from cistrace.cli.extras import need_training
from cistrace.cli.progress import tracked
from cistrace.cli.reading import shard_option, threads_option
from cistrace.io.shards import Shard


@click.command(short_help="Let a trained model write its traces.")
@click.argument("data", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--model", "folder", type=click.Path(path_type=Path), required=True, metavar="RUN",
    help="Training run with stage I done.",
)  # fmt: skip
@click.option(
    "--split", "splits", type=click.Choice(["train", "val"]), multiple=True, default=("train", "val"), show_default=True
)
@click.option(
    "--sampling", type=click.Choice(["recipe", "greedy", "paper"]), default="recipe", show_default=True,
    help="As the run's recipe says; greedy; or the R3LM paper's: temperature 0.95, top-p 0.7, top-k 50, 1,024 tokens.",
)  # fmt: skip
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="The first N examples of every split alone.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), metavar="FOLDER",
    help="Where traces-SPLIT.jsonl go. [default: RUN, where stage II reads them]",
)  # fmt: skip
@click.option(
    "--base-url", metavar="URL",
    help="OpenAI-compatible endpoint that serves RUN's stage I model (vLLM, say), in the place of this process.",
)  # fmt: skip
@click.option("--served-model", metavar="NAME", help="Its name there.")
@click.option(
    "--concurrency", type=click.IntRange(min=1), metavar="N", default=32, show_default=True, help="Requests at a time."
)
@threads_option
@engine_options
@device_option
@shard_option
def generate(
    data: Path,
    folder: Path,
    splits: tuple[Literal["train", "val"], ...],
    sampling: Literal["recipe", "greedy", "paper"],
    limit: int | None,
    output: Path | None,
    base_url: str | None,
    served_model: str | None,
    concurrency: int,
    threads: int | None,
    engine_name: EngineName,
    address: str | None,
    device: str | None,
    shard: Shard | None,
) -> None:
    """Write traces for the examples that RUN made of the data set DIR, with its stage I model.

    Every example is seeded by its own content, so that batches and order do not matter; a killed run goes on. Traces
    are added to those that are there, each under its prompt, model and sampling. Stage II reads the last sampling that
    was written for every example before it began, and writes by itself where there is none; run this under
    `accelerate launch`, or through an endpoint, for speed.

    \b
    Examples:
      cistrace generate bench --model run
      accelerate launch --num_processes 8 -m cistrace generate bench --model run
      cistrace generate bench --model run-qwen --base-url http://127.0.0.1:8000/v1 --served-model run-qwen
    """
    if (base_url is None) != (served_model is None):
        raise click.UsageError("give --base-url and --served-model together")
    if base_url is not None and (engine_name == "ray" or device is not None):
        raise click.UsageError("the endpoint of --base-url computes; leave --engine and --device out")
    if shard is not None and output is None:
        raise click.UsageError("--shard needs -o FOLDER, one for each shard; put their files together in RUN")
    need_training("generate")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S", stream=sys.stderr)

    from cistrace.reasonbench.dataset import read_data_set
    from cistrace.training import stages
    from cistrace.training.generate import generate as write_traces
    from cistrace.training.generate import identity_of
    from cistrace.training.processes import is_main, on_main_process, processes
    from cistrace.training.recipe import GenerationRecipe
    from cistrace.training.run import Run, check_data, hold_run, require_stage
    from cistrace.training.spread import WritingStage, by_engine, examples_of_shard

    run = Run(folder)
    config = run.read_config()
    opened = read_data_set(data)
    check_data(run, opened.hash)
    require_stage(run, "rationale")
    recipe = config
    if sampling == "greedy":
        recipe = replace(config, generation=replace(config.generation, sampling="greedy"))
    elif sampling == "paper":
        recipe = replace(config, generation=GenerationRecipe(sampling="sample", grammar=False))
    target = Run(output) if output is not None else run
    written: dict[str, dict[str, int]] = {}
    with ExitStack() as held:
        on_main_process(lambda: held.enter_context(hold_run(target)))
        if base_url is None or served_model is None:
            if engine_name == "ray" and processes() > 1:
                raise click.UsageError("--engine ray starts its own processes; run it without accelerate launch")
            engine = held.enter_context(open_engine(engine_name, address, threads))
            place = engine.place(device)
            if is_main():
                say_device(stages.writing_device(recipe, place), engine)
            writing = by_engine(WritingStage(folder, recipe, place, engine.threads), engine)
        else:
            from cistrace.training.served import by_endpoint, chat_settings

            settings = chat_settings(base_url, served_model, recipe, concurrency)
            writing = by_endpoint(settings, recipe, identity_of(run.rationale), target.answers)
        for split in splits:
            examples = stages.examples_for(run, split)[:limit]
            wanted = examples if shard is None else examples_of_shard(examples, shard)
            counts = write_traces(wanted, writing, target.traces(split), tracked)
            written[split] = asdict(counts)
            if is_main():
                click.echo(
                    f"{split}: {counts.examples:,} examples, {counts.written:,} written now, {counts.ended:,} ended "
                    f"their reasoning ({writing.source.sampling}); see {target.traces(split)}"
                )
        if output is None:
            on_main_process(lambda: stages.keep_generated(opened, config, run, written, writing.source))
