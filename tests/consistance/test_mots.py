"""Les mots du profil s'écrivent tels qu'il les donne : un sigle garde ses majuscules en tête de phrase."""

from __future__ import annotations

import re
from pathlib import Path

JALON = Path(__file__).resolve().parents[2] / "jalon"
RABAISSE = re.compile(r"\.(singulier|pluriel|court)\.(capitalize|title)\(\)")


def test_aucun_mot_du_profil_n_est_rabaisse() -> None:
    """`capitalize` ferait de « suspension du RMI » « Suspension du rmi », et d'« UTS » « Uts » : voir `capfirst`."""
    fautifs = [str(f.relative_to(JALON)) for f in sorted(JALON.rglob("*.py")) if RABAISSE.search(f.read_text())]
    assert fautifs == []
