"""Le service est-il en cause ? Chaque tort, et le dossier voisin qui n'en a pas (R62, F058)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from dateutil.relativedelta import relativedelta
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import timezone

from jalon.accompagnements.models import DesignationReferent
from jalon.agents.perimetre import Perimetre
from jalon.contrats.models import SignatureContrat
from jalon.documents.models import Envoi
from jalon.manquements.constats import Constat, constater, declarer_tort, poser_constats
from jalon.manquements.models import CodeConstat, FaitManquement, Manquement
from jalon.orientations.models import DecisionOrientation, NotificationOrientation
from jalon.referentiels.parametres import nombre
from jalon.rendezvous.models import Invitation, RendezVous
from jalon.socle.errors import DroitManquantError, JalonError
from jalon.socle.rls import web_role
from tests.distribution import Distribution
from tests.fabriques import un_contrat
from tests.manquements.aides import qui
from tests.manquements.fabriques import (
    a_neuf_heures,
    il_y_a,
    un_manquement,
    une_invitation_manquee,
    une_personne_suivie,
)

pytestmark = pytest.mark.django_db
FAIT = 120
"""Jours écoulés depuis le fait que pose la fabrique."""


def effacent(manquement: Manquement) -> dict[str, str]:
    """Codes et phrases des torts qui effacent le reproche."""
    return {str(c.code): c.phrase for c in constater(manquement) if c.efface}


def rendez_vous(manquement: Manquement, **champs: Any) -> None:
    RendezVous.objects.filter(pk=manquement.faits.get().rendez_vous_id).update(**champs)


def test_un_dossier_en_regle_ne_montre_aucun_tort(distribution: Distribution) -> None:
    assert effacent(un_manquement(distribution)) == {}


# --- La convocation


def test_sans_convocation_ecrite(distribution: Distribution) -> None:
    manquement = un_manquement(distribution)
    rendez_vous(manquement, convoque_le=None)
    assert effacent(manquement) == {
        "sans_convocation": f"Aucune convocation écrite n'est partie pour le rendez-vous du {il_y_a(FAIT):%d/%m/%Y}."
    }


def test_une_convocation_sans_lettre_n_en_est_pas_une(distribution: Distribution) -> None:
    manquement = un_manquement(distribution)
    rendez_vous(manquement, lettre=None)
    assert set(effacent(manquement)) == {"sans_convocation"}


@pytest.mark.parametrize("ecart", [-1, 0, 1])
def test_une_convocation_part_assez_tot(distribution: Distribution, ecart: int) -> None:
    """Le dernier jour permis ne l'est plus le lendemain."""
    manquement = un_manquement(distribution)
    jour = il_y_a(FAIT)
    delai = int(nombre("rendezvous.delai_convocation", jour))
    rendez_vous(manquement, convoque_le=a_neuf_heures(il_y_a(FAIT + delai - ecart)))
    trouves = effacent(manquement)
    if ecart <= 0:
        assert trouves == {}
    else:
        parti = jour - timedelta(days=delai - 1)
        assert trouves == {
            "convocation_tardive": f"La convocation est partie le {parti:%d/%m/%Y}, {delai - 1} jours avant "
            f"(le rendez-vous du {jour:%d/%m/%Y}) : il en faut au moins {delai}."
        }


def test_une_lettre_revenue(distribution: Distribution) -> None:
    manquement = un_manquement(distribution)
    lettre = RendezVous.objects.get(pk=manquement.faits.get().rendez_vous_id).lettre
    Envoi.objects.filter(document=lettre).update(etat="echec")
    assert set(effacent(manquement)) == {"adresse_fausse"}


@pytest.mark.parametrize(("etat", "mot"), [("annule", "annulé"), ("reporte", "reporté")])
def test_un_rendez_vous_annule_ou_reporte_par_le_service(distribution: Distribution, etat: str, mot: str) -> None:
    manquement = un_manquement(distribution)
    rendez_vous(manquement, etat=etat, motif="Agent absent")
    assert effacent(manquement) == {
        "rendez_vous_annule": f"Le rendez-vous du {il_y_a(FAIT):%d/%m/%Y} a été {mot} par le service."
    }


def test_une_absence_excusee_depuis_n_est_plus_un_fait(distribution: Distribution) -> None:
    manquement = un_manquement(distribution)
    rendez_vous(manquement, etat="excuse", motif="Hospitalisation")
    assert set(effacent(manquement)) == {"fait_excuse"}


@pytest.fixture
def reunion_manquee(distribution: Distribution) -> tuple[Manquement, Invitation]:
    """Personne sans référent ni orientation encore : à une réunion d'information, rien de cela n'est dû."""
    personne = une_personne_suivie(distribution, referent=False, orientee=False)
    manquement = un_manquement(distribution, personne=personne, rendez_vous=False)
    invitation = une_invitation_manquee(distribution, personne, il_y_a(FAIT))
    FaitManquement.objects.filter(manquement=manquement).update(invitation=invitation)
    return manquement, invitation


def test_une_reunion_manquee_n_attend_ni_referent_ni_orientation(
    reunion_manquee: tuple[Manquement, Invitation],
) -> None:
    assert effacent(reunion_manquee[0]) == {}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"convoquee_le": None}, "sans_convocation"),
        ({"lettre": None}, "sans_convocation"),
        ({"convoquee_le": timezone.now() - timedelta(days=FAIT + 1)}, "convocation_tardive"),
        ({"etat": "excusee"}, "fait_excuse"),
    ],
)
def test_une_reunion_mal_convoquee(
    reunion_manquee: tuple[Manquement, Invitation], change: dict[str, Any], code: str
) -> None:
    manquement, invitation = reunion_manquee
    Invitation.objects.filter(pk=invitation.pk).update(**change)
    assert set(effacent(manquement)) == {code}


def test_une_reunion_annulee(reunion_manquee: tuple[Manquement, Invitation]) -> None:
    manquement, invitation = reunion_manquee
    invitation.reunion.etat, invitation.reunion.motif_annulation = "annulee", "Salle fermée"
    invitation.reunion.save()
    assert set(effacent(manquement)) == {"rendez_vous_annule"}


# --- Référent et orientation


@pytest.mark.parametrize(("manque", "code"), [("referent", "sans_referent"), ("orientee", "sans_orientation")])
def test_sans_referent_ou_sans_orientation(distribution: Distribution, manque: str, code: str) -> None:
    personne = une_personne_suivie(distribution, **{manque: False})
    assert set(effacent(un_manquement(distribution, personne=personne))) == {code}


@pytest.mark.parametrize("jours", [0, 1])
def test_le_referent_est_celui_du_jour_des_faits(distribution: Distribution, jours: int) -> None:
    """Nommé le jour même, il l'était ; nommé le lendemain, il ne l'était pas encore."""
    manquement = un_manquement(distribution)
    DesignationReferent.objects.filter(personne=manquement.personne).update(
        periode=DateRange(il_y_a(FAIT - jours), None)
    )
    assert set(effacent(manquement)) == ({"sans_referent"} if jours else set())


def test_une_orientation_non_notifiee(distribution: Distribution) -> None:
    personne = une_personne_suivie(distribution, notifiee=False)
    trouves = effacent(un_manquement(distribution, personne=personne))
    assert list(trouves) == ["sans_orientation"]
    assert f"n'était pas notifiée le {il_y_a(FAIT):%d/%m/%Y}" in trouves["sans_orientation"]


@pytest.mark.parametrize("jours", [0, 1])
def test_une_orientation_recue_apres_les_faits(distribution: Distribution, jours: int) -> None:
    manquement = un_manquement(distribution)
    NotificationOrientation.objects.filter(decision__personne=manquement.personne).update(recue_le=il_y_a(FAIT - jours))
    assert set(effacent(manquement)) == ({"sans_orientation"} if jours else set())


# --- Le contrat (R48-R50)


@pytest.fixture
def sans_contrat(distribution: Distribution) -> Manquement:
    """Contrat non conclu, reproché il y a cent vingt jours ; la personne est orientée depuis cinq cents."""
    return un_manquement(distribution, motif="contrat_absent", rendez_vous=False)


def limite_du_contrat(manquement: Manquement) -> Any:
    decision = DecisionOrientation.objects.get(personne=manquement.personne)
    recue = decision.notifications.get().recue_le
    return recue + relativedelta(months=int(nombre(decision.type.delai_contrat, recue)))


def test_aucun_contrat_propose(sans_contrat: Manquement) -> None:
    trouves = effacent(sans_contrat)
    assert list(trouves) == ["contrat_en_retard"]
    assert "le service n'a proposé aucun contrat ni convoqué pour l'écrire" in trouves["contrat_en_retard"]


@pytest.mark.parametrize("jours", [0, 1])
def test_un_contrat_propose_a_temps_ou_trop_tard(
    distribution: Distribution, sans_contrat: Manquement, jours: int
) -> None:
    propose = limite_du_contrat(sans_contrat) + timedelta(days=jours)
    un_contrat(distribution, personne=sans_contrat.personne, etat="a_signer", propose_le=propose)
    trouves = effacent(sans_contrat)
    if jours:
        assert f"il ne l'a été que le {propose:%d/%m/%Y}" in trouves["contrat_en_retard"]
    else:
        assert trouves == {}


def test_un_contrat_que_la_personne_a_signe_ne_lui_manque_pas(
    distribution: Distribution, sans_contrat: Manquement
) -> None:
    contrat = un_contrat(
        distribution, personne=sans_contrat.personne, etat="signe_personne", propose_le=limite_du_contrat(sans_contrat)
    )
    assert effacent(sans_contrat) == {}
    SignatureContrat.objects.create(
        contrat=contrat, signataire="personne", mode="papier", nom="La personne", signee_le=il_y_a(FAIT + 1),
        document=contrat.document, papier=contrat.document, empreinte="0" * 64,
    )  # fmt: skip
    assert "c'est le service qui ne l'a pas encore validé" in effacent(sans_contrat)["contrat_en_retard"]


@pytest.mark.parametrize("jours", [0, 1])
def test_un_contrat_valide_apres_les_faits(distribution: Distribution, jours: int) -> None:
    personne = une_personne_suivie(distribution)
    contrat = un_contrat(
        distribution, personne=personne, debut=il_y_a(FAIT + 1), duree=12, valide_le=il_y_a(FAIT - jours)
    )
    manquement = un_manquement(
        distribution, personne=personne, motif="contrat_non_respecte", rendez_vous=False, contrat=contrat
    )
    assert set(effacent(manquement)) == ({"contrat_en_retard"} if jours else set())


def test_un_contrat_en_retard_se_lit_sans_effacer_une_absence(distribution: Distribution) -> None:
    """L'absence à un rendez-vous ne s'explique pas par un contrat en retard, mais l'instance doit le savoir."""
    constats = constater(un_manquement(distribution))
    assert [(c.code, c.efface) for c in constats] == [(CodeConstat.CONTRAT_EN_RETARD, False)]


def test_une_fraude_ne_s_explique_par_aucun_tort_calcule(distribution: Distribution) -> None:
    personne = une_personne_suivie(distribution, referent=False, orientee=False)
    assert constater(un_manquement(distribution, personne=personne, motif="fraude", rendez_vous=False)) == []


# --- Garder


def test_poser_garde_les_torts_et_suit_le_dossier(distribution: Distribution) -> None:
    manquement = un_manquement(distribution)
    rendez_vous(manquement, convoque_le=None)
    poser_constats(manquement)
    manquement.refresh_from_db()
    assert manquement.service_en_cause
    assert set(manquement.constats.filter(efface=True).values_list("code", flat=True)) == {"sans_convocation"}

    rendez_vous(manquement, convoque_le=timezone.now() - timedelta(days=FAIT + 30))
    poser_constats(manquement)
    manquement.refresh_from_db()
    assert not manquement.service_en_cause


def test_la_reponse_ne_depend_pas_de_qui_regarde(distribution: Distribution) -> None:
    """Le référent d'un organisme ne lit pas tout le dossier ; la réponse, elle, le lit en entier."""
    manquement = un_manquement(distribution)
    attendu = constater(manquement)
    with web_role(Perimetre.de(distribution.partenaire).reglages()):
        assert constater(manquement) == attendu


def test_un_tort_reconnu_reste_et_empeche(distribution: Distribution) -> None:
    manquement = un_manquement(distribution, etat="saisi")
    declarer_tort(manquement, texte="Le bureau était fermé.", **qui(distribution.siege))
    poser_constats(manquement)
    manquement.refresh_from_db()
    assert manquement.service_en_cause
    assert Constat(CodeConstat.DECLARE, "Le bureau était fermé.") in constater(manquement)
    with pytest.raises(JalonError, match="déjà reconnu"):
        declarer_tort(manquement, texte="Encore.", **qui(distribution.siege))


def test_refuse_de_reconnaitre_un_tort_sans_droit_ou_sans_phrase(distribution: Distribution) -> None:
    manquement = un_manquement(distribution)
    with pytest.raises(DroitManquantError):
        declarer_tort(manquement, texte="Bureau fermé.", **qui(distribution.orienteur))
    with pytest.raises(JalonError, match="en une phrase"):
        declarer_tort(manquement, texte="  ", **qui(distribution.siege))
