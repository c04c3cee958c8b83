"""Notifier à l'écran : la liste, la lettre d'une personne, la réception, les lettres en nombre."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from procrastinate.contrib.django.models import ProcrastinateJob

from jalon.documents.models import Document, EtatLot, LotDocuments
from jalon.organismes.models import CategorieOrganisme
from jalon.orientations.models import DecisionOrientation, NotificationOrientation, TypeOrientation
from jalon.orientations.notifications import executer_notifications
from jalon.traces.models import Lecture
from tests.distribution import Distribution
from tests.fabriques import une_decision

pytestmark = pytest.mark.django_db


def adresse(decision: DecisionOrientation, nom: str = "notification") -> str:
    return reverse(nom, args=[decision.public_id])


class TestLaListe:
    def test_montre_ce_qui_reste_a_notifier(self, connecte: Any, distribution: Distribution) -> None:
        une_decision(distribution, nom="LEFÈVRE", prenom="ÉLODIE")
        une_decision(distribution, nom="PERDU", prenom="JO", adresse={})
        page = connecte("orienteur").get("/notifications/").content.decode()
        assert "2 décisions à notifier" in page
        assert "Élodie Lefèvre" in page
        assert "Aucune adresse connue" in page

    def test_ne_montre_pas_celles_d_un_autre_territoire(self, connecte: Any, distribution: Distribution) -> None:
        une_decision(distribution, nom="LEFÈVRE")
        assert "Lefèvre" not in connecte("etrangere").get("/notifications/").content.decode()

    def test_filtre_par_type(self, connecte: Any, distribution: Distribution) -> None:
        une_decision(distribution, nom="ABEL")
        emploi = TypeOrientation.objects.get(code="pole_emploi")
        une_decision(
            distribution, nom="BRUN", type=emploi, organisme=distribution.organisme(CategorieOrganisme.FRANCE_TRAVAIL)
        )
        page = connecte("siege").get("/notifications/?type=pole_emploi").content.decode()
        assert "Brun" in page
        assert "Abel" not in page

    def test_vide_dit_quoi_faire(self, connecte: Any) -> None:
        assert "Toutes les décisions sont notifiées" in connecte("siege").get("/notifications/").content.decode()

    @pytest.mark.parametrize("page", ["/notifications/", "/notifications/receptions/"])
    def test_autant_de_requetes_pour_une_ligne_que_pour_vingt(
        self, connecte: Any, distribution: Distribution, page: str
    ) -> None:
        client = connecte("siege")

        def creer() -> None:
            decision = une_decision(distribution)
            if "receptions" in page:
                NotificationOrientation.objects.create(
                    decision=decision, produite_le=decision.decidee_le, produite_par=distribution.siege
                )

        def compter() -> int:
            with CaptureQueriesContext(connection) as requetes:
                assert client.get(page).status_code == 200
            return len(requetes)

        creer()
        client.get(page)
        une = compter()
        for _ in range(19):
            creer()
        assert compter() == une


class TestUneLettre:
    def test_dit_ce_que_dira_la_lettre_et_note_la_lecture(self, connecte: Any, distribution: Distribution) -> None:
        decision = une_decision(distribution, correspondant=distribution.orienteur)
        page = connecte("orienteur").get(adresse(decision)).content.decode()
        assert decision.organisme.libelle.replace("'", "&#x27;") in page
        assert "12 RUE DES LILAS" in page
        assert f"{distribution.orienteur} : {distribution.orienteur.email}" in page
        assert Lecture.objects.filter(personne=decision.personne.public_id, ecran="notification").count() == 1

    def test_l_apercu_ne_garde_rien(self, connecte: Any, distribution: Distribution) -> None:
        decision = une_decision(distribution)
        reponse = connecte("orienteur").get(adresse(decision, "notification_apercu"))
        assert reponse.content.startswith(b"%PDF")
        assert not Document.objects.exists()

    def test_produit_puis_remet_la_lettre_et_sa_copie(self, connecte: Any, distribution: Distribution) -> None:
        decision, client = une_decision(distribution), connecte("orienteur")
        page = client.post(adresse(decision, "notification_produire"), follow=True).content.decode()
        assert "La lettre est au dossier" in page
        notification = NotificationOrientation.objects.get()
        for document in (notification.lettre, notification.copie):
            reponse = client.get(reverse("document_telecharger", args=[document]))
            assert reponse.content.startswith(b"%PDF")
            assert "attachment" in reponse["Content-Disposition"]

    def test_refuse_une_seconde_lettre_sans_motif_en_gardant_la_page(
        self, connecte: Any, distribution: Distribution
    ) -> None:
        decision, client = une_decision(distribution), connecte("orienteur")
        client.post(adresse(decision, "notification_produire"))
        reponse = client.post(adresse(decision, "notification_produire"), {"en_main_propre": "on"})
        assert reponse.status_code == 422
        assert "dites pourquoi produire une nouvelle lettre" in reponse.content.decode()

    def test_une_adresse_absente_est_expliquee(self, connecte: Any, distribution: Distribution) -> None:
        decision = une_decision(distribution, adresse={})
        reponse = connecte("orienteur").post(adresse(decision, "notification_produire"))
        assert "La lettre n&#x27;arriverait pas : aucune adresse connue" in reponse.content.decode()

    def test_note_la_reception_et_dit_l_echeance(self, connecte: Any, distribution: Distribution) -> None:
        decision, client = une_decision(distribution), connecte("orienteur")
        client.post(adresse(decision, "notification_produire"))
        notification = NotificationOrientation.objects.get()
        NotificationOrientation.objects.update(produite_le=decision.decidee_le)
        recue = {"mode": "remise", "le": "2026-11-10", "preuve": "Reçu signé"}
        cible = reverse("notification_reception", args=[notification.public_id])
        page = client.post(cible, recue, follow=True).content.decode()
        assert "est à conclure avant le 10/01/2027" in page
        assert "10 janvier 2027" in page
        refus = client.post(cible, recue | {"le": "2026-11-12"})
        assert refus.status_code == 422
        assert "Pour corriger cette date, dites pourquoi" in refus.content.decode()


class TestEnNombre:
    def test_met_les_lettres_cochees_en_file(self, connecte: Any, distribution: Distribution) -> None:
        choisie = une_decision(distribution)
        une_decision(distribution)
        reponse = connecte("orienteur").post("/notifications/produire/", {"choisies": [str(choisie.public_id)]})
        lot = LotDocuments.objects.get()
        assert reponse.url == reverse("notifications_lot", args=[lot.public_id])
        assert lot.objets == [choisie.pk]
        assert ProcrastinateJob.objects.filter(task_name="orientations.notifier").count() == 1

    def test_prend_tout_le_filtre(self, connecte: Any, distribution: Distribution) -> None:
        une_decision(distribution)
        emploi = TypeOrientation.objects.get(code="pole_emploi")
        voulue = une_decision(distribution, type=emploi)
        connecte("siege").post("/notifications/produire/", {"tout": "oui", "filtre": "type=pole_emploi"})
        assert LotDocuments.objects.get().objets == [voulue.pk]

    def test_refuse_sans_rien_de_coche(self, connecte: Any, distribution: Distribution) -> None:
        reponse = connecte("siege").post("/notifications/produire/", follow=True)
        assert "Cochez au moins une personne" in reponse.content.decode()

    def test_suit_le_lot_puis_donne_le_fichier_et_note_le_depart(
        self, connecte: Any, distribution: Distribution
    ) -> None:
        client = connecte("orienteur")
        une_decision(distribution)
        une_decision(distribution, nom="PERDU", prenom="JO", adresse={})
        client.post("/notifications/produire/", {"tout": "oui"})
        lot = LotDocuments.objects.get()
        suivi = reverse("notifications_lot", args=[lot.public_id])
        assert "Vous pouvez quitter cette page" in client.get(suivi).content.decode()
        executer_notifications(lot.public_id)
        page = client.get(suivi).content.decode()
        assert "Les lettres sont prêtes" in page
        assert "1 personne laissée de côté" in page
        assert client.get(reverse("notifications_planche", args=[lot.public_id])).content.startswith(b"%PDF")
        depart = reverse("notifications_depart", args=[lot.public_id])
        assert "Départ noté pour 1 lettre" in client.post(depart, {"preuve": "Poste"}, follow=True).content.decode()

    def test_propose_de_reprendre_un_lot_mort(self, connecte: Any, distribution: Distribution) -> None:
        client = connecte("orienteur")
        une_decision(distribution)
        client.post("/notifications/produire/", {"tout": "oui"})
        LotDocuments.objects.update(etat=EtatLot.EN_COURS)
        lot = LotDocuments.objects.get()
        assert (
            "s’est arrêtée avant la fin"
            in client.get(reverse("notifications_lot", args=[lot.public_id])).content.decode()
        )
        client.post(reverse("notifications_reprendre", args=[lot.public_id]))
        assert LotDocuments.objects.get().etat == EtatLot.EN_ATTENTE

    def test_la_fin_recharge_la_page(self, connecte: Any, distribution: Distribution) -> None:
        client = connecte("orienteur")
        une_decision(distribution)
        client.post("/notifications/produire/", {"tout": "oui"})
        lot = LotDocuments.objects.get()
        suivi = reverse("notifications_lot", args=[lot.public_id])
        assert "HX-Refresh" not in client.get(suivi, headers={"HX-Request": "true"})
        executer_notifications(lot.public_id)
        assert client.get(suivi, headers={"HX-Request": "true"})["HX-Refresh"] == "true"
