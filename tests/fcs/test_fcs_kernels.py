from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naive import checksum as naive_checksum
from naive import decimal_digits as naive_digits
from naive import decode as naive
from nkflow.fcs.crc import crc16
from nkflow.kernels import decimal_digits as digits
from nkflow.kernels import decode as kernels

ALL = np.uint64(2**64 - 1)


@pytest.mark.parametrize("swap", [False, True])
@pytest.mark.parametrize("count", [60, kernels.TILE, 2 * kernels.TILE + 1])
def test_float32_columns__agree_with_their_twin_on_any_bits(swap: bool, count: int) -> None:
    words = np.random.default_rng(1).integers(0, 2**32, count * 7, dtype=np.uint32)
    words[:4] = (0x7F800001, 0x0100807F, 0, 0x80000000)
    columns = np.array([6, 0, 3], dtype=np.int64)
    fast, slow = np.full((3, count + 4), 9.0), np.full((3, count + 4), 9.0)
    kernels.float32_columns(words, columns, count, 7, swap, fast)
    naive.float32_columns(words, columns, count, 7, swap, slow)
    np.testing.assert_array_equal(fast, slow)


@given(st.permutations(range(1, 9)), st.integers(1, 8), st.integers(0, 2**64 - 1), st.integers(0, 2**32))
@settings(deadline=None, max_examples=60)
def test_column_bits__agree_with_their_twin(ranks: list[int], width: int, mask: int, seed: int) -> None:
    block = np.random.default_rng(seed).integers(0, 256, 20 * 11, dtype=np.uint8)
    shifts = np.array([8 * (r - 1) for r in ranks if r <= width], dtype=np.uint64)
    fast, slow = np.zeros(20, np.uint64), np.zeros(20, np.uint64)
    kernels.column_bits(block, 11, 3, shifts, np.uint64(mask), 20, fast)
    naive.column_bits(block, 11, 3, shifts, mask, 20, slow)
    assert fast.tolist() == slow.tolist()


@given(
    st.lists(st.integers(1, 64), min_size=1, max_size=5),
    st.booleans(),
    st.integers(0, 7),
    st.integers(0, 2**32),
)
@settings(deadline=None, max_examples=100)
def test_packed_bits__agree_with_their_twin(widths: list[int], msb: bool, skip: int, seed: int) -> None:
    row_bits, count = sum(widths), 9
    block = np.random.default_rng(seed).integers(0, 256, (skip + row_bits * count + 7) // 8, dtype=np.uint8)
    for index, width in enumerate(widths):
        fast, slow = np.zeros(count, np.uint64), np.zeros(count, np.uint64)
        first = sum(widths[:index])
        kernels.packed_bits(block, skip, row_bits, first, width, msb, ALL, count, fast)
        naive.packed_bits(block, skip, row_bits, first, width, msb, ALL, count, slow)
        assert fast.tolist() == slow.tolist()


def test_log_values__agree_with_their_twin() -> None:
    fast = np.arange(1024, dtype=np.float64)
    slow = fast.copy()
    kernels.log_values(fast, 4.0, 0.2, 1000.0)
    naive.log_values(slow, 4.0, 0.2, 1000.0)
    np.testing.assert_allclose(fast, slow, rtol=4e-16)


_DIGITS = st.text(st.sampled_from("0189 \t,\r\nx-\0é"), max_size=40)


@given(_DIGITS)
@settings(deadline=None, max_examples=300)
def test_parse_separated__agrees_with_its_twin(text: str) -> None:
    content = np.frombuffer(text.encode("latin-1"), np.uint8)
    fast, slow = np.zeros(6, np.uint64), np.zeros(6, np.uint64)
    found = digits.parse_separated(content, fast)
    assert found == naive_digits.parse_separated(content, slow)
    if found >= 0:
        assert fast.tolist() == slow.tolist()


@pytest.mark.parametrize(
    "number", [2**64 - 1, 2**64, 2**64 + 9, 10**20, 18446744073709551609, 18446744073709551620]
)
def test_parse_separated__knows_the_largest_number(number: int) -> None:
    content = np.frombuffer(f"7 {number} ".encode(), np.uint8)
    out = np.zeros(2, np.uint64)
    found = digits.parse_separated(content, out)
    assert found == naive_digits.parse_separated(content, np.zeros(2, np.uint64))
    assert (found == 2) == (number < 2**64)


@given(st.lists(st.text(st.sampled_from("019 \0x"), min_size=4, max_size=4), min_size=2, max_size=6))
@settings(deadline=None, max_examples=300)
def test_parse_fields__agrees_with_its_twin(fields: list[str]) -> None:
    fields = fields[: len(fields) // 2 * 2]
    content = np.frombuffer("".join(fields).encode("latin-1"), np.uint8)
    widths = np.array([3, 5], dtype=np.int64)
    fast, slow = np.zeros(len(fields), np.uint64), np.zeros(len(fields), np.uint64)
    found, expected = (
        digits.parse_fields(content, widths, fast),
        naive_digits.parse_fields(content, widths, slow),
    )
    assert (found < 0) == (expected < 0)
    if found >= 0:
        assert fast.tolist() == slow.tolist()


@given(st.binary(max_size=200), st.integers(0, 0xFFFF))
@settings(deadline=None, max_examples=100)
def test_crc16__agrees_with_its_twin(data: bytes, start: int) -> None:
    assert crc16(data, start) == naive_checksum.crc16(data, start)
