"""Peak memory of predicting a stream of any length in one cell type, without traces or with them.

    python benchmarks/memory.py [--n 100000] [--length 200] [--trace]

Prints the process's peak resident set and the rate so far, ten times on the way.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Iterator

import numpy as np

from cistrace import Predictor
from cistrace.io.dna_sequence import DnaSequence


def random_records(count: int, length: int) -> Iterator[DnaSequence]:
    random = np.random.default_rng(0)
    letters = np.frombuffer(b"ACGT", dtype=np.uint8)
    for number in range(count):
        yield DnaSequence(f"s{number}", letters[random.integers(0, 4, length)].tobytes().decode(), "random")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=100_000)
    parser.add_argument("--length", type=int, default=200)
    parser.add_argument("--trace", action="store_true", help="write traces too: many times as slow")
    arguments = parser.parse_args()
    predictor = Predictor()
    began = time.monotonic()
    stream = predictor.stream(random_records(arguments.n, arguments.length), "K562", trace=arguments.trace)
    for done, _ in enumerate(stream, 1):
        if done % max(1, arguments.n // 10) == 0:
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            print(f"{done:,} sequences: peak {peak:.0f} MiB, {done / (time.monotonic() - began):.1f}/s", flush=True)


if __name__ == "__main__":
    main()
