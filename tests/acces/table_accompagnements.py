"""Portefeuille, référents d'une personne, fiches navettes, charge, transferts, référencement."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.backends.postgresql.psycopg_any import DateRange

from jalon.accompagnements.models import AbsenceAgent, Accompagnement, FicheNavette, TransfertPortefeuille
from tests.acces.objets import FABRIQUES
from tests.acces.regles import acces
from tests.accompagnements.aides import nommer
from tests.distribution import Distribution
from tests.fabriques import EN_COURS, une_allocataire


def designation(distribution: Distribution) -> dict[str, Any]:
    """Une personne du territoire, suivie par le CCAS du partenaire."""
    personne = une_allocataire(territoire=distribution.territoire)
    return {"public_id": nommer(personne, distribution.partenaire).public_id}


def suivi(distribution: Distribution) -> dict[str, Any]:
    personne = une_allocataire(territoire=distribution.territoire)
    ouvert = Accompagnement.objects.create(
        personne=personne, organisme=distribution.organisme("association"), territoire=distribution.territoire,
        objet="Logement", periode=EN_COURS,
    )  # fmt: skip
    return {"public_id": ouvert.public_id}


def fiche_navette(distribution: Distribution) -> dict[str, Any]:
    """Écrite par le collègue de l'orienteur au référent : ni l'orienteur ni le siège ne la lisent."""
    personne = une_allocataire(territoire=distribution.territoire)
    nommer(personne, distribution.partenaire)
    fiche = FicheNavette.objects.create(
        personne=personne, objet="Garde d'enfant", auteur=distribution.collegue, agents=[distribution.partenaire.pk]
    )
    return {"public_id": fiche.public_id}


def referent(distribution: Distribution) -> dict[str, Any]:
    nommer(une_allocataire(territoire=distribution.territoire), distribution.partenaire)
    return {"public_id": distribution.partenaire.public_id}


def absence(distribution: Distribution) -> dict[str, Any]:
    nommer(une_allocataire(territoire=distribution.territoire), distribution.partenaire)
    notee = AbsenceAgent.objects.create(
        agent=distribution.partenaire, motif="conges", enregistree_par=distribution.siege,
        periode=DateRange(date(2026, 11, 1), None),
    )  # fmt: skip
    return {"public_id": notee.public_id}


def transfert(distribution: Distribution) -> dict[str, Any]:
    fait = TransfertPortefeuille.objects.create(
        de=distribution.partenaire, regle="charge", motif="Départ", fait_par=distribution.siege, jour=date(2026, 11, 2)
    )
    return {"public_id": fait.public_id}


FABRIQUES.update({f.__name__: f for f in (designation, suivi, fiche_navette, referent, absence, transfert)})

OUVRE = {"operateur": 404, "partenaire": 404, "orienteur": 200, "etrangere": 404, "siege": 200}
CHARGE = {"orienteur": 200, "etrangere": 200, "siege": 200}

ROUTES = {
    "portefeuille": acces(partenaire=200),
    "portefeuille_exporter": acces(partenaire=200),
    "portefeuille_avis_lus": acces(methode="post", partenaire=302),
    "personne_referents": acces(objet="personne", **OUVRE),
    "personne_relais": acces(objet="personne", orienteur=200, etrangere=404, siege=200),
    "personne_correspondant": acces(methode="post", objet="personne", orienteur=302, etrangere=404, siege=302),
    "suivi_ouvrir": acces(methode="post", objet="personne", partenaire=404, orienteur=302, etrangere=404),
    "suivi_clore": acces(methode="post", objet="suivi", partenaire=404, orienteur=302, etrangere=404),
    "designation_prevenue": acces(methode="post", objet="designation", partenaire=302, orienteur=302, etrangere=404),
    # Sans lettre écrite, il n'y a rien à lire ; l'opérateur et l'étrangère ne voient pas même la désignation.
    "designation_lettre": acces(
        objet="designation", operateur=404, partenaire=404, orienteur=404, etrangere=404, siege=404
    ),
    "designation_lettre_ecrire": acces(
        methode="post", objet="designation", operateur=404, partenaire=302, orienteur=302, etrangere=404, siege=302
    ),
    "navettes": acces(operateur=200, partenaire=200, orienteur=200, etrangere=200, siege=200),
    "navette_ouvrir": acces(objet="personne", partenaire=404, orienteur=200, etrangere=404),
    "navette": acces(objet="fiche_navette", operateur=404, partenaire=200, orienteur=404, etrangere=404, siege=404),
    "navette_clore": acces(methode="post", objet="fiche_navette", partenaire=302, orienteur=404, etrangere=404),
    "charge": acces(**CHARGE),
    "charge_agent": acces(objet="referent", orienteur=200, etrangere=404, siege=200),
    "charge_temps": acces(methode="post", objet="referent", siege=302),
    "transfert_preparer": acces(objet="referent", siege=200),
    "transfert_faire": acces(methode="post", objet="referent", siege=200),
    "transfert": acces(objet="transfert", siege=200),
    "transfert_defaire": acces(methode="post", objet="transfert", siege=302),
    # Chacun note ses propres absences ; celles des autres, qui transfère les portefeuilles.
    "absences": acces(objet="referent", partenaire=200, siege=200),
    "absence_terminer": acces(methode="post", objet="absence", partenaire=302, siege=302),
    "referencement": acces(**CHARGE),
    "referencement_liste": acces(**CHARGE),
    "correspondants": acces(**CHARGE),
}
