from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cornu.training.feed.order import Schedule, permutation

WORD = st.integers(0, 2**63)


@given(st.tuples(WORD, WORD), st.integers(0, 300))
def test_every_row_once(seed: tuple[int, int], n: int) -> None:
    rows = permutation(seed, n)
    assert rows.dtype == np.int32
    assert sorted(rows.tolist()) == list(range(n))


@given(st.tuples(WORD, WORD), st.integers(0, 100), st.integers(1, 12))
def test_batch_mode_keeps_batches_whole(seed: tuple[int, int], n: int, size: int) -> None:
    rows = permutation(seed, n, size, "batch")
    blocks = [rows[i : i + size].tolist() for i in range(0, n, size)]
    expected = [list(range(i, min(i + size, n))) for i in range(0, n, size)]
    assert sorted(blocks) == expected
    if n % size:
        assert blocks[-1] == expected[-1]


def test_the_order_is_a_function_of_the_seed() -> None:
    assert permutation((7, 3), 12).tolist() == permutation((7, 3), 12).tolist()
    orders = {tuple(permutation(seed, 50)) for seed in [(7, 3), (7, 4), (8, 3), (3, 7)]}
    assert len(orders) == 4


def test_the_order_stays_the_same_in_later_versions() -> None:
    assert permutation((1, 0), 10).tolist() == [3, 5, 2, 9, 7, 0, 8, 6, 1, 4]


def test_places_are_uniform() -> None:
    counts = np.zeros((6, 6))
    for epoch in range(3000):
        counts[np.arange(6), permutation((5, epoch), 6)] += 1
    chi_squared = ((counts - 500) ** 2 / 500).sum()
    assert chi_squared < 60  # 25 degrees of freedom: p = 1e-4


def test_no_shuffle_is_the_order_of_rows() -> None:
    assert permutation((1, 1), 4, mode=False).tolist() == [0, 1, 2, 3]


def test_unknown_mode() -> None:
    with pytest.raises(ValueError, match="True, False or 'batch'"):
        permutation((1, 1), 4, mode="rows")  # type: ignore[arg-type]


@pytest.mark.parametrize("mode", [False, True])
@pytest.mark.parametrize(("n", "size", "steps"), [(10, 4, 2), (10, 3, 5), (5, 5, 3)])
def test_epochs_of_steps_pass_over_all_rows_in_turn(
    mode: bool, n: int, size: int, steps: int
) -> None:
    schedule = Schedule(n, mode, size, steps)
    epochs = [schedule.items((1, epoch * steps)) for epoch in range(n)]
    assert {len(rows) for rows in epochs} == {steps * size}
    stream = np.concatenate(epochs)
    for start in range(0, len(stream), n):
        one_pass = stream[start : start + n].tolist()
        assert sorted(one_pass) == list(range(n))
