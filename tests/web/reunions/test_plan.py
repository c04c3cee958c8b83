"""Le plan, la liste des personnes à inviter, les convocations, les chiffres."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from jalon.personnes.coordonnees import Coordonnees
from jalon.rendezvous.models import EtatInvitation, EtatReunion, Invitation, Reunion
from jalon.rendezvous.presences import clore_feuille, noter_presence
from tests.distribution import Distribution
from tests.fabriques import une_allocataire
from tests.rendezvous.aides import inviter, qui, ramener, une_reunion

pytestmark = pytest.mark.django_db


def saisie(distribution: Distribution, **champs: Any) -> dict[str, Any]:
    jour = timezone.localdate() + timedelta(days=20)
    return {
        "territoire": distribution.territoire.code, "date": jour.isoformat(), "debut": "09:00", "fin": "11:30",
        "lieu": "Salle des fêtes", "adresse": "1 rue des Essais", "capacite": "12", **champs,
    }  # fmt: skip


def test_planifie_depuis_le_formulaire(connecte: Any, distribution: Distribution) -> None:
    organisme = distribution.organisme("departement")
    reponse = connecte("orienteur").post(
        "/reunions/planifier/", saisie(distribution, role_animation=[organisme.code]), follow=True
    )
    assert "inscrite au plan" in reponse.content.decode()
    reunion = Reunion.objects.get()
    assert [i.organisme for i in reunion.intervenants.all().order_by("pk")] == [organisme]


def test_un_refus_garde_la_saisie(connecte: Any, distribution: Distribution) -> None:
    page = connecte("orienteur").post("/reunions/planifier/", saisie(distribution, fin="08:00")).content.decode()
    assert "heure de fin" in page
    assert "Salle des fêtes" in page


def test_le_plan_signale_un_territoire_sans_reunion(connecte: Any, distribution: Distribution) -> None:
    client = connecte("orienteur")
    assert "Aucune réunion en" in client.get("/reunions/").content.decode()
    reunion = une_reunion(distribution)
    page = client.get(f"/reunions/?mois={reunion.date:%Y-%m}").content.decode()
    assert "Aucune réunion en" not in page
    assert str(reunion.public_id) in page


def test_la_liste_coche_a_hauteur_des_places(connecte: Any, distribution: Distribution) -> None:
    for _ in range(3):
        une_allocataire(territoire=distribution.territoire, en_attente=True)
    reunion = une_reunion(distribution, capacite=2)
    page = connecte("orienteur").get(f"/reunions/{reunion.public_id}/inviter/").content.decode()
    assert page.count('name="choisies"') == 3
    assert page.count(" checked") == 2


def test_invite_en_un_acte_et_dit_qui_reste_de_cote(connecte: Any, distribution: Distribution) -> None:
    deux = [une_allocataire(territoire=distribution.territoire, en_attente=True) for _ in range(2)]
    reunion = une_reunion(distribution)
    inviter(distribution, reunion, deux[0])
    page = (
        connecte("orienteur")
        .post(f"/reunions/{reunion.public_id}/inviter/", {"choisies": [str(p.public_id) for p in deux]}, follow=True)
        .content.decode()
    )
    assert "1 personne invitée." in page
    assert "de côté" in page


def test_cherche_une_autre_personne(connecte: Any, distribution: Distribution) -> None:
    une_allocataire(territoire=distribution.territoire, nom="WARLOP")
    reunion = une_reunion(distribution)
    page = connecte("orienteur").get(f"/reunions/{reunion.public_id}/inviter/?q=warlop").content.decode()
    assert "Warlop" in page


def test_convoque_et_rend_les_lettres(connecte: Any, distribution: Distribution) -> None:
    reunion = une_reunion(distribution)
    inviter(distribution, reunion, une_allocataire(territoire=distribution.territoire))
    client = connecte("orienteur")
    page = client.post(f"/reunions/{reunion.public_id}/convoquer/", follow=True).content.decode()
    assert "1 convocation" in page
    lettres = client.get(f"/reunions/{reunion.public_id}/lettres/")
    assert lettres["Content-Type"] == "application/pdf"
    assert lettres.content.startswith(b"%PDF-")


def test_annule_avec_un_motif(connecte: Any, distribution: Distribution) -> None:
    reunion = une_reunion(distribution)
    client = connecte("orienteur")
    assert "Dites pourquoi" in client.post(f"/reunions/{reunion.public_id}/annuler/", follow=True).content.decode()
    client.post(f"/reunions/{reunion.public_id}/annuler/", {"motif": "Salle indisponible"})
    reunion.refresh_from_db()
    assert reunion.etat == EtatReunion.ANNULEE


def test_dit_combien_de_personnes_l_annulation_previendra(connecte: Any, distribution: Distribution) -> None:
    reunion = une_reunion(distribution)
    client, ici = connecte("orienteur"), f"/reunions/{reunion.public_id}/"
    convoquee = une_allocataire(territoire=distribution.territoire)
    Coordonnees.objects.create(personne=convoquee, telephone="+33612345678", accepte_sms=True)
    inviter(distribution, reunion, convoquee)
    page = client.get(ici).content.decode()
    assert "aucun message ne partira" in page
    assert "1 personne invitée sans convocation est à prévenir" in page
    client.post(f"{ici}convoquer/")
    inviter(distribution, reunion, une_allocataire(territoire=distribution.territoire))
    assert "1 personne convoquée sera prévenue" in client.get(ici).content.decode()
    page = client.post(f"{ici}annuler/", {"motif": "Salle indisponible"}, follow=True).content.decode()
    assert "1 personne prévenue : lettres à imprimer, 0 par courriel, 1 par SMS" in page
    assert "1 personne invitée sans convocation" in page
    assert "Lettres d’annulation à imprimer" in page
    lettres = client.get(f"{ici}lettres/")
    assert lettres.content.startswith(b"%PDF-")
    assert "lettres-d-annulation" in lettres["Content-Disposition"]


def test_reconduit_le_mois(connecte: Any, distribution: Distribution) -> None:
    reunion = une_reunion(distribution, jour=timezone.localdate() + timedelta(days=40))
    donnees = {"mois": f"{reunion.date:%Y-%m}"}
    page = connecte("orienteur").post("/reunions/reconduire/", donnees, follow=True).content.decode()
    assert "1 réunion inscrite" in page
    assert Reunion.objects.count() == 2


def test_les_chiffres_et_leurs_listes(connecte: Any, distribution: Distribution) -> None:
    personnes = [
        une_allocataire(territoire=distribution.territoire, en_attente=True, nom=nom) for nom in ("VENUE", "ABSENTE")
    ]
    reunion = une_reunion(distribution)
    venue, _ = inviter(distribution, reunion, *personnes)
    ramener(reunion)
    noter_presence(venue, etat=EtatInvitation.PRESENTE, **qui(distribution))
    clore_feuille(reunion, autres_absents=True, **qui(distribution))
    client = connecte("orienteur")
    page = client.get("/reunions/chiffres/").content.decode()
    assert "50,0" in page
    code = distribution.territoire.code
    liste = client.get(f"/reunions/chiffres/personnes/?constat=presentes&territoire={code}").content.decode()
    assert "Venue" in liste
    assert liste.count("data-ligne") == 1
    entrants = client.get("/reunions/chiffres/personnes/?constat=entrants").content.decode()
    assert entrants.count("data-ligne") == 2


@pytest.mark.parametrize("ecran", ["plan", "fiche", "feuille", "inviter"])
def test_autant_de_lectures_pour_une_ligne_que_pour_vingt(
    connecte: Any, distribution: Distribution, ecran: str
) -> None:
    client = connecte("orienteur")
    reunion = une_reunion(distribution, capacite=40)
    adresse = {
        "plan": f"/reunions/?mois={reunion.date:%Y-%m}",
        "fiche": f"/reunions/{reunion.public_id}/",
        "feuille": f"/reunions/{reunion.public_id}/feuille/",
        "inviter": f"/reunions/{reunion.public_id}/inviter/",
    }[ecran]

    def lectures() -> int:
        with CaptureQueriesContext(connection) as capturees:
            assert client.get(adresse).status_code == 200
        return len(capturees)

    def peupler(nombre: int) -> None:
        inviter(distribution, reunion, *[une_allocataire(territoire=distribution.territoire) for _ in range(nombre)])
        for _ in range(nombre):
            une_allocataire(territoire=distribution.territoire, en_attente=True)

    peupler(1)
    lectures()
    une = lectures()
    peupler(19)
    assert lectures() == une
    assert Invitation.objects.count() == 20
