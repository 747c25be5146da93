"""Composition -> dose: protocol, lot, plan, decision, verdict."""
