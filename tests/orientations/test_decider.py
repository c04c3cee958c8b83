"""Décider d'une orientation et nommer le référent : ce que l'acte fait, ce qu'il refuse."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import timezone

from jalon.accompagnements.models import Accompagnement, DesignationReferent
from jalon.accompagnements.referents import (
    ChargeDepasseeError,
    Depassement,
    charge_referent,
    designer_referent,
    orienter_personne,
)
from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.organismes.models import Organisme
from jalon.orientations.decisions import Choix
from jalon.orientations.models import (
    AttenteOrientation,
    DecisionOrientation,
    MotifOrientation,
    MotifSortie,
    TypeOrientation,
)
from jalon.personnes.models import Personne
from jalon.referentiels import parametres
from jalon.referentiels.models import Parametre
from jalon.socle.errors import DroitManquantError, JalonError, TransitionRefuseeError
from jalon.traces.models import Acte
from tests.distribution import Distribution
from tests.fabriques import une_allocataire

pytestmark = pytest.mark.django_db


@pytest.fixture
def personne(distribution: Distribution) -> Personne:
    return une_allocataire(territoire=distribution.territoire, en_attente=True)


@pytest.fixture
def referent(distribution: Distribution) -> Agent:
    return distribution.partenaire


def choix(referent: Agent | None = None, **change: Any) -> Choix:
    ccas = Organisme.objects.filter(type__categorie="ccas").order_by("id")[0]
    valeurs: dict[str, Any] = {
        "type": TypeOrientation.objects.get(code="solidarite"), "organisme": ccas,
        "motif": MotifOrientation.objects.get(code="logement"), "referent": referent,
    }  # fmt: skip
    return Choix(**{**valeurs, **change})


def orienter(distribution: Distribution, personne: Personne, decide: Choix, **plus: Any) -> DecisionOrientation:
    acteur = distribution.orienteur
    return orienter_personne(personne, acteur=acteur, perimetre=Perimetre.de(acteur), choix=decide, **plus)


def test_decide_clot_l_attente_nomme_le_referent_et_ouvre_le_dossier(
    distribution: Distribution, personne: Personne, referent: Agent
) -> None:
    decision = orienter(distribution, personne, choix(referent))

    attente = AttenteOrientation.objects.get(personne=personne)
    assert (attente.sortie_le, attente.motif_sortie) == (timezone.localdate(), MotifSortie.ORIENTEE)
    assert (decision.attente, decision.dossier) == (attente, attente.dossier)
    designation = DesignationReferent.objects.get(personne=personne)
    assert (designation.agent, designation.decision, designation.periode.upper) == (referent, decision, None)
    suivi = Accompagnement.objects.get(personne=personne)
    assert (suivi.organisme, suivi.nature, suivi.periode.upper) == (choix().organisme, "reference", None)
    assert {"orientations.decision.prise", "accompagnements.referent.designe"} <= set(
        Acte.objects.filter(personnes__contains=[personne.public_id]).values_list("code", flat=True)
    )


def test_une_orientation_sociale_demande_un_motif(distribution: Distribution, personne: Personne) -> None:
    with pytest.raises(JalonError, match="demande un motif"):
        orienter(distribution, personne, choix(motif=None))
    assert not DecisionOrientation.objects.filter(personne=personne).exists()


def test_un_motif_d_une_autre_sphere_est_refuse(distribution: Distribution, personne: Personne) -> None:
    with pytest.raises(JalonError, match="ne fonde pas"):
        orienter(distribution, personne, choix(motif=MotifOrientation.objects.get(code="disponible")))


def test_une_mission_locale_n_accompagne_que_sous_une_orientation_sociale(
    distribution: Distribution,
) -> None:
    jeune = une_allocataire(territoire=distribution.territoire, en_attente=True, date_naissance=date(2003, 1, 1))
    mission = Organisme.objects.filter(type__categorie="mission_locale").order_by("id")[0]
    pro = TypeOrientation.objects.get(code="insertion_professionnelle")

    with pytest.raises(JalonError, match="sous une orientation sociale"):
        orienter(
            distribution, jeune,
            choix(type=pro, organisme=mission, motif=MotifOrientation.objects.get(code="disponible")),
        )  # fmt: skip
    assert orienter(distribution, jeune, choix(organisme=mission)).organisme == mission


def test_un_organisme_ne_recoit_que_son_public(distribution: Distribution, personne: Personne) -> None:
    mission = Organisme.objects.filter(type__categorie="mission_locale").order_by("id")[0]
    with pytest.raises(JalonError, match="reçoit jusqu'à 25 ans"):
        orienter(distribution, personne, choix(organisme=mission))


def test_une_personne_deja_orientee_ne_l_est_pas_deux_fois(distribution: Distribution, personne: Personne) -> None:
    orienter(distribution, personne, choix())
    with pytest.raises(TransitionRefuseeError, match="est déjà orientée depuis le"):
        orienter(distribution, personne, choix())
    assert DecisionOrientation.objects.filter(personne=personne).count() == 1


def test_un_role_sans_pouvoir_ne_decide_pas(distribution: Distribution, personne: Personne) -> None:
    with pytest.raises(DroitManquantError):
        orienter_personne(
            personne, acteur=distribution.siege, perimetre=Perimetre.de(distribution.siege), choix=choix()
        )


def test_la_base_refuse_deux_referents_a_une_meme_date(
    distribution: Distribution, personne: Personne, referent: Agent
) -> None:
    premiere = orienter(distribution, personne, choix(referent)).designations.get()
    with pytest.raises(IntegrityError, match="referent_unique_a_une_date"), transaction.atomic():
        DesignationReferent.objects.create(
            personne=personne, organisme=premiere.organisme, nom_externe="Conseil extérieur",
            periode=DateRange(timezone.localdate() + timedelta(days=3), None),
        )  # fmt: skip


def test_le_referent_remplace_est_libere_le_meme_jour(
    distribution: Distribution, personne: Personne, referent: Agent
) -> None:
    avant = timezone.localdate() - timedelta(days=40)
    orienter(distribution, personne, choix(referent), jour=avant)
    collegue = distribution.agent("Rita", "referent_solidarite", organisme=choix().organisme)

    designer_referent(
        personne, acteur=distribution.orienteur, perimetre=Perimetre.de(distribution.orienteur),
        organisme=choix().organisme, agent=collegue,
    )  # fmt: skip

    ancienne, nouvelle = DesignationReferent.objects.filter(personne=personne).order_by("periode")
    assert (ancienne.periode, ancienne.motif_fin) == (DateRange(avant, timezone.localdate()), "passation")
    assert (nouvelle.agent, nouvelle.periode) == (collegue, DateRange(timezone.localdate(), None))


@pytest.fixture
def une_place(personne: Personne) -> Any:
    """La charge maximale est d'une personne, avec ou sans blocage."""

    def poser(bloquant: bool) -> None:
        Parametre.objects.filter(code="referent.charge_maximale").update(valeur="1")
        Parametre.objects.filter(code="referent.depassement_bloquant").update(valeur=str(bloquant))
        parametres.oublier()

    yield poser
    parametres.oublier()


def test_au_dela_de_la_charge_l_acte_demande_une_confirmation_motivee(
    distribution: Distribution, personne: Personne, referent: Agent, une_place: Any
) -> None:
    une_place(bloquant=False)
    orienter(distribution, personne, choix(referent))
    suivante = une_allocataire(territoire=distribution.territoire, en_attente=True)

    with pytest.raises(ChargeDepasseeError, match="pour une charge maximale de 1") as refus:
        orienter(distribution, suivante, choix(referent))
    assert not refus.value.bloquant
    assert not DecisionOrientation.objects.filter(personne=suivante).exists()

    orienter(distribution, suivante, choix(referent), depassement=Depassement(True, "Fratrie déjà suivie"))
    assert charge_referent(referent, timezone.localdate()) == 2
    assert DesignationReferent.objects.get(personne=suivante).motif_depassement == "Fratrie déjà suivie"


def test_ou_le_refuse_si_le_profil_bloque(
    distribution: Distribution, personne: Personne, referent: Agent, une_place: Any
) -> None:
    une_place(bloquant=True)
    orienter(distribution, personne, choix(referent))
    suivante = une_allocataire(territoire=distribution.territoire, en_attente=True)

    with pytest.raises(ChargeDepasseeError, match="choisissez quelqu'un d'autre") as refus:
        orienter(distribution, suivante, choix(referent), depassement=Depassement(True, "Fratrie déjà suivie"))
    assert refus.value.bloquant
