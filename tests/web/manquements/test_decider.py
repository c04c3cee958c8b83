"""Décider, notifier, lever, annuler, répondre à un recours : depuis les écrans, dans la loi du jour."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db.backends.postgresql.psycopg_any import DateRange
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from jalon.agents.models import Agent
from jalon.droits.models import Montant, Soumission
from jalon.manquements.models import DecisionSanction, Manquement, RecoursSanction
from tests.distribution import Distribution
from tests.fabriques import une_adresse
from tests.manquements.fabriques import il_y_a, un_manquement, une_personne_suivie
from tests.manquements.sanctions import regle, un_dossier_a_decider, une_sanction

pytestmark = pytest.mark.django_db
Entrer = Callable[[Agent], Client]


@pytest.fixture
def manquement(distribution: Distribution) -> Manquement:
    personne = une_personne_suivie(distribution)
    return un_dossier_a_decider(distribution, timezone.localdate(), personne=personne, rendez_vous=True)


def adresse(manquement: Manquement) -> str:
    return reverse("manquement_decider", args=[manquement.public_id])


def choix(acte: str, **autres: str) -> dict[str, str]:
    return {"regle": "premiere", "taux": "40", "duree": "2", "motivation": "Trois absences.", "acte": acte, **autres}


def test_ne_montre_que_les_regles_du_jour(entrer: Entrer, decideur: Agent, manquement: Manquement) -> None:
    vue = entrer(decideur).get(adresse(manquement))
    assert [c.regle.code for c in vue.context["choix"]] == ["premiere"]
    assert "De 30 à 100" in vue.context["choix"][0].bornes
    assert "de 1 à 2 mois" in vue.context["choix"][0].bornes


def test_dit_l_effet_en_euros_sans_rien_decider(entrer: Entrer, decideur: Agent, manquement: Manquement) -> None:
    dossier = Soumission.objects.get(personne=manquement.personne).dossier
    Montant.objects.create(dossier=dossier, total=Decimal("600.00"), periode=DateRange(il_y_a(60), None))
    vue = entrer(decideur).post(adresse(manquement), choix("voir"))
    assert "240,00" in vue.context["effet"]
    assert "480,00" in vue.context["effet"]
    assert "360,00" in vue.context["effet"]
    assert not DecisionSanction.objects.exists()


def test_dit_chaque_refus_avant_de_decider(entrer: Entrer, decideur: Agent, manquement: Manquement) -> None:
    vue = entrer(decideur).post(adresse(manquement), choix("voir", taux="20", duree="9", motivation=""))
    assert {r.contrainte for r in vue.context["refus"]} == {
        "sanction_taux_dans_la_grille", "sanction_duree_dans_la_grille", "sanction_motivee",
    }  # fmt: skip


@pytest.mark.parametrize("taux", ["-5", "²", "abc", "9999"])
def test_un_nombre_mal_ecrit_se_dit(entrer: Entrer, decideur: Agent, manquement: Manquement, taux: str) -> None:
    reponse = entrer(decideur).post(adresse(manquement), choix("decider", taux=taux))
    assert reponse.status_code == 409
    assert not DecisionSanction.objects.exists()


def test_decide_notifie_leve_puis_annule(entrer: Entrer, decideur: Agent, manquement: Manquement) -> None:
    une_adresse(manquement.personne)
    client = entrer(decideur)
    assert client.post(adresse(manquement), choix("decider")).status_code == 302
    decision = DecisionSanction.objects.get()
    assert (decision.taux, decision.duree) == (40, 2)
    agir = lambda acte, **d: client.post(reverse("manquement_agir", args=[manquement.public_id, acte]), d)  # noqa: E731
    assert agir("notifier").status_code == 302
    jour = str(timezone.localdate())
    assert agir("reception_decision", recu_le=jour).status_code == 302
    page = client.get(reverse("manquement", args=[manquement.public_id]))
    assert page.context["suite"].acte == "lever"
    assert agir("lever", le=jour, motif="en_regle").status_code == 302
    decision.refresh_from_db()
    assert decision.etat == "levee"
    assert agir("annuler", motif="service", precision="Aucun rendez-vous proposé.").status_code == 302
    lue = " ".join(client.get(reverse("manquement", args=[manquement.public_id])).content.decode().split())
    for trace in ("Annulée ensuite", "Sanction annulée", "Le service était en cause", "elle n’a valu aucun jour"):
        assert trace in lue, trace


def test_refuse_et_garde_la_motivation(entrer: Entrer, decideur: Agent, manquement: Manquement) -> None:
    reponse = entrer(decideur).post(adresse(manquement), choix("decider", taux="10"))
    assert reponse.status_code == 409
    assert "Trois absences." in reponse.content.decode()


def test_pendant_le_delai_aucun_bouton_pour_decider(
    entrer: Entrer, decideur: Agent, distribution: Distribution
) -> None:
    manquement = un_manquement(distribution, etat="averti", faits_le=il_y_a(60), recu_le=timezone.localdate())
    vue = entrer(decideur).get(adresse(manquement))
    assert any(r.contrainte == "sanction_apres_observations" for r in vue.context["empechements"])
    assert 'value="decider"' not in vue.content.decode()


def test_un_recours_se_recoit_et_se_decide(entrer: Entrer, decideur: Agent, distribution: Distribution) -> None:
    decision = une_sanction(distribution, timezone.localdate(), la_regle=regle("plein_emploi", "premiere"))
    une_adresse(decision.personne)
    client = entrer(decideur)
    adresse_acte = lambda acte: reverse("manquement_agir", args=[decision.manquement.public_id, acte])  # noqa: E731
    jour = str(timezone.localdate())
    assert client.post(adresse_acte("recours"), {"recu_le": jour, "arguments": "Je conteste."}).status_code == 302
    liste = client.get(reverse("sanctions_recours"))
    assert [r.decision_id for r in liste.context["lignes"]] == [decision.pk]
    reponse = client.post(adresse_acte("repondre"), {"issue": "annulation", "motivation": "Fait mal établi."})
    assert reponse.status_code == 302
    assert RecoursSanction.objects.get().issue == "annulation"
    decision.refresh_from_db()
    assert decision.etat == "annulee"
    assert client.get(reverse("sanctions_recours"), {"vue": "repondus"}).context["page"].paginator.count == 1


def test_qui_instruit_ne_decide_pas(connecte: Any, manquement: Manquement) -> None:
    assert connecte("siege").get(adresse(manquement)).status_code == 403


def test_transmet_une_fois_puis_montre_l_ecart(connecte: Any, distribution: Distribution) -> None:
    une_sanction(distribution, timezone.localdate() - timedelta(days=3), la_regle=regle("plein_emploi", "premiere"))
    client = connecte("siege")
    assert client.get(reverse("transmissions")).context["prets"] == 1
    assert client.post(reverse("transmissions_produire")).status_code == 302
    vue = client.get(reverse("transmissions"))
    assert (vue.context["prets"], len(vue.context["lignes"])) == (0, 1)
    transmission = vue.context["lignes"][0][0]
    csv = client.get(reverse("transmission_fichier", args=[transmission.public_id, "fichier"]))
    assert csv.status_code == 200
    ecarts = client.get(reverse("transmissions_ecarts"), {"tout": ""})
    assert [e.constat for e, *_ in ecarts.context["lignes"]] == ["attente"]
