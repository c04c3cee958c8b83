"""Recueils et grilles d'essai, écrits comme les actes les écrivent."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.diagnostics.enums import OriginePassation, SourceRecueil
from jalon.diagnostics.models import Passation, Recueil, Reponse
from jalon.diagnostics.selectors import grille_principale, version_en_vigueur
from jalon.diagnostics.services import commencer_recueil, enregistrer_brouillon, valider_recueil
from jalon.personnes.models import Personne
from tests.fabriques import PersonneFactory

JOUR = date(2026, 10, 1)


def un_auteur() -> Agent:
    return Agent.objects.get_or_create(email="auteur@jalon.example", defaults={"nom": "Auteur", "prenom": "Aude"})[0]


def une_passation(
    *,
    reponses: Mapping[str, int | None],
    personne: Personne | None = None,
    territoire: Any = None,
    jour: date = JOUR,
    age: int | None = None,
    sexe: str = "",
    parcours_envisage: str = "",
    auteur: Agent | None = None,
) -> Passation:
    """Une grille remplie de la grille principale, dans la version de ce jour."""
    version = version_en_vigueur(grille_principale(), jour)
    passation = Passation.objects.create(
        personne=personne or PersonneFactory(territoire=territoire), version=version, date_passation=jour,
        territoire=territoire, sexe=sexe, age=age, parcours_envisage=parcours_envisage, convenue=True,
        origine=OriginePassation.ENTRETIEN, saisie_par=auteur or un_auteur(),
    )  # fmt: skip
    items = {item.code: item for item in version.items.all()}
    for code, rang in reponses.items():
        if rang is not None:
            echelon = next(e for e in items[code].echelons.all() if e.rang == rang)
            Reponse.objects.create(passation=passation, item=items[code], echelon=echelon)
    return passation


def un_recueil(personne: Personne, acteur: Agent, *, jour: date = JOUR, **valeurs: Any) -> Recueil:
    """Un recueil validé par les actes : brouillon, enregistrement, validation."""
    perimetre = Perimetre.de(acteur)
    brouillon = commencer_recueil(personne, acteur=acteur, perimetre=perimetre)
    valeurs = {"date_recueil": jour, "source": SourceRecueil.ENTRETIEN, **(valeurs or {"difficultes": "Aucune."})}
    brouillon = enregistrer_brouillon(
        personne, acteur=acteur, perimetre=perimetre, valeurs=valeurs, numero=brouillon.numero
    )
    return valider_recueil(personne, acteur=acteur, perimetre=perimetre, numero=brouillon.numero)
