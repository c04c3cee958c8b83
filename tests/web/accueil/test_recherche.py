"""Une case pour tout : nom, matricule, numéro de demande, date de naissance."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from jalon.personnes.models import Personne
from jalon.personnes.recherche import Requete, lire_requete
from jalon.traces.models import Lecture
from tests.distribution import Distribution
from tests.fabriques import DossierRsaFactory, PersonneFactory, une_allocataire


@pytest.fixture
def elodie(distribution: Distribution) -> Personne:
    """Deux homonymes de son nom l'entourent, pour qu'un nom seul ne mène pas droit à sa page."""
    for prenom in ("PAUL", "ODETTE"):
        une_allocataire(
            territoire=distribution.territoire, nom="LEFÈVRE", prenom=prenom, date_naissance=date(1960, 1, 1)
        )
    dossier = DossierRsaFactory(
        foyer__territoire=distribution.territoire, matricule="1234567", numero_demande="62000000042"
    )
    return une_allocataire(
        territoire=distribution.territoire, nom="LEFÈVRE", nom_naissance="D'AGOSTINO", prenom="ÉLODIE", dossier=dossier
    )


def trouve(client: Client, texte: str) -> list[str]:
    """Noms trouvés ; une redirection vers la seule personne compte pour elle."""
    reponse = client.get("/recherche/", {"q": texte})
    if reponse.status_code == 302:
        return [Personne.objects.get(public_id=reponse["Location"].split("/")[2]).prenom]
    assert reponse.status_code == 200
    return [personne.prenom for personne in reponse.context["personnes"]]


@pytest.mark.parametrize(
    "texte",
    [
        "élodie lefèvre",
        "lefevre elodie",
        "LEFEVRE  Élodie",
        "lefebre elodie",
        "agostino elo",
        "d'agostino",
        "Élodie 12/04/1985",
        "1234567",
        "123456700000000",
        "62000000042",
        "12/04/1985",
        "12041985",
        "1985-04-12",
        "12.04.1985 lefevre",
    ],
)
def test_trouve_elodie(elodie: Personne, connecte: Any, texte: str) -> None:
    assert "ÉLODIE" in trouve(connecte("orienteur"), texte)


@pytest.mark.parametrize(
    "texte", ["zzzz", "elodie martin", "7654321", "13/04/1985", "elodie 13/04/1985", "elodie 7654321"]
)
def test_chaque_mot_doit_repondre(elodie: Personne, connecte: Any, texte: str) -> None:
    assert trouve(connecte("orienteur"), texte) == []


def test_un_resultat_exact_mene_droit_a_la_personne(elodie: Personne, connecte: Any) -> None:
    reponse = connecte("orienteur").get("/recherche/", {"q": "elodie lefevre"})
    assert reponse.status_code == 302
    assert reponse["Location"] == f"/personnes/{elodie.public_id}/"


def test_un_resultat_approche_reste_une_liste(elodie: Personne, connecte: Any) -> None:
    assert connecte("orienteur").get("/recherche/", {"q": "elodi lefebre"}).status_code == 200


def test_un_resultat_dit_le_droit_la_soumission_et_le_territoire(elodie: Personne, connecte: Any) -> None:
    page = connecte("orienteur").get("/recherche/", {"q": "lefevre"}).content.decode()
    assert "Droit ouvert et versable" in page
    assert "Personne soumise" in page
    assert str(elodie.territoire) in page


def test_refuse_une_personne_d_un_autre_territoire(elodie: Personne, connecte: Any) -> None:
    for texte in ("elodie lefevre", "1234567", "62000000042", "12/04/1985"):
        assert trouve(connecte("etrangere"), texte) == []


def test_le_partenaire_ne_trouve_que_qui_son_organisme_accompagne(distribution: Distribution, connecte: Any) -> None:
    organisme = distribution.partenaire.affectations.get().organisme
    une_allocataire(territoire=distribution.territoire, nom="LEROY", prenom="SUIVIE", accompagnee_par=organisme)
    une_allocataire(territoire=distribution.territoire, nom="LEROY", prenom="AUTRE")
    assert trouve(connecte("partenaire"), "leroy") == ["SUIVIE"]


def test_refuse_un_dossier_fusionne(elodie: Personne, connecte: Any) -> None:
    Personne.objects.filter(prenom="ODETTE").update(fusionnee_dans=elodie)
    assert "ODETTE" not in trouve(connecte("orienteur"), "lefevre")


def test_refuse_la_recherche_sans_le_droit(connecte: Any) -> None:
    assert connecte("operateur").get("/recherche/", {"q": "lefevre"}).status_code == 403


def test_une_lettre_ne_suffit_pas(elodie: Personne, connecte: Any) -> None:
    reponse = connecte("orienteur").get("/recherche/", {"q": "e"})
    assert "Une seule lettre ne suffit pas" in reponse.content.decode()


def test_deux_lettres_sont_un_nom_entier(distribution: Distribution, connecte: Any) -> None:
    une_allocataire(territoire=distribution.territoire, nom="LY", prenom="MAI")
    une_allocataire(territoire=distribution.territoire, nom="LYONNAIS", prenom="PAUL")
    assert trouve(connecte("orienteur"), "ly") == ["MAI"]


def test_rien_trouve_dit_quoi_essayer(connecte: Any) -> None:
    assert "Essayez le nom de naissance" in connecte("siege").get("/recherche/", {"q": "zzzz"}).content.decode()


def test_la_page_sans_question_invite_a_ecrire(connecte: Any) -> None:
    reponse = connecte("siege").get("/recherche/")
    assert "Écrivez ce que vous savez" in reponse.content.decode()
    assert Lecture.objects.count() == 0


def test_la_recherche_est_notee_sans_le_texte_cherche(elodie: Personne, connecte: Any) -> None:
    connecte("orienteur").get("/recherche/", {"q": "lefevre"})
    lecture = Lecture.objects.get()
    assert (lecture.nature, lecture.nombre, lecture.personne) == (Lecture.Nature.RECHERCHE, 3, None)
    assert "lefevre" not in lecture.ecran


def test_autant_de_requetes_pour_une_ou_vingt_personnes(distribution: Distribution, connecte: Any) -> None:
    client = connecte("orienteur")
    comptes = []
    for ajoutees in (2, 18):
        for _ in range(ajoutees):
            une_allocataire(territoire=distribution.territoire, nom="HAMEL")
        client.get("/recherche/", {"q": "hamel"})
        with CaptureQueriesContext(connection) as requetes:
            client.get("/recherche/", {"q": "hamel"})
        comptes.append(len(requetes))
    assert comptes[0] == comptes[1]


def test_au_dela_de_la_limite_la_page_le_dit(distribution: Distribution, connecte: Any) -> None:
    for _ in range(26):
        PersonneFactory(territoire=distribution.territoire, nom="HAMEL")
    reponse = connecte("orienteur").get("/recherche/", {"q": "hamel"})
    assert len(reponse.context["personnes"]) == 25
    assert "précisez" in reponse.content.decode()


@pytest.mark.parametrize(
    ("texte", "attendue"),
    [
        ("Lefèvre 12/04/1985", Requete(noms="lefevre", naissance=date(1985, 4, 12))),
        ("1000001", Requete(numeros=("1000001",))),
        ("31/02/1985", Requete(noms="31 02 1985")),
        ("285046204112345", Requete(contient_nir=True)),
        ("2 85 04 62 041 123 45", Requete(contient_nir=True)),
        ("2 85 04 2A 041 123", Requete(contient_nir=True)),
        ("lefevre 2850462041123", Requete(contient_nir=True)),
        ("123456700000000", Requete(numeros=("123456700000000",))),
        ("285996204112", Requete(numeros=("285996204112",))),
        ("", Requete()),
    ],
)
def test_comprend_ce_qui_est_tape(texte: str, attendue: Requete) -> None:
    assert lire_requete(texte) == attendue
