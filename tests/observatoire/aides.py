"""Foyers sur mesure pour les essais de l'observatoire."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from django.db.backends.postgresql.psycopg_any import DateRange

from jalon.droits.models import DossierRsa, EtatDossier, Montant, NatureDroit, Reception, Situation, Soumission
from jalon.personnes.models import Personne, Rattachement, RolePersonne, Sexe
from tests.fabriques import DossierRsaFactory, PersonneFactory

JOUR = date(2026, 9, 30)
SUIVANT = date(2026, 10, 31)


def recevoir(*dossiers: DossierRsa, jour: date = JOUR) -> None:
    """Note la présence des dossiers dans le flux d'un jour."""
    emis = datetime(jour.year, jour.month, jour.day, 4, 30, tzinfo=UTC)
    Reception.objects.bulk_create(Reception(dossier=d, date_reference=jour, emis_le=emis) for d in dossiers)


def un_foyer(
    territoire: Any = None,
    *,
    natures: tuple[str, ...] = ("RSD",),
    sous_nature: str = "",
    etat: str = EtatDossier.OUVERT,
    sexe: str = Sexe.FEMME,
    naissance: date = date(1985, 4, 12),
    qualite_naissance: str = "",
    situation: str = "CEL",
    conjoint: bool = False,
    enfants: int = 0,
    soumises: int = 1,
    demande: date = date(2026, 9, 3),
    demande_rmi: date | None = None,
    debut: date | None = date(2026, 9, 1),
    cumul: int = 0,
    depuis: date = JOUR,
    recu: bool = True,
) -> DossierRsa:
    """Un dossier, son foyer et ses droits, connus depuis le flux de `depuis`."""
    periode = DateRange(depuis, None)
    dossier = DossierRsaFactory(foyer__territoire=territoire, date_demande=demande, date_demande_rmi=demande_rmi)
    Situation.objects.create(dossier=dossier, etat=etat, situation_familiale=situation, periode=periode)
    for nature in natures:
        NatureDroit.objects.create(
            dossier=dossier, nature=nature, sous_nature=sous_nature, debut=debut, periode=periode
        )
    if cumul:
        Montant.objects.create(dossier=dossier, cumul_integral=cumul, periode=periode)
    roles = [RolePersonne.DEMANDEUR, *[RolePersonne.CONJOINT] * conjoint, *[RolePersonne.ENFANT] * enfants]
    for rang, role in enumerate(roles):
        personne = PersonneFactory(
            territoire=territoire,
            sexe=sexe if rang == 0 else Sexe.HOMME,
            date_naissance=naissance if rang == 0 else date(2000, 1, 1),
            qualite_date_naissance=qualite_naissance if rang == 0 else "",
        )
        Rattachement.objects.create(foyer=dossier.foyer, personne=personne, role=role, periode=periode)
        if role != RolePersonne.ENFANT:
            Soumission.objects.create(dossier=dossier, personne=personne, soumise=rang < soumises, periode=periode)
    if recu:
        recevoir(dossier, jour=depuis)
    return dossier


def titulaire(dossier: DossierRsa) -> Personne:
    return Personne.objects.get(rattachements__foyer=dossier.foyer, rattachements__role=RolePersonne.DEMANDEUR)
