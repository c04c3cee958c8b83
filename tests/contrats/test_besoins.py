"""Besoins que disent les contrats : personnes distinctes par thème et par frein, par territoire (R59, F055)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.utils import timezone

from jalon.contrats.besoins import FREINS, THEMES, Besoins, besoins, personnes_du_besoin
from jalon.contrats.models import Contrat, ThemeContrat
from jalon.diagnostics.models import Frein
from tests.diagnostics.fabriques import une_passation
from tests.distribution import Distribution
from tests.fabriques import ObjectifFactory, PersonneFactory, un_contrat

pytestmark = pytest.mark.django_db

ADRESSE = "/tableaux/besoins/"
LE = date(2026, 11, 1)


def theme(code: str) -> ThemeContrat:
    return ThemeContrat.objects.get(code=code)


def avec_objectif(distribution: Distribution, code: str = "logement", **champs: Any) -> Contrat:
    """Un contrat de l'Artois en vigueur depuis juin, avec un objectif de ce thème."""
    contrat = un_contrat(distribution, **champs)
    objectif = ObjectifFactory(contrat=contrat, theme=theme(code))
    type(objectif).objects.filter(pk=objectif.pk).update(cree_le="2026-05-20T10:00+02:00")
    return contrat


def nombre(lus: Besoins, code: str) -> int:
    return next(b.total for b in lus.lignes if b.code == code)


def test_une_personne_compte_une_fois_par_theme(distribution: Distribution) -> None:
    contrat = avec_objectif(distribution)
    ObjectifFactory(contrat=contrat, theme=theme("logement"))
    ObjectifFactory(contrat=contrat, theme=theme("mobilite"))
    lus = besoins(THEMES, timezone.localdate(), timezone.localdate())
    assert (nombre(lus, "logement"), nombre(lus, "mobilite"), nombre(lus, "sante")) == (1, 1, 0)
    assert lus.personnes == 1


@pytest.mark.parametrize(
    ("du", "au", "compte"),
    [
        (date(2026, 6, 1), date(2026, 6, 1), 1),
        (date(2026, 5, 31), date(2026, 5, 31), 0),
        (date(2026, 11, 30), date(2026, 11, 30), 1),
        (date(2026, 12, 1), date(2026, 12, 1), 0),
        (date(2026, 1, 1), date(2026, 12, 31), 1),
    ],
)
def test_seuls_les_contrats_de_la_periode_comptent(distribution: Distribution, du: date, au: date, compte: int) -> None:
    avec_objectif(distribution)
    assert nombre(besoins(THEMES, du, au), "logement") == compte


@pytest.mark.parametrize(
    ("champs", "compte"),
    [
        ({"etat": "atteint", "atteint_le": date(2026, 10, 1)}, 0),
        ({"etat": "atteint", "atteint_le": date(2026, 11, 2)}, 1),
        ({"etat": "abandonne"}, 0),
        ({"etat": "a_faire"}, 1),
    ],
)
def test_seuls_les_objectifs_encore_ouverts_ce_jour_comptent(
    distribution: Distribution, champs: dict[str, Any], compte: int
) -> None:
    avec_objectif(distribution).objectifs.update(**champs)
    assert nombre(besoins(THEMES, LE, LE), "logement") == compte


def test_les_freins_viennent_de_la_derniere_grille(distribution: Distribution) -> None:
    contrat = un_contrat(distribution)
    frein = Frein.objects.filter(version__grille__active=True).order_by("pk")[0]
    rang = frein.echelons[0]
    une_passation(personne=contrat.personne, reponses={frein.item.code: rang}, jour=date(2026, 6, 1))
    assert nombre(besoins(FREINS, LE, LE), frein.code) == 1
    assert personnes_du_besoin(FREINS, frein.code, LE, LE) == [contrat.personne.pk]
    levee = next(e.rang for e in frein.item.echelons.all() if e.rang not in frein.echelons)
    une_passation(personne=contrat.personne, reponses={frein.item.code: levee}, jour=date(2026, 10, 1))
    assert nombre(besoins(FREINS, LE, LE), frein.code) == 0
    assert nombre(besoins(FREINS, date(2026, 9, 1), date(2026, 9, 1)), frein.code) == 1


def test_les_territoires_s_additionnent(distribution: Distribution) -> None:
    avec_objectif(distribution)
    ailleurs = PersonneFactory(territoire=distribution.autre_territoire)
    avec_objectif(distribution, personne=ailleurs)
    lus = besoins(THEMES, LE, LE)
    assert lus.couvertes == {distribution.territoire.code: 1, distribution.autre_territoire.code: 1}
    assert nombre(lus, "logement") == 2
    borne = besoins(THEMES, LE, LE, lieux=[distribution.territoire.code])
    assert (nombre(borne, "logement"), borne.personnes) == (1, 1)


def test_chaque_nombre_ouvre_sa_liste(distribution: Distribution, connecte: Any) -> None:
    contrat = avec_objectif(distribution)
    client = connecte("siege")
    page = client.get(ADRESSE).content.decode()
    assert "Graphique : Thèmes des objectifs" in page
    assert f"{ADRESSE}personnes/?" in page
    liste = client.get(f"{ADRESSE}personnes/", {"code": "logement"}).content.decode()
    assert contrat.personne.nom.capitalize() in liste


def test_un_petit_nombre_est_masque_dans_ce_qui_sera_publie(distribution: Distribution, connecte: Any) -> None:
    avec_objectif(distribution)
    page = connecte("siege").get(ADRESSE, {"publication": "oui"}).content.decode()
    assert "s personnes sous contrat" in page
    assert f"{ADRESSE}personnes/?" not in page


def test_la_liste_s_arrete_au_perimetre(distribution: Distribution, connecte: Any) -> None:
    contrat = avec_objectif(distribution)
    for role, vue in (("orienteur", True), ("etrangere", False)):
        page = connecte(role).get(f"{ADRESSE}personnes/", {"code": "logement"}).content.decode()
        assert (contrat.personne.nom.capitalize() in page) == vue


@pytest.mark.parametrize("demande", [{"selon": "inconnu"}, {"territoire": "inconnu"}])
def test_une_demande_inconnue_est_une_page_absente(connecte: Any, demande: dict[str, str]) -> None:
    assert connecte("siege").get(ADRESSE, demande).status_code == 404


@pytest.mark.parametrize("selon", [THEMES, FREINS])
def test_la_table_s_exporte(distribution: Distribution, connecte: Any, selon: str) -> None:
    avec_objectif(distribution)
    reponse = connecte("siege").get(f"{ADRESSE}exporter.csv", {"selon": selon})
    texte = b"".join(reponse.streaming_content).decode() if reponse.streaming else reponse.content.decode()
    assert "Personnes distinctes" in texte
