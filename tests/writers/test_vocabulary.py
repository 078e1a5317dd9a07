from __future__ import annotations

from pathlib import Path

import pytest
from writing_helpers import slots_of

from cistrace.errors import ModelError
from cistrace.motifs.library import load_library
from cistrace.traces.templates import STEPS
from cistrace.writers.prompts import CELL_LINE, TERM_LINES
from cistrace.writers.tokenizer import SPECIAL
from cistrace.writers.vocabulary import VocabularyNames, is_sum, pieces


def test_pieces_are_unique_and_no_special(names: VocabularyNames) -> None:
    found = pieces(names)
    assert len(found) == len(set(found))
    assert not set(found) & set(SPECIAL)


def test_names_of_a_library_are_its_matrices_and_archetypes() -> None:
    names = VocabularyNames.of(load_library(), ("K562",), 200)
    assert list(names.sites) == sorted(set(names.sites)) and len(names.sites) > 500
    assert {("ELK1", "ETS"), ("FOXA1", "FOX"), ("GATA1", "GATA")} <= set(names.sites)
    assert list(names.archetypes) == sorted({archetype for _, archetype in names.sites})


def test_a_template_is_spelled_as_what_it_renders() -> None:
    """Every slot once: the pieces that hold the fields' values give the line back."""
    values = {
        "number": "m7", "tf": "ELK1", "archetype": "ETS", "groups": "ETS + RUNX", "start": "11", "end": "20",
        "second": "m9",
        "strand": "-", "bits": "-3", "amount": "costs -0.41", "rest": "adds +9.99", "composition": "-0.05",
        "bases": "+0.00", "running": "-9.99", "total": "+1.20", "known": "not measured", "count": "3",
        "distance": "0", "gc": "1.000", "gc_class": "high", "cpg": "9.99", "cpg_class": "island-like",
        "share": "0.07", "share_class": "negligible", "level": "2", "cell_type": "K562",
    }  # fmt: skip
    for template in (*STEPS.values(), *TERM_LINES.values(), CELL_LINE):
        text = template.render(values) + "\n"
        rest = text
        for slot in slots_of(template):
            # Of pieces that fit, the one that reaches furthest: `+0.0` and not `+`.
            piece = max((piece for piece in slot.pieces if rest.startswith(piece)), key=len)
            rest = rest.removeprefix(piece)
        assert rest == ""


def test_sums_are_told_from_amounts_by_their_words() -> None:
    """Running totals and what is left untold, which are completed; not the total that the whole comes to."""
    sums = {
        slot.pieces[0]: slot.field
        for template in STEPS.values()
        for slot in slots_of(template)
        if slot.part == "stem" and is_sum(slot.pieces[0])
    }
    assert set(sums.values()) == {"running", "rest"}
    for template in STEPS.values():
        for slot in slots_of(template):
            completed = slot.field in ("running", "rest") and slot.part == "stem"
            assert {is_sum(piece) for piece in slot.pieces} == {completed}


def test_names_are_read_as_written(names: VocabularyNames, tmp_path: Path) -> None:
    names.write(tmp_path / "names.json")
    assert VocabularyNames.read(tmp_path / "names.json") == names
    for wrong in ("{}", "[", '{"sites": [["ELK1"]], "cell_types": [], "window": 200}'):
        (tmp_path / "names.json").write_text(wrong)
        with pytest.raises(ModelError, match=r"names\.json: not a readable list of names"):
            VocabularyNames.read(tmp_path / "names.json")
