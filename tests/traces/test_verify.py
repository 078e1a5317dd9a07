"""What makes a claim true: properties of the one judge."""

from __future__ import annotations

import random

import pytest
from card_helpers import CUTS, an_evidence_card, cards
from hypothesis import given, settings
from hypothesis import strategies as st

from cistrace.cards.card import Card
from cistrace.traces.claims import supported_claims
from cistrace.traces.grounded import write
from cistrace.traces.text import parse_step, render_step, render_trace
from cistrace.traces.trace import PROSE, Claim, Trace
from cistrace.traces.verify import verify

TRUE_PROSE = (
    "The ELK1 site at 11-20 on the plus strand raises activity.",
    "m2 (FOXA1) lies at 41-52 and lowers it by -0.20.",
    "GC content of 50.0% is moderate.",
    "An Ets-related site lies at position 12.",
    "The estimate is +0.53.",
)


def prose(text: str) -> Claim:
    return Claim(PROSE, (("text", text),))


def text_of(*steps: str) -> str:
    return "".join(f"{n}. {step}\n" for n, step in enumerate(steps, 1)) + "</think>Level: 1"


@pytest.mark.parametrize("step", ["GC content 0.500 is medium", *TRUE_PROSE])
def test_five_copies_of_a_true_step_support_one_claim(step: str) -> None:
    found = verify(text_of(*[step] * 5), an_evidence_card())
    assert (found.claims, found.supported, found.verified) == (5, 1, False)
    assert [(fault.step, fault.field, fault.reason) for fault in found.failed] == [
        (n, "repeat", "repeats step 1") for n in range(2, 6)
    ]


@pytest.mark.parametrize(
    "again",
    [
        "GC content 0.500 is medium.",
        "  gc content  0.500 is medium",
        "GC content, 0.500, is medium!",
    ],
)
def test_a_copy_in_other_clothes_is_a_copy(again: str) -> None:
    found = verify(Trace((parse_step("GC content 0.500 is medium"), prose(again)), 1), an_evidence_card())
    assert (found.supported, found.failed[-1].field) == (1, "repeat")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("m1 lies at 11-20 (+)", "m1 lies at 11-20 (-)"),
        ("ELK1 raises it by +0.41", "ELK1 raises it by -0.41"),
        ("GC content is 0.5", "GC content is 0.50"),
    ],
)
def test_a_sign_or_a_digit_makes_another_step(one: str, other: str) -> None:
    found = verify(Trace((prose(one), prose(other)), 1), an_evidence_card())
    assert not any(fault.field == "repeat" for fault in found.findings)


@settings(deadline=None)
@given(cards(), st.randoms(use_true_random=False), st.data())
def test_the_order_of_steps_changes_nothing(card: Card, shuffler: random.Random, data: st.DataObject) -> None:
    """Also with copies and untrue steps among them."""
    untrue = [Claim("gc", (("gc", "9.999"), ("gc_class", "low"))), prose("GATA9 binds")]
    steps = data.draw(st.lists(st.sampled_from([*supported_claims(card), *untrue, prose("GC is fine")]), min_size=1))
    turned = list(steps)
    shuffler.shuffle(turned)
    one, other = (verify(Trace(tuple(order), None), card) for order in (steps, turned))
    assert (one.claims, one.supported, one.verified) == (other.claims, other.supported, other.verified)
    assert one.supported == len({step for step in steps if step not in untrue})


@settings(deadline=None)
@given(cards())
def test_a_rendered_trace_is_judged_as_its_claims(card: Card) -> None:
    """Also where every step is read as prose."""
    trace = write(card, CUTS)
    as_text, as_claims = verify(render_trace(trace), card), verify(trace, card)
    assert as_text == as_claims and as_text.verified
    as_prose = verify(Trace(tuple(prose(render_step(step)) for step in trace.steps), trace.level), card)
    assert as_prose.verified and set(as_prose.kinds) == {PROSE}
    assert (as_prose.claims, as_prose.supported) == (as_claims.claims, as_claims.supported)


@settings(deadline=None)
@given(cards(), st.data())
def test_a_copied_step_with_a_changed_figure_is_false(card: Card, data: st.DataObject) -> None:
    claim = data.draw(st.sampled_from(supported_claims(card)))
    figures = [at for at, (name, value) in enumerate(claim.values) if value[-1].isdigit() and name != "motif"]
    if not figures:
        return
    at = data.draw(st.sampled_from(figures))
    name, value = claim.values[at]
    digit = data.draw(st.sampled_from([digit for digit in "0123456789" if digit != value[-1]]))
    changed = Claim(claim.kind, (*claim.values[:at], (name, value[:-1] + digit), *claim.values[at + 1 :]))
    if changed in supported_claims(card):
        return
    found = verify(Trace((claim, changed), None), card)
    assert found.supported == 1 and not found.verified
    assert {fault.step for fault in found.failed} == {2}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("tf", "SP1"), ("family", "FOX"), ("start", "12"), ("end", "21"), ("strand", "-"), ("bits", "15"),
        ("direction", "lowers"), ("contribution", "+0.42"), ("known", "lowering"), ("motif", "m2"),
    ],
)  # fmt: skip
def test_every_altered_field_of_a_motif_step_is_caught(field: str, value: str) -> None:
    card = an_evidence_card()
    claim = next(claim for claim in supported_claims(card) if claim.kind == "motif")
    assert verify(Trace((claim,), 0), card).verified
    altered = Claim("motif", tuple((name, value if name == field else old) for name, old in claim.values))
    found = verify(Trace((altered,), 0), card)
    assert not found.verified
    assert field == "motif" or [fault.field for fault in found.failed] == [field]


@pytest.mark.parametrize("kind", ["gc", "cpg", "complexity", "estimate"])
def test_altered_figures_of_other_kinds_are_caught(kind: str) -> None:
    card = an_evidence_card()
    claim = next(claim for claim in supported_claims(card) if claim.kind == kind)
    name, value = claim.values[0]
    digit = "1" if value[-1] != "1" else "2"
    altered = Claim(claim.kind, ((name, value[:-1] + digit), *claim.values[1:]))
    assert [fault.field for fault in verify(Trace((altered,), 0), card).failed] == [name]


def test_what_is_not_on_the_card_is_unsupported() -> None:
    card = an_evidence_card()
    pair = Claim("pair", (("families", "A + B"), ("motifs", "m1 m2"), ("distance", "3")))
    for claim in (Claim("absence", ()), pair, prose("It is a strong enhancer.")):
        found = verify(Trace((claim,), 0), card)
        assert (found.claims, found.supported, found.failed[0].field) == (1, 0, "step")


def test_prose_is_verified_and_its_faults_are_named() -> None:
    card = an_evidence_card()
    good = verify(text_of(*TRUE_PROSE), card)
    assert (good.verified, good.claims, good.supported, good.kinds) == (True, 5, 5, (PROSE,) * 5)
    bad = verify(text_of(*TRUE_PROSE[:4], "SP1 opens the chromatin."), card)
    assert (bad.verified, bad.supported) == (False, 4)
    assert [(fault.step, fault.field, fault.claimed) for fault in bad.failed] == [(5, "tf", "SP1")]


def test_typed_steps_and_prose_stand_together() -> None:
    card = an_evidence_card()
    steps = [render_step(step) for step in write(card, CUTS).steps]
    assert verify(text_of(TRUE_PROSE[0], *steps[1:]), card).verified


def test_a_text_without_the_form_is_not_verified_though_its_claims_are_true() -> None:
    found = verify(text_of(*TRUE_PROSE[:4]), an_evidence_card())
    assert (found.verified, found.claims, found.supported) == (False, 4, 4)
    assert [(fault.step, fault.reason) for fault in found.failed] == [(0, "4 steps, expected 5-7")]
    assert not verify("", an_evidence_card()).verified
    assert not verify(Trace((), 1), an_evidence_card()).verified
