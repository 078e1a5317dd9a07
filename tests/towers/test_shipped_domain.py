"""The shipped model's domain: what it must find, and what it must leave alone."""

from __future__ import annotations

import numpy as np
import pytest

from cistrace.checkpoints.load import load_checkpoint
from cistrace.io.regions import reverse_complement
from cistrace.io.sequences import read_sequences
from cistrace.towers.evidence import Towers

pytestmark = pytest.mark.pipeline


@pytest.fixture(scope="module")
def towers() -> Towers:
    found = load_checkpoint().towers
    assert found is not None and found.domain is not None
    return found


def drawn(count: int, gc: float) -> list[str]:
    random = np.random.default_rng(7)
    shares = [(1 - gc) / 2, gc / 2, gc / 2, (1 - gc) / 2]
    return ["".join(random.choice(list("ACGT"), 200, p=shares)) for _ in range(count)]


def test_random_dna_lies_farther_than_natural_elements(towers: Towers) -> None:
    assert towers.domain is not None
    for gc, least in ((0.5, 0.9), (0.2, 0.97), (0.85, 0.85)):
        # How often an element of val lies nearer, on average: the area under the ROC curve against val.
        assert towers.domain.percentiles(towers.reading(drawn(64, gc)).distances).mean() / 100 > least


def test_most_of_nature_is_inside_and_arrays_of_one_site_are_out(towers: Towers) -> None:
    domain = towers.domain
    assert domain is not None
    natural = towers.reading([one.bases for one in read_sequences("examples/enhancers.fa")]).distances
    assert (natural > domain.threshold).mean() < 0.3
    arrays = [(site * 200)[:200] for site in ("GGTTAATGATTAACCATG", "CAGATAAGGACT", "GGGGCGGGGCTA", "CA", "A")]
    assert (towers.reading(arrays).distances > domain.threshold).all()
    assert domain.percentiles(np.array([domain.threshold], np.float32))[0] == pytest.approx(95, abs=0.5)
    assert domain.widening == pytest.approx(1.19, abs=0.01)  # docs/domain.md


def test_the_strand_given_does_not_matter(towers: Towers) -> None:
    many = [*(one.bases for one in read_sequences("examples/enhancers.fa")), *drawn(8, 0.5)]
    one, other = (towers.reading(asked).distances for asked in (many, [reverse_complement(bases) for bases in many]))
    np.testing.assert_allclose(one, other, rtol=1e-3)
