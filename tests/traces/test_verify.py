"""What makes a claim true: properties of the one judge."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from card_helpers import a_told_card, an_evidence_card, cards
from hypothesis import given
from hypothesis import strategies as st

from cistrace.cards.card import Card, Interplay
from cistrace.motifs.hit import MotifHit
from cistrace.traces.claims import claim, ledger_claims, supported_claims
from cistrace.traces.grounded import write
from cistrace.traces.ledger import added, amount, summed
from cistrace.traces.templates import TERMS, WHOLE
from cistrace.traces.text import parse_step, render_step, render_trace
from cistrace.traces.trace import PROSE, Claim, Trace
from cistrace.traces.verify import verify

TRUE_PROSE = (
    "The ELK1 site at 11-20 on the plus strand raises activity.",
    "m2 (FOXA1) lies at 41-52 and lowers it by -0.20.",
    "GC content of 50.0% is moderate.",
    "An ETS site lies at position 12.",
    "The estimate is +0.53.",
)


def prose(text: str) -> Claim:
    return Claim(PROSE, (("text", text),))


def text_of(*steps: str) -> str:
    return "".join(f"{n}. {step}\n" for n, step in enumerate(steps, 1)) + "</think>Level: 1"


def altered(step: Claim, field: str, value: str) -> Claim:
    assert step.get(field) not in (None, value)
    return Claim(step.kind, tuple((name, value if name == field else old) for name, old in step.values))


def wrong_fields(steps: tuple[Claim, ...], card: Card) -> list[tuple[int, str]]:
    return [(fault.step, fault.field) for fault in verify(Trace(steps, 0), card).failed]


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


@given(cards(), st.randoms(use_true_random=False), st.data())
def test_any_terms_in_any_order_are_true_with_sums_of_their_own(
    card: Card, shuffler: random.Random, data: st.DataObject
) -> None:
    *possible, whole = supported_claims(card)
    steps = data.draw(st.lists(st.sampled_from(possible), unique=True))
    shuffler.shuffle(steps)
    found = verify(Trace(summed([*steps, whole]), None), card)
    assert found.verified and found.claims == found.supported == len(steps) + 1


@given(cards(), st.randoms(use_true_random=False), st.data())
def test_the_order_of_steps_without_amounts_changes_nothing(
    card: Card, shuffler: random.Random, data: st.DataObject
) -> None:
    """Also with copies and untrue steps among them."""
    untrue = [Claim("gc", (("gc", "9.999"), ("gc_class", "low"))), prose("GATA9 binds")]
    of_itself = [one for one in supported_claims(card) if one.kind not in (*TERMS, WHOLE)]
    steps = data.draw(st.lists(st.sampled_from([*of_itself, *untrue, prose("GC is fine")]), min_size=1))
    turned = list(steps)
    shuffler.shuffle(turned)
    one, other = (verify(Trace(tuple(order), None), card) for order in (steps, turned))
    assert (one.claims, one.supported, one.verified) == (other.claims, other.supported, other.verified)
    assert one.supported == len({step for step in steps if step not in untrue})


@given(cards(), st.data())
def test_a_deleted_step_is_found_where_it_added_anything(card: Card, data: st.DataObject) -> None:
    steps = write(card).steps
    at = data.draw(st.integers(0, len(steps) - 1))
    found = verify(Trace(steps[:at] + steps[at + 1 :], None), card)
    assert found.verified == (added(steps[at]) == 0 and steps[at].kind != WHOLE)


@given(cards(), st.data())
def test_a_turned_amount_is_found(card: Card, data: st.DataObject) -> None:
    """In the step itself, and in the running total of every term from it on that was not worked out anew."""
    steps = write(card).steps
    sized = [at for at, step in enumerate(steps) if step.kind in ("site", "interplay") and added(step)]
    if not sized:
        return
    at = data.draw(st.sampled_from(sized))
    turned = altered(steps[at], "amount", amount(-added(steps[at])))
    alone = (*steps[:at], turned, *steps[at + 1 :])
    later = [(number, "running") for number, step in enumerate(steps, 1) if number > at and step.kind in TERMS]
    expected = [(at + 1, "amount"), *later, (len(steps), "rest")]
    assert sorted(wrong_fields(alone, card)) == sorted(expected)
    assert wrong_fields(summed(alone), card) == [(at + 1, "amount")]


@given(cards(), st.data())
def test_a_changed_digit_anywhere_is_found_and_named(card: Card, data: st.DataObject) -> None:
    steps = write(card).steps
    figures = [
        (at, name, value) for at, step in enumerate(steps) for name, value in step.values if value[-1].isdigit()
        and name not in ("tf", "archetype", "groups")
    ]  # fmt: skip
    at, name, value = data.draw(st.sampled_from(figures))
    digit = data.draw(st.sampled_from([digit for digit in "0123456789" if digit != value[-1]]))
    changed = altered(steps[at], name, value[:-1] + digit)
    found = verify(Trace((*steps[:at], changed, *steps[at + 1 :]), None), card)
    assert not found.verified
    assert at + 1 in {fault.step for fault in found.failed}
    if name not in ("composition", "bases", "amount", "total", "start"):  # of which sums or sites depend
        assert [(fault.step, fault.field) for fault in found.failed] == [(at + 1, name)]


@given(cards())
def test_a_rendered_trace_is_judged_as_its_claims(card: Card) -> None:
    trace = write(card)
    as_text, as_claims = verify(render_trace(trace), card), verify(trace, card)
    assert as_text == as_claims and as_text.verified


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("tf", "SP1"), ("archetype", "FOX"), ("start", "12"), ("end", "21"), ("strand", "-"), ("bits", "15"),
        ("amount", "adds +0.42"), ("amount", "costs +0.41"), ("amount", "adds +00.41"), ("running", "+0.42"),
        ("known", "lowering"),
    ],
)  # fmt: skip
def test_every_altered_field_of_a_site_is_caught(field: str, value: str) -> None:
    card = an_evidence_card()
    told = next(one for one in ledger_claims(card) if one.kind == "site")
    step, whole = summed([told, ledger_claims(card)[-1]])
    assert verify(Trace((step, whole), 0), card).verified
    _, whole = summed([altered(step, field, value), whole])
    found = wrong_fields((altered(step, field, value), whole), card)
    running = [(1, "running")] if value == "adds +0.42" else []
    assert found == [(1, field), *running]


@pytest.mark.parametrize("kind", ["gc", "cpg", "complexity"])
def test_altered_figures_of_composition_are_caught(kind: str) -> None:
    card = an_evidence_card()
    step = next(step for step in supported_claims(card) if step.kind == kind)
    name, value = step.values[0]
    changed = altered(step, name, value[:-1] + ("1" if value[-1] != "1" else "2"))
    assert [fault.field for fault in verify(Trace((changed,), 0), card).failed] == [name]


@pytest.mark.parametrize(
    ("field", "value", "found"),
    [
        ("gc", "0.501", ["gc"]), ("cpg", "1.66", ["cpg"]), ("composition", "-0.04", ["composition", "running"]),
        ("bases", "-0.30", ["bases", "running"]), ("running", "+0.24", ["running"]),
    ],
)  # fmt: skip
def test_every_altered_field_of_the_backdrop_is_caught(field: str, value: str, found: list[str]) -> None:
    card = an_evidence_card()
    backdrop, *_, whole = ledger_claims(card)
    (step,) = summed([backdrop])
    changed = altered(step, field, value)
    _, whole = summed([changed, whole])
    assert wrong_fields((changed, whole), card) == [(1, name) for name in found]


def test_a_site_told_twice_counts_once_whatever_else_is_said_of_it() -> None:
    card = an_evidence_card()
    _, elk, foxa, whole = ledger_claims(card)
    found = verify(Trace(summed([elk, foxa, elk, whole]), 0), card)
    assert (found.claims, found.supported) == (4, 3)
    assert [(fault.step, fault.field, fault.reason) for fault in found.failed] == [(3, "repeat", "repeats step 1")]
    other = altered(elk, "amount", "adds +0.01")
    assert (2, "repeat") in wrong_fields(summed([elk, other, whole]), card)


@pytest.mark.parametrize("at", [0, 1, 2])
def test_every_term_is_told_once(at: int) -> None:
    card = an_evidence_card()
    assert card.ledger is not None
    card = replace(card, ledger=replace(card.ledger, interplay=Interplay((0, 1), 0.2)))
    backdrop, _, _, interplay, whole = ledger_claims(card)
    twice = [backdrop, interplay, whole][at]
    found = wrong_fields(summed([backdrop, interplay, twice, whole]), card)
    assert (3 if at < 2 else 4, "repeat") in found


def test_a_site_that_overlaps_one_told_is_no_site_of_the_card() -> None:
    card = an_evidence_card()
    _, elk, _, whole = ledger_claims(card)
    shifted = altered(altered(elk, "start", "15"), "end", "24")
    assert {(2, "start"), (2, "end")} <= set(wrong_fields(summed([elk, shifted, whole]), card))


def test_an_untold_site_is_no_claim() -> None:
    found = [MotifHit("MA0028.3", "ELK1", frozenset(), at, at + 9, "+", 9.0, 1e-6) for at in (0, 20)]
    card = a_told_card("ACGT" * 10, found, [0.3], 0.1, 0.5)
    _, site, whole = ledger_claims(card)
    other = altered(altered(altered(site, "start", "21"), "end", "29"), "amount", "adds +0.10")
    assert wrong_fields(summed([other, whole]), card) == [(1, "start"), (1, "end"), (1, "amount")]


@pytest.mark.parametrize("steps", [[0], [0, 1, 2], [0, 3, 1], [3, 0]])
def test_amounts_without_the_whole_behind_them_are_no_ledger(steps: list[int]) -> None:
    card = an_evidence_card()
    claims = ledger_claims(card)
    found = verify(Trace(summed([claims[at] for at in steps]), 0), card)
    assert not found.verified
    assert (0, "form", "amounts without the whole behind them") in [
        (fault.step, fault.field, fault.claimed) for fault in found.failed
    ]


def test_the_whole_alone_is_a_ledger() -> None:
    card = an_evidence_card()
    assert verify(Trace(summed([ledger_claims(card)[-1]]), 0), card).verified


def test_what_is_not_on_the_card_is_unsupported() -> None:
    card = an_evidence_card()
    pair = claim("pair", groups="A + B", number="m1", second="m2", distance="3")
    cluster = claim("homotypic", count="3", archetype="FOX", distance="30")
    for step in (Claim("absence", ()), pair, cluster, prose("It is a strong enhancer.")):
        found = verify(Trace((step,), 0), card)
        assert (found.claims, found.supported, found.failed[0].field) == (1, 0, "step")
    interplay, whole = summed(
        [claim("interplay", number="m1", second="m2", amount="adds +0.20"), ledger_claims(card)[-1]]
    )
    assert [fault.field for fault in verify(Trace((interplay, whole), 0), card).failed] == ["step"]


def test_a_ledger_on_a_card_without_one_is_unsupported() -> None:
    card = an_evidence_card()
    steps = summed(ledger_claims(card))
    assert [fault.field for fault in verify(Trace(steps, 0), replace(card, ledger=None)).failed] == ["step"] * 4


def test_prose_is_verified_and_its_faults_are_named() -> None:
    card = an_evidence_card()
    good = verify(text_of(*TRUE_PROSE), card)
    assert (good.verified, good.claims, good.supported, good.kinds) == (True, 5, 5, (PROSE,) * 5)
    bad = verify(text_of(*TRUE_PROSE[:4], "SP1 opens the chromatin."), card)
    assert (bad.verified, bad.supported) == (False, 4)
    assert [(fault.step, fault.field, fault.claimed) for fault in bad.failed] == [(5, "tf", "SP1")]


def test_typed_steps_and_prose_stand_together() -> None:
    card = an_evidence_card()
    steps = [render_step(step) for step in write(card).steps]
    at = next(at for at, step in enumerate(steps) if step.startswith("low-complexity"))
    assert verify(text_of(*steps[:at], TRUE_PROSE[0], *steps[at + 1 :]), card).verified


def test_a_text_without_the_form_is_not_verified_though_its_claims_are_true() -> None:
    found = verify(text_of(*TRUE_PROSE[:4]), an_evidence_card())
    assert (found.verified, found.claims, found.supported) == (False, 4, 4)
    assert [(fault.step, fault.reason) for fault in found.failed] == [(0, "4 steps, expected 5-7")]
    assert not verify("", an_evidence_card()).verified
    assert not verify(Trace((), 1), an_evidence_card()).verified
