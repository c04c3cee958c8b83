"""Une personne dont le livret est plein, et de quoi y entrer."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

from django.db.backends.postgresql.psycopg_any import DateRange
from django.test import Client
from django.utils import timezone

from jalon.accompagnements.models import DesignationCorrespondant, DesignationReferent
from jalon.agents.perimetre import Perimetre
from jalon.contrats.enums import EtatContrat, EtatObjectif, QuiFait
from jalon.contrats.models import Contrat, Etape, Objectif, PassageContrat, TypeContrat, VersionContrat
from jalon.diagnostics.models import Passation, Reponse
from jalon.diagnostics.selectors import grille_principale, version_en_vigueur
from jalon.documents.models import Envoi
from jalon.documents.services import enregistrer_document
from jalon.passeport.acces import creer_acces
from jalon.passeport.models import AccesPersonnel, DemarchePersonnelle, Experience, ProfilCompetences
from jalon.personnes.coordonnees import Coordonnees
from jalon.personnes.models import Personne
from jalon.rendezvous.models import NoteEntretien, RendezVous
from jalon.traces.models import Lecture
from jalon.traces.services import noter_lecture
from tests.distribution import Distribution
from tests.fabriques import une_allocataire, une_decision

PDF = b"%PDF-1.7 essai"


def auteur(agent: Any) -> dict[str, Any]:
    return {"acteur": agent, "perimetre": Perimetre.de(agent)}


def joignable(personne: Personne) -> Personne:
    Coordonnees.objects.update_or_create(
        personne=personne, defaults={"telephone": f"+336110{personne.pk:05d}"[:12], "accepte_sms": True}
    )
    return personne


def un_acces(distribution: Distribution, personne: Personne) -> tuple[AccesPersonnel, str]:
    return creer_acces(personne, **auteur(distribution.partenaire))


def code_recu(personne: Personne) -> str:
    envoi = Envoi.objects.filter(personne=personne.public_id).order_by("-pk").first()
    assert envoi is not None
    trouve = re.match(r"\d{6}", envoi.texte)
    assert trouve is not None
    return trouve.group()


def entree(personne: Personne, code: str) -> Client:
    """Un navigateur entré dans le livret par les deux codes."""
    client = Client()
    assert client.post("/livret/", {"code": code}).status_code == 302
    reponse = client.post("/livret/code/", {"code": code_recu(personne)})
    assert reponse.status_code == 302, reponse.content.decode()
    return client


def un_contrat(distribution: Distribution, personne: Personne, **champs: Any) -> Contrat:
    type_ = champs.pop("type", None) or TypeContrat.objects.filter(reference_seule=False).order_by("ordre", "pk")[0]
    defauts = {
        "type": type_, "version": VersionContrat.objects.filter(type=type_).order_by("-numero").first(),
        "organisme": distribution.partenaire.affectations.get().organisme, "referent": distribution.partenaire,
        "territoire": personne.territoire, "ouvert_le": date(2026, 10, 1), "ouvert_par": distribution.partenaire,
        "etat": EtatContrat.EN_VIGUEUR, "debut": date(2026, 10, 10), "duree": 6,
        "periode": DateRange(date(2026, 10, 10), date(2027, 4, 10)), "signe_le": date(2026, 10, 8), "recu_le": date(2026, 10, 8),
        "valide_le": date(2026, 10, 9),
        "valide_par": distribution.siege,
    }  # fmt: skip
    return Contrat.objects.create(personne=personne, **(defauts | champs))


def livret_plein(distribution: Distribution, prenom: str = "ELODIE") -> Personne:
    """Une personne avec un référent, un contrat et ses étapes, deux grilles, des rendez-vous, une note, des papiers…"""
    organisme = distribution.partenaire.affectations.get().organisme
    personne = joignable(une_allocataire(territoire=distribution.territoire, prenom=prenom, accompagnee_par=organisme))
    une_decision(distribution, personne=personne, adresse={})
    DesignationReferent.objects.create(
        personne=personne, organisme=organisme, agent=distribution.partenaire, designe_par=distribution.siege,
        periode=DateRange(date(2026, 10, 1), None), note_transmission=f"Entre nous, sur {prenom}",
    )  # fmt: skip
    DesignationCorrespondant.objects.create(
        personne=personne, agent=distribution.collegue, periode=DateRange(date(2026, 10, 1), None)
    )
    contrat = un_contrat(distribution, personne)
    contrat.document = enregistrer_document(
        PDF, acteur=distribution.siege, nature="contrat", titre=f"Contrat de {prenom}", personne=personne.public_id
    )
    contrat.save()
    PassageContrat.objects.create(
        contrat=contrat, acte="valider", de="signe", vers="en_vigueur", le=date(2026, 10, 9), par=distribution.siege
    )
    objectif = Objectif.objects.create(
        contrat=contrat, intitule="Passer mon code avant l'été", par_la_personne=True, etat=EtatObjectif.EN_COURS
    )
    Etape.objects.create(objectif=objectif, intitule=f"Appeler l'auto-école ({prenom})", qui=QuiFait.PERSONNE)
    Etape.objects.create(objectif=objectif, intitule="Chercher une aide", qui=QuiFait.REFERENT, rang=1)
    version = version_en_vigueur(grille_principale(), date(2026, 10, 1))
    for jour, rang in ((date(2026, 10, 2), 3), (date(2026, 11, 2), 2)):
        passation = Passation.objects.create(
            personne=personne, version=version, date_passation=jour, convenue=True, origine="entretien",
            saisie_par=distribution.partenaire, organisme=organisme,
        )  # fmt: skip
        for item in version.items.all():
            echelon = next((e for e in item.echelons.all() if e.rang == rang), None)
            if echelon is not None:
                Reponse.objects.create(passation=passation, item=item, echelon=echelon)
    demain = timezone.localtime() + timedelta(days=3)
    RendezVous.objects.create(
        personne=personne, objet="entretien", organisme=organisme, agent=distribution.partenaire,
        debut=demain.replace(hour=9, minute=30, second=0, microsecond=personne.pk % 1000), lieu="CCAS, 6 rue des Tilleuls",
    )  # fmt: skip
    NoteEntretien.objects.create(
        personne=personne, date=date(2026, 11, 2), faits=f"Faits de {prenom}", dit_par_la_personne="Mes mots",
        analyse=f"Analyse sur {prenom}", auteur=distribution.partenaire, organisme=organisme.libelle,
    )  # fmt: skip
    ProfilCompetences.objects.create(
        personne=personne, accroche=f"Aide à domicile, {prenom}", savoir_faire="Cuisiner\nConduire", numero=1,
        par_la_personne=True,
    )  # fmt: skip
    Experience.objects.create(personne=personne, nature="emploi", intitule="Aide à domicile", annee_debut=2019)
    DemarchePersonnelle.objects.create(
        personne=personne, intitule=f"Démarche de {prenom}", faite_le=date(2026, 10, 20), par_la_personne=True
    )
    noter_lecture(
        Lecture.Nature.DOSSIER, agent=distribution.partenaire, organisme=organisme.libelle, personne=personne.public_id
    )
    return personne
