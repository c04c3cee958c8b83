"""Le tableau de bord des contrats : chaque nombre ouvre sa liste, et ce qui se publie est masqué."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from jalon.contrats.models import Contrat, TypeContrat
from jalon.organismes.models import CategorieOrganisme, Organisme
from jalon.personnes.models import Personne
from tests.distribution import Distribution
from tests.fabriques import un_contrat, une_allocataire, une_decision

pytestmark = pytest.mark.django_db
JOUR = date(2026, 11, 20)


def engagee(distribution: Distribution, **champs: Any) -> Contrat:
    """Personne orientée vers la sphère sociale, qui a un contrat en cours."""
    personne = une_allocataire(**{"territoire": distribution.territoire, **champs})
    une_decision(distribution, personne=personne, adresse={})
    return un_contrat(distribution, personne=personne, type=type_social(), debut=date(2026, 11, 5))


def type_social() -> str:
    return TypeContrat.objects.filter(famille="solidarite").order_by("ordre")[0].code


def lire(client: Any, **champs: str) -> Any:
    return client.get(reverse("tableau_contrats"), {"au": JOUR.isoformat(), **champs})


def test_chaque_nombre_ouvre_les_personnes_qu_il_compte(connecte: Any, distribution: Distribution) -> None:
    engagee(distribution, nom="MARTINEAU")
    une_allocataire(territoire=distribution.territoire, nom="DELVAUX")
    siege = connecte("siege")
    ensemble = lire(siege).context["ensemble"]
    assert [c["texte"] for c in ensemble["taux"]] == ["2", "1", "1", "1", "1", "0"]
    for case, dedans, dehors in (("soumises_avec", "Martineau", "Delvaux"), ("soumises_sans", "Delvaux", "Martineau")):
        adresse = next(c["url"] for c in ensemble["taux"] if f"compte={case}" in c["url"])
        derriere = siege.get(adresse).content.decode()
        assert dedans in derriere
        assert dehors not in derriere


def test_toutes_les_portes_s_ouvrent(connecte: Any, distribution: Distribution) -> None:
    engagee(distribution, nom="MARTINEAU")
    siege = connecte("siege")
    ensemble = lire(siege).context["ensemble"]
    portes = [c["url"] for c in (*ensemble["taux"], *ensemble["delais"], ensemble["suites"]) if c["url"]]
    assert len(portes) == 7
    for porte in portes:
        assert "Martineau" in siege.get(porte).content.decode()


def test_une_personne_sans_territoire_a_sa_ligne_et_sa_liste(connecte: Any, distribution: Distribution) -> None:
    une_allocataire(territoire=None, nom="DELVAUX")
    une_allocataire(territoire=distribution.territoire, nom="MARTINEAU")
    siege = connecte("siege")
    ligne = lire(siege).context["lignes"][-1]
    assert ligne["libelle"] == "Territoire inconnu"
    derriere = siege.get(ligne["taux"][0]["url"]).content.decode()
    assert "Delvaux" in derriere
    assert "Martineau" not in derriere


def test_l_objectif_du_departement_est_dit_avec_ses_mots(connecte: Any, distribution: Distribution) -> None:
    engagee(distribution)
    page = lire(connecte("siege"))
    assert page.context["objectif"].libelle in page.content.decode()


def test_la_version_a_publier_masque_et_n_ouvre_rien(connecte: Any, distribution: Distribution) -> None:
    for _ in range(6):
        engagee(distribution)
    engagee(distribution, territoire=distribution.autre_territoire)
    siege = connecte("siege")
    page = lire(siege, publication="oui")
    par_lieu = {ligne["libelle"]: ligne["taux"][0]["texte"] for ligne in page.context["lignes"]}
    assert par_lieu[distribution.autre_territoire.libelle] == "s"
    assert par_lieu[distribution.territoire.libelle] == "s"  # sinon 7 − 6 le redonnerait
    assert page.context["tuiles"] == []
    assert reverse("tableau_contrats_dossiers") not in page.content.decode()
    adresse = next(url for nom, url in page.context["formats"] if nom == "CSV")
    reponse = siege.get(adresse)
    contenu = b"".join(reponse.streaming_content) if reponse.streaming else reponse.content
    assert f"{distribution.autre_territoire.libelle};s;s".encode() in contenu.replace(b'"', b"")


def test_qui_n_ouvre_aucun_dossier_lit_la_version_masquee(connecte: Any, distribution: Distribution) -> None:
    engagee(distribution)
    assert lire(connecte("administrateur")).context["ensemble"]["taux"][0]["texte"] == "s"
    assert lire(connecte("siege")).context["ensemble"]["taux"][0]["texte"] == "1"


def test_un_agent_d_un_autre_territoire_ne_compte_que_les_siens(connecte: Any, distribution: Distribution) -> None:
    engagee(distribution)
    etrangere = connecte("etrangere")
    page = lire(etrangere)
    assert page.context["ensemble"]["taux"][0]["texte"] == "0"
    assert distribution.territoire.libelle not in page.content.decode()
    assert lire(etrangere, territoire=distribution.territoire.code).status_code == 404
    assert lire(etrangere, sans_territoire="oui").status_code == 404
    assert lire(connecte("orienteur")).context["ensemble"]["taux"][0]["texte"] == "1"


def test_se_restreint_a_un_service_et_a_un_type(connecte: Any, distribution: Distribution) -> None:
    contrat = engagee(distribution)
    siege = connecte("siege")
    ccas = distribution.organisme(CategorieOrganisme.CCAS)
    ailleurs = Organisme.objects.exclude(pk=ccas.pk).order_by("id")[0]
    assert lire(siege, service=ccas.code).context["ensemble"]["taux"][1]["texte"] == "1"
    assert lire(siege, service=ailleurs.code).context["ensemble"]["taux"][1]["texte"] == "0"
    assert lire(siege, type=contrat.type.code).context["ensemble"]["taux"][1]["texte"] == "1"
    for champ in ("service", "type", "territoire"):
        assert lire(siege, **{champ: "nulle-part"}).status_code == 404
    assert siege.get(reverse("tableau_contrats_dossiers"), {"compte": "nulle-part"}).status_code == 404


def test_le_nombre_de_lectures_ne_depend_pas_du_nombre_de_contrats(connecte: Any, distribution: Distribution) -> None:
    siege = connecte("siege")
    engagee(distribution)
    lire(siege)
    with CaptureQueriesContext(connection) as une:
        lire(siege)
    for _ in range(8):
        engagee(distribution)
    with CaptureQueriesContext(connection) as neuf:
        lire(siege)
    assert Personne.objects.count() == 9
    assert len(neuf) == len(une)
