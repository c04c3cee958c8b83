"""Feuille de style de la couleur du département : une seule couleur, son contraste vérifié en clair et en sombre."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from jalon.web.socle.contexte import departement

COULEUR_PAR_DEFAUT = "#0b5aa5"
BLANC = (255, 255, 255)
FOND_CLAIR = (245, 247, 249)
FOND_SOMBRE = (32, 44, 57)
CARTE_SOMBRE = (24, 33, 43)
CONTRASTE = 4.5

Rvb = tuple[int, int, int]

FEUILLE = """:root {{
  --accent: {clair}; --accent-sur: #fff; --accent-doux: {clair_doux}; --accent-bord: {clair_bord};
  --tblr-primary: {clair}; --tblr-primary-rgb: {clair_rvb};
  --tblr-link-color: {clair}; --tblr-link-color-rgb: {clair_rvb};
}}
@media (prefers-color-scheme: dark) {{
  :root {{
    --accent: {sombre}; --accent-sur: #0b1219; --accent-doux: {sombre_doux}; --accent-bord: {sombre_bord};
    --tblr-primary: {sombre}; --tblr-primary-rgb: {sombre_rvb};
    --tblr-link-color: {sombre}; --tblr-link-color-rgb: {sombre_rvb};
  }}
}}
"""


@login_not_required
@require_safe
def theme(request: HttpRequest) -> HttpResponse:
    """Servie à part, et non dans la page : la politique de contenu refuse tout style en ligne."""
    profil = departement()
    reponse = HttpResponse(feuille(profil.couleur if profil else COULEUR_PAR_DEFAUT), content_type="text/css")
    reponse["Cache-Control"] = "public, max-age=86400"
    return reponse


def feuille(couleur: str) -> str:
    """Feuille de style d'une couleur `#rrggbb`, assombrie ou éclaircie jusqu'à ce qu'elle se lise."""
    voulue = _lire(couleur)
    clair = _rapprocher(voulue, vers=(0, 0, 0), fond=FOND_CLAIR, carte=BLANC, part=0.9)
    sombre = _rapprocher(voulue, vers=BLANC, fond=FOND_SOMBRE, carte=CARTE_SOMBRE, part=0.86)
    return FEUILLE.format(
        clair=_ecrire(clair), clair_rvb=_liste(clair),
        clair_doux=_ecrire(_melanger(clair, BLANC, 0.9)), clair_bord=_ecrire(_melanger(clair, BLANC, 0.6)),
        sombre=_ecrire(sombre), sombre_rvb=_liste(sombre),
        sombre_doux=_ecrire(_melanger(sombre, CARTE_SOMBRE, 0.86)),
        sombre_bord=_ecrire(_melanger(sombre, CARTE_SOMBRE, 0.6)),
    )  # fmt: skip


def contraste(une: Rvb, autre: Rvb) -> float:
    """Rapport de contraste WCAG 2 entre deux couleurs."""
    claire, sombre = sorted((_luminance(une), _luminance(autre)), reverse=True)
    return (claire + 0.05) / (sombre + 0.05)


def _luminance(couleur: Rvb) -> float:
    lineaires = [c / 255 / 12.92 if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in couleur]
    return 0.2126 * lineaires[0] + 0.7152 * lineaires[1] + 0.0722 * lineaires[2]


def _rapprocher(couleur: Rvb, *, vers: Rvb, fond: Rvb, carte: Rvb, part: float) -> Rvb:
    """Première nuance qui se lit sur le fond comme sur sa propre teinte douce (la porte courante du menu)."""
    candidates = (_melanger(couleur, vers, pas / 20) for pas in range(21))
    return next(
        (c for c in candidates if min(contraste(c, fond), contraste(c, _melanger(c, carte, part))) >= CONTRASTE), vers
    )


def _melanger(une: Rvb, autre: Rvb, part: float) -> Rvb:
    rouge, vert, bleu = (round(a + (b - a) * part) for a, b in zip(une, autre, strict=True))
    return rouge, vert, bleu


def _lire(texte: str) -> Rvb:
    return int(texte[1:3], 16), int(texte[3:5], 16), int(texte[5:7], 16)


def _ecrire(couleur: Rvb) -> str:
    return "#{:02x}{:02x}{:02x}".format(*couleur)


def _liste(couleur: Rvb) -> str:
    return ", ".join(str(c) for c in couleur)
