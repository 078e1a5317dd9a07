"""`cistrace export`: a trained run as a plain Hugging Face folder, ready for `cistrace predict --model`."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import click

from cistrace.cli.extras import need_training


@click.command(short_help="A trained run as a folder to predict with.")
@click.argument("run", metavar="RUN", type=click.Path(path_type=Path))
@click.option(
    "-o", "--output", "folder", type=click.Path(path_type=Path), required=True, metavar="DIR", help="Folder to write."
)
@click.option(
    "--data", type=click.Path(path_type=Path), metavar="DIR",
    help="Data set of the run, for calibration. [default: where it was]",
)  # fmt: skip
@click.option(
    "--anyway", is_flag=True,
    help="Write DIR although something speaks against using the model: too few rows, an interval that cannot be "
    "stated, a writer whose claims do not hold. The model's card says what.",
)  # fmt: skip
@click.option(
    "--upload", metavar="NAME", help="Upload DIR to the Hugging Face hub under this name; never done otherwise."
)
def export(run: Path, folder: Path, data: Path | None, anyway: bool, upload: str | None) -> None:
    """Write the model of RUN as a plain Hugging Face folder: LoRA merged, safetensors, tokenizer, and the head.

    `AutoModelForCausalLM.from_pretrained(DIR)` and vLLM open it as it is; what cistrace needs beside stands in
    DIR/cistrace. The scores are calibrated on val rows of the data set.

    \b
    Example:
      cistrace export run -o model && cistrace predict enhancers.fa --model model
    """
    need_training("export")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S", stream=sys.stderr)

    from cistrace.reasonbench.dataset import read_data_set
    from cistrace.training.export import export as export_run
    from cistrace.training.run import Run, check_data

    opened = Run(run)
    opened.read_config()
    about = opened.read_about().get("data", {})
    found = read_data_set(data or Path(about.get("folder", "")))
    check_data(opened, found.hash)
    config = export_run(opened, found, folder, anyway)
    click.echo(f"{folder}: written", err=True)
    for fault in config.faults:
        click.echo(f"not fit for use: {fault}", err=True)
    if upload:
        from huggingface_hub import HfApi

        api = HfApi()
        api.create_repo(upload, exist_ok=True, private=True)
        api.upload_folder(repo_id=upload, folder_path=folder)
        click.echo(f"{upload}: uploaded", err=True)
