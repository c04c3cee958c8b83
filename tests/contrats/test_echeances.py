"""Les contrats qui vont finir : alertes, calendrier, échus sans suite, écarts (R56, F051)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from dateutil.relativedelta import relativedelta
from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateRange
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from jalon.agents.perimetre import Perimetre
from jalon.contrats.echeances import (
    Alerte,
    Delais,
    Termes,
    a_echeance,
    calendrier,
    duree_en_jours,
    ecarts_entre_contrats,
    echus,
    semaines_du_mois,
    vivants,
)
from jalon.contrats.models import Contrat
from tests.distribution import Distribution
from tests.fabriques import PersonneFactory, un_contrat

pytestmark = pytest.mark.django_db

ADRESSE = "/contrats/echeances/"


def finit(distribution: Distribution, dans: int, **champs: Any) -> Contrat:
    """Un contrat dont le premier jour sans contrat est dans tant de jours."""
    terme = timezone.localdate() + timedelta(days=dans)
    contrat = un_contrat(distribution, debut=date(2026, 4, 1), **champs)
    Contrat.objects.filter(pk=contrat.pk).update(periode=DateRange(date(2026, 4, 1), terme))
    contrat.refresh_from_db()
    return contrat


@pytest.mark.parametrize(
    ("restants", "attendue"),
    [
        (61, Alerte.AUCUNE), (60, Alerte.PREMIERE), (16, Alerte.PREMIERE), (15, Alerte.DERNIERE), (1, Alerte.DERNIERE),
        (0, Alerte.ECHU), (-5, Alerte.ECHU),
    ],
)  # fmt: skip
def test_l_alerte_suit_les_delais_du_departement(restants: int, attendue: Alerte) -> None:
    jour = date(2028, 2, 29)
    assert Delais.au(jour).alerte(jour + timedelta(days=restants), jour) == attendue


@given(annee=st.integers(2000, 2100), mois=st.integers(1, 12))
def test_chaque_jour_du_mois_est_dans_une_seule_semaine(annee: int, mois: int) -> None:
    premier = date(annee, mois, 1)
    semaines = semaines_du_mois(premier)
    jours = [du + timedelta(days=n) for du, au in semaines for n in range((au - du).days)]
    assert jours == [premier + timedelta(days=n) for n in range((premier + relativedelta(months=1) - premier).days)]
    assert all((au - du).days <= 7 for du, au in semaines)
    assert all(du.weekday() == 0 for du, _ in semaines[1:])


def test_les_listes_se_partagent_les_contrats(distribution: Distribution) -> None:
    perimetre, jour = Perimetre.de(distribution.siege), timezone.localdate()
    bientot, loin, echu = finit(distribution, 10), finit(distribution, 90), finit(distribution, -3)
    aujourdhui = finit(distribution, 0)
    un_contrat(distribution, etat="termine", debut=date(2026, 3, 1))
    assert set(a_echeance(perimetre, jour)) == {bientot}
    assert set(echus(perimetre, jour)) == {echu, aujourdhui}
    assert set(vivants(perimetre)) == {bientot, loin, echu, aujourdhui}


def test_le_calendrier_compte_chaque_semaine(distribution: Distribution) -> None:
    contrats = [
        un_contrat(distribution, debut=debut) for debut in (date(2026, 8, 1), date(2026, 8, 3), date(2026, 8, 28))
    ]
    mois = calendrier(Termes.de(vivants(Perimetre.de(distribution.siege))), date(2027, 2, 15), date(2027, 2, 3))
    assert [s.nombre for s in mois.semaines] == [2, 0, 0, 1]
    assert [s.courante for s in mois.semaines] == [True, False, False, False]
    assert mois.nombre == len(contrats)


@given(
    jours=st.dictionaries(
        st.dates(date(2026, 1, 1), date(2026, 3, 31)), st.tuples(st.integers(1, 30), st.integers(0, 1)), max_size=20
    ),
    par_page=st.integers(1, 12),
    sans_bilan=st.booleans(),
)
def test_les_pages_se_suivent_sans_trou_ni_double(
    jours: dict[date, tuple[int, int]], par_page: int, sans_bilan: bool
) -> None:
    """Chaque page lit ses seuls jours ; bout à bout, elles redonnent toute la liste dans l'ordre des termes."""
    du, au = date(2026, 1, 10), date(2026, 3, 20)
    liste = [(fin, n) for fin in sorted(jours) if du <= fin < au for n in range(jours[fin][sans_bilan])]
    termes, lues = Termes(jours), []
    for rang in range(0, len(liste) + 1, par_page):
        tranche = termes.situer(du, au, rang, par_page, sans_bilan=sans_bilan)
        lus = [ligne for ligne in liste if tranche.du <= ligne[0] < tranche.au]
        lues += lus[tranche.saute : tranche.saute + par_page]
    assert lues == liste
    assert termes.nombre(du, au, sans_bilan=sans_bilan) == len(liste)


def test_ecarts_et_durees_se_lisent_dans_les_periodes(distribution: Distribution) -> None:
    personne = PersonneFactory(territoire=distribution.territoire)
    premier = un_contrat(distribution, personne=personne, etat="termine", debut=date(2025, 1, 31), duree=1)
    second = un_contrat(distribution, personne=personne, etat="renouvele", debut=date(2025, 3, 10))
    un_contrat(distribution, personne=personne, precedent=second, debut=date(2025, 9, 10))
    un_contrat(distribution, personne=personne, type="ppae", debut=date(2025, 2, 1))
    assert [e.jours for e in ecarts_entre_contrats(personne)] == [10, 0]
    assert duree_en_jours(premier) == 28


def test_la_page_montre_les_echeances_et_leurs_listes(distribution: Distribution, connecte: Any) -> None:
    proche, echu = finit(distribution, 10), finit(distribution, -3)
    client = connecte("partenaire")
    page = client.get(ADRESSE).content.decode()
    assert proche.personne.nom.capitalize() in page
    assert echu.personne.nom.capitalize() not in page
    for vue in ("echus", "sans_bilan"):
        page = client.get(ADRESSE, {"vue": vue, "miens": "oui"}).content.decode()
        assert echu.personne.nom.capitalize() in page
        assert proche.personne.nom.capitalize() not in page
    terme = proche.periode.upper
    semaine = {"du": terme.isoformat(), "au": (terme + timedelta(days=1)).isoformat(), "mois": terme.isoformat()}
    assert proche.personne.nom.capitalize() in client.get(ADRESSE, semaine).content.decode()


def test_la_page_ne_montre_rien_d_un_autre_territoire(distribution: Distribution, connecte: Any) -> None:
    contrat = finit(distribution, 10)
    assert contrat.personne.nom.capitalize() in connecte("orienteur").get(ADRESSE).content.decode()
    assert contrat.personne.nom.capitalize() not in connecte("etrangere").get(ADRESSE).content.decode()


@pytest.mark.parametrize("cle", ["type", "territoire"])
def test_un_filtre_inconnu_est_une_page_absente(connecte: Any, cle: str) -> None:
    assert connecte("siege").get(ADRESSE, {cle: "inconnu"}).status_code == 404


def test_autant_de_requetes_pour_un_que_pour_vingt(distribution: Distribution, connecte: Any) -> None:
    finit(distribution, 5)
    client = connecte("siege")
    client.get(ADRESSE)
    with CaptureQueriesContext(connection) as une:
        client.get(ADRESSE)
    for _ in range(19):
        finit(distribution, 6)
    with CaptureQueriesContext(connection) as vingt:
        client.get(ADRESSE)
    assert len(une) == len(vingt)
