"""Names of dyes that mean one detector: FITC and Alexa Fluor 488, 7-AAD and PerCP-Cy5.5, APC and Alexa Fluor 647."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

__all__ = ["FAMILIES", "best_match", "family", "says_unstained", "tokens"]

# dyes of one line share laser and band on common instruments (vendors' spectra viewers); the longest name wins
FAMILIES: tuple[tuple[str, ...], ...] = (
    ("FITC", "Alexa Fluor 488", "AF488", "A488", "BB515", "GFP", "CFSE", "VioBright 515", "Vio Bright FITC"),
    ("PE", "R-PE", "Phycoerythrin", "YG PE"),
    ("PE-Texas Red", "PE-TexasRed", "PE-CF594", "PE-Dazzle 594", "ECD", "PE-eFluor 610"),
    ("PE-Cy5", "PE-Cyanine5", "PC5", "TRI-COLOR"),
    ("PerCP", "PerCP-Cy5.5", "PerCP-Cy5-5", "PerCP-Cyanine5.5", "PerCP-eFluor 710", "PerCP-Vio700", "BB700", "7-AAD",
     "7AAD", "PC5.5", "PE-Cy5.5"),
    ("PE-Cy7", "PE-Cyanine7", "PC7", "PE-Vio770", "PE-Vio 770"),
    ("APC", "Alexa Fluor 647", "AF647", "A647", "eFluor 660", "Allophycocyanin"),
    ("Alexa Fluor 700", "AF700", "A700", "APC-R700", "APC-Alexa Fluor 700", "APC-A700"),
    ("APC-Cy7", "APC-Cyanine7", "APC-H7", "APC-Fire 750", "APC-eFluor 780", "APC-Alexa Fluor 750", "APC-A750",
     "APC-Vio770", "Zombie NIR", "eFluor 780"),
    ("Pacific Blue", "V450", "BV421", "Brilliant Violet 421", "Alexa Fluor 405", "AF405", "eFluor 450", "VioBlue",
     "DAPI"),
    ("V500", "BV510", "Brilliant Violet 510", "AmCyan", "Alexa Fluor 430", "AF430", "Krome Orange", "KrO", "VioGreen",
     "Zombie Aqua", "eFluor 506"),
    ("BV605", "Brilliant Violet 605", "Qdot 605", "QD605", "eVolve 605"),
    ("BV650", "Brilliant Violet 650", "Qdot 655", "QD655"),
    ("BV711", "Brilliant Violet 711", "Qdot 705"),
    ("BV785", "BV786", "Brilliant Violet 785", "Qdot 800"),
)  # fmt: skip
_UNSTAINED = {"unstained", "nil", "blank", "unst", "us", "negative", "autofluorescence", "nostain"}
_TOKEN = re.compile(r"[a-z]+|\d+")


def tokens(text: str) -> tuple[str, ...]:
    """Return runs of letters and of digits, in lower case: ``PerCP-Cy5.5`` is percp, cy, 5, 5."""
    return tuple(_TOKEN.findall(text.casefold()))


def says_unstained(text: str) -> bool:
    """Tell whether a name is that of an unstained tube."""
    words = tokens(text)
    return bool(_UNSTAINED & set(words)) or ("no", "stain") in pairwise(words)


def family(name: str) -> int | None:
    """Return which family a detector's name belongs to, None where to none."""
    found = best_match(name, [dye for dyes in FAMILIES for dye in dyes])
    if found is None:
        return None
    dye = found[0]
    return next(number for number, dyes in enumerate(FAMILIES) if dye in dyes)


def best_match(text: str, names: Sequence[str]) -> tuple[str, int] | None:
    """Return the longest of `names` whose tokens stand in `text` side by side, and its number of tokens.

    None where none does, or where two names of the same length do.
    """
    words = tokens(text)
    found: list[tuple[int, str]] = []
    for name in names:
        wanted = tokens(name)
        reach = range(len(words) - len(wanted) + 1)
        if wanted and any(words[k : k + len(wanted)] == wanted for k in reach):
            found.append((len(wanted), name))
    longest = max((length for length, _ in found), default=0)
    best = [name for length, name in found if length == longest]
    return (best[0], longest) if best and len({tokens(name) for name in best}) == 1 else None
