"""KIR-ligand mismatch from HLA class I ligand groups; reported, never decided upon."""

from __future__ import annotations

from typing import Any

from nkflow.dose.product import KirLigands

__all__ = ["KIR_OF_LIGAND", "kir_mismatch"]

KIR_OF_LIGAND: dict[str, str] = {"C1": "KIR2DL2/3", "C2": "KIR2DL1", "Bw4": "KIR3DL1"}
"""Inhibitory receptor of each ligand group."""


def kir_mismatch(ligands: KirLigands | None) -> dict[str, Any] | None:
    """Return ligands that the donor has and the recipient lacks, and the other way round.

    A ligand of the donor that the recipient lacks leaves donor NK cells with its receptor uninhibited
    (graft-versus-host direction; Ruggeri, Blood 2007;110:433, whose definition also asks for the receptor's
    gene and alloreactive clones, which HLA groups can't show). A recipient lacking any ligand at all is the
    wider "missing ligand" model.
    """
    if ligands is None:
        return None
    donor, recipient = set(ligands.donor), set(ligands.recipient)
    graft = [ligand for ligand in KIR_OF_LIGAND if ligand in donor - recipient]
    return {
        "donor": sorted(donor),
        "recipient": sorted(recipient),
        "graft_versus_host": graft,
        "host_versus_graft": [ligand for ligand in KIR_OF_LIGAND if ligand in recipient - donor],
        "missing_ligand": [ligand for ligand in KIR_OF_LIGAND if ligand not in recipient],
        "uninhibited_receptors": [KIR_OF_LIGAND[ligand] for ligand in graft],
        "mismatched": bool(graft),
    }
