from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch.nn import Linear
from tower_helpers import random_domain, random_legnet, random_residual

from cistrace.cards.evidence import SequenceEvidence
from cistrace.errors import ModelError
from cistrace.io.regions import reverse_complement
from cistrace.towers.domain import TOGETHER, UNKNOWN, load_domain, save_domain
from cistrace.towers.evidence import ROWS, Towers


def sequences(count: int, length: int = 60) -> list[str]:
    random = np.random.default_rng(1)
    return ["".join(random.choice(list("ACGT"), length)) for _ in range(count)]


def numbers(rows: int, columns: int, seed: int = 0) -> NDArray[np.float32]:
    return np.random.default_rng(seed).normal(size=(rows, columns)).astype(np.float32)


def test_a_distance_does_not_depend_on_the_rows_beside_it() -> None:
    domain, features = random_domain(256), numbers(TOGETHER + 5, 256)  # as many as make BLAS choose by shape
    whole = domain.distances(features)
    assert np.array_equal(whole[::-1], domain.distances(features[::-1]))
    for row in range(len(features)):
        assert np.array_equal(whole[row : row + 1], domain.distances(features[row : row + 1]))
    assert domain.distances(features[:0]).shape == (0,)


@given(st.lists(st.floats(0, 50, width=32), min_size=2, max_size=20))
def test_excess_is_zero_inside_and_rises_beyond(found: list[float]) -> None:
    domain = random_domain(4)
    distances = np.sort(np.array(found, dtype=np.float32))
    excess, percentiles = domain.excess(distances), domain.percentiles(distances)
    assert ((excess > 0) == (distances > np.float32(domain.threshold))).all()
    assert (np.diff(excess) >= 0).all() and (np.diff(percentiles) >= 0).all()
    assert percentiles.min() >= 0 and percentiles.max() <= 100


def test_excess_is_counted_in_thresholds_and_unknown_stays_unknown() -> None:
    domain = replace(random_domain(4), threshold=2.0)
    np.testing.assert_array_equal(domain.excess(np.array([1, 2, 3, 4], np.float32)), [0, 0, 0.5, 1])
    assert np.isnan(domain.excess(np.array([np.nan], np.float32))).all()


def test_a_reading_is_the_estimate_with_distances_of_the_same_passes() -> None:
    estimator = random_legnet(0)
    domain = random_domain(24)
    towers, plain = Towers(estimator, random_residual(1), domain), Towers(estimator, random_residual(1))
    many = sequences(ROWS + 9)
    found = towers.reading(many)
    assert np.array_equal(found.activities, towers.estimate(many))
    assert np.array_equal(found.activities, plain.reading(many).activities)
    assert np.isnan(plain.reading(many).distances).all()
    np.testing.assert_array_equal(found.strands, towers.strands(many))
    np.testing.assert_array_equal(found.distances, domain.distances(found.features))
    one, other = towers.strands(many)
    np.testing.assert_array_equal(found.disagreement, np.abs(one - other) / 2)


def test_a_reading_depends_on_no_neighbour_and_on_no_strand() -> None:
    towers = Towers(random_legnet(0), random_residual(1), random_domain(24))
    many = sequences(ROWS + 9) + sequences(3, 20)  # some padded
    whole = towers.reading(many)
    for part, rows in ((towers.reading(many[::-1]), slice(None, None, -1)), (towers.reading(many[5:6]), slice(5, 6))):
        for name in ("activities", "distances", "disagreement"):
            assert np.array_equal(getattr(part, name), getattr(whole, name)[rows])
    turned = towers.reading([reverse_complement(bases) for bases in many])
    np.testing.assert_allclose(turned.distances, whole.distances, rtol=1e-4)
    assert towers.reading([]).distances.shape == (0,)


def test_features_are_what_the_activity_is_read_from() -> None:
    estimator = random_legnet(0)
    towers, many, last = Towers(estimator, random_residual(1)), sequences(5), estimator.head[-1]
    assert isinstance(last, Linear)
    weight, bias = (one.detach().numpy() for one in (last.weight, last.bias))
    activities = (
        towers.reading(many).features @ weight.T + bias
    ) * estimator.scale.numpy() + estimator.location.numpy()
    np.testing.assert_allclose(activities, towers.estimate(many), rtol=0, atol=1e-5)


def test_a_domain_is_read_as_it_was_written(tmp_path: Path) -> None:
    domain, path = random_domain(24), tmp_path / "domain.safetensors"
    save_domain(domain, path)
    found = load_domain(path)
    np.testing.assert_array_equal(found.mean, domain.mean)
    np.testing.assert_array_equal(found.quantiles, domain.quantiles)
    np.testing.assert_array_equal(found.whitening, domain.whitening.astype(np.float16))
    assert (found.threshold, found.widening) == (domain.threshold, domain.widening)


def test_what_is_no_domain_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "domain.safetensors"
    with pytest.raises(ModelError, match="holds no readable domain"):
        load_domain(path)
    path.write_bytes(b"torn")
    with pytest.raises(ModelError, match="holds no readable domain"):
        load_domain(path)
    save_domain(replace(random_domain(24), mean=np.zeros(23, np.float32)), path)
    with pytest.raises(ModelError, match=r"features of shapes \(23,\), \(24,\).*expected one number"):
        load_domain(path)
    with pytest.raises(ModelError, match="of 23 features, expected 24"):
        Towers(random_legnet(), random_residual(), random_domain(23))


def test_a_distance_is_the_larger_of_mahalanobis_and_the_place_on_the_line() -> None:
    domain, features = random_domain(24), 3 * numbers(50, 24)
    metric = domain.whitening.astype(np.float64) @ domain.whitening.T.astype(np.float64) / domain.whitening.shape[1]
    expected = []
    for row in features.astype(np.float64) - domain.mean:
        expected.append(max(np.sqrt(row @ metric @ row), row @ domain.direction))
    np.testing.assert_allclose(domain.distances(features), expected, rtol=1e-5)
    on_line = (features - domain.mean) @ domain.direction
    assert 0 < (domain.distances(features) <= on_line * (1 + 1e-5)).sum() < 50  # either counts now and then


def test_intervals_widen_with_the_distance_beyond_the_threshold_alone() -> None:
    domain = replace(random_domain(4), threshold=2.0, widening=1.5)
    distances = np.array([0, 1.9, 2, 2.2, 3, 8, np.nan], np.float32)
    np.testing.assert_allclose(domain.factors(distances), [1, 1, 1, 1.65, 2.25, 6, 1], rtol=1e-6)
    assert (np.diff(domain.factors(np.linspace(0, 9, 200, dtype=np.float32))) >= 0).all()
    assert domain.place(float("nan")) == UNKNOWN
    inside, beyond = domain.place(1.0), domain.place(3.0)
    assert (inside.out, inside.factor, beyond.out, beyond.factor) == (False, 1.0, True, 2.25)
    assert inside.percentile == pytest.approx(100 / 7) and beyond.percentile == pytest.approx(500 / 7)


def test_evidence_has_the_distance_of_the_reading_and_asks_for_no_more_passes() -> None:
    domain, many = random_domain(24), sequences(5)
    towers = Towers(random_legnet(0), random_residual(1), domain)
    plain = Towers(random_legnet(0), random_residual(1))
    found = towers.evidence(many, [[]] * 5)
    assert [one.distance for one in found] == towers.reading(many).distances.tolist()
    unknown: list[SequenceEvidence] = plain.evidence(many, [[]] * 5)
    assert all(np.isnan(one.distance) for one in unknown)
    assert [one.of_columns([1]).distance for one in found] == [one.distance for one in found]
