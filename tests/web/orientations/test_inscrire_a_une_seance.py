"""De la file à une séance : cocher, choisir la séance, sans script."""

from __future__ import annotations

import re
from datetime import time
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from jalon.agents.models import ProfilHabilitation
from jalon.agents.perimetre import Perimetre
from jalon.instances.acces import seances_ou_inscrire
from jalon.instances.models import DossierSeance, EtatSeance, Instance, Seance
from jalon.instances.seances import planifier_seance
from jalon.orientations.models import AttenteOrientation
from tests.distribution import Distribution
from tests.fabriques import une_allocataire

pytestmark = pytest.mark.django_db
INSCRIRE = "Inscrire à une séance"


def une_seance(distribution: Distribution, territoire: Any) -> Seance:
    siege = distribution.siege
    return planifier_seance(
        Instance.objects.get(territoire=territoire, type__nature="orientation"), acteur=siege, perimetre=Perimetre.de(siege),
        jour=timezone.localdate(), heure=time(9), lieu="Salle des fêtes",
    )  # fmt: skip


def attente(territoire: Any) -> AttenteOrientation:
    return AttenteOrientation.objects.get(personne=une_allocataire(territoire=territoire, en_attente=True))


def portes(client: Client) -> list[str]:
    """Adresses où les boutons de la barre envoient le choix."""
    return re.findall(r'formaction="(/seances/[^"]+)"', client.get("/orientation/").content.decode())


def test_inscrit_les_personnes_cochees(connecte: Any, distribution: Distribution) -> None:
    seance = une_seance(distribution, distribution.territoire)
    choisie, autre = attente(distribution.territoire), attente(distribution.territoire)
    client = connecte("orienteur")
    (porte,) = portes(client)
    donnees = {"choisies": [str(choisie.public_id)], "filtre": "motif=nouvel_entrant&tri=nom", "a_qui": ""}
    reponse = client.post(porte, donnees, follow=True)
    assert reponse.redirect_chain == [(f"{porte}?motif=nouvel_entrant&tri=nom", 302)]
    assert "Un dossier inscrit" in reponse.content.decode()
    assert list(seance.dossiers.order_by("pk").values_list("personne", flat=True)) == [choisie.personne_id]
    assert autre.personne_id not in seance.dossiers.order_by("pk").values_list("personne", flat=True)


def test_dit_qui_est_laisse_de_cote(connecte: Any, distribution: Distribution) -> None:
    une_seance(distribution, distribution.territoire)
    une_seance(distribution, distribution.autre_territoire)
    ici, ailleurs = attente(distribution.territoire), attente(distribution.autre_territoire)
    client = connecte("siege")
    porte = next(
        p for p in portes(client) if str(Seance.objects.get(instance__territoire=ici.territoire).public_id) in p
    )
    page = client.post(porte, {"choisies": [ici.public_id, ailleurs.public_id]}, follow=True).content.decode()
    assert "Un dossier inscrit" in page
    assert "1 personne laissée de côté" in page
    assert DossierSeance.objects.count() == 1


@pytest.mark.parametrize(
    ("donnees", "refus"), [({}, "Aucune personne n"), ({"tout": "oui"}, "toute une file d")], ids=["rien", "tout"]
)
def test_refuse_sans_personne_ou_toute_la_file(
    connecte: Any, distribution: Distribution, donnees: dict[str, str], refus: str
) -> None:
    une_seance(distribution, distribution.territoire)
    attente(distribution.territoire)
    client = connecte("orienteur")
    assert refus in client.post(portes(client)[0], donnees, follow=True).content.decode()
    assert not DossierSeance.objects.exists()


def test_ne_propose_que_les_seances_ouvertes_de_ses_territoires(connecte: Any, distribution: Distribution) -> None:
    ici = une_seance(distribution, distribution.territoire)
    une_seance(distribution, distribution.autre_territoire)
    assert list(seances_ou_inscrire(Perimetre.de(distribution.orienteur))) == [ici]
    assert len(seances_ou_inscrire(Perimetre.de(distribution.siege))) == 2
    Seance.objects.filter(pk=ici.pk).update(etat=EtatSeance.ANNULEE, motif_annulation="Grève")
    assert not seances_ou_inscrire(Perimetre.de(distribution.orienteur))


def test_ne_propose_rien_sans_le_droit_de_preparer(connecte: Any, distribution: Distribution) -> None:
    une_seance(distribution, distribution.territoire)
    attente(distribution.territoire)
    assert INSCRIRE in connecte("orienteur").get("/orientation/").content.decode()
    role = ProfilHabilitation.objects.get(code="orienteur")
    role.droits.remove("seances.preparer")
    role.save()
    page = connecte("orienteur").get("/orientation/").content.decode()
    assert INSCRIRE not in page
    assert "Confier à" in page


def test_sans_seance_la_barre_ne_change_pas(connecte: Any, distribution: Distribution) -> None:
    attente(distribution.territoire)
    assert INSCRIRE not in connecte("orienteur").get("/orientation/").content.decode()
