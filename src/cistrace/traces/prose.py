"""Check free text against a card: every motif, family, position, score, strand and GC content it names.

For steps that follow none of the templates, as chat models write them. Only what can be checked is judged: a TF or
gene symbol, `m7`, a family or archetype, a stretch `45-55`, `score 12.3`, `14 bits`, `+ strand`, `GC 0.455`, a signed
figure. What a step says beyond that (verbs, causes) is not. What an evidence card lists are its sites, a paper card its
hits.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from cistrace.cards.card import Card
from cistrace.cards.cell_types import ALIASES
from cistrace.motifs.archetypes import matrix_names, name_of
from cistrace.motifs.hit import Strand
from cistrace.motifs.library import load_library
from cistrace.traces.trace import STEP, Finding

_NUMBERED = re.compile(r"\bm(\d+)\b")
# A capital, then letters and digits with at least one digit: how human genes of TFs are mostly written.
_SYMBOL = re.compile(r"\b[A-Z][A-Za-z]*\d[A-Za-z0-9]*\b")
_WORD = re.compile(r"[A-Za-z0-9]+(?:[:.\-][A-Za-z0-9:.\-]*[A-Za-z0-9])?")
STRETCH = re.compile(r"(?<![\d.+\-–])(\d{1,9})\s?[-–]\s?(\d{1,9})(?!\.?\d|\s?(?:bp|%))")
PLACE = re.compile(r"\b(?:position|pos\.?|base)\s+(\d{1,9})\b(?!\s?[-–]\s?\d)", re.IGNORECASE)
_GC = re.compile(r"\bGC\b[^.;,\n\d]{0,40}?(\d{1,3}(?:\.\d+)?)\s?(%?)", re.IGNORECASE)
_SCORE = re.compile(r"\bscores?\b[^\d;,\n]{0,20}?(-?\d{1,2}\.\d+)|(-?\d{1,2}(?:\.\d+)?)\s+bits\b", re.IGNORECASE)
_SIGNED = re.compile(r"(?<![\w.])([+\-−]\d{1,2}\.\d+)\b")
_FAMILY = re.compile(r"\b([A-Za-z][A-Za-z0-9/\-]*)[ -]family\b", re.IGNORECASE)
_PLUS = re.compile(r"\(\+\)|\+ strand|\b(?:plus|forward|positive)[- ]strand", re.IGNORECASE)
_MINUS = re.compile(r"\([-−]\)|(?<!\d)[-−] strand|\b(?:minus|reverse|negative)[- ]strand", re.IGNORECASE)
_COMPOSITION = re.compile(
    r"\bGC\b|\bCpG|\blow[- ]complexity\b|\bno (?:known )?motifs?\b|\bcluster|\bhomotypic\b|\bpair|\bestimate", re.I
)
# What precedes `family` without naming one.
_NO_FAMILY = frozenset(
    ("no", "a", "an", "the", "this", "that", "same", "one", "each", "its", "motif", "factor", "tf", "gene", "of")
)
_NO_SYMBOL = frozenset(name.lower() for name in (*ALIASES, *ALIASES.values(), "m1", "hg19", "hg38", "GC", "log2"))

_Fault = tuple[str, str, str]  # field, what the text says, what the card has


@dataclass(frozen=True)
class _LibraryNames:
    """Of the motif library: TF names, and names of families and archetypes."""

    tfs: frozenset[str]
    families: tuple[str, ...]


@dataclass(frozen=True)
class _Listed:
    """A site or hit as prose may cite it; 0-based, half-open. `signed` is all that is stated of it with a sign."""

    name: str
    others: tuple[str, ...]
    families: frozenset[str]
    start: int
    end: int
    strand: Strand
    score: float
    signed: tuple[float, ...]

    @property
    def names(self) -> set[str]:
        """Of all factors that fit, and of the parts of heterodimers."""
        return {part for name in (self.name, *self.others) for part in (name, *re.split("::|-", name))}


def _listed(card: Card) -> tuple[_Listed, ...]:
    if card.ledger is None:
        return tuple(
            _Listed(hit.name, (), hit.families, hit.start, hit.end, hit.strand, hit.score, ()) for hit in card.hits
        )
    return tuple(
        _Listed(
            site.tf, site.others, frozenset({site.archetype}), site.start, site.end, site.strand, site.score,
            (*(() if site.amount is None else (site.amount,)), *(() if site.effect is None else (site.effect.effect,))),
        )
        for site in card.sites
    )  # fmt: skip


@lru_cache(maxsize=1)
def _library_names() -> _LibraryNames:
    motifs = load_library().motifs
    families = {family for motif in motifs for family in motif.families}
    families |= {name.archetype for name in matrix_names().values()}
    # Single letters (the TF named T) are words too often.
    return _LibraryNames(
        frozenset(
            name
            for motif in motifs
            for name in (motif.name, name_of(motif.matrix_id, motif.name).symbol)
            if len(name) > 1
        ),
        tuple(sorted(families, key=lambda family: (-len(family), family))),
    )


def prose_findings(step: int, text: str, card: Card) -> list[Finding]:
    """What a step in free words names that the card does not hold; also that it names nothing of the card at all.

    Parameters
    ----------
    step : int
        Its number, from 1.
    """
    families, absent_families, rest = _families(text, card)
    cited, absent = _cited(rest, card)
    about = cited or list(_listed(card))
    faults = [*absent_families, *absent, *_place_faults(text, about), *_figure_faults(text, card, about)]
    if cited:
        faults += _strand_faults(text, cited)
    places = (pattern.search(text) for pattern in (STRETCH, PLACE, _SIGNED, _COMPOSITION))
    if not (cited or families or faults or any(places)):
        faults.append((STEP, text, "names nothing on the card"))
    return [Finding(step, field, claimed, found, False) for field, claimed, found in faults]


def _cited(text: str, card: Card) -> tuple[list[_Listed], list[_Fault]]:
    """What the text names of the card's list, and names that are not there."""
    listed = _listed(card)
    cited: dict[int, _Listed] = {}
    faults: list[_Fault] = []
    for number in sorted({int(found) for found in _NUMBERED.findall(text)}):
        if 1 <= number <= len(listed):
            cited[number - 1] = listed[number - 1]
        else:
            faults.append(("motif", f"m{number}", f"{len(listed)} motifs"))
    by_name: dict[str, list[int]] = {}
    for place, one in enumerate(listed):
        for name in one.names:
            by_name.setdefault(name.upper(), []).append(place)
    numbered = bool(cited)
    for name in _named_tfs(text, card):
        if name.upper() not in by_name:
            faults.append(("tf", name, "none of that name"))
        elif not numbered:  # m7 says which of several of a name is meant
            cited.update((place, listed[place]) for place in by_name[name.upper()])
    return list(cited.values()), faults


def _named_tfs(text: str, card: Card) -> list[str]:
    """TF names in the text: of the library as it spells them, of the card, and whatever looks like a gene's symbol."""
    known = _library_names().tfs | {name for one in _listed(card) for name in one.names if len(name) > 1}
    skipped = _NO_SYMBOL | {card.cell_type.lower()}
    words = [word.strip(".:-") for word in _WORD.findall(text)]
    named = [word for word in words if word in known]
    rest = _WORD.sub(lambda match: " " if match[0].strip(".:-") in known else match[0], text)
    named += [word for word in _SYMBOL.findall(rest) if not _NUMBERED.fullmatch(word)]
    return [name for name in dict.fromkeys(named) if name.lower() not in skipped]


def _families(text: str, card: Card) -> tuple[list[str], list[_Fault], str]:
    """Families named and held by the card; faults for those that it does not hold; the text without their names.

    Names of families hold names of TFs (`TBX6-related factors`), which nobody has spoken of.
    """
    listed = _listed(card)
    held = {family for one in listed for family in one.families}
    own_names = {name for one in listed for name in one.names}
    rest, named = text, []
    faults: list[_Fault] = []
    for family in _library_names().families:
        pattern = re.compile(rf"(?<![\w-]){re.escape(family)}(?![\w-])")
        if pattern.search(rest):
            rest = pattern.sub(" ", rest)  # a longer name holds shorter ones
            if family in held:
                named.append(family)
            else:
                faults.append(("family", family, "none of that name"))
    on_card = " ".join([*held, *own_names]).lower()
    for word in _FAMILY.findall(rest):
        if word.lower() in _NO_FAMILY or word.upper() in {name.upper() for name in own_names}:
            continue
        if word.lower() in on_card:
            named.append(word)
        else:
            faults.append(("family", word, "none of that name"))
    return named, faults, rest


def _place_faults(text: str, about: list[_Listed]) -> list[_Fault]:
    stretches = {(one.start + 1, one.end) for one in about}
    faults: list[_Fault] = []
    for first, last in STRETCH.findall(text):
        if (int(first), int(last)) not in stretches:
            faults.append(("place", f"{first}-{last}", "no motif named there"))
    for place in PLACE.findall(text):
        if not any(first <= int(place) <= last for first, last in stretches):
            faults.append(("place", place, "no motif named there"))
    return faults


def _figure_faults(text: str, card: Card, about: list[_Listed]) -> list[_Fault]:
    faults: list[_Fault] = []
    for figure, percent in _GC.findall(text):
        stated = figure if not percent else _per_hundred(figure)
        if not _same(stated, [card.composition.gc]):
            faults.append(("gc", figure + percent, f"{card.composition.gc:.3f}"))
    scores = [one.score for one in about]
    for pair in _SCORE.findall(text):
        figure = pair[0] or pair[1]
        if not _same(figure, scores):
            faults.append(("score", figure, "no motif named with it"))
    signed = _signed_values(card, about)
    for figure in _SIGNED.findall(text):
        if not _same(figure.replace("−", "-"), signed):
            faults.append(("figure", figure, "no such figure"))
    return faults


def _signed_values(card: Card, about: list[_Listed]) -> list[float]:
    """All that a card states with a sign: amounts and known effects of what is in question, and the ledger."""
    values = [value for one in about for value in one.signed]
    if card.ledger is not None:
        ledger = card.ledger
        values += [ledger.composition, ledger.bases, ledger.composition + ledger.bases, card.rest, ledger.total]
        values += [] if ledger.interplay is None else [ledger.interplay.amount]
    return values


def _per_hundred(figure: str) -> str:
    """`45.5` of a hundred as `0.455`: two more decimals, so that the precision stays as stated."""
    decimals = len(figure.partition(".")[2]) + 2
    return f"{float(figure) / 100:.{decimals}f}"


def _same(figure: str, values: Iterable[float]) -> bool:
    """Whether a figure is one of the values at the precision it is stated with."""
    unit = 10.0 ** -len(figure.partition(".")[2])
    return any(abs(float(figure) - value) <= unit / 2 + 1e-9 for value in values)


def _strand_faults(text: str, cited: list[_Listed]) -> list[_Fault]:
    strands = {one.strand for one in cited}
    named = {strand for strand, pattern in (("+", _PLUS), ("-", _MINUS)) if pattern.search(text)}
    return [("strand", strand, "the other for the motif named") for strand in sorted(named - strands)]
