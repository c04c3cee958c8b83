"""Les notes d'une personne, la reprise d'une note, et le lexique sur les écrans."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from jalon.personnes.models import Personne
from jalon.rendezvous.models import NoteEntretien
from jalon.traces.models import Lecture
from tests.accompagnements.aides import nommer
from tests.distribution import Distribution
from tests.fabriques import une_allocataire

pytestmark = pytest.mark.django_db


@pytest.fixture
def personne(distribution: Distribution) -> Personne:
    personne = une_allocataire(territoire=distribution.territoire, nom="LEFÈVRE", prenom="ÉLODIE")
    nommer(personne, distribution.partenaire)
    return personne


def une_note(personne: Personne, distribution: Distribution, **champs: Any) -> NoteEntretien:
    valeurs = {"date": timezone.localdate(), "faits": "Un fait.", "auteur": distribution.orienteur, **champs}
    return NoteEntretien.objects.create(personne=personne, **valeurs)


def texte(reponse: Any) -> str:
    return str(reponse.content.decode())


def test_la_liste_dit_que_la_personne_peut_lire(distribution: Distribution, connecte: Any, personne: Personne) -> None:
    une_note(personne, distribution, dit_par_la_personne="« Bonjour »", analyse="À revoir.")
    page = texte(connecte("siege").get(reverse("notes", args=[personne.public_id])))
    assert "la personne peut les lire" in page
    assert page.index("Un fait.") < page.index("« Bonjour »") < page.index("À revoir.")
    assert "Noter un entretien" not in page, "le siège n'écrit pas le suivi"
    assert Lecture.objects.get().ecran == "notes d’entretien"


def test_une_liste_vide_dit_quoi_faire(connecte: Any, personne: Personne) -> None:
    page = texte(connecte("orienteur").get(reverse("notes", args=[personne.public_id])))
    assert "Aucune note d’entretien" in page
    assert reverse("entretien_libre", args=[personne.public_id]) in page


def test_autant_de_requetes_pour_une_ou_vingt_notes(
    distribution: Distribution, connecte: Any, personne: Personne
) -> None:
    client, adresse = connecte("siege"), reverse("notes", args=[personne.public_id])
    une_note(personne, distribution)
    client.get(adresse)
    comptes = []
    for ajoutees in (0, 19):
        for _ in range(ajoutees):
            une_note(personne, distribution)
        with CaptureQueriesContext(connection) as requetes:
            client.get(adresse)
        comptes.append(len(requetes))
    assert comptes[0] == comptes[1]


def test_l_auteur_reprend_sa_note(distribution: Distribution, connecte: Any, personne: Personne) -> None:
    note = une_note(personne, distribution)
    envoi = {"faits": "Un fait, précisé.", "numero": "1", "date": note.date.isoformat()}
    reponse = connecte("orienteur").post(reverse("note", args=[note.public_id]), envoi, follow=True)
    assert "Un fait, précisé." in texte(reponse)
    note.refresh_from_db()
    assert (note.numero, note.modifiee_par) == (2, distribution.orienteur)


def test_une_reprise_depassee_montre_les_deux_textes(
    distribution: Distribution, connecte: Any, personne: Personne
) -> None:
    note = une_note(personne, distribution, numero=2)
    reponse = connecte("orienteur").post(reverse("note", args=[note.public_id]), {"faits": "Le mien.", "numero": "1"})
    assert reponse.status_code == 409
    assert "Un fait." in texte(reponse)
    assert "Le mien." in texte(reponse)
    note.refresh_from_db()
    assert note.faits == "Un fait."


def test_refuse_la_reprise_a_qui_ne_l_a_pas_ecrite(
    distribution: Distribution, connecte: Any, personne: Personne
) -> None:
    note = une_note(personne, distribution)
    client = connecte("collegue")
    assert "<textarea" not in texte(client.get(reverse("note", args=[note.public_id])))
    reponse = client.post(reverse("note", args=[note.public_id]), {"faits": "Autre.", "numero": "1"})
    assert reponse.status_code == 403
    note.refresh_from_db()
    assert note.faits == "Un fait."


def test_le_lexique_repond_sans_rien_garder(connecte: Any) -> None:
    client = connecte("orienteur")
    with CaptureQueriesContext(connection) as requetes:
        reponse = client.post(reverse("lexique"), {"texte": "<b>Il est menteur</b> & malin"})
    assert "« menteur »" in texte(reponse)
    assert "C&#x27;est un jugement" in texte(reponse)
    assert "<b>" not in texte(reponse)
    assert not any(
        requete["sql"].startswith(("INSERT", "UPDATE")) and "session" not in requete["sql"] for requete in requetes
    )
    assert texte(client.post(reverse("lexique"), {"texte": "Tout va bien."})).strip() == ""
