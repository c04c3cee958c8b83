"""Préparer une séance à l'écran, la convoquer, l'ouvrir, la clore, lire son procès-verbal."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from jalon.instances.models import EtatSeance, MembreInstance, Seance
from jalon.orientations.models import AttenteOrientation, DecisionOrientation
from tests.instances.plateau import Plateau, dans

pytestmark = pytest.mark.django_db


def test_de_la_planification_au_proces_verbal_sans_script(plateau: Plateau, entrer: Any) -> None:
    plateau.personnes(3)
    sieges = plateau.sieges
    secretaire, presidence = entrer(plateau.d.orienteur), entrer(plateau.presidente)
    planifiee = secretaire.post(
        f"/instances/{plateau.instance.public_id}/seances/",
        {"date": timezone.localdate().isoformat(), "heure": "09:00", "lieu": "Mairie"},
    )
    ici = planifiee.url
    assert secretaire.get(f"{ici}inscrire/").status_code == 200
    secretaire.post(f"{ici}remplir/", {"jusqua": "2"})
    attente = AttenteOrientation.objects.exclude(personne__dossiers_seance__isnull=False).get()
    secretaire.post(f"{ici}inscrire/", {"attentes": [attente.public_id]})
    seance = Seance.objects.get()
    assert seance.dossiers.count() == 3
    secretaire.post(f"{ici}convoquer/", {"motif_urgence": "File trop longue"})
    secretaire.post(
        f"{ici}presence/", {"membre": sieges["ccas"].public_id, "represente_par": sieges["suppleant_ccas"].public_id}
    )
    presidence.post(
        f"{ici}ouvrir/",
        {"president": sieges["slai"].public_id, "presents": [sieges[c].public_id for c in ("slai", "plie", "caf")]},
    )
    page = presidence.get(ici).content.decode()
    assert "Quorum atteint : 4 membres présents ou représentés" in page
    for dossier in plateau.dossiers(seance)[:2]:
        plateau.statuer(dossier)
    relecture = presidence.get(f"{ici}clore/").content.decode()
    assert (
        "Clore et appliquer 2\xa0décisions" in relecture.replace("\u202f", "\xa0")
        or "appliquer 2 décisions" in relecture
    )
    assert presidence.post(f"{ici}clore/").url == ici
    seance.refresh_from_db()
    assert seance.etat == EtatSeance.CLOSE
    assert DecisionOrientation.objects.count() == 2
    assert "Notifier les décisions" in presidence.get(ici).content.decode()
    assert presidence.get(f"{ici}proces-verbal.pdf").content.startswith(b"%PDF")
    assert presidence.get(f"{ici}?issue=solidarite").content.decode().count("data-ligne") == 2
    # Qui ne fait que siéger lit le procès-verbal sans les noms, quoi qu'il demande.
    membre = entrer(plateau.membre)
    avec, sans = membre.get(f"{ici}proces-verbal.pdf"), membre.get(f"{ici}proces-verbal.pdf?sans_noms=oui")
    assert avec.content == sans.content != presidence.get(f"{ici}proces-verbal.pdf").content
    assert "data-ligne" not in membre.get(ici).content.decode()


def test_le_membre_ne_voit_pas_l_ordre_du_jour_avant_sa_convocation(plateau: Plateau, entrer: Any) -> None:
    [personne] = plateau.personnes(1, nom="WATTRELOS")
    seance = plateau.preparee([personne])
    ici = f"/seances/{seance.public_id}/"
    assert "Wattrelos" not in entrer(plateau.membre).get(ici).content.decode()
    assert "Wattrelos" in entrer(plateau.d.orienteur).get(ici).content.decode()
    Seance.objects.update(etat=EtatSeance.CONVOQUEE)
    assert "Wattrelos" in entrer(plateau.membre).get(ici).content.decode()
    assert entrer(plateau.autre_membre).get(ici).status_code == 404


def test_refuse_une_inscription_a_qui_ne_prepare_pas(plateau: Plateau, entrer: Any) -> None:
    seance = plateau.preparee(plateau.personnes(1))
    assert entrer(plateau.membre).get(f"/seances/{seance.public_id}/inscrire/").status_code == 403


def test_un_refus_s_explique_et_garde_la_page(plateau: Plateau, entrer: Any) -> None:
    seance = plateau.preparee(plateau.personnes(1))
    page = entrer(plateau.d.orienteur).post(f"/seances/{seance.public_id}/convoquer/", follow=True).content.decode()
    assert "dites pourquoi convoquer en urgence" in page
    fautive = entrer(plateau.d.orienteur).post(
        f"/seances/{seance.public_id}/modifier/", {"date": dans(-3).isoformat(), "heure": "09:00", "lieu": "Mairie"}
    )
    assert fautive.status_code == 422
    assert "Cette date est passée" in fautive.content.decode()


def test_nomme_et_remercie_un_membre(plateau: Plateau, entrer: Any) -> None:
    client = entrer(plateau.d.orienteur)
    ici = f"/instances/{plateau.instance.public_id}/"
    client.post(f"{ici}membres/", {"qualite": plateau.qualite("caf").pk, "nom_externe": "Camille Exemple"})
    membre = MembreInstance.objects.get(nom_externe="Camille Exemple")
    assert "Camille Exemple" in client.get(ici).content.decode()
    client.post(f"/instances/membres/{membre.public_id}/fin/")
    client.get(ici)
    assert "Camille Exemple" not in client.get(ici).content.decode()


@pytest.mark.parametrize("ecran", ["", "inscrire/"])
def test_autant_de_requetes_pour_2_et_20_lignes(plateau: Plateau, entrer: Any, ecran: str) -> None:
    seance = plateau.preparee(plateau.personnes(2))
    plateau.personnes(2)
    client, ici = entrer(plateau.d.orienteur), f"/seances/{seance.public_id}/{ecran}"
    client.get(ici)
    with CaptureQueriesContext(connection) as peu:
        client.get(ici)
    plateau.personnes(36)
    client.post(f"/seances/{seance.public_id}/remplir/", {"jusqua": "20"})
    client.get(ici)
    with CaptureQueriesContext(connection) as beaucoup:
        client.get(ici)
    assert len(beaucoup) == len(peu)
