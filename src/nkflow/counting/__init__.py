"""Counted events -> composition: frequencies, concentrations and their uncertainty. Knows no protocol."""
