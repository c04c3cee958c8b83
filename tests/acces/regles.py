"""La grammaire de la table route × profil : une ligne dit ce que chaque profil obtient d'une adresse.

    "agents": acces(siege=200, administrateur=200)
    "personne": acces(objet="personne", partenaire=404, orienteur=200, etrangere=404, siege=200)

Qui n'est pas nommé reçoit 403 (il n'a pas le droit), et l'anonyme va à la connexion (302). `objet` nomme une
fabrique de `objets.py` : l'objet appartient à `distribution.territoire`, si bien que `etrangere` n'y a pas droit.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

PROFILS = (
    "anonyme",
    "sans_affectation",
    "lecteur",
    "operateur",
    "partenaire",
    "orienteur",
    "etrangere",
    "siege",
    "administrateur",
)


@dataclass(frozen=True)
class Regle:
    """Statut attendu pour chaque profil, et comment appeler l'adresse."""

    statuts: dict[str, int]
    methode: str = "get"
    objet: str = ""
    donnees: dict[str, Any] = field(default_factory=dict)


def acces(
    *, sinon: int = 403, methode: str = "get", objet: str = "", donnees: dict[str, Any] | None = None, **nommes: int
) -> Regle:
    """Règle fermée par défaut : seuls les profils nommés obtiennent autre chose que `sinon`."""
    inconnus = set(nommes) - set(PROFILS)
    assert not inconnus, f"Profils inconnus : {inconnus}"
    statuts = dict.fromkeys(PROFILS, sinon) | {"anonyme": 302} | nommes
    return Regle(statuts, methode, objet, donnees or {})


def connectes(statut: int = 200, *, methode: str = "get", objet: str = "", **nommes: int) -> Regle:
    """Ouverte à tout agent connecté : elle ne montre que ce qui est à lui."""
    return acces(sinon=statut, methode=methode, objet=objet, **nommes)


def publique(statut: int = 200, *, objet: str = "", **nommes: int) -> Regle:
    """Ouverte sans connexion ; elle doit figurer dans `jalon.web.comptes.routes.ROUTES_PUBLIQUES`."""
    return acces(sinon=statut, objet=objet, **({"anonyme": statut} | nommes))
