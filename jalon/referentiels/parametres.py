"""Accès aux paramètres datés et aux mots du département (F002, F003).

Le profil ne change qu'au chargement : ses valeurs sont gardées en mémoire jusqu'à `oublier()`.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import lru_cache

from dateutil.relativedelta import relativedelta

from jalon.referentiels.models import Libelle, Parametre, ProfilDepartement
from jalon.socle.errors import JalonError


class ParametreAbsentError(JalonError):
    """Aucune valeur de ce paramètre n'est en vigueur à cette date."""


@lru_cache(maxsize=1)
def _parametres() -> dict[str, list[tuple[date | None, date | None, str]]]:
    valeurs: dict[str, list[tuple[date | None, date | None, str]]] = {}
    for ligne in Parametre.objects.order_by("code", "periode", "id"):
        valeurs.setdefault(ligne.code, []).append((ligne.periode.lower, ligne.periode.upper, ligne.valeur))
    return valeurs


@lru_cache(maxsize=1)
def _libelles() -> dict[str, Libelle]:
    return {libelle.cle: libelle for libelle in Libelle.objects.order_by("cle")}


@lru_cache(maxsize=1)
def profil() -> ProfilDepartement | None:
    """Profil chargé dans cette installation, `None` avant `jalon init`."""
    return ProfilDepartement.objects.order_by("id").first()


def oublier() -> None:
    """Vide la mémoire après un chargement de profil."""
    _parametres.cache_clear()
    _libelles.cache_clear()
    profil.cache_clear()


def nombre(code: str, a_la_date: date) -> Decimal:
    """Valeur d'un paramètre à une date. Lève `ParametreAbsentError` si rien n'est en vigueur."""
    return Decimal(_valeur(code, a_la_date))


def vrai(code: str, a_la_date: date) -> bool:
    """Valeur d'un paramètre « oui » ou « non » à une date. Lève `ParametreAbsentError` si rien n'est en vigueur."""
    return _valeur(code, a_la_date) == str(True)


def _valeur(code: str, a_la_date: date) -> str:
    for du, au, valeur in _parametres().get(code, []):
        if (du is None or du <= a_la_date) and (au is None or a_la_date < au):
            return valeur
    raise ParametreAbsentError(
        f"Le paramètre « {code} » n'a pas de valeur au {a_la_date:%d/%m/%Y} : complétez parametres.yaml du profil, "
        "puis relancez « jalon init »."
    )


def ajouter_mois(depart: date, code: str) -> date:
    """Date obtenue en ajoutant à `depart` le délai en mois en vigueur ce jour-là (31 janv. + 1 mois = 28 févr.)."""
    return depart + relativedelta(months=int(nombre(code, depart)))


def mot(cle: str) -> Libelle:
    """Mot du métier tel que le département l'emploie ; la clé elle-même s'il n'est pas chargé."""
    connu = _libelles().get(cle)
    return connu or Libelle(cle=cle, singulier=cle.replace("_", " "), pluriel=cle.replace("_", " "), genre="m")
