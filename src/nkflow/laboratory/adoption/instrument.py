"""One instrument with one setting: what the tubes of a laboratory say, and which of them say otherwise."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from nkflow.fcs.findings import Finding
from nkflow.fcs.sample import Sample
from nkflow.laboratory.adoption.own_tubes import OwnTube

__all__ = ["differing", "instrument_of", "settings_of"]


def instrument_of(sample: Sample) -> str:
    """Return ``$CYT`` and the serial number."""
    return (
        f"{sample.cytometer.strip()} {sample.keywords.get('$CYTSN', '').strip()}".strip()
        or "an unnamed instrument"
    )


def settings_of(samples: Sequence[Sample], channels: Sequence[str]) -> dict[str, str | float]:
    """Return ``$PnV`` of `channels`, as the keywords stand, where all samples agree; and the serial number."""
    first, found = samples[0], {}
    names = {channel.name: channel.index + 1 for channel in first.channels}
    keywords = [f"$P{names[name]}V" for name in channels if name in names]
    for keyword in ("$CYTSN", *dict.fromkeys(keywords)):
        values = {sample.keywords.get(keyword, "").strip() for sample in samples}
        if len(values) == 1 and values != {""}:
            (text,) = values
            found[keyword] = _number(text)
    return found


def differing(tubes: Sequence[OwnTube], channels: Sequence[str]) -> Iterator[Finding]:
    """Yield an error for tubes of other instruments, and for tubes of other voltages than most."""
    samples = {tube.name: tube.sample for tube in tubes if tube.sample is not None}
    instruments = {name: instrument_of(sample) for name, sample in samples.items()}
    kinds = Counter(instruments.values())
    if len(kinds) > 1:
        text = "the tubes are from several instruments: " + "; ".join(
            f"{kind}: {_named([name for name, own in instruments.items() if own == kind])}" for kind in kinds
        )
        yield Finding("mixed-instruments", "error", text, "", "a window belongs to one instrument")
        return
    voltages = {name: _voltages(sample, channels) for name, sample in samples.items()}
    settings = Counter(map(_key, voltages.values()))
    if len(settings) > 1:
        usual = settings.most_common(1)[0][0]
        others = {name: own for name, own in voltages.items() if _key(own) != usual}
        most = dict(usual)
        channels_off = sorted({c for own in others.values() for c in own if own[c] != most.get(c)})
        text = f"other voltages than most ({', '.join(channels_off)}): {_named(list(others))}"
        yield Finding("mixed-settings", "error", text, "$PnV", "a window belongs to one setting")


def _voltages(sample: Sample, channels: Sequence[str]) -> Mapping[str, str]:
    return {
        channel.name: sample.keywords.get(f"$P{channel.index + 1}V", "").strip()
        for channel in sample.channels
        if channel.name in channels
    }


def _key(voltages: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(voltages.items()))


def _named(names: Sequence[str]) -> str:
    shown = ", ".join(names[:8])
    return shown if len(names) <= 8 else f"{shown} and {len(names) - 8} more"


def _number(text: str) -> str | float:
    try:
        return float(text)
    except ValueError:
        return text
