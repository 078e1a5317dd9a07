"""Fuzzes one family of readers with atheris, which looks for inputs that reach code that no input reached before.

PYTHONPATH=src:tests python fuzz/run.py FAMILY [NEW_CORPUS] fuzz/corpus/FAMILY -max_total_time=600 -timeout=25

Families and what is held against each stand in tests/fuzz_targets.py; further arguments are libFuzzer's.
"""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["cistrace", "csv", "json", "yaml", "zipfile"]):
    from fuzz_targets import FAMILIES


def main() -> None:
    if len(sys.argv) < 2 or sys.argv[1] not in FAMILIES:
        raise SystemExit(f"usage: run.py FAMILY [CORPUS ...] [-OPTION=VALUE ...]; families: {', '.join(FAMILIES)}")
    target = FAMILIES[sys.argv.pop(1)]
    atheris.Setup(sys.argv, target)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
