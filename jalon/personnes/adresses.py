"""L'adresse postale d'une personne, telle qu'une enveloppe la demande."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db.models import Q

from jalon.documents.models import Canal, Envoi, EtatEnvoi, MotifRetour
from jalon.personnes.models import Adresse, Coordonnees, Personne, Rattachement
from jalon.socle.textes import normaliser

SANS_ADRESSE = "aucune adresse connue"
SANS_COMMUNE = "adresse sans code postal ou sans commune"
SANS_VOIE = "adresse sans voie ni lieu-dit"
_LIGNES: Final = re.compile(r"\n| — ")
"""Ce qui sépare les lignes d'une enveloppe dans un envoi."""


@dataclass(frozen=True)
class AdressePostale:
    """Lignes qui suivent le nom, et `defaut` : ce qui empêche d'y envoyer une lettre (vide si rien)."""

    lignes: tuple[str, ...] = ()
    code_postal: str = ""
    commune: str = ""
    defaut: str = SANS_ADRESSE

    @property
    def rang(self) -> tuple[str, str]:
        """Clé de tri pour l'imprimeur : code postal, puis commune."""
        return self.code_postal, normaliser(self.commune)

    def figure_dans(self, destinataire: str) -> bool:
        """Cette adresse, entière, est celle où une lettre est partie, une ligne de nom au plus devant elle."""
        lues = [normaliser(ligne) for ligne in _LIGNES.split(destinataire)]
        lignes = [normaliser(ligne) for ligne in self.lignes]
        return bool(lignes) and lues[-len(lignes) :] == lignes and len(lues) <= len(lignes) + 1


def adresses_postales(personnes: Collection[int]) -> dict[int, AdressePostale]:
    """Adresse de chacune des personnes, en cinq requêtes au plus quel que soit leur nombre.

    C'est celle du foyer où la caisse la connaît aujourd'hui (la première, en cas de plusieurs) ; à défaut, ou si une
    lettre en est revenue, celle que la personne a donnée elle-même.
    """
    actuels = (
        Rattachement.objects.filter(personne__in=personnes, periode__endswith=None, periode__isempty=False)
        .order_by("personne_id", "periode", "pk")
        .values_list("personne_id", "foyer_id")
    )
    foyers: dict[int, int] = dict(actuels)  # le plus récent l'emporte
    adresses = {
        adresse["foyer_id"]: adresse
        for adresse in Adresse.objects.filter(
            foyer__in=set(foyers.values()), periode__endswith=None, periode__isempty=False
        )
        .order_by("-rang", "pk")  # la première adresse l'emporte
        .values()
    }
    rendues = {personne: _du_flux(adresses[foyer]) for personne, foyer in foyers.items() if foyer in adresses}
    dites = {
        donnees.personne_id: _dite(donnees)
        for donnees in Coordonnees.objects.filter(personne__in=personnes)
        .exclude(voie="")
        .select_related("commune")
        .order_by("personne_id")
    }
    dites = {personne: dite for personne, dite in dites.items() if not dite.defaut}
    perdues = _adresses_perdues([personne for personne in dites if personne in rendues])
    for personne, dite in dites.items():
        connue = rendues.get(personne)
        if connue is None or connue.defaut or any(connue.figure_dans(lue) for lue in perdues.get(personne, ())):
            rendues[personne] = dite
    return {personne: rendues.get(personne, AdressePostale()) for personne in personnes}


def _adresses_perdues(personnes: Collection[int]) -> dict[int, list[str]]:
    """Adresses d'où la poste a rendu une lettre à ces personnes, ou à un dossier réuni dans le leur."""
    if not personnes:
        return {}
    perdues: dict[int, list[str]] = {}
    connues = Personne.objects.filter(Q(pk__in=personnes) | Q(fusionnee_dans__in=personnes)).order_by("pk")
    par_dossier: dict[UUID | None, int] = {
        dossier: gardee or cle for dossier, cle, gardee in connues.values_list("public_id", "pk", "fusionnee_dans_id")
    }
    for dossier, destinataire in (
        Envoi.objects.filter(personne__in=par_dossier, canal=Canal.COURRIER, etat=EtatEnvoi.REVENU)
        .exclude(motif_retour__in=MotifRetour.presentes())
        .order_by("pk")
        .values_list("personne", "destinataire")
    ):
        perdues.setdefault(par_dossier[dossier], []).append(destinataire)
    return perdues


def _du_flux(lue: Mapping[str, Any]) -> AdressePostale:
    if lue["lignes_etranger"]:
        lignes = tuple(ligne.strip() for ligne in lue["lignes_etranger"].splitlines() if ligne.strip())
        return AdressePostale(lignes, "99999", lignes[-1] if lignes else "", "" if lignes else SANS_ADRESSE)
    voie = " ".join(filter(None, (lue["numero"], lue["type_voie"], lue["voie"])))
    return _composer(
        (lue["complement_identite"], lue["complement"], voie, lue["lieu_dit"]), bool(lue["voie"] or lue["lieu_dit"]),
        lue["code_postal"], lue["nom_commune"],
    )  # fmt: skip


def _dite(donnees: Coordonnees) -> AdressePostale:
    commune = donnees.commune.nom if donnees.commune is not None else ""
    return _composer((donnees.complement, donnees.voie), bool(donnees.voie), donnees.code_postal, commune)


def _composer(hautes: tuple[str, ...], a_une_voie: bool, code_postal: str, commune: str) -> AdressePostale:
    lignes = (*filter(None, (ligne.strip() for ligne in hautes)), f"{code_postal} {commune.upper()}".strip())
    if not code_postal.strip() or not commune.strip():
        defaut = SANS_COMMUNE if any(hautes) or code_postal or commune else SANS_ADRESSE
    else:
        defaut = "" if a_une_voie else SANS_VOIE
    return AdressePostale(lignes, code_postal, commune, defaut)
