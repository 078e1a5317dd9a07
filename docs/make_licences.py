"""Write docs/licences.md: the licence of every package that cistrace and its extras install, as packages state it.

    python docs/make_licences.py          # in an environment with the extras of pyproject.toml
    python docs/make_licences.py --check  # the same without writing: the CI's guard

Fails, with a line each, where a package that users install is not installed here, states no licence that is known
below, or one that is neither permissive nor let in by name in ADMITTED. What a wheel carries inside it is read from the
SBOM that it brings (PEP 770) and held to the same rule.
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PAGE = Path(__file__).with_name("licences.md")
CORE = "core"
# Extras of those who work on cistrace, whose packages nobody else gets; and `all`, which repeats the others.
WORKSHOP = re.compile(r"(.*-)?(test|docs)|all")
# PyTorch's builds for CUDA bring these under NVIDIA's own terms; the CPU build does not.
OF_CUDA = re.compile(r"triton|nvidia-.*|cuda-.*")

# SPDX identifiers that ask for no more than notice.
PERMISSIVE = {
    *("0BSD", "Apache-2.0", "Apache-2.0-WITH-LLVM-exception", "BSD", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0"),
    *("CC0-1.0", "CNRI-Python", "FTL", "HPND", "IJG", "ISC", "LicenseRef-Biopython-License-Agreement", "MIT", "MIT-0"),
    *("MIT-CMU", "PSF-2.0", "Unicode-3.0", "Unicode-DFS-2016", "Unlicense", "WTFPL", "X11", "Zlib", "libtiff"),
}
MPL = "MPL-2.0, which binds who alters its files"
# What else is let in, and why. A key is a package, or a package and what its wheel carries.
ADMITTED = {
    "certifi": f"{MPL}; a list of certificates, which ray asks for by way of requests",
    "tqdm": f"{MPL}; huggingface_hub asks for it",
    "hf-xet/colored": MPL,
    "hf-xet/option-ext": MPL,
    "lightmotif/lightmotif-tfmpvalue": (
        "GPL-3.0-or-later: p-values of motifs, in the compiled module beside MIT code. cistrace computes its own and "
        "never calls it. Who passes lightmotif's wheel on, in an image for instance, passes this on and has to keep to "
        "its terms"
    ),
    "pybigtools/attohttpc": MPL,
    "pybigtools/index_list": MPL,
    "pybigtools/ring": "ISC, and OpenSSL for older parts: reads tracks from the web, which cistrace never asks for",
    "pybigtools/webpki": "ISC, which its SBOM gives as text alone",
    "pillow/fribidi": "LGPL-2.1-or-later: the system's, loaded where text runs from right to left; not in the wheel",
    "pillow/libimagequant": "GPL-3.0-or-later: an option of builds from source; not in the wheel",
}
# How packages write a licence that SPDX writes otherwise: whole text or first words, in small letters.
SPELLINGS = {
    "3-clause bsd license": "BSD-3-Clause",
    "apache": "Apache-2.0",
    "apache 2.0": "Apache-2.0",
    "apache 2.0 license": "Apache-2.0",
    "apache software license": "Apache-2.0",
    "bsd": "BSD",
    "bsd 2-clause license": "BSD-2-Clause",
    "bsd 3-clause license": "BSD-3-Clause",
    "bsd license": "BSD",
    "isc license": "ISC",
    "isc license (iscl)": "ISC",
    "mit license": "MIT",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    "python software foundation license": "PSF-2.0",
}
IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+-]*")
HEAD = """# Licences

Made by `python docs/make_licences.py` from what the installed packages state; do not edit. cistrace is under the Apache
License 2.0, JASPAR's matrices, which pyjaspar carries, under CC BY 4.0. The command fails where a package that users
install is under terms that ask for more than notice, unless it is named below with the reason; it reads the packages on
Linux with PyTorch's CPU build. Builds for CUDA bring NVIDIA's libraries as well, under NVIDIA's terms. What tests and
this site need is not listed: nobody gets it by installing cistrace or an extra for users.

"""


@dataclass(frozen=True)
class Package:
    """One installed package: its name, its licence as an SPDX expression, and the extras that bring it."""

    name: str
    licence: str
    extras: tuple[str, ...]


def main(arguments: list[str]) -> int:
    packages, faults = read()
    for fault in faults:
        print(fault, file=sys.stderr)
    if not faults and arguments != ["--check"]:
        PAGE.write_text(page(packages), encoding="utf-8")
    print(f"{len(packages)} packages, {len(faults)} faults")
    return 1 if faults else 0


def read() -> tuple[list[Package], list[str]]:
    """All packages by name, and what is wrong with them."""
    homes: dict[str, list[str]] = {}
    faults = []
    for extra, asked in asked_for().items():
        for name in closure(asked):
            homes.setdefault(name, []).append(extra)
    packages = []
    for name, extras in sorted(homes.items()):
        try:
            found = distribution(name)
        except PackageNotFoundError:
            faults.append(f"{name}: not installed, expected it; install cistrace with the extra {extras[0]}")
            continue
        package = Package(name, stated(found), (CORE,) if CORE in extras else tuple(extras))
        packages.append(package)
        faults += wrong(package, found)
    return packages, faults


def wrong(package: Package, found: Distribution) -> Iterator[str]:
    """What of a package is neither permissive nor admitted."""
    if package.name not in ADMITTED and not permissive(package.licence):
        yield f"{package.name}: found the licence {package.licence!r}, expected a permissive one"
    for part, licence in carried(found):
        if f"{package.name}/{part}" not in ADMITTED and not permissive(licence):
            yield f"{package.name}: carries {part} under {licence!r}, expected a permissive one"


def asked_for() -> dict[str, list[Requirement]]:
    """What pyproject.toml asks for, by extra for users; the core's own under CORE."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lists = {CORE: project["dependencies"], **project["optional-dependencies"]}
    return {extra: list(_listed(lists, extra)) for extra in lists if not WORKSHOP.fullmatch(extra)}


def _listed(lists: dict[str, list[str]], extra: str) -> Iterator[Requirement]:
    for requirement in map(Requirement, lists[extra]):
        if requirement.name == "cistrace":
            for other in requirement.extras:
                yield from _listed(lists, other)
        else:
            yield requirement


def closure(asked: Iterable[Requirement]) -> set[str]:
    """Names of all that requirements bring, on this Python and platform; what is not installed brings nothing."""
    found: set[tuple[str, str]] = set()
    waiting = list(asked)
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        for extra in ("", *requirement.extras):
            if (name, extra) in found or OF_CUDA.fullmatch(name):
                continue
            found.add((name, extra))
            try:
                further = [Requirement(line) for line in distribution(name).requires or ()]
            except PackageNotFoundError:
                continue
            waiting += [one for one in further if one.marker is None or one.marker.evaluate({"extra": extra})]
    return {name for name, _ in found}


def stated(found: Distribution) -> str:
    """A package's licence: its SPDX expression, else its licence field where that is known, else its classifiers."""
    metadata = found.metadata
    if metadata["License-Expression"]:
        return spelt(metadata["License-Expression"])
    field = (metadata["License"] or "").strip()
    short = " ".join(field.split("\n")[0].split())
    if spelt(short) != short or all(
        word in PERMISSIVE | {"MPL-2.0", "AND", "OR"} for word in short.split() or ["none"]
    ):
        return spelt(short)
    ends = [one.split(" :: ")[-1] for one in metadata.get_all("Classifier", []) if one.startswith("License ::")]
    known = [spelt(end) for end in ends if spelt(end) != end]
    return " AND ".join(known) or short or "none stated"


def spelt(licence: str) -> str:
    """A licence as SPDX writes it, where SPELLINGS knows it; else as it is."""
    return SPELLINGS.get(licence.lower(), licence)


def carried(found: Distribution) -> Iterator[tuple[str, str]]:
    """What the SBOMs in a wheel say that it carries: names in small letters, and licences that are stated."""
    for file in found.files or ():
        if ".dist-info/sboms/" in file.as_posix() and file.suffix == ".json":
            bill = json.loads(Path(str(file.locate())).read_text(encoding="utf-8"))
            for part in bill.get("components", []):
                licences = [_licence_of(entry) for entry in part.get("licenses", [])]
                if any(licences):
                    yield part["name"].lower(), " AND ".join(f"({one})" for one in licences if one)


def _licence_of(entry: dict[str, object]) -> str:
    licence = entry.get("license")
    inner = licence if isinstance(licence, dict) else {}
    return str(entry.get("expression") or inner.get("id") or inner.get("name") or "")


def permissive(expression: str) -> bool:
    """Whether an SPDX expression leaves a choice that asks for no more than notice. AND binds before OR.

    >>> permissive("MIT OR GPL-3.0-only"), permissive("MIT AND (GPL-3.0-only OR MPL-2.0)"), permissive("none stated")
    (True, False, False)
    """
    joined = re.sub(r"\s+WITH\s+", "-WITH-", expression)
    tokens = re.findall(r"[()]|[^\s()]+", joined)
    try:
        value, rest = _either(tokens)
    except ValueError:
        return False
    return value and not rest


def _either(tokens: list[str]) -> tuple[bool, list[str]]:
    value, rest = _both(tokens)
    while rest[:1] == ["OR"]:
        other, rest = _both(rest[1:])
        value = value or other
    return value, rest


def _both(tokens: list[str]) -> tuple[bool, list[str]]:
    value, rest = _one(tokens)
    while rest[:1] == ["AND"]:
        other, rest = _one(rest[1:])
        value = value and other
    return value, rest


def _one(tokens: list[str]) -> tuple[bool, list[str]]:
    match tokens:
        case ["(", *inner]:
            value, rest = _either(inner)
            if rest[:1] != [")"]:
                raise ValueError("a bracket is open")
            return value, rest[1:]
        case [identifier, *rest] if IDENTIFIER.fullmatch(identifier):
            return identifier in PERMISSIVE, rest
    raise ValueError("no licence stands here")


def page(packages: list[Package]) -> str:
    """The whole page."""
    parts = [HEAD, "| package | licence | comes with |\n|---|---|---|\n"]
    parts += [f"| {one.name} | {one.licence} | {', '.join(one.extras)} |\n" for one in packages]
    parts += ["\n## Let in by name\n\n", "| what | why |\n|---|---|\n"]
    parts += [f"| {' in '.join(reversed(key.split('/')))} | {why} |\n" for key, why in ADMITTED.items()]
    return "".join(parts)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
