"""Commands that are killed at random moments: does what they leave come to the same files, and nothing else?

    python benchmarks/faults.py [--runs 5] [--kills 3] [--jobs scan card predict ...] [--seed 0]

Each job is run once undisturbed; then `--runs` times in a new folder with up to `--kills` signals (SIGKILL, SIGINT and
SIGTERM in turn) at moments drawn evenly over the undisturbed time, each time started again, with --resume where the
command has it, and left alone at last. Counted are signals that met a running process, runs whose output differs from
the undisturbed one by a byte (a record lost, doubled or altered), half files under a final name, crashes (a traceback,
or an exit code that is none of docs/reliability.md's), and files left over.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

SIGNALS = (signal.SIGKILL, signal.SIGINT, signal.SIGTERM)
CODES = {0, -signal.SIGKILL, 128 + signal.SIGINT, 128 + signal.SIGTERM, -signal.SIGINT, -signal.SIGTERM}


@dataclass(frozen=True)
class Job:
    """A command in a folder of inputs.

    Attributes
    ----------
    arguments : tuple of str
        Of cistrace.
    output : str
        File or folder that it writes.
    resumes : bool
        Whether it takes --resume.
    """

    arguments: tuple[str, ...]
    output: str
    resumes: bool = False


JOBS = {
    "scan": Job(("scan", "many.fa", "-o", "out.tsv.gz"), "out.tsv.gz"),
    "card": Job(("card", "few.fa", "--cell-type", "all", "--format", "json", "-o", "out.jsonl"), "out.jsonl", True),
    "predict": Job(("predict", "many.fa", "--no-trace", "-o", "out.parquet"), "out.parquet", True),
    "predict-traces": Job(("predict", "few.fa", "--cell-type", "K562", "-o", "out.jsonl.gz"), "out.jsonl.gz", True),
    "variants": Job(
        ("variants", "in.vcf", "--genome", "g.fa", "--no-trace", "-o", "out.vcf.gz"), "out.vcf.gz", True
    ),
    "reasonbench": Job(
        ("reasonbench", "build", "table.tsv", "--cell-type=A", "--val=chr1", "--test=chr2", "--all", "-o", "out"), "out"
    ),
    "design": Job(
        ("design", "--target", "K562", "--n", "4", "--calls", "400", "--seed", "1", "-o", "out"), "out", True
    ),
}  # fmt: skip


@dataclass
class Tally:
    """What became of a job's runs."""

    runs: int = 0
    signals: dict[str, int] = field(default_factory=lambda: {one.name: 0 for one in SIGNALS})
    different: int = 0
    half: int = 0
    crashes: list[str] = field(default_factory=list)
    left: set[str] = field(default_factory=set)

    @property
    def faults(self) -> int:
        return self.different + self.half + len(self.crashes) + len(self.left)


def make_inputs(folder: Path, many: int, few: int) -> None:
    """Random sequences, variants of a random genome, a random table."""
    draw = np.random.default_rng(0)

    def dna(length: int) -> str:
        return "".join(draw.choice(list("ACGT"), length))

    for name, count in (("many.fa", many), ("few.fa", few)):
        (folder / name).write_text("".join(f">s{at}\n{dna(200)}\n" for at in range(count)))
    genome = dna(20_000)
    (folder / "g.fa").write_text(f">chr1\n{genome}\n")
    places = sorted(draw.choice(np.arange(200, 19_800), many, replace=False).tolist())
    lines = [f"chr1\t{at + 1}\tv{at}\t{genome[at]}\t{'C' if genome[at] != 'C' else 'T'}\t.\t.\t.\n" for at in places]
    head = "##fileformat=VCFv4.2\n##contig=<ID=chr1,length=20000>\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
    (folder / "in.vcf").write_text(head + "".join(lines))
    rows = [f"e{at}\tchr{at % 4 + 1}\t{dna(200)}\t{draw.normal():.3f}\n" for at in range(2 * few)]
    (folder / "table.tsv").write_text("name\tchrom\tsequence\tA\n" + "".join(rows))


def content(path: Path) -> dict[str, bytes]:
    """Bytes by name of a file, or of the files below a folder; what lies under a hidden name is not yet a result."""
    if path.is_file():
        return {"": path.read_bytes()}
    found = {one.relative_to(path): one for one in sorted(path.rglob("*")) if one.is_file()}
    return {str(at): one.read_bytes() for at, one in found.items() if not any(part[0] == "." for part in at.parts)}


def start(job: Job, folder: Path, resume: bool) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "cistrace", *job.arguments, *(["--resume"] if resume and job.resumes else [])]
    return subprocess.Popen(
        command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, preexec_fn=_hear_interrupts
    )


def _hear_interrupts() -> None:
    """A shell starts background jobs deaf to them."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def undisturbed(job: Job, make: Callable[[Path], None]) -> tuple[dict[str, bytes], set[str], float]:
    """Output, names of all files at the end, seconds."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make(folder)
        began = time.monotonic()
        process = start(job, folder, resume=False)
        _, said = process.communicate()
        if process.returncode:
            raise SystemExit(f"{' '.join(job.arguments)}: exit code {process.returncode}\n{said}")
        return content(folder / job.output), set(os.listdir(folder)), time.monotonic() - began


def disturb(job: Job, make: Callable[[Path], None], runs: int, kills: int, seed: int) -> Tally:
    """Run a job again and again under signals, and compare."""
    whole, names, seconds = undisturbed(job, make)
    drawn, tally, turn = random.Random(seed), Tally(), 0
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            make(folder)
            resume = False
            for number in range(kills + 1):
                process = start(job, folder, resume)
                resume = True
                if number < kills:
                    _signal(process, drawn.uniform(0.05, 1.0) * seconds, SIGNALS[turn % len(SIGNALS)], tally)
                    turn += 1
                said = process.communicate()[1]
                if ("Traceback" in said and "KeyboardInterrupt" not in said) or process.returncode not in CODES:
                    tally.crashes.append(f"{process.returncode}: {said[-300:]}")
                target = folder / job.output
                if process.returncode == 0:
                    break
                tally.half += any(whole.get(one) != data for one, data in content(target).items())
            tally.runs += 1
            tally.different += not target.exists() or content(target) != whole
            tally.left |= set(os.listdir(folder)) - names
    return tally


def _signal(process: subprocess.Popen[str], after: float, number: signal.Signals, tally: Tally) -> None:
    try:
        process.wait(after)
    except subprocess.TimeoutExpired:
        process.send_signal(number)
        tally.signals[number.name] += 1


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--jobs", nargs="+", choices=JOBS, default=list(JOBS))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--many", type=int, default=1500, help="sequences and variants of the fast commands")
    parser.add_argument("--few", type=int, default=400, help="sequences of the others")
    asked = parser.parse_args(arguments)

    def make(folder: Path) -> None:
        make_inputs(folder, asked.many, asked.few)

    heads = ("runs", *(one.name for one in SIGNALS), "differ", "half", "crash", "left")
    print(f"{'job':16}", *heads)
    for name in asked.jobs:
        found = disturb(JOBS[name], make, asked.runs, asked.kills, asked.seed)
        counts = " ".join(f"{found.signals[one.name]:{len(one.name)}}" for one in SIGNALS)
        print(f"{name:16} {found.runs:4} {counts} {found.different:6} {found.half:4} {len(found.crashes):5}  "
              f"{', '.join(sorted(found.left)) or 'none'}", flush=True)  # fmt: skip
        for crash in found.crashes:
            print(f"    {crash}", flush=True)


if __name__ == "__main__":
    main()
