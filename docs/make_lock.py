"""Write requirements/*.txt anew: every package that the tests, and the image, install, by version and hash.

    pip install uv
    python docs/make_lock.py            # what pyproject.toml asks for now; pins that still fit stay
    python docs/make_lock.py --upgrade  # the newest of everything

Each file holds for Python 3.11 to 3.13. PyTorch is pinned in their heads alone, without a hash: its builds for CPU and
for each CUDA have one version, other files, and other packages beside them, and which of them is wanted the machine
decides. What only the CUDA builds bring is left out.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "requirements"
OLDEST = "3.11"
# File to the extras that it locks, always with the core.
LOCKS = {
    "test.txt": ("test", "chat-test", "design-test", "serve-test", "supply-test", "ray"),
    "image.txt": ("serve",),
}
# PyTorch, and what its builds for CUDA ask for.
BY_BUILD = re.compile(r"torch|triton|nvidia-.*|cuda-.*")
PIN = re.compile(r"(?P<name>[a-z0-9][a-z0-9._-]*)==(?P<version>[^\s;]+)")
HEAD = """# Every package of cistrace[{extras}], by version and hash, for Python 3.11 to 3.13.
# Made by `python docs/make_lock.py`; do not edit. In a new virtual environment:
#
#     pip install torch=={torch}   # the CPU or the CUDA build, as PyTorch's instructions say
#     pip install --no-deps --require-hashes -r requirements/{name}
#     pip install --no-deps .
#
# torch=={torch}: not below, as its builds for CPU and CUDA differ in files and in what they need.
"""


def lock(name: str, upgrade: bool = False) -> str:
    """The text of one of LOCKS. Asks the package index; takes seconds.

    Raises
    ------
    subprocess.CalledProcessError
        uv found no set of versions; it has said why on stderr.
    """
    with tempfile.TemporaryDirectory() as folder:
        resolved = Path(folder, "resolved.txt")
        if (FOLDER / name).exists():
            shutil.copy(FOLDER / name, resolved)  # uv keeps the pins that it finds there
        command = ["uv", "pip", "compile", "--quiet", "--universal", "--python-version", OLDEST, "--generate-hashes"]
        command += ["--no-header", "--output-file", str(resolved), *(f"--extra={extra}" for extra in LOCKS[name])]
        command += ["--upgrade"] if upgrade else []
        subprocess.run([*command, "pyproject.toml"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        return laid_out(name, resolved.read_text(encoding="utf-8"))


def laid_out(name: str, resolved: str) -> str:
    """What uv wrote, under a head of its own and without what depends on PyTorch's build.

    Raises
    ------
    ValueError
        PyTorch is not pinned in it.
    """
    kept, torch = [], None
    for entry in re.split(r"\n(?=[a-z0-9])", resolved.strip()):
        pin = PIN.match(entry)
        if pin is None or not BY_BUILD.fullmatch(pin["name"]):
            kept.append(entry)
        if pin is not None and pin["name"] == "torch":
            torch = pin["version"]
    if torch is None:
        raise ValueError("the lock: found no pin of torch, expected one")
    return HEAD.format(name=name, extras=",".join(LOCKS[name]), torch=torch) + "\n".join(kept) + "\n"


if __name__ == "__main__":
    for file in LOCKS:
        (FOLDER / file).write_text(lock(file, "--upgrade" in sys.argv[1:]), encoding="utf-8")
