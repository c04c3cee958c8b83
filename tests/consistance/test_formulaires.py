"""Un formulaire inclus porte toujours son jeton : sans lui, le bouton répond 403, et le client d'essai ne le voit pas."""

from __future__ import annotations

import re
from pathlib import Path

GABARITS = Path(__file__).resolve().parents[2] / "jalon" / "web" / "templates"
INCLUSION = re.compile(r'{%\s*include\s+"([^"]+)"([^%]*)%}')


def test_un_gabarit_inclus_seul_recoit_le_jeton() -> None:
    textes = {f.relative_to(GABARITS).as_posix(): f.read_text() for f in GABARITS.rglob("*.html")}
    avec = {nom for nom, texte in textes.items() if "{% csrf_token %}" in texte}
    while ajoutes := {
        nom
        for nom, texte in textes.items()
        if nom not in avec and any(inclus in avec for inclus, _ in INCLUSION.findall(texte))
    }:
        avec |= ajoutes
    fautes = [
        f"{nom} : {inclus}"
        for nom, texte in sorted(textes.items())
        for inclus, reste in INCLUSION.findall(texte)
        if inclus in avec and re.search(r"\bonly\b", reste) and "csrf_token=csrf_token" not in reste
    ]
    assert avec
    assert fautes == []
