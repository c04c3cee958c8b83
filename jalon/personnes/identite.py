"""Identité d'une personne : numéro de sécurité sociale, clés de comparaison et de recherche, âge."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.conf import settings

from jalon.personnes.models import Personne, TypeNir
from jalon.socle.textes import normaliser

LONGUEUR_NIR = 13


def cles_identite(nom: str, nom_naissance: str, prenom: str, prenom2: str = "", prenom3: str = "") -> dict[str, str]:
    """Clés normalisées tirées des noms : `cle_recherche` contient tous les mots, dans les deux ordres utiles."""
    usage, naissance, premier = normaliser(nom), normaliser(nom_naissance), normaliser(prenom)
    autres = " ".join(filter(None, (normaliser(prenom2), normaliser(prenom3))))
    noms = usage if usage == naissance or not naissance else f"{usage} {naissance}"
    return {
        "cle_recherche": f"{noms} {premier}",
        "cle_nom": naissance or usage,
        "cle_prenom": premier,
        "cle_prenoms": f"{premier} {autres}".strip(),
    }


def age_revolu(naissance: date, jour: date) -> int:
    """Âge à une date, en années révolues ; qui est né un 29 février vieillit le 1er mars des années communes."""
    return jour.year - naissance.year - ((jour.month, jour.day) < (naissance.month, naissance.day))


@dataclass(frozen=True, slots=True)
class Nir:
    """NIR ramené à 13 caractères, avec ce que sa clé dit de lui."""

    numero: str
    type: str

    @property
    def chiffre(self) -> bytes:
        return settings.CLE_MAITRE.chiffrer(self.numero)

    @property
    def empreinte(self) -> bytes:
        return settings.CLE_MAITRE.indexer(self.numero)


def lire_nir(texte: str) -> Nir | None:
    """Lit un NIR de 13 ou 15 caractères, espaces comprises ; `None` s'il est absent.

    Un NIR de 15 caractères dont la clé est fausse est gardé (il est faux quelque part, on ne sait pas où)
    mais ne sert pas à rapprocher. Lève `ValueError` s'il n'a pas la forme d'un NIR.
    """
    brut = texte.replace(" ", "").upper()
    if not brut:
        return None
    if len(brut) not in (13, 15) or not brut[:5].isdigit() or not brut[7:].isdigit():
        raise ValueError("le NIR n'a pas 13 ou 15 caractères, ou contient autre chose que des chiffres")
    departement = brut[5:7]
    if not departement.isdigit() and departement not in ("2A", "2B"):
        raise ValueError("le département de naissance du NIR n'existe pas")
    numero = brut[:LONGUEUR_NIR]
    if len(brut) == 15 and int(brut[13:]) != cle_nir(numero):
        return Nir(numero, TypeNir.CLE_FAUSSE)
    return Nir(numero, TypeNir.CERTAIN if numero[0] in "1278" else TypeNir.ATTENTE)


def cle_nir(numero: str) -> int:
    """Clé de contrôle d'un NIR de 13 caractères (97 moins le reste modulo 97 ; Corse comprise)."""
    return 97 - int(numero.replace("2A", "19").replace("2B", "18")) % 97


def nir_en_clair(personne: Personne) -> str:
    """NIR déchiffré avec sa clé, pour un agent qui a le droit de le voir (la lecture est à noter)."""
    if personne.nir_chiffre is None:
        return ""
    numero = settings.CLE_MAITRE.dechiffrer(personne.nir_chiffre)
    return f"{numero}{cle_nir(numero):02d}"
