"""Mener un contrat par ses actes, comme le ferait un agent : rien n'est posé directement en base."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.utils import timezone

from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.contrats.models import Contrat, TypeContrat
from jalon.contrats.objectifs import ajouter_etape, ajouter_moyen, ajouter_objectif
from jalon.contrats.redaction import Saisie, champs_de, ecrire_champ
from jalon.contrats.services import ouvrir_contrat
from jalon.contrats.signatures import proposer_signature, signer
from jalon.contrats.validation import recevoir, soumettre_lecture, valider
from jalon.organismes.models import CategorieOrganisme
from jalon.personnes.models import Personne
from tests.distribution import Distribution
from tests.fabriques import une_allocataire

UN_PDF = b"%PDF-1.7 page signee"


def chef(distribution: Distribution) -> Agent:
    """Reçoit, lit et valide les contrats du territoire."""
    return agent_de_droit(distribution, "contrat.recevoir", "contrat.valider")


def agent_de_droit(distribution: Distribution, *droits: str) -> Agent:
    from jalon.agents.models import ProfilHabilitation

    profil = next(
        p
        for p in ProfilHabilitation.objects.order_by("code")
        if set(droits) <= set(p.droits) and p.portee != "organisme"
    )
    connu = Agent.objects.filter(email=f"cheffe.{profil.code.replace('_', '-')}@jalon.example").first()
    return connu or distribution.agent("Cheffe", profil.code, territoire=distribution.territoire)


def un_brouillon(
    distribution: Distribution, *, personne: Personne | None = None, type: str = "cer_solidarite", complet: bool = True
) -> Contrat:
    """Brouillon ouvert par le référent, toutes ses rubriques écrites, avec un objectif, une étape et un moyen."""
    referent = distribution.partenaire
    perimetre = Perimetre.de(referent)
    le_type = TypeContrat.objects.get(code=type)
    personne = personne or une_allocataire(
        territoire=distribution.territoire, accompagnee_par=distribution.organisme(CategorieOrganisme.CCAS),
        soumise=not le_type.hors_allocation,
    )  # fmt: skip
    contrat = ouvrir_contrat(personne, acteur=referent, perimetre=perimetre, type=le_type)
    if complet and not le_type.reference_seule:
        remplir(contrat, referent)
    return contrat


def remplir(contrat: Contrat, referent: Agent) -> None:
    perimetre = Perimetre.de(referent)
    for section in champs_de(contrat):
        for rubrique in section.rubriques:
            champ = rubrique.champ
            saisie = {
                "nombre": Saisie(nombre=_nombre("12")), "montant": Saisie(nombre=_nombre("1250.50")),
                "date": Saisie(date=date(2027, 1, 31)), "oui_non": Saisie(oui=True),
                "choix": Saisie(choix=tuple(c.code for c in champ.choix.all()[:1])),
                "choix_multiple": Saisie(choix=tuple(c.code for c in champ.choix.all()[:2])),
            }.get(champ.type, Saisie(texte=f"Ce qui est écrit pour {champ.code}."))  # fmt: skip
            ecrire_champ(contrat, champ, saisie, acteur=referent, perimetre=perimetre, numero_lu=rubrique.numero)
    objectif = ajouter_objectif(contrat, acteur=referent, perimetre=perimetre, intitule="Passer le permis")
    etape = ajouter_etape(objectif, acteur=referent, perimetre=perimetre, intitule="S'inscrire à l'auto-école")
    ajouter_moyen(etape, acteur=referent, perimetre=perimetre, intitule="Aide au permis")


def _nombre(texte: str) -> Any:
    from decimal import Decimal

    return Decimal(texte)


def a_signer(distribution: Distribution, *, debut: date | None = None, duree: int = 6, **champs: Any) -> Contrat:
    contrat = un_brouillon(distribution, **champs)
    referent = distribution.partenaire
    return proposer_signature(
        contrat, acteur=referent, perimetre=Perimetre.de(referent), debut=debut or timezone.localdate(), duree=duree
    )


def signe(distribution: Distribution, **champs: Any) -> Contrat:
    contrat = a_signer(distribution, **champs)
    signe_par_les_deux(distribution, contrat)
    contrat.refresh_from_db()
    return contrat


def signe_par_les_deux(distribution: Distribution, contrat: Contrat) -> None:
    referent, jour = distribution.partenaire, timezone.localdate()
    perimetre = Perimetre.de(referent)
    for qui, nom in (("personne", "Camille Exemple"), ("referent", "Paul Référent")):
        signer(contrat, signataire=qui, mode="ecran", nom=nom, le=jour, acteur=referent, perimetre=perimetre)


def recu(distribution: Distribution, **champs: Any) -> Contrat:
    agent = chef(distribution)
    return recevoir(signe(distribution, **champs), acteur=agent, perimetre=Perimetre.de(agent))


def en_lecture(distribution: Distribution, **champs: Any) -> Contrat:
    agent = chef(distribution)
    return soumettre_lecture(
        recu(distribution, **champs), acteur=agent, perimetre=Perimetre.de(agent), motif="Plusieurs freins à la fois"
    )


def en_vigueur(distribution: Distribution, **champs: Any) -> Contrat:
    agent = chef(distribution)
    return valider(recu(distribution, **champs), acteur=agent, perimetre=Perimetre.de(agent))
