"""The printed reference values of STANDARDS 3.3-3.6, to their printed digits."""

from __future__ import annotations

import math

import numpy as np
import pytest

from naive import scales as naive
from nkflow.scales import Arcsinh, Biex, Hyperlog, Linear, Log, Logicle

LOGICLE_HYPERLOG = {  # x: L(1000,1,4,0), L(1000,1,4,1), H(1000,1,4,0), H(1000,1,4,1)
    -10: (".0675741986822806", ".254059358945825", ".0835540578049727", ".266843246243978"),
    -5: (".147986034421643", ".318388827537315", ".155868189330437", None),
    -1: (".228751615819525", ".38300129265562", ".229476798987184", None),
    0: (".25", ".4", ".25", ".4"),
    0.3: (".256383763810607", ".405107011048485", ".256238871095556", None),
    1: (".271248384180475", ".41699870734438", ".270523201012816", ".416418560810253"),
    3: (".312896896763241", ".450317517410593", ".309091852862758", None),
    10: (".432425801317719", ".545940641054176", ".416445942195027", ".533156753756022"),
    100: (".739547650948421", ".791638120758737", ".731874686511492", ".785499749209193"),
    1000: ("1", "1", "1", "1"),
}
COLUMNS = (Logicle(1000, 1, 4, 0), Logicle(1000, 1, 4, 1), Hyperlog(1000, 1, 4, 0), Hyperlog(1000, 1, 4, 1))
STANDARD = Logicle(262144, 0.5, 4.5, 0)

CASES = [(COLUMNS[i], x, text) for x, row in LOGICLE_HYPERLOG.items() for i, text in enumerate(row) if text]
CASES += [
    (STANDARD, x, text)
    for x, text in {
        -1000: "-.232115353950176", -100: ".0090411346920255", -10: ".099917946544774",
        -1: ".109990690073038", 0: ".111111111111111", 1: ".112231532149184", 10: ".122304275677448",
        100: ".2131810875302", 1e3: ".454337576172399", 1e4: ".683832657226557", 1e5: ".906927591481459",
        262144: "1",
    }.items()
]  # fmt: skip
CASES += [
    (Hyperlog(262144, 0.5, 4.5, 0), x, text)
    for x, text in {
        1: ".112094765103576", 10: ".120826078591648", 100: ".195964076573959", 1000: ".439057843352066",
    }.items()
]  # fmt: skip
CASES += [(Logicle(262144, 0.5, 4.5, -0.25), 0, ".0588235294118")]
CASES += [(Logicle(262144, 0.5, 4.5, -0.25), 100, ".166897622090797")]
CASES += [
    (Arcsinh(1000, 4, 1), x, text)
    for x, text in {
        -10: "-.200008684", -5: "-.139828723", -1: "-.000855841", 0: ".2", 0.3: ".303775814",
        1: ".400855841", 3: ".4955206", 10: ".600008684", 100: ".800000086", 1000: "1",
    }.items()
]  # fmt: skip
CASES += [
    (Arcsinh(1000, 5, 0), -10, "-.600000087"),
    (Arcsinh(1000, 5, 0), 1, ".400008685"),
    (Arcsinh(1000, 3, 2), -10, ".199144243"),
    (Arcsinh(1000, 3, 2), 1, ".441797489"),
    (Log(10000, 5), 0.5, ".139794001"),
    (Log(10000, 5), 1, ".2"),
    (Log(10000, 5), 10, ".4"),
    (Log(10000, 5), 1000, ".8"),
    (Log(10000, 5), 1023, ".801975127"),
    (Log(1023, 4.5), 1, ".331138748"),
    (Log(1023, 4.5), 10, ".55336097"),
    (Log(1023, 4.5), 100, ".775583193"),
    (Linear(1000, 100), -100, "0"),
    (Linear(1000, 100), 1, ".091818182"),
    (Linear(1000, 100), 10, ".1"),
    (Linear(1000, 100), 1000, "1"),
    (Linear(1024, 256), 0, ".2"),
    (Linear(1024, 256), 1000, ".98125"),
]


def allowed(text: str) -> float:
    """Half a unit of the last printed digit, and what a float64 of that size can hold."""
    digits = len(text.partition(".")[2])
    return 0.5000001 * 10.0**-digits + 4e-16 if digits else 4e-16


@pytest.mark.parametrize(("scale", "x", "text"), CASES, ids=str)
def test_forward__gives_the_printed_digits(scale, x, text) -> None:
    assert abs(scale.forward(x) - float(text)) <= allowed(text)
    assert abs(scale.column(np.array([float(x)]))[0] - float(text)) <= allowed(text) + 1e-12


@pytest.mark.parametrize(("scale", "x", "text"), CASES, ids=str)
def test_inverse__leads_back(scale, x, text) -> None:
    assert scale.inverse(scale.forward(x)) == pytest.approx(x, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize(
    ("parameters", "printed"),
    [
        ((1000, 1, 4, 0),
         (0.0987106763558785, 9.21034037197618, 29.7975959496421, 2.20963940013025, 16.1632309881251)),
        ((262144, 0.5, 4.5, 0),
         (8.28629227367307, 10.3616329184732, 226.765097027636, 4.53027130926725, 110.874591258968)),
    ],
)  # fmt: skip
def test_logicle__has_the_parameters_of_the_paper(parameters, printed) -> None:
    alpha, b, q, d, _ = Logicle(*parameters)._curve
    x1 = Logicle(*parameters).forward(0.0)
    ours = (alpha * math.exp(-b * x1), b, alpha * q * math.exp(d * x1), d, alpha * (q - 1.0))
    np.testing.assert_allclose(ours, printed, rtol=1e-12)
    np.testing.assert_allclose(ours, [float(v) for v in naive.logicle_parameters(*parameters)], rtol=1e-13)


@pytest.mark.parametrize("x", [-1e5, -300.0, -1.0, 0.0, 0.01, 3.0, 999.0, 1e3])
def test_logicle__without_width_is_arcsinh(x: float) -> None:
    # STANDARDS TR-12
    assert Logicle(1000, 0, 4, 1).forward(x) == pytest.approx(Arcsinh(1000, 4, 1).forward(x), abs=1e-14)


@pytest.mark.parametrize(
    ("x", "channel", "tolerance"),
    [(0, 463, 0), (100, 828.66, 0.005), (1000, 1816.8, 0.05), (1e4, 2778.3, 0.05), (1e5, 3708.8, 0.05),
     (262144, 4096, 0)],
)  # fmt: skip
def test_biex__gives_the_channels_of_the_standard(x, channel, tolerance) -> None:
    # STANDARDS TR-19
    assert abs(Biex().forward(x) - channel) <= tolerance


def test_biex__is_within_two_thousandths_of_a_channel_of_flowjos_own_table(reference) -> None:
    name = "tr_biex_l256_w-7.943282_n1.000000_m4.418540_r262144.000029.csv"
    table = np.loadtxt(reference / "transforms" / name, delimiter=",", skiprows=1)
    scale = Biex(max_range=262144.000029, pos=4.41854, neg=1.0, width_basis=-7.943282)
    assert np.max(np.abs(scale.forward(table[:, 1]) - table[:, 0])) <= 0.002
    assert scale.forward(0.0) == 1096.0
    assert scale.width_is_clamped is False


def test_biex__clamps_the_width_as_flowjo_does() -> None:
    # STANDARDS TR-17
    assert Biex(width_basis=-1.0).width_is_clamped
    assert Biex(width_basis=-2000.0).width_is_clamped
    half = Biex(width_basis=-(10.0**0.5))
    x = np.linspace(-500, 3e5, 1000)
    np.testing.assert_allclose(Biex(width_basis=-1.0).forward(x), half.forward(x), rtol=0, atol=1e-9)
    assert np.abs(Biex(width_basis=-100.0).forward(x) - half.forward(x)).max() > 100


def test_biex__is_near_the_logicle_of_its_width_and_not_it() -> None:
    # STANDARDS TR-18: T = maxRange, M = pos, A = neg and widthBasis = -10^(2 W); a channel off at most, and never equal
    x = np.concatenate([np.linspace(-100, 300, 2000), np.geomspace(300, 2e5, 2000)])
    apart = Biex(262144, 4.5, 0.0, -10.0).forward(x) - 4096 * Logicle(262144, 0.5, 4.5, 0.0).forward(x)
    assert 0.5 < np.abs(apart).max() < 1.0
    assert np.abs(apart).min() > 1e-6
