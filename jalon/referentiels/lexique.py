"""Le lexique : relever, dans un texte, les mots qui n'ont pas leur place dans un dossier. Il avertit, n'empêche rien.

Tout se fait ici, sans service extérieur : le texte ne quitte pas l'installation.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from django.db import transaction

from jalon.referentiels.models import TermeDeconseille
from jalon.referentiels.profil import Profil
from jalon.socle.textes import normaliser

LONGUEUR_RELUE = 20_000
"""Au-delà, le texte n'est plus relu : aucune rubrique n'est si longue."""
_COLONNES = ("terme", "famille", "raison", "conseil")
_MOTS = re.compile(r"[^\W\d_]+")
_LIANT = re.compile(r"[\s\-\u2010\u2011'’]+")
_DEBUT = 2
"""Lettres qui rangent les termes : peu de candidats par mot du texte."""
_Lu = tuple[str, str, int, int]
"""Un mot tel qu'il est écrit, sans accent, et où il commence et finit."""


@dataclass(frozen=True)
class Alerte:
    """Un mot relevé tel qu'il est écrit, pourquoi l'éviter, et quoi écrire à la place."""

    mot: str
    famille: str
    raison: str
    conseil: str


@dataclass(frozen=True)
class _Terme:
    """Un terme prêt à comparer : ses mots sans accent, et s'il vaut pour tout ce qui commence ainsi."""

    mots: tuple[str, ...]
    libre: bool
    famille: str
    raison: str
    conseil: str


@transaction.atomic
def installer_lexique(profil: Profil) -> None:
    """Pose les termes du profil ; ceux qui n'y sont plus s'en vont. Rejouable sans effet."""
    poses = []
    for famille in profil.lexique.familles:
        for terme in famille.termes:
            TermeDeconseille.objects.update_or_create(
                terme=terme.lower(),
                defaults={"famille": famille.libelle, "raison": famille.raison, "conseil": famille.conseil},
            )
            poses.append(terme.lower())
    TermeDeconseille.objects.exclude(terme__in=poses).delete()


def relever(texte: str) -> list[Alerte]:
    """Mots du texte que le lexique déconseille, une fois chacun, dans l'ordre où ils viennent. N'écrit rien.

    Accents et majuscules ne comptent pas, ni le trait d'union ; un terme de plusieurs mots ne passe pas la
    ponctuation. « * » à la fin d'un terme vaut pour toute suite de lettres. Le plus long des termes l'emporte.
    """
    texte = unicodedata.normalize("NFC", texte[:LONGUEUR_RELUE])
    if not texte.strip():
        return []
    par_debut = _prepares(tuple(TermeDeconseille.objects.order_by("pk").values_list(*_COLONNES)))
    mots = [(lu.group(), normaliser(lu.group()), lu.start(), lu.end()) for lu in _MOTS.finditer(texte)]
    alertes: dict[str, Alerte] = {}
    rang = 0
    while rang < len(mots):
        trouve = _terme_ici(par_debut, mots, rang, texte)
        if trouve is None:
            rang += 1
            continue
        terme, combien = trouve
        ecrit = " ".join(texte[mots[rang][2] : mots[rang + combien - 1][3]].split())
        alertes.setdefault(ecrit.casefold(), Alerte(ecrit, terme.famille, terme.raison, terme.conseil))
        rang += combien
    return list(alertes.values())


@lru_cache(maxsize=4)
def _prepares(lignes: tuple[tuple[str, str, str, str], ...]) -> dict[str, list[_Terme]]:
    """Termes rangés par leurs premières lettres, les plus longs d'abord ; prêts tant que le lexique ne change pas."""
    ranges: dict[str, list[_Terme]] = {}
    for terme, famille, raison, conseil in lignes:
        mots = tuple(normaliser(terme.rstrip("*")).split())
        if mots:
            ranges.setdefault(mots[0][:_DEBUT], []).append(_Terme(mots, terme.endswith("*"), famille, raison, conseil))
    for termes in ranges.values():
        termes.sort(key=lambda t: (-len(t.mots), -len("".join(t.mots))))
    return ranges


def _terme_ici(par_debut: dict[str, list[_Terme]], mots: list[_Lu], rang: int, texte: str) -> tuple[_Terme, int] | None:
    """Le terme qui commence au mot de ce rang, et combien de mots il prend."""
    for terme in par_debut.get(mots[rang][1][:_DEBUT], ()):
        combien = len(terme.mots)
        lus = mots[rang : rang + combien]
        if len(lus) < combien:
            continue
        exacts = all(
            lu[1] == attendu or (terme.libre and place == combien - 1 and lu[1].startswith(attendu))
            for place, (lu, attendu) in enumerate(zip(lus, terme.mots, strict=True))
        )
        lies = all(_LIANT.fullmatch(texte[avant[3] : apres[2]]) for avant, apres in zip(lus, lus[1:], strict=False))
        if exacts and lies:
            return terme, combien
    return None
