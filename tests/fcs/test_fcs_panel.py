from __future__ import annotations

import pytest

from nkflow.errors import PanelError
from nkflow.fcs import Channel, find
from nkflow.fcs.channels import feature_of


def panel(*markers: str, names: tuple[str, ...] = ()) -> tuple[Channel, ...]:
    names = names or tuple(f"FL{number}-A" for number in range(1, len(markers) + 1))
    return tuple(
        Channel(index, name, marker=marker, feature=feature_of(name), original_name=name)
        for index, (name, marker) in enumerate(zip(names, markers, strict=True))
    )


@pytest.mark.parametrize(
    "marker",
    [
        "CD3",
        "cd3",
        " CD3 ",
        "CD3 FITC",
        "FITC CD3",
        "CD3-FITC",
        "FITC-CD3",
        "CD3/FITC",
        "CD3_FITC",
        "CD3:BV421",
    ]
    + [
        "CD3 (UCHT1)",
        "CD3 [FITC]",
        "CD3-PE-Cy7",
        "CD3 PerCP-Cy5.5",
        "89Y_CD3",
        "anti-human CD3 FITC",
        "CD3, FITC",
        "CD 3",
        "CD-3 FITC",
        "CD3.FITC",
        "CD3|FITC",
        "huCD3",
        "CD3 FITC-A",
        "CD3-FITC LOG",
    ],
)
def test_find__takes_the_marker_by_its_whole_token(marker: str) -> None:
    assert find(panel("CD33", marker, "CD34 APC", "CD38", "CD300"), "CD3").index == 1
    assert find(panel("CD33", marker, "CD34 APC", "CD38", "CD300"), "cd3").index == 1


@pytest.mark.parametrize(
    "marker",
    [
        "CD 33",
        "CD3.e",
        "CD-38",
        "huCD3e",
        "CD33",
        "CD34",
        "CD38",
        "CD300",
        "CD3e",
        "CD3 zeta",
        "CD33 FITC",
        "CD16+3",
        "CD3+CD19",
    ],
)
def test_find__never_takes_a_part_of_a_word(marker: str) -> None:
    with pytest.raises(PanelError) as caught:
        find(panel(marker, "CD19"), "CD3")
    assert caught.value.code == "channel-missing"
    assert marker in str(caught.value)


@pytest.mark.parametrize(
    "marker",
    ["CD16+56", "CD16+CD56", "CD16/CD56", "CD16 CD56 PE", "CD16/56", "CD16.56 PE", "CD 16+56", "CD16+56.PE"],
)
def test_find__two_markers_in_one_are_a_marker_of_its_own(marker: str) -> None:
    for wanted in ("CD16", "CD56"):
        with pytest.raises(PanelError):
            find(panel("CD3", marker), wanted)
    assert find(panel("CD3", marker), marker.lower()).index == 1
    assert find(panel("CD3", marker), "NK", [marker]).index == 1


@pytest.mark.parametrize(
    ("marker", "other"),
    [("CD45RA", "CD45"), ("CD45-RA", "CD45"), ("CD45 RO", "CD45"), ("CD8 beta", "CD8"), ("HLA-DR", "DR")],
)
def test_find__an_isoform_is_another_marker(marker: str, other: str) -> None:
    with pytest.raises(PanelError):
        find(panel(marker), other)
    assert find(panel(marker, "CD45 APC" if other == "CD45" else "x"), marker).index == 0


def test_find__a_name_goes_before_a_marker() -> None:
    channels = panel("FITC-A", "CD3", names=("PE-A", "FITC-A"))
    assert find(channels, "FITC-A").index == 1
    assert find(channels, "fitc-a").index == 1


def test_find__aliases_are_other_names_of_the_same() -> None:
    channels = panel("7AAD", "CD56")
    assert find(channels, "7-AAD", ["7AAD", "Viability"]).index == 0
    assert find(panel("Live/Dead", "CD56"), "viability", ["live/dead"]).index == 0
    with pytest.raises(PanelError, match="names more than one channel"):
        find(panel("7AAD", "Viability"), "7-AAD", ["7AAD", "Viability"])


def test_find__the_area_stands_for_the_pulse() -> None:
    match = find(panel("CD3", "CD3", "CD3", names=("FL1-H", "FL1-A", "FL1-W")), "CD3")
    assert match.index == 1
    assert [(finding.code, finding.where) for finding in match.findings] == [
        ("marker-on-several-features", "FL1-A")
    ]


@pytest.mark.parametrize(
    "names", [("FL1-A", "FL2-A"), ("FL1-H", "FL1-W"), ("FL1-A", "FL1"), ("FL1-A", "FL2-H")]
)
def test_find__any_other_doubling_is_ambiguous(names: tuple[str, str]) -> None:
    with pytest.raises(PanelError) as caught:
        find(panel("CD3", "CD3", names=names), "CD3")
    assert caught.value.code == "channel-ambiguous"
    assert "FL1-A" in str(caught.value) or "FL1-H" in str(caught.value)


def test_find__a_marker_alone_and_beside_a_dye_are_a_doubling() -> None:
    """``CD3`` on one detector and ``CD3 FITC`` on another: neither is a better match; isoforms are others."""
    with pytest.raises(PanelError, match="FL1-A .CD3., FL2-A .CD3 FITC."):
        find(panel("CD3", "CD3 FITC", names=("FL1-A", "FL2-A")), "CD3")
    assert find(panel("CD45", "CD45 RA", names=("FL1-A", "FL2-A")), "CD45").index == 0
    assert find(panel("CD3", "CD3 FITC", names=("FL1-A", "FL1-H")), "CD3").index == 0


def test_find__a_channel_without_a_marker_has_it_in_its_name() -> None:
    assert find(panel("", "", names=("CD33-A", "CD3-A")), "CD3").index == 1
    with pytest.raises(PanelError):
        find(panel("CD19", names=("CD3-A",)), "CD3")


def test_find__letters_are_compared_in_their_composed_form() -> None:
    assert find(panel("TCRγδ", "Zoe\u0308"), "Zo\u00eb").index == 1


PAIRS = [
    "CD16+CD56 PE",
    "CD16/56 PE",
    "CD16CD56 PE-A",
    "CD16 & CD56",
    "CD(16+56) PE",
    "CD56+CD16",
    "CD16+56-PE-A",
]


@pytest.mark.parametrize("marker", PAIRS)
def test_two_clusters__are_one_marker_however_they_are_spelled(marker: str) -> None:
    channels = [Channel(0, "FITC-A", "CD3 FITC"), Channel(1, "PE-A", marker), Channel(2, "APC-A", "CD16 APC")]
    assert find(channels, "CD16+56").index == 1
    assert find(channels, "CD16").index == 2
    named = [Channel(0, "CD3 FITC-A"), Channel(1, marker)]
    assert find(named, "CD16/CD56").index == 1


@pytest.mark.parametrize("marker", ["CD14/CD19", "CD16/CD56/CD19", "CD16 CD56 dump", "CD16"])
def test_other_markers__are_not_the_two_clusters(marker: str) -> None:
    with pytest.raises(PanelError):
        find([Channel(0, "PE-A", marker)], "CD16+56")
