"""L'avis de l'instance : jamais avant que la personne ait pu répondre ; réputé rendu si le régime le prévoit (R63)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from dateutil.relativedelta import relativedelta
from django.db import IntegrityError, transaction

from jalon.agents.perimetre import Perimetre
from jalon.manquements.avis import avis_repute_le, enregistrer_avis, noter_convocation_instance, reputer_avis
from jalon.manquements.models import AvisManquement, EtatManquement, Manquement
from jalon.manquements.selectors import LISTES, conditions, liste
from jalon.rendezvous.models import RendezVous
from jalon.socle.errors import DroitManquantError, JalonError, TransitionRefuseeError
from tests.distribution import Distribution
from tests.manquements.aides import qui
from tests.manquements.fabriques import il_y_a, un_manquement, une_personne_suivie

pytestmark = pytest.mark.django_db


def rendre(manquement: Manquement, distribution: Distribution, **champs: Any) -> AvisManquement:
    defauts: dict[str, Any] = {
        "sens": "favorable", "vote": "majoritaire", "rendu_le": il_y_a(0), "seance": uuid4(), "nature": "suspension",
        "taux": 30, "duree": 1, "texte": "Avis motivé.",
    }  # fmt: skip
    return enregistrer_avis(manquement, **(qui(distribution.siege) | defauts | champs))


SANS_PROPOSITION = {"nature": "", "taux": None, "duree": None}


@pytest.fixture
def fini(distribution: Distribution) -> Manquement:
    """Avertie, délai d'observations passé."""
    return un_manquement(distribution, etat="averti")


def test_un_avis_de_seance_se_garde(distribution: Distribution, fini: Manquement) -> None:
    avis = rendre(fini, distribution)
    fini.refresh_from_db()
    assert (fini.etat, avis.taux, avis.duree) == (EtatManquement.AVIS_RENDU, 30, 1)
    with pytest.raises(TransitionRefuseeError, match="l'avis est rendu"):
        rendre(fini, distribution)


@pytest.mark.parametrize("jours", [-1, 0, 1])
def test_l_avis_attend_le_lendemain_du_dernier_jour(distribution: Distribution, jours: int) -> None:
    averti = un_manquement(distribution, etat="averti", observations_jusqu_au=il_y_a(jours))
    if jours < 1:
        with pytest.raises(TransitionRefuseeError, match="l'avis attend"):
            rendre(averti, distribution)
    else:
        assert rendre(averti, distribution).pk


def test_l_avis_n_attend_plus_qui_a_repondu(distribution: Distribution) -> None:
    repondu = un_manquement(distribution, etat="averti", observations_jusqu_au=il_y_a(-20), reponse_le=il_y_a(1))
    assert rendre(repondu, distribution).pk


def test_refuse_un_avis_sans_reception_prouvee(distribution: Distribution) -> None:
    with pytest.raises(TransitionRefuseeError, match="n'est pas prouvée"):
        rendre(un_manquement(distribution, etat="averti", recu=False), distribution)


def test_refuse_un_avis_avant_l_audition_demandee(distribution: Distribution) -> None:
    averti = un_manquement(distribution, etat="averti", demande_audition=True)
    with pytest.raises(TransitionRefuseeError, match="convoquez-la d'abord"):
        rendre(averti, distribution)
    Manquement.objects.filter(pk=averti.pk).update(audition_proposee_le=il_y_a(-1))
    with pytest.raises(TransitionRefuseeError, match="convoquez-la d'abord"):
        rendre(averti, distribution)
    Manquement.objects.filter(pk=averti.pk).update(audition_proposee_le=il_y_a(0))
    assert rendre(averti, distribution).pk


@pytest.mark.parametrize(
    ("champs", "phrase"),
    [
        ({"sens": "inconnu"}, "favorable, défavorable ou partagé"),
        ({"vote": "repute"}, "favorable, défavorable ou partagé"),
        ({"sens": "partage", **SANS_PROPOSITION}, "voix partagées"),
        ({"vote": "partage"}, "voix partagées"),
        ({"sens": "defavorable"}, "Seul un avis favorable"),
        ({"nature": "bannissement"}, "dans la liste"),
        ({"rendu_le": il_y_a(-1)}, "quand il est rendu"),
    ],
)
def test_refuse_un_avis_incoherent(
    distribution: Distribution, fini: Manquement, champs: dict[str, Any], phrase: str
) -> None:
    with pytest.raises(JalonError, match=phrase):
        rendre(fini, distribution, **champs)


@pytest.mark.parametrize("sens", ["favorable", "defavorable"])
def test_refuse_un_avis_favorable_si_un_tort_du_service_est_apparu(
    distribution: Distribution, fini: Manquement, sens: str
) -> None:
    """Le rendez-vous manqué se révèle honoré, depuis la dernière lecture du dossier."""
    RendezVous.objects.filter(personne=fini.personne).update(etat="honore")
    assert not fini.service_en_cause
    if sens == "favorable":
        with pytest.raises(TransitionRefuseeError, match="Le service est en cause"):
            rendre(fini, distribution)
        assert not AvisManquement.objects.exists()
    else:
        assert rendre(fini, distribution, sens=sens, **SANS_PROPOSITION).pk
        fini.refresh_from_db()
        assert fini.service_en_cause


@pytest.mark.parametrize("sens", ["favorable", "defavorable"])
def test_refuse_un_avis_favorable_si_un_motif_legitime_est_reconnu(
    distribution: Distribution, fini: Manquement, sens: str
) -> None:
    Manquement.objects.filter(pk=fini.pk).update(motif_legitime=True)
    if sens == "favorable":
        with pytest.raises(TransitionRefuseeError, match="motif légitime"):
            rendre(fini, distribution)
    else:
        assert rendre(fini, distribution, sens=sens, **SANS_PROPOSITION).pk


def test_un_avis_partage_se_garde(distribution: Distribution, fini: Manquement) -> None:
    assert rendre(fini, distribution, sens="partage", vote="partage", **SANS_PROPOSITION).pk


def test_refuse_sans_le_droit_d_instruire(distribution: Distribution, fini: Manquement) -> None:
    with pytest.raises(DroitManquantError):
        rendre(fini, distribution, **qui(distribution.partenaire))


# --- L'avis réputé rendu (R262-71)


@pytest.fixture
def sous_rsa(distribution: Distribution) -> Manquement:
    """Procédure menée en 2024 ; l'instance est convoquée le 31 octobre."""
    personne = une_personne_suivie(distribution, depuis=date(2023, 1, 1))
    return un_manquement(
        distribution, personne=personne, etat="averti", faits_le=date(2024, 6, 3),
        instance_convoquee_le=date(2024, 10, 31),
    )  # fmt: skip


@pytest.mark.parametrize(("jour", "permis"), [(date(2024, 11, 30), False), (date(2024, 12, 1), True)])
def test_l_avis_est_repute_une_fois_le_delai_passe(
    distribution: Distribution, sous_rsa: Manquement, jour: date, permis: bool
) -> None:
    if not permis:
        with pytest.raises(TransitionRefuseeError, match="peut répondre jusqu'au 30/11/2024"):
            reputer_avis(sous_rsa, jour=jour, **qui(distribution.siege))
        return
    avis = reputer_avis(sous_rsa, jour=jour, **qui(distribution.siege))
    assert (avis.vote, avis.sens, avis.seance, avis.rendu_le) == ("repute", "", None, jour)


def test_refuse_un_avis_repute_quand_le_regime_ne_le_prevoit_pas(
    distribution: Distribution, sous_rsa: Manquement
) -> None:
    """Le même dossier, six mois plus tard : le régime plein emploi ne présume pas l'avis."""
    with pytest.raises(TransitionRefuseeError, match="un avis ne se présume pas"):
        reputer_avis(sous_rsa, jour=date(2025, 6, 1), **qui(distribution.siege))
    assert avis_repute_le(sous_rsa, date(2025, 6, 1)) is None


def test_refuse_un_avis_repute_sans_convocation_de_l_instance(distribution: Distribution, sous_rsa: Manquement) -> None:
    Manquement.objects.filter(pk=sous_rsa.pk).update(instance_convoquee_le=None)
    with pytest.raises(TransitionRefuseeError, match="n'a pas encore été convoquée"):
        reputer_avis(sous_rsa, jour=date(2025, 1, 15), **qui(distribution.siege))


def test_la_premiere_convocation_de_l_instance_compte(distribution: Distribution, fini: Manquement) -> None:
    siege = qui(distribution.siege)
    noter_convocation_instance(fini, le=il_y_a(10), **siege)
    noter_convocation_instance(fini, le=il_y_a(2), **siege)
    fini.refresh_from_db()
    assert fini.instance_convoquee_le == il_y_a(10)


def test_la_base_refuse_un_avis_sans_seance(fini: Manquement) -> None:
    with pytest.raises(IntegrityError, match="avis_rendu_en_seance_ou_repute"), transaction.atomic():
        AvisManquement.objects.create(manquement=fini, sens="favorable", vote="unanime", rendu_le=il_y_a(0))


# --- Les listes


def test_chaque_procedure_est_dans_sa_liste(distribution: Distribution) -> None:
    jour, perimetre = il_y_a(0), Perimetre.de(distribution.siege)
    attendues = {
        "en_preparation": un_manquement(distribution),
        "a_instruire": un_manquement(distribution, etat="saisi", faits_le=il_y_a(121)),
        "a_prouver": un_manquement(distribution, etat="averti", recu=False, faits_le=il_y_a(122)),
        "delai_court": un_manquement(distribution, etat="averti", faits_le=il_y_a(40)),
        "delai_fini": un_manquement(distribution, etat="averti", faits_le=il_y_a(123)),
        "closes": un_manquement(distribution, etat="classe", faits_le=il_y_a(124)),
    }
    rendu = un_manquement(distribution, etat="avis_rendu", faits_le=il_y_a(125))
    for code, manquement in attendues.items():
        assert list(liste(perimetre, code, jour)) == [manquement], code
    # Sous le régime du jour, une première suspension se décide sans avis.
    assert set(liste(perimetre, "a_decider", jour)) == {rendu, attendues["delai_fini"]}
    assert set(LISTES) == set(conditions(jour))
    with pytest.raises(JalonError, match="n'existe pas"):
        liste(perimetre, "inconnue", jour)


@pytest.mark.parametrize("jours", [0, 1])
def test_sans_avis_a_temps(distribution: Distribution, fini: Manquement, jours: int) -> None:
    convoquee = il_y_a(0) - relativedelta(months=1) - timedelta(days=jours)
    Manquement.objects.filter(pk=fini.pk).update(instance_convoquee_le=convoquee)
    assert list(liste(Perimetre.de(distribution.siege), "sans_avis")) == ([fini] if jours else [])


@pytest.mark.parametrize(
    ("convoquee", "avant", "premier"),
    [
        (date(2023, 2, 28), date(2023, 3, 28), date(2023, 3, 29)),
        (date(2023, 1, 28), date(2023, 2, 28), date(2023, 3, 1)),
        (date(2023, 1, 31), date(2023, 2, 28), date(2023, 3, 1)),
        (date(2024, 1, 31), date(2024, 2, 29), date(2024, 3, 1)),
        (date(2024, 4, 30), date(2024, 5, 30), date(2024, 5, 31)),
    ],
)
def test_la_liste_sans_avis_suit_le_jour_ou_l_avis_est_repute(
    distribution: Distribution, fini: Manquement, convoquee: date, avant: date, premier: date
) -> None:
    """Fins de mois et année bissextile : la liste s'ouvre le jour où l'avis peut être réputé rendu."""
    Manquement.objects.filter(pk=fini.pk).update(instance_convoquee_le=convoquee)
    fini.refresh_from_db()
    assert avis_repute_le(fini, premier) == premier
    siege = Perimetre.de(distribution.siege)

    assert list(liste(siege, "sans_avis", avant)) == []
    assert list(liste(siege, "sans_avis", premier)) == [fini]
