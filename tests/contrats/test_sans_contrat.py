"""Personnes suivies sans contrat : qui, depuis quand, dans le délai ou non (R51)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateRange
from django.test.utils import CaptureQueriesContext

from jalon.accompagnements.models import Accompagnement, DesignationReferent
from jalon.agents.perimetre import Perimetre
from jalon.contrats.selectors import Delai, compter_delais, par_organisme, sans_contrat
from jalon.organismes.models import CategorieOrganisme
from jalon.personnes.models import Personne
from tests.distribution import Distribution
from tests.fabriques import un_contrat, une_allocataire, une_decision

pytestmark = pytest.mark.django_db

ADRESSE = "/contrats/sans-contrat/"
JOUR = date(2026, 11, 22)


def suivie(distribution: Distribution, **champs: Any) -> Personne:
    """Suivie depuis le 30 septembre par le CCAS."""
    return une_allocataire(
        territoire=distribution.territoire, accompagnee_par=distribution.organisme(CategorieOrganisme.CCAS), **champs
    )


def lues(distribution: Distribution, jour: date = JOUR) -> dict[int, Any]:
    return {p.pk: p for p in sans_contrat(Perimetre.de(distribution.siege), jour)}


def test_seules_les_personnes_suivies_et_sans_contrat_y_sont(distribution: Distribution) -> None:
    sans = suivie(distribution)
    une_allocataire(territoire=distribution.territoire)
    un_contrat(distribution)
    un_contrat(distribution, type="ppae")
    assert set(lues(distribution)) == {sans.pk}


def test_depuis_la_fin_du_dernier_contrat(distribution: Distribution) -> None:
    jamais = suivie(distribution)
    fini = un_contrat(distribution, etat="termine", debut=date(2026, 4, 20)).personne
    trouvees = lues(distribution)
    assert trouvees[jamais.pk].depuis == date(2026, 9, 30)
    assert trouvees[fini.pk].depuis == date(2026, 10, 20)


def test_un_contrat_en_preparation_se_voit_et_ne_suffit_pas(distribution: Distribution) -> None:
    prepare = un_contrat(distribution, etat="recu", debut=date(2026, 12, 1)).personne
    assert lues(distribution)[prepare.pk].prepare


def test_le_delai_part_de_la_decision(distribution: Distribution) -> None:
    """Deux mois pour un contrat de la sphère sociale, comptés du 2 novembre, ou de la fin du contrat d'avant."""
    personne = suivie(distribution)
    sans_decision = suivie(distribution)
    decision = une_decision(distribution, personne=personne)
    echeance = lues(distribution)[personne.pk].echeance
    assert echeance > decision.decidee_le
    assert lues(distribution, echeance)[personne.pk].delai == Delai.DANS_LE_DELAI
    lendemain = date.fromordinal(echeance.toordinal() + 1)
    assert lues(distribution, lendemain)[personne.pk].delai == Delai.PASSE
    assert lues(distribution)[sans_decision.pk].delai == Delai.SANS_DELAI


def test_les_comptes_suivent_les_listes(distribution: Distribution) -> None:
    for _ in range(2):
        suivie(distribution)
    deux = suivie(distribution)
    autre = distribution.organisme(CategorieOrganisme.DEPARTEMENT)
    Accompagnement.objects.create(
        personne=deux, organisme=autre, territoire=distribution.territoire, periode=DateRange(JOUR, None)
    )
    personnes = sans_contrat(Perimetre.de(distribution.siege), JOUR)
    assert compter_delais(personnes) == {"passe": 0, "dans_le_delai": 0, "sans_delai": 3, "prepare": 0, "total": 3}
    ccas = distribution.organisme(CategorieOrganisme.CCAS)
    assert par_organisme(personnes, JOUR) == [(ccas, 3), (autre, 1)]


def test_la_page_nomme_le_referent_et_propose_d_ecrire(distribution: Distribution, connecte: Any) -> None:
    personne = suivie(distribution)
    DesignationReferent.objects.create(
        personne=personne, organisme=distribution.organisme(CategorieOrganisme.CCAS), agent=distribution.partenaire,
        periode=DateRange(date(2026, 10, 1), None),
    )  # fmt: skip
    page = connecte("partenaire").get(ADRESSE).content.decode()
    assert personne.nom.capitalize() in page
    assert str(distribution.partenaire) in page
    assert f"/personnes/{personne.public_id}/contrat/ouvrir/" in page


@pytest.mark.parametrize("facette", ["passe", "dans_le_delai", "sans_delai", "prepare"])
def test_chaque_facette_ouvre_sa_liste(distribution: Distribution, connecte: Any, facette: str) -> None:
    personne = suivie(distribution)
    ccas = distribution.organisme(CategorieOrganisme.CCAS)
    page = connecte("siege").get(ADRESSE, {"delai": facette, "organisme": str(ccas.public_id)}).content.decode()
    assert (personne.nom.capitalize() in page) == (facette == "sans_delai")


def test_rien_d_un_autre_territoire(distribution: Distribution, connecte: Any) -> None:
    personne = suivie(distribution)
    assert personne.nom.capitalize() in connecte("orienteur").get(ADRESSE).content.decode()
    assert personne.nom.capitalize() not in connecte("etrangere").get(ADRESSE).content.decode()


def test_un_organisme_inconnu_est_une_page_absente(connecte: Any) -> None:
    assert connecte("siege").get(ADRESSE, {"organisme": "x"}).status_code == 404


def test_autant_de_requetes_pour_une_que_pour_vingt(distribution: Distribution, connecte: Any) -> None:
    suivie(distribution)
    client = connecte("siege")
    client.get(ADRESSE)
    with CaptureQueriesContext(connection) as une:
        client.get(ADRESSE)
    for _ in range(19):
        suivie(distribution)
    with CaptureQueriesContext(connection) as vingt:
        client.get(ADRESSE)
    assert len(une) == len(vingt)
