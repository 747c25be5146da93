from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fcs.fcs_builder import EVENTS, INTEGERS, Build
from fcs.fcs_corpus import Case, cases, verify
from nkflow.errors import FCSLimitError
from nkflow.fcs import Limits, data_sets, read_fcs
from nkflow.fcs.crc import crc16, read_checksum
from nkflow.fcs.layout import mask_of
from nkflow.fcs.source import Source, Window


@cases("D01")
def test_FCS_D01__only_list_mode_is_read(case: Case, tmp_path: Path) -> None:
    verify(case, tmp_path)


@cases("D02")
def test_FCS_D02__every_type_and_every_mix_of_types(case: Case, tmp_path: Path) -> None:
    verify(case, tmp_path)


@cases("D03")
def test_FCS_D03__the_length_of_data_settles_a_wrong_width(case: Case, tmp_path: Path) -> None:
    verify(case, tmp_path)


@cases("D04")
def test_FCS_D04__decimal_digits_in_fields_and_free(case: Case, tmp_path: Path) -> None:
    verify(case, tmp_path)


@cases("D05")
def test_FCS_D05__the_byte_order_is_a_permutation(case: Case, tmp_path: Path) -> None:
    verify(case, tmp_path)


@cases("D06")
def test_FCS_D06__floats_are_put_in_order_before_they_are_floats(case: Case, tmp_path: Path) -> None:
    verify(case, tmp_path)


@cases("D07")
def test_FCS_D07__every_width_in_whole_bytes(case: Case, tmp_path: Path) -> None:
    verify(case, tmp_path)


@cases("D08")
def test_FCS_D08__packed_integers_are_not_aligned(case: Case, tmp_path: Path) -> None:
    verify(case, tmp_path)


@cases("D09")
def test_FCS_D09__ten_bits_that_are_sixteen(case: Case, tmp_path: Path) -> None:
    verify(case, tmp_path)


@cases("D10")
def test_FCS_D10__integers_are_masked_to_the_next_power_of_two(case: Case, tmp_path: Path) -> None:
    verify(case, tmp_path)


@cases("D11")
def test_FCS_D11__floats_are_neither_masked_nor_clipped(case: Case, tmp_path: Path) -> None:
    verify(case, tmp_path)


@cases("D12")
def test_FCS_D12__values_keep_their_type(case: Case, tmp_path: Path) -> None:
    verify(case, tmp_path)


@cases("D13")
def test_FCS_D13__nan_and_infinity_are_kept(case: Case, tmp_path: Path) -> None:
    verify(case, tmp_path)


@cases("D14")
def test_FCS_D14__tot_is_checked_against_the_length(case: Case, tmp_path: Path) -> None:
    verify(case, tmp_path)


@cases("D15")
def test_FCS_D15__no_events_is_a_legal_file(case: Case, tmp_path: Path) -> None:
    verify(case, tmp_path)


@cases("D16")
def test_FCS_D16__nextdata_counts_from_the_data_set(case: Case, tmp_path: Path) -> None:
    verify(case, tmp_path)


@cases("D17")
def test_FCS_D17__of_two_sets_in_an_lmd_the_last_is_read(case: Case, tmp_path: Path) -> None:
    verify(case, tmp_path)


@cases("D18")
def test_FCS_D18__a_checksum_never_refuses_a_file(case: Case, tmp_path: Path) -> None:
    verify(case, tmp_path)


def test_FCS_D08__the_finding_says_what_the_order_rests_on(tmp_path: Path) -> None:
    from fcs.fcs_corpus import packed_clusters

    def said(order: str, byte_order: str) -> str:
        path = tmp_path / "packed.fcs"
        path.write_bytes(packed_clusters(order, byte_order)[0])
        return next(f.consequence for f in read_fcs(path).findings if f.code == "packed-bit-order")

    assert said("msb", "4,3,2,1").endswith("by the rule for $BYTEORD, and the events agree")
    assert "the events say so, against the rule" in said("lsb", "4,3,2,1")


def test_FCS_D10__the_mask_is_exact_up_to_64_bits() -> None:
    vectors = {(1024, 16): 1023, (1000, 16): 1023, (1025, 16): 2047, (2**32, 32): 0, (2**32 - 1, 32): 0}
    vectors |= {
        (0, 16): 0,
        (1, 16): 0,
        (2, 8): 1,
        (262144, 16): 0,
        (2**63, 64): 2**63 - 1,
        (2**63 + 1, 64): 0,
    }
    assert {key: mask_of(*key) for key in vectors} == vectors
    assert mask_of(None, 16) == mask_of(1000.5, 16) == 0


def test_FCS_D12__stored_values_have_the_smallest_type_that_holds_all(tmp_path: Path) -> None:
    path = tmp_path / "x.fcs"

    def dtype(types: str, bits: tuple[int, ...], names: list[int] | None = None) -> np.dtype[np.generic]:
        build = Build(
            version="FCS3.2", types=types, bits=bits, ranges=tuple(2**b for b in bits), keywords={"$CYT": "x"}
        )
        path.write_bytes(build.bend(events=((1, 2, 3),)).bytes())
        return read_fcs(path).stored(names).dtype

    assert dtype("III", (8, 8, 8)) == np.uint8
    assert dtype("III", (8, 16, 24)) == np.uint32
    assert dtype("III", (8, 16, 40)) == np.uint64
    assert dtype("FFF", (32, 32, 32)) == np.float32
    assert dtype("FFI", (32, 32, 16)) == np.float32
    assert dtype("FFI", (32, 32, 32)) == np.float64
    assert dtype("FDI", (32, 64, 8)) == np.float64
    assert dtype("III", (8, 16, 40), [0]) == np.uint8


def test_FCS_D13__a_signalling_nan_keeps_its_bits(tmp_path: Path) -> None:
    path = tmp_path / "nan.fcs"
    signalling = bytes.fromhex("7fa00001") * 3
    path.write_bytes(Build(order="4,3,2,1", events=((0, 0, 0),), data=lambda _: signalling).bytes())
    assert read_fcs(path).stored().view(np.uint32).tolist() == [[0x7FA00001] * 3]


def test_FCS_D16__data_sets_lists_what_is_there(tmp_path: Path) -> None:
    from fcs.fcs_builder import join

    first = Build(keywords={"$NEXTDATA": "0" * 12, "$CYT": "one"}).bytes()
    path = tmp_path / "two.fcs"
    path.write_bytes(join(first, Build(version="FCS3.0", events=EVENTS[:2]).bytes()))
    found = data_sets(path)
    assert [(s.index, s.offset, s.version, s.n_events, s.n_channels, s.cytometer) for s in found] == [
        (0, 0, "FCS3.1", 4, 3, "one"),
        (1, len(first), "FCS3.0", 2, 3, ""),
    ]
    with pytest.raises(FCSLimitError):
        data_sets(path, limits=Limits(data_sets=1))


def test_FCS_D18__the_checksum_is_crc_16_kermit() -> None:
    assert crc16(b"123456789") == 0x2189
    assert crc16(b"6789", crc16(b"12345")) == 0x2189
    assert crc16(b"") == 0


@pytest.mark.parametrize(
    ("tail", "state"),
    [(b"{:>8}", "right"), (b"{:08d}", "right"), (b"{:08x}", "right"), (b"{:>8X}", "right")]
    + [
        (b"00000000", "not-computed"),
        (b"00012345", "wrong"),
        (b"", "absent"),
        (b"data!!!!", "absent"),
        (b"123", "absent"),
    ],
)
def test_FCS_D18__the_checksum_is_shown(tail: bytes, state: str, tmp_path: Path) -> None:
    path = tmp_path / "crc.fcs"
    plain = INTEGERS.bytes()
    path.write_bytes(plain + tail.decode().format(crc16(plain)).encode())
    with Source(path) as source:
        checksum = read_checksum(Window(source, 0), len(plain))
    assert checksum.state == state
    assert checksum.computed == crc16(plain)
