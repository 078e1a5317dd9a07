"""Seconds for 50,000 rewards, all penalties counted, beside asking for one sequence at a time.

    python benchmarks/reward.py [--n 50000] [--single 200] [--threads 2] [--constraints FILE]

Random 200 bp sequences, all different, and the plain constructor: HepG2 against K562 and WTC11. Single calls are timed
on other sequences.
"""

from __future__ import annotations

import argparse

from rivals import random_sequences, seconds

from cistrace import Reward


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=50_000)
    parser.add_argument("--single", type=int, default=200)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--constraints")
    arguments = parser.parse_args()
    reward = Reward(
        "HepG2", ["K562", "WTC11"], constraints=arguments.constraints, threads=arguments.threads
    )  # fmt: skip
    drawn = random_sequences(arguments.n + arguments.single)
    many, single = drawn[: arguments.n], drawn[arguments.n :]
    reward(single[:8])
    together = seconds(lambda: reward(many)) / len(many)
    again = seconds(lambda: reward(many))
    apart = seconds(lambda: [reward([bases]) for bases in single[8:]]) / len(single[8:])
    print(f"{len(many):,} rewards: {together * len(many):.1f} s, {1 / together:.0f}/s; known already: {again:.2f} s")
    print(f"one at a time: {1 / apart:.0f}/s; together {apart / together:.1f} x as fast")


if __name__ == "__main__":
    main()
