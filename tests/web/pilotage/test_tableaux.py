"""Les tableaux de bord : qui les voit, ce qu'ils montrent, ce qu'ils attendent."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.urls import reverse
from procrastinate.contrib.django.models import ProcrastinateJob

from jalon.observatoire.cliches import prendre_cliche
from tests.distribution import Distribution
from tests.observatoire.aides import JOUR, SUIVANT, recevoir, titulaire, un_foyer

pytestmark = pytest.mark.django_db


@pytest.fixture
def population(distribution: Distribution) -> None:
    """Deux foyers ici, un ailleurs, connus et préparés."""
    un_foyer(distribution.territoire, enfants=1)
    un_foyer(distribution.territoire, natures=("RCD",), soumises=0)
    un_foyer(distribution.autre_territoire)
    prendre_cliche(JOUR)


def texte(reponse: Any) -> str:
    return str(reponse.content.decode())


def test_montre_les_chiffres_leur_graphique_et_leur_table(connecte: Any, population: None) -> None:
    reponse = connecte("siege").get(reverse("tableaux"))

    assert reponse.status_code == 200
    page = texte(reponse)
    assert "Situation au 30 septembre 2026 · édition consolidée" in page
    assert page.count('class="graphique"') == 6
    assert page.count("<table") == 6
    assert page.count("D’où vient ce chiffre ?") == 6
    assert "style=" not in page


def test_la_vue_en_tableaux_n_a_pas_besoin_de_script(connecte: Any, population: None) -> None:
    page = texte(connecte("siege").get(reverse("tableaux"), {"vue": "tableaux"}))

    assert page.count("<table") == 6
    assert 'class="graphique"' not in page
    assert "Voir en graphiques" in page


def test_refuse_sans_le_droit(connecte: Any, population: None) -> None:
    assert connecte("orienteur").get(reverse("tableaux")).status_code == 200
    assert connecte("partenaire").get(reverse("tableaux")).status_code == 403


def test_un_agent_ne_voit_que_son_territoire(connecte: Any, distribution: Distribution, population: None) -> None:
    client = connecte("orienteur")
    page = client.get(reverse("tableaux"))

    assert [t.valeur for t in page.context["tuiles"]] == [2, 3, 1, 0]
    assert distribution.autre_territoire.libelle not in texte(client.get(reverse("tableau", args=["t06"])))
    ailleurs = client.get(reverse("tableau", args=["t06"]), {"territoire": distribution.autre_territoire.code})
    assert ailleurs.status_code == 404


def test_le_siege_filtre_un_territoire(connecte: Any, distribution: Distribution, population: None) -> None:
    page = connecte("siege").get(reverse("tableaux"), {"territoire": distribution.autre_territoire.code})

    assert [t.valeur for t in page.context["tuiles"]] == [1, 1, 1, 0]


def test_l_evolution_se_dit_depuis_le_mois_prepare_avant(connecte: Any, population: None) -> None:
    recevoir(un_foyer(depuis=SUIVANT), jour=SUIVANT)
    prendre_cliche(SUIVANT)
    client = connecte("siege")

    tuile = client.get(reverse("tableaux")).context["tuiles"][0]
    avant = client.get(reverse("tableaux"), {"date": "2026-09-30"}).context["tuiles"][0]

    assert (tuile.valeur, tuile.detail) == (4, "+33,3\u202f% depuis le 30 sept. 2026")
    assert (avant.valeur, avant.detail) == (3, "")


def test_une_date_sans_donnees_montre_la_plus_recente_et_le_dit(connecte: Any, population: None) -> None:
    page = texte(connecte("siege").get(reverse("tableaux"), {"date": "2020-01-31"}))

    assert "La date demandée n’a pas de données" in page
    assert "Situation au 30 septembre 2026" in page


def test_un_cliche_absent_se_prepare_en_travail_de_fond_une_seule_fois(connecte: Any) -> None:
    un_foyer()
    client = connecte("siege")

    reponses = [client.get(reverse("tableaux")) for _ in range(2)]

    assert [r.status_code for r in reponses] == [202, 202]
    assert reponses[0]["Refresh"] == "4"
    assert "Les chiffres au 30 septembre 2026 se préparent" in texte(reponses[0])
    assert [(t.task_name, t.args) for t in ProcrastinateJob.objects.order_by("id")] == [
        ("observatoire.prendre_cliche", {"a_la_date": "2026-09-30"})
    ]


def test_un_cliche_perime_reste_lisible_et_le_dit(connecte: Any, population: None) -> None:
    un_foyer(depuis=date(2026, 9, 15))

    reponse = connecte("orienteur").get(reverse("tableaux"), {"date": "2026-09-30"})

    assert reponse.status_code == 200
    assert "Des données plus récentes sont arrivées" in texte(reponse)
    assert ProcrastinateJob.objects.count() == 1


def test_avant_le_premier_flux_la_page_dit_quoi_faire(connecte: Any) -> None:
    assert "Pas encore de données" in texte(connecte("siege").get(reverse("tableaux")))


def test_les_petits_effectifs_sont_masques_a_qui_n_a_aucun_dossier(
    connecte: Any, distribution: Distribution, population: None
) -> None:
    client = connecte("administrateur")
    page = client.get(reverse("tableaux"))

    assert page.context["tuiles"][0].valeur == "s"
    assert "Secret statistique" in texte(page)
    assert reverse("tableau_dossiers", args=["t06"]) not in texte(page)
    assert connecte("siege").get(reverse("tableaux")).context["tuiles"][0].valeur == 3


def test_la_version_a_publier_masque_aussi_pour_le_siege(connecte: Any, population: None) -> None:
    page = connecte("siege").get(reverse("tableau", args=["t06"]), {"publication": "oui"})

    assert page.context["resume"].masque
    assert "Version interne" in texte(page)


def test_le_tableau_se_detaille_par_territoire(connecte: Any, distribution: Distribution, population: None) -> None:
    page = connecte("siege").get(reverse("tableau", args=["T06"]), {"colonne": "activite"})
    ventile = page.context["ventilee"].resultat

    assert ventile.valeur(distribution.territoire.code, "total") == 1
    assert ventile.valeur(distribution.autre_territoire.code, "total") == 0
    assert connecte("siege").get(reverse("tableau", args=["t99"])).status_code == 404


@pytest.mark.parametrize(
    ("format", "debut"), [("csv", b"\xef\xbb\xbfSituation familiale;Socle"), ("xlsx", b"PK"), ("ods", b"PK")]
)
def test_exporte(connecte: Any, population: None, format: str, debut: bytes) -> None:
    reponse = connecte("siege").get(reverse("tableau_export", args=["t06", format]))

    assert reponse.status_code == 200
    assert reponse.content.startswith(debut)
    assert f"tableau-t06-2026-09-30.{format}" in reponse["Content-Disposition"]


def test_l_export_dit_ce_qu_il_est(connecte: Any, population: None) -> None:
    client = connecte("siege")
    contenu = client.get(reverse("tableau_export", args=["t06", "csv"])).content.decode()

    assert "femme seule avec enfant;1;50,0;0;0,0" in contenu
    assert "situation au 30/09/2026, édition consolidée" in contenu
    assert client.get(reverse("tableau_export", args=["t06", "pdf"])).status_code == 404


def test_le_nombre_de_requetes_ne_depend_pas_du_nombre_de_foyers(
    connecte: Any, distribution: Distribution, population: None, django_assert_max_num_queries: Any
) -> None:
    client = connecte("orienteur")
    client.get(reverse("tableaux"))
    with django_assert_max_num_queries(20) as avant:
        client.get(reverse("tableaux"))
    for _ in range(20):
        un_foyer(distribution.territoire)
    prendre_cliche(JOUR)
    client.get(reverse("tableaux"))
    with django_assert_max_num_queries(20) as apres:
        client.get(reverse("tableaux"))
    assert len(avant) == len(apres)


# --- Les dossiers derrière un chiffre


def test_un_chiffre_s_ouvre_sur_ses_dossiers(connecte: Any, distribution: Distribution, population: None) -> None:
    dossier = un_foyer(distribution.territoire, enfants=2)
    prendre_cliche(JOUR)
    client = connecte("siege")
    lien = client.get(reverse("tableaux")).context["cartes"][2].lignes[2].cases[0].url

    page = client.get(lien)

    assert titulaire(dossier) in page.context["personnes"]
    assert len(page.context["personnes"]) == page.context["selection"].comptes == 2


def test_les_personnes_soumises_s_ouvrent_sur_elles_memes(connecte: Any, population: None) -> None:
    dossier = un_foyer(conjoint=True, soumises=2)
    prendre_cliche(JOUR)
    page = connecte("siege").get(reverse("tableau_dossiers", args=["t05"]), {"ligne": "soumises", "colonne": "total"})

    assert page.context["selection"].ce_sont_des_personnes
    assert {p.pk for p in page.context["personnes"]} >= set(
        dossier.foyer.rattachements.values_list("personne_id", flat=True)
    )


def test_les_dossiers_hors_du_perimetre_ne_s_ouvrent_pas(connecte: Any, population: None) -> None:
    case = {"ligne": "total", "colonne": "ensemble"}
    page = connecte("orienteur").get(reverse("tableau_dossiers", args=["t06"]), case)

    assert len(page.context["personnes"]) == page.context["selection"].comptes == 2
    assert len(connecte("siege").get(reverse("tableau_dossiers", args=["t06"]), case).context["personnes"]) == 3


def test_refuse_les_dossiers_a_qui_ne_voit_que_des_chiffres(connecte: Any, population: None) -> None:
    case = {"ligne": "total", "colonne": "ensemble"}
    assert connecte("siege").get(reverse("tableau_dossiers", args=["t06"]), case).status_code == 200
    assert connecte("administrateur").get(reverse("tableau_dossiers", args=["t06"]), case).status_code == 403


def test_une_case_inconnue_est_une_page_absente(connecte: Any, population: None) -> None:
    case = {"ligne": "total", "colonne": "licorne"}
    assert connecte("siege").get(reverse("tableau_dossiers", args=["t06"]), case).status_code == 404
