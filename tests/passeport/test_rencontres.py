"""« Je ne peux pas venir » et « Ajouter à mon agenda », dans le livret de la personne."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from jalon.documents.models import Envoi
from jalon.personnes.models import Personne
from jalon.rendezvous.models import (
    EtatRendezVous,
    JustificatifAbsence,
    MotifAbsence,
    PropositionRendezVous,
    RendezVous,
)
from jalon.traces.models import Acte
from tests.distribution import Distribution
from tests.passeport.aides import entree, livret_plein, un_acces
from tests.rendezvous.aides import inviter, une_reunion


@pytest.fixture
def elle(distribution: Distribution) -> Personne:
    cache.clear()
    return livret_plein(distribution)


@pytest.fixture
def client_entre(distribution: Distribution, elle: Personne) -> Client:
    return entree(elle, un_acces(distribution, elle)[1])


def absence(objet: Any) -> str:
    return f"/livret/rendez-vous/{objet.public_id}/absence/"


def agenda(objet: Any) -> str:
    return f"/livret/rendez-vous/{objet.public_id}/agenda.ics"


@pytest.mark.parametrize(
    ("mot", "motif"),
    [("Enfant malade", "Enfant malade"), ("", "La personne a prévenu, sans dire pourquoi")],
)
def test_elle_previent_et_reste_excusee(
    elle: Personne, client_entre: Client, connecte: Any, mot: str, motif: str
) -> None:
    rendez_vous = RendezVous.objects.get()
    envoyes = Envoi.objects.count()
    assert "Je ne peux pas venir" in client_entre.get("/livret/accueil/").content.decode()
    page = client_entre.post(absence(rendez_vous), {"mot": mot}, follow=True).content.decode()
    assert "Ce n’est pas une absence" in page
    assert "Vous nous aviez prévenus" in page
    rendez_vous.refresh_from_db()
    assert (rendez_vous.etat, rendez_vous.motif, rendez_vous.constate_par) == (EtatRendezVous.EXCUSE, motif, None)
    acte = Acte.objects.get(code="rendezvous.rendez_vous.excuse")
    assert (acte.acteur, acte.personnes) == (None, [elle.public_id])
    assert Envoi.objects.count() == envoyes
    accueil = connecte("partenaire").get("/").content.decode()
    assert "Ont prévenu qu’ils ne viendraient pas" in accueil
    assert motif in accueil


def test_son_invitation_a_choisir_se_rouvre(distribution: Distribution, elle: Personne, client_entre: Client) -> None:
    rendez_vous = RendezVous.objects.get()
    proposition = PropositionRendezVous.objects.create(
        personne=elle, agent=distribution.partenaire, organisme=rendez_vous.organisme, objet=rendez_vous.objet,
        du=timezone.localdate(), au=timezone.localdate() + timedelta(days=20), etat="prise", rendez_vous=rendez_vous,
        close_le=timezone.localdate(), proposee_par=distribution.partenaire,
    )  # fmt: skip
    client_entre.post(absence(rendez_vous))
    proposition.refresh_from_db()
    assert (proposition.etat, proposition.rendez_vous) == ("ouverte", None)


@pytest.mark.parametrize("champs", [{"etat": "honore"}, {"debut": timedelta(minutes=-1)}])
def test_refuse_de_prevenir_trop_tard(client_entre: Client, champs: dict[str, Any]) -> None:
    maintenant = timezone.now()
    valeurs = {"constate_le": maintenant, **champs}
    if "debut" in champs:
        valeurs["debut"] = maintenant + champs["debut"]
    RendezVous.objects.update(**valeurs)
    rendez_vous = RendezVous.objects.get()
    page = client_entre.post(absence(rendez_vous), {"mot": "Trop tard"}).content.decode()
    assert "ne s&#x27;annule plus ici" in page
    assert RendezVous.objects.get().etat == rendez_vous.etat


def test_une_reunion_demande_une_raison_et_garde_le_mot(
    distribution: Distribution, elle: Personne, client_entre: Client
) -> None:
    reunion = une_reunion(distribution)
    (invitation,) = inviter(distribution, reunion, elle)
    page = client_entre.post(absence(invitation), {"mot": "Mon bus est en grève"}).content.decode()
    assert "Choisissez la raison" in page
    assert "Mon bus est en grève" in page
    motif = MotifAbsence.objects.filter(actif=True).order_by("ordre", "pk")[0]
    client_entre.post(absence(invitation), {"mot": "Mon bus est en grève", "motif": motif.code})
    invitation.refresh_from_db()
    assert invitation.etat == "excusee"
    justificatif = JustificatifAbsence.objects.get()
    assert (justificatif.motif, justificatif.precision, justificatif.origine) == (
        motif, "Mon bus est en grève", "personne",
    )  # fmt: skip


@pytest.mark.parametrize("reunion", [False, True])
def test_l_agenda_ne_dit_que_l_heure_et_le_lieu(
    distribution: Distribution, elle: Personne, client_entre: Client, reunion: bool
) -> None:
    objet = inviter(distribution, une_reunion(distribution), elle)[0] if reunion else RendezVous.objects.get()
    reponse = client_entre.get(agenda(objet))
    assert reponse["Content-Type"].startswith("text/calendar")
    texte = reponse.content.decode()
    assert "SUMMARY:Rendez-vous" in texte
    for tu in ("ELODIE", "Elodie", "RSA", "insertion", "Referent", "Entretien", "http"):
        assert tu not in texte.replace("PRODID:-//Jalon//Rendez-vous//FR", "")


def test_refuse_l_agenda_d_un_rendez_vous_qui_n_a_plus_lieu(client_entre: Client) -> None:
    rendez_vous = RendezVous.objects.get()
    client_entre.post(absence(rendez_vous))
    assert client_entre.get(agenda(rendez_vous)).status_code == 404


@pytest.mark.parametrize("reunion", [False, True])
def test_refuse_le_rendez_vous_d_une_autre(
    distribution: Distribution, elle: Personne, client_entre: Client, reunion: bool
) -> None:
    voisine = livret_plein(distribution, "VOISINE")
    objet = inviter(distribution, une_reunion(distribution), voisine)[0] if reunion else voisine.rendez_vous.get()
    etat = objet.etat
    assert client_entre.get(absence(objet)).status_code == 404
    assert client_entre.post(absence(objet), {"mot": "Pas la mienne"}).status_code == 404
    assert client_entre.get(agenda(objet)).status_code == 404
    objet.refresh_from_db()
    assert objet.etat == etat
