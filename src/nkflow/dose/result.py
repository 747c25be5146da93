"""A dose, judged: the verdict, and every number it rests on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from nkflow.counting.composition import Composition
from nkflow.counting.concentration import Concentration
from nkflow.counting.intervals import Interval
from nkflow.counting.montecarlo import Simulated, simulate_concentrations
from nkflow.dose.caps import Cap
from nkflow.dose.case import Case
from nkflow.dose.decide import Judged, Verdict, worst
from nkflow.dose.levels import Level
from nkflow.dose.perkg import Amount
from nkflow.dose.plain import plain_dose
from nkflow.dose.plan import Bag
from nkflow.dose.results import ExternalCheck
from nkflow.fcs.findings import Finding

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Dose"]


@dataclass(frozen=True, eq=False)
class Dose:
    """One dose of one lot for one recipient.

    Attributes
    ----------
    case
        Everything it was judged from.
    bag, levels
        The bag, and every level of the protocol planned from it.
    product_limits
        Limits that no volume changes.
    externals
        Results of other tests that the protocol asks for.
    caps
        What would end the dose, the nearest first.
    findings
        What is odd; severity error makes the verdict INVALID.
    """

    case: Case
    bag: Bag
    levels: tuple[Level, ...]
    product_limits: dict[str, Judged]
    externals: tuple[ExternalCheck, ...]
    caps: tuple[Cap, ...]
    findings: tuple[Finding, ...]

    @property
    def composition(self) -> Composition:
        """The composition, judged by the protocol's rules."""
        return self.case.composition

    @property
    def level(self) -> Level:
        """The level of this dose."""
        return next(level for level in self.levels if level.level.number == self.case.order.number)

    @property
    def limits(self) -> dict[str, Judged]:
        """Every limit of the protocol as it stands for this dose, at the rounded volume."""
        found = dict(self.product_limits)
        level = self.level
        if level.rounded is not None:
            found |= level.rounded.limits
        if level.summed is not None:
            found |= level.summed.rounded_limits
        names = [limit.name for limit in self.case.protocol.limits]
        return {name: found[name] for name in names if name in found}

    @property
    def computed_verdict(self) -> Verdict:
        """The verdict of the numbers, whatever makes them invalid; it stays in the record beside INVALID."""
        level = self.level
        verdicts: list[Verdict] = [judged.verdict for judged in self.limits.values()]
        verdicts += [check.verdict for check in self.externals]
        verdicts.append("PASS" if level.volume.deliverable else "FAIL")
        if level.window is not None:
            verdicts.append(level.window.verdict)
        return worst(verdicts)

    @property
    def verdict(self) -> Verdict:
        """INVALID > FAIL > INCONCLUSIVE > PENDING > PASS; the worst of all limits and findings."""
        if any(finding.severity == "error" for finding in self.findings):
            return "INVALID"
        return self.computed_verdict

    @property
    def assurance(self) -> Verdict:
        """The worst answer of the rules that did not decide; PASS with another assurance needs a reason."""
        answers: list[Verdict] = [j.assurance for j in self.limits.values() if j.assurance is not None]
        if self.level.window is not None:
            answers.append(self.level.window.assurance)
        return worst(answers)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why the verdict is not PASS: one line for each cause, the worst first."""
        lines: list[tuple[Verdict, str]] = [
            ("INVALID", finding.message) for finding in self.findings if finding.severity == "error"
        ]
        if not self.level.volume.deliverable:
            text = f"{self.level.volume.reason}; maximum dose {self.bag.max_dose_per_kg:.4g} per kg"
            lines.append(("FAIL", text))
        window = self.level.window
        if window is not None and window.verdict != "PASS":
            lines.append(
                (window.verdict, f"delivered dose deviates {window.reportable} % from the prescribed one")
            )
        for name, judged in self.limits.items():
            if judged.verdict != "PASS":
                lines.append((judged.verdict, f"{name}: {_said(judged)}"))
        for check in self.externals:
            if check.verdict != "PASS":
                lines.append((check.verdict, f"{check.name}: {check.note}"))
        order = ("INVALID", "FAIL", "INCONCLUSIVE", "PENDING")
        return tuple(f"{word}: {text}" for word, text in sorted(lines, key=lambda line: order.index(line[0])))

    @property
    def volume_ml(self) -> float | None:
        """Volume to infuse, rounded; None where it can't be delivered."""
        return self.level.volume.rounded_ml if self.level.volume.deliverable else None

    @property
    def delivered_per_kg(self) -> float | None:
        """Dosed viable cells per kg at the rounded volume."""
        return None if self.level.delivered is None else self.level.delivered.value

    @property
    def amounts(self) -> dict[str, Amount]:
        """Amount of every population per kg at the rounded volume; empty where nothing is given."""
        return {} if self.level.rounded is None else self.level.rounded.amounts

    @property
    def per_kg(self) -> dict[str, float]:
        """Cells per kg of every population at the rounded volume."""
        return {name: amount.value for name, amount in self.amounts.items()}

    def interval(self, population: str | None = None) -> Interval | None:
        """Return the 95 % interval of cells per kg; of the dosed population where none is named."""
        amount = self.amounts.get(self.case.protocol.population(population or "dosed"))
        return None if amount is None else amount.interval

    @property
    def budget(self) -> list[dict[str, object]]:
        """Contributions to the uncertainty of the dose, largest first."""
        return self.budget_of("dosed")

    def budget_of(self, population: str) -> list[dict[str, object]]:
        """Return the contributions to the uncertainty of one population, largest first."""
        found = self.composition.concentration(self.case.protocol.population(population))
        return found.budget.contributions() if isinstance(found, Concentration) else []

    @cached_property
    def monte_carlo(self) -> dict[str, Simulated]:
        """Concentrations of dosed and residual T cells by JCGM 101, beside the law of propagation."""
        definitions, rule = self.case.protocol.definitions, self.case.protocol.monte_carlo
        populations = dict.fromkeys((definitions.dosed_population, definitions.residual_t))
        return simulate_concentrations(
            self.composition, tuple(populations), trials=rule.trials, seed=rule.seed
        )

    def table(self) -> pd.DataFrame:
        """Return one row per population: cells per kg at the rounded volume, interval, upper bound, rung."""
        import pandas as pd

        rows = [
            {
                "population": name,
                "events": amount.events,
                "per_kg": amount.value,
                "low": amount.interval.low,
                "high": amount.interval.high,
                "upper": amount.upper,
                "reported": amount.text,
            }
            for name, amount in self.amounts.items()
        ]
        return pd.DataFrame(rows)

    def as_dict(self) -> dict[str, Any]:
        """Return every number at full precision, as plain JSON values."""
        return plain_dose(self)


def _said(judged: Judged) -> str:
    """Return value, limit and probability in one line."""
    limit = judged.limit
    text = f"{judged.reportable or 'no value'} {limit.unit}, limit {limit.op} {limit.value:g}"
    if judged.p_conform is not None:
        text += f", P(conform) {judged.p_conform:.3g}"
    return f"{text} ({judged.note})" if judged.note else text
