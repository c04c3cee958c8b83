"""Le diagnostic d'une personne et la saisie de son recueil."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from jalon.diagnostics.models import BrouillonRecueil, Recueil
from jalon.personnes.models import Personne
from jalon.traces.models import Lecture
from tests.diagnostics.fabriques import un_recueil, une_passation
from tests.distribution import Distribution
from tests.fabriques import une_allocataire

pytestmark = pytest.mark.django_db
PAGE = {"numero": "0", "contrainte_mobilite": "forte", "difficultes": "Pas de voiture.", "date_recueil": "2026-10-01",
        "source": "entretien"}  # fmt: skip


@pytest.fixture
def personne(distribution: Distribution) -> Personne:
    return une_allocataire(territoire=distribution.territoire, nom="LEFÈVRE", prenom="ÉLODIE")


def adresse(nom: str, personne: Personne, **cles: Any) -> str:
    return reverse(nom, kwargs={"public_id": personne.public_id, **cles})


def texte(reponse: Any) -> str:
    return str(reponse.content.decode())


def test_une_personne_jamais_evaluee_dit_quoi_faire(connecte: Any, personne: Personne) -> None:
    page = connecte("orienteur").get(adresse("personne_diagnostic", personne))
    assert "Rien n’est encore recueilli" in texte(page)
    assert adresse("recueil_saisir", personne) in texte(page)
    assert page["Cache-Control"] == "no-store"


def test_qui_ne_saisit_pas_lit_sans_bouton(connecte: Any, personne: Personne) -> None:
    page = texte(connecte("siege").get(adresse("personne_diagnostic", personne)))
    assert adresse("recueil_saisir", personne) not in page


def test_ouvrir_le_diagnostic_se_note(connecte: Any, distribution: Distribution, personne: Personne) -> None:
    connecte("orienteur").get(adresse("personne_diagnostic", personne))
    lecture = Lecture.objects.get(personne=personne.public_id)
    assert (lecture.agent, lecture.ecran) == (distribution.orienteur, "diagnostic de la personne")


def test_la_page_dit_un_niveau_jamais_un_diagnostic(connecte: Any, personne: Personne) -> None:
    page = texte(connecte("orienteur").get(adresse("recueil_saisir", personne)))
    assert "un niveau, jamais un diagnostic" in page
    assert "style=" not in page


def test_garder_puis_valider_sans_script(connecte: Any, distribution: Distribution, personne: Personne) -> None:
    client = connecte("orienteur")
    gardee = client.post(adresse("recueil_saisir", personne), PAGE)
    assert gardee.url == adresse("recueil_saisir", personne)
    page = client.get(gardee.url)
    assert "Pas de voiture." in texte(page)
    assert page.context["numero"] == 1

    validee = client.post(adresse("recueil_saisir", personne), {**PAGE, "numero": "1", "valider": "oui"}, follow=True)
    recueil = Recueil.objects.get()
    assert (recueil.contrainte_mobilite, recueil.auteur) == ("forte", distribution.orienteur)
    assert "Recueil socioprofessionnel validé" in texte(validee)
    assert "Mobilité · forte" in texte(validee)


def test_la_frappe_se_garde_toute_seule(connecte: Any, personne: Personne) -> None:
    client = connecte("orienteur")
    reponse = client.post(adresse("recueil_brouillon", personne), {"numero": "0", "difficultes": "À moit"})
    assert (reponse.status_code, reponse.json()["numero"]) == (200, 1)
    assert BrouillonRecueil.objects.get().difficultes == "À moit"


def test_une_case_illisible_ne_perd_pas_les_autres(connecte: Any, personne: Personne) -> None:
    client = connecte("orienteur")
    envoi = {"numero": "0", "difficultes": "gardé", "heures_semaine": "beaucoup"}
    reponse = client.post(adresse("recueil_brouillon", personne), envoi)
    assert reponse.json()["illisibles"] == ["Heures par semaine"]
    assert BrouillonRecueil.objects.get().difficultes == "gardé"

    page = client.post(adresse("recueil_saisir", personne), {**envoi, "numero": "1", "valider": "oui"})
    assert page.status_code == 422
    assert "Une réponse ne se lit pas" in texte(page)
    assert "beaucoup" in texte(page)
    assert not Recueil.objects.exists()


def test_une_seconde_fenetre_n_ecrase_rien(connecte: Any, personne: Personne) -> None:
    client = connecte("orienteur")
    client.post(adresse("recueil_brouillon", personne), {"numero": "0", "difficultes": "première"})
    refus = client.post(adresse("recueil_brouillon", personne), {"numero": "0", "difficultes": "seconde"})
    assert refus.status_code == 409
    assert "autre fenêtre" in refus.json()["message"]
    page = client.post(adresse("recueil_saisir", personne), {**PAGE, "difficultes": "seconde"})
    assert page.status_code == 409
    assert "seconde" in texte(page), "ce qui vient d'être écrit reste à l'écran"
    assert BrouillonRecueil.objects.get().difficultes == "première"


def test_le_second_auteur_est_prevenu_compare_puis_confirme(
    connecte: Any, distribution: Distribution, personne: Personne
) -> None:
    client = connecte("collegue")
    client.post(adresse("recueil_brouillon", personne), PAGE)
    original = un_recueil(personne, distribution.orienteur, jour=date(2026, 9, 1), difficultes="D’Omar")

    refus = client.post(adresse("recueil_saisir", personne), {**PAGE, "numero": "1", "valider": "oui"})
    assert refus.status_code == 409
    assert "Omar Orienteur a validé un recueil" in texte(refus)
    comparaison = client.get(adresse("recueils_comparer", personne), {"avant": original.public_id})
    assert "D’Omar" in texte(comparaison)
    assert "Changé" in texte(comparaison)

    envoi = {**PAGE, "numero": str(refus.context["numero"]), "valider": "oui", "malgre": str(original.public_id)}
    assert client.post(adresse("recueil_saisir", personne), envoi).status_code == 302
    assert Recueil.objects.get(difficultes="Pas de voiture.").precedent == original


def test_reviser_propose_de_reprendre_l_evaluation_precedente(
    connecte: Any, distribution: Distribution, personne: Personne
) -> None:
    """R40, F036."""
    un_recueil(personne, distribution.orienteur, difficultes="Pas de voiture.")
    client = connecte("collegue")
    choix = texte(client.get(adresse("recueil_saisir", personne)))
    assert "Omar Orienteur" in choix
    assert "Reprendre cette évaluation" in choix

    page = texte(client.post(adresse("recueil_commencer", personne), {"reprendre": "oui"}, follow=True))
    assert "Pas de voiture." in page
    assert "Page reprise de l’évaluation de Omar Orienteur" in page


def test_partir_d_une_page_vide(connecte: Any, distribution: Distribution, personne: Personne) -> None:
    un_recueil(personne, distribution.orienteur, difficultes="Pas de voiture.")
    page = texte(connecte("collegue").post(adresse("recueil_commencer", personne), follow=True))
    assert "Pas de voiture." not in page


def test_effacer_sa_page(connecte: Any, personne: Personne) -> None:
    client = connecte("orienteur")
    client.post(adresse("recueil_brouillon", personne), PAGE)
    client.post(adresse("recueil_abandonner", personne))
    assert not BrouillonRecueil.objects.exists()


def test_un_recueil_d_une_autre_personne_n_existe_pas(
    connecte: Any, distribution: Distribution, personne: Personne
) -> None:
    sien = un_recueil(personne, distribution.orienteur)
    autre = une_allocataire(territoire=distribution.territoire)
    client = connecte("orienteur")
    assert client.get(adresse("recueil", personne, recueil_id=sien.public_id)).status_code == 200
    assert client.get(adresse("recueil", autre, recueil_id=sien.public_id)).status_code == 404


def test_la_page_ne_coute_pas_plus_avec_l_age_du_dossier(
    connecte: Any, distribution: Distribution, personne: Personne
) -> None:
    client = connecte("orienteur")
    autre = une_allocataire(territoire=distribution.territoire)
    for cible, fois in ((personne, 2), (autre, 8)):
        for mois in range(1, fois + 1):
            un_recueil(cible, distribution.orienteur, jour=date(2026, mois, 1))
            une_passation(personne=cible, reponses={"logement": 1 + mois % 6}, jour=date(2026, mois, 2))
    comptes = []
    for cible in (personne, personne, autre):
        with CaptureQueriesContext(connection) as requetes:
            assert client.get(adresse("personne_diagnostic", cible)).status_code == 200
        comptes.append(len(requetes))
    assert comptes[1] == comptes[2]
