"""Réunir deux personnes qui ont chacune un référent, un correspondant, une orientation : rien ne se chevauche."""

from __future__ import annotations

from datetime import date

import pytest
from django.db.backends.postgresql.psycopg_any import DateRange

from jalon.accompagnements.models import (
    Accompagnement,
    AvisReferent,
    DesignationCorrespondant,
    DesignationReferent,
    FicheNavette,
)
from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.organismes.models import Organisme
from jalon.orientations.models import DecisionOrientation, DemandeReorientation, EtatReorientation, TypeOrientation
from jalon.personnes.models import Personne, Rapprochement
from jalon.personnes.services import annuler_fusion, fusionner_personnes
from jalon.socle.rls import web_role
from tests.accompagnements.aides import jour, nommer, organisme_de, orienter
from tests.distribution import Distribution
from tests.fabriques import une_allocataire

pytestmark = pytest.mark.django_db


@pytest.fixture
def paire(distribution: Distribution) -> tuple[Personne, Personne]:
    return (
        une_allocataire(territoire=distribution.territoire, nom="LEFEVRE"),
        une_allocataire(territoire=distribution.territoire, nom="LEFEVRE"),
    )


@pytest.fixture
def conseillere(distribution: Distribution) -> Agent:
    plie = Organisme.objects.filter(type__categorie="plie").order_by("id")[0]
    return distribution.agent("Rita", "referent_professionnel", organisme=plie)


def reunir(distribution: Distribution, paire: tuple[Personne, Personne]) -> object:
    doute = Rapprochement.objects.create(
        ancienne=paire[0], nouvelle=paire[1], score=95, motif="Mêmes noms", date_flux=date(2026, 10, 31)
    )
    with web_role(Perimetre.de(distribution.siege).reglages()):
        return fusionner_personnes(doute, acteur=distribution.siege)


def test_le_referent_du_dossier_garde_l_emporte_et_l_autre_cede_ses_jours(
    distribution: Distribution, paire: tuple[Personne, Personne], conseillere: Agent
) -> None:
    gardee, absorbee = paire
    nommer(gardee, distribution.partenaire, depuis=20)
    cedee = nommer(absorbee, conseillere, depuis=60)

    reunir(distribution, paire)

    cedee.refresh_from_db()
    assert (cedee.personne, cedee.periode, cedee.motif_fin) == (gardee, DateRange(jour(60), jour(20)), "fusion")
    actuel = DesignationReferent.objects.get(personne=gardee, periode__contains=jour())
    assert actuel.agent == distribution.partenaire
    natures = dict(Accompagnement.objects.filter(personne=gardee).values_list("organisme", "nature").order_by("pk"))
    assert natures == {
        organisme_de(distribution.partenaire).pk: "reference", organisme_de(conseillere).pk: "suivi",
    }  # fmt: skip


def test_sans_referent_garde_aujourd_hui_celui_de_l_autre_reste(
    distribution: Distribution, paire: tuple[Personne, Personne], conseillere: Agent
) -> None:
    gardee, absorbee = paire
    ancienne = nommer(gardee, distribution.partenaire, depuis=50)
    DesignationReferent.objects.filter(pk=ancienne.pk).update(periode=DateRange(jour(50), jour(30)))
    autre = nommer(absorbee, conseillere, depuis=60)

    reunir(distribution, paire)

    autre.refresh_from_db()
    assert autre.periode == DateRange(jour(30), None)


def test_orientations_correspondants_et_demandes_ne_se_chevauchent_pas(
    distribution: Distribution, paire: tuple[Personne, Personne]
) -> None:
    ccas = organisme_de(distribution.partenaire)
    for rang, personne in enumerate(paire):
        decision = orienter(personne, ccas, depuis=30 + rang)
        DesignationCorrespondant.objects.create(
            personne=personne, agent=distribution.orienteur, periode=DateRange(jour(10 + rang), None)
        )
        DemandeReorientation.objects.create(
            personne=personne, decision=decision, type_souhaite=TypeOrientation.objects.order_by("pk")[0],
            argumentaire="Prête", demandee_par=distribution.partenaire, demandee_le=jour(rang),
        )  # fmt: skip

    reunir(distribution, paire)

    gardee = paire[0]
    assert DecisionOrientation.objects.filter(personne=gardee, periode__contains=jour()).count() == 1
    assert DesignationCorrespondant.objects.filter(personne=gardee, periode__contains=jour()).count() == 1
    etats = DemandeReorientation.objects.filter(personne=gardee).values_list("etat", flat=True).order_by("etat")
    assert list(etats) == [EtatReorientation.DEMANDEE, EtatReorientation.RETIREE]


def test_une_fiche_que_l_agent_ne_lit_pas_suit_la_personne(
    distribution: Distribution, paire: tuple[Personne, Personne]
) -> None:
    gardee, absorbee = paire
    designation = nommer(absorbee, distribution.partenaire)
    FicheNavette.objects.create(
        personne=absorbee, objet="Garde", auteur=distribution.partenaire, agents=[distribution.partenaire.pk]
    )
    AvisReferent.objects.create(
        agent=distribution.partenaire, personne=absorbee, arrive=True, texte="Vous êtes le référent"
    )

    reunir(distribution, paire)

    assert FicheNavette.objects.get().personne == gardee
    assert AvisReferent.objects.get().personne == gardee
    designation.refresh_from_db()
    assert designation.personne == gardee


def test_defaire_rend_a_chacun_son_referent(
    distribution: Distribution, paire: tuple[Personne, Personne], conseillere: Agent
) -> None:
    gardee, absorbee = paire
    nommer(gardee, distribution.partenaire, depuis=20)
    cedee = nommer(absorbee, conseillere, depuis=60)
    fusion = reunir(distribution, paire)

    with web_role(Perimetre.de(distribution.siege).reglages()):
        annuler_fusion(fusion, acteur=distribution.siege)  # type: ignore[arg-type]

    cedee.refresh_from_db()
    assert (cedee.personne, cedee.periode, cedee.motif_fin) == (absorbee, DateRange(jour(60), None), "")
    assert Accompagnement.objects.get(organisme=organisme_de(conseillere)).nature == "reference"
