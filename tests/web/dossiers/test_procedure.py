"""La procédure sur la page de la personne : ce qui est attendu, pour qui a le droit de la lire, et sans une requête de plus."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateRange
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from jalon.accompagnements.models import Accompagnement
from jalon.manquements.decisions import constater_reception_decision
from jalon.manquements.models import Manquement, Regime
from jalon.organismes.models import CategorieOrganisme
from jalon.traces.services import tracer
from jalon.web.templatetags.jalon import date_courte
from tests.distribution import Distribution
from tests.manquements.aides import qui
from tests.manquements.fabriques import il_y_a, un_manquement
from tests.manquements.plis import notifiee, rendre, un_avertissement
from tests.manquements.sanctions import clore_le_droit, regle, une_sanction

pytestmark = pytest.mark.django_db


def page(client: Any, manquement: Manquement) -> Any:
    return client.get(reverse("personne", args=[manquement.personne.public_id]))


def sans_le_droit(agent: Any) -> None:
    profil = agent.affectations.get().profil
    profil.droits = sorted(set(profil.droits) - {"manquements.consulter"})
    profil.save()


@pytest.mark.parametrize(
    ("etat", "phrase"),
    [
        ("prepare", "Une procédure se prépare"),
        ("saisi", "La lettre à la personne est à envoyer."),
        ("averti", "La personne peut répondre jusqu’au"),
        ("avis_rendu", "L’avis est rendu."),
    ],
)
def test_dit_ce_qui_est_attendu_et_mene_a_la_procedure(
    connecte: Any, distribution: Distribution, etat: str, phrase: str
) -> None:
    manquement = un_manquement(distribution, etat=etat, recu_le=timezone.localdate())
    vue = page(connecte("partenaire"), manquement).content.decode()
    assert phrase in vue
    assert reverse("manquement", args=[manquement.public_id]) in vue
    assert manquement.motif.libelle not in vue


@pytest.mark.parametrize(
    ("change", "phrase"),
    [
        ({"observations_jusqu_au": 0}, "C’est le dernier jour."),
        ({"observations_jusqu_au": -1}, "doit donner son avis."),
        ({"averti_recu_le": None, "observations_jusqu_au": None}, "La réception de la lettre est à noter."),
        ({"motif_legitime": True}, "Le motif est légitime"),
    ],
)
def test_avertie_chaque_moment_a_sa_phrase(
    connecte: Any, distribution: Distribution, change: dict[str, Any], phrase: str
) -> None:
    manquement = un_manquement(distribution, etat="averti", faits_le=il_y_a(90), recu_le=il_y_a(60))
    jour = timezone.localdate()
    valeurs = {
        champ: jour + timedelta(days=valeur) if isinstance(valeur, int) and not isinstance(valeur, bool) else valeur
        for champ, valeur in change.items()
    }
    Manquement.objects.filter(pk=manquement.pk).update(**valeurs)
    assert phrase in page(connecte("partenaire"), manquement).content.decode()


def test_une_decision_qui_s_applique_dit_jusqu_a_quand(connecte: Any, distribution: Distribution) -> None:
    decision = une_sanction(distribution, timezone.localdate(), la_regle=regle("plein_emploi", "premiere"), duree=2)
    vue = page(connecte("siege"), decision.manquement).content.decode()
    assert decision.periode is not None
    assert "Une décision s’applique" in vue
    assert f"Jusqu’au {date_courte(decision.periode.upper - timedelta(days=1))}." in vue


def test_un_avertissement_revenu_ne_se_dit_pas_a_recevoir(connecte: Any, distribution: Distribution) -> None:
    avertie = un_avertissement(distribution)
    client = connecte("siege")
    assert "La réception de la lettre est à noter." in page(client, avertie).content.decode()
    rendre(avertie.avertissement, distribution.siege)
    vue = page(client, avertie).content.decode()
    assert "La lettre est revenue." in vue
    assert "La réception de la lettre est à noter." not in vue


@pytest.mark.parametrize(
    ("recue", "revenue", "phrase"),
    [
        (False, False, "réception à noter."),
        (False, True, "la personne peut ne pas la connaître."),
        (True, False, "La personne a reçu la lettre le"),
    ],
)
def test_une_decision_ne_se_dit_apprise_que_recue(
    connecte: Any, distribution: Distribution, recue: bool, revenue: bool, phrase: str
) -> None:
    decision = notifiee(distribution)
    if revenue:
        rendre(decision.lettre, distribution.siege)
    if recue:
        constater_reception_decision(decision, recu_le=timezone.localdate(), **qui(distribution.siege))
    assert phrase in page(connecte("siege"), decision.manquement).content.decode()


def test_close_il_n_en_reste_que_l_histoire(connecte: Any, distribution: Distribution) -> None:
    manquement = un_manquement(distribution, etat="classe")
    tracer(
        "manquements.manquement.classer", manquement, acteur=distribution.siege,
        personnes=[manquement.personne.public_id], resume="Procédure classée sans sanction",
    )  # fmt: skip
    vue = page(connecte("partenaire"), manquement).content.decode()
    assert reverse("manquement", args=[manquement.public_id]) not in vue
    assert "Procédure classée sans sanction" in vue


def test_refuse_d_en_dire_un_mot_a_qui_n_a_pas_le_droit(connecte: Any, distribution: Distribution) -> None:
    """Ni la carte, ni les actes de la procédure dans l'histoire."""
    manquement = un_manquement(distribution, etat="saisi")
    tracer(
        "manquements.manquement.saisir", manquement, acteur=distribution.siege,
        personnes=[manquement.personne.public_id], resume="Saisine pour une absence",
    )  # fmt: skip
    client = connecte("partenaire")
    assert "Saisine pour une absence" in page(client, manquement).content.decode()
    sans_le_droit(distribution.partenaire)
    with CaptureQueriesContext(
        connection,
    ) as requetes:
        vue = page(client, manquement).content.decode()
    assert "Une procédure est ouverte" not in vue
    assert "Saisine pour une absence" not in vue
    assert not any("manquements_manquement" in requete["sql"] for requete in requetes.captured_queries)


def test_la_carte_ne_coute_aucune_requete_de_plus(connecte: Any, distribution: Distribution) -> None:
    manquement = un_manquement(distribution, etat="averti", recu_le=timezone.localdate())
    client = connecte("partenaire")
    page(client, manquement)
    with CaptureQueriesContext(connection) as avec:
        page(client, manquement)
    Manquement.objects.filter(pk=manquement.pk).update(
        etat="classe", clos_le=timezone.localdate(), motif_classement="erreur"
    )
    with CaptureQueriesContext(connection) as sans:
        page(client, manquement)
    assert len(avec) == len(sans)


@pytest.fixture
def sanctionnee(distribution: Distribution) -> Manquement:
    """Son droit s'est clos depuis ; sa décision est d'un régime qui demande un contrat signé avant tout retour."""
    Regime.objects.filter(code="plein_emploi").update(retour_mois=12)
    decision = une_sanction(distribution, timezone.localdate(), la_regle=regle("plein_emploi", "premiere"))
    clore_le_droit(decision.personne, timezone.localdate())
    return Manquement.objects.get(pk=decision.manquement_id)


AVANT_TOUT_RETOUR = "le droit ne se rouvre qu&#x27;après la signature d&#x27;un contrat"


@pytest.mark.parametrize(("mois", "dit"), [(12, True), (None, False)])
def test_dit_qu_un_contrat_precede_le_retour_si_le_regime_le_demande(
    connecte: Any, distribution: Distribution, sanctionnee: Manquement, mois: int | None, dit: bool
) -> None:
    Regime.objects.filter(code="plein_emploi").update(retour_mois=mois)
    client = connecte("siege")
    assert (AVANT_TOUT_RETOUR in page(client, sanctionnee).content.decode()) == dit


def test_dit_a_qui_ouvre_un_contrat_qu_il_precede_le_retour(
    connecte: Any, distribution: Distribution, sanctionnee: Manquement
) -> None:
    Accompagnement.objects.create(
        personne=sanctionnee.personne, organisme=distribution.organisme(CategorieOrganisme.CCAS),
        territoire=distribution.territoire, periode=DateRange(timezone.localdate(), None),
    )  # fmt: skip
    client, adresse = connecte("partenaire"), reverse("contrat_ouvrir", args=[sanctionnee.personne.public_id])
    assert AVANT_TOUT_RETOUR in client.get(adresse).content.decode()
    sans_le_droit(distribution.partenaire)
    assert AVANT_TOUT_RETOUR not in client.get(adresse).content.decode()
