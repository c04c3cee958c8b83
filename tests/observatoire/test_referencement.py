"""Référencement : quatre états qui font la population, I07 dans ses deux définitions, I08, I18."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db.backends.postgresql.psycopg_any import DateRange

from jalon.accompagnements.models import DesignationReferent, TempsReferent
from jalon.droits.models import DossierRsa, EtatDossier, Situation, Soumission
from jalon.observatoire.erreurs import TableauInconnuError, TerritoireInconnuError
from jalon.observatoire.referencement import (
    AVEC_REFERENT,
    EN_COURS,
    NOUVELLE,
    SANS_REFERENT,
    calculer,
    compter,
    ensemble,
    limite_anciennete,
    population,
)
from jalon.organismes.models import Organisme
from jalon.personnes.models import Personne
from tests.accompagnements.aides import jour, nommer, organisme_de, orienter
from tests.distribution import Distribution
from tests.fabriques import une_allocataire

pytestmark = pytest.mark.django_db


def presente(distribution: Distribution, *, depuis: date | None = None, **champs: Any) -> Personne:
    personne = une_allocataire(**{"territoire": distribution.territoire, **champs})
    if depuis is not None:
        DossierRsa.objects.filter(foyer__rattachements__personne=personne).update(date_demande=depuis)
    return personne


def test_chaque_personne_est_dans_un_seul_etat(distribution: Distribution) -> None:
    presente(distribution, depuis=jour(10))
    presente(distribution)
    orienter(presente(distribution), organisme_de(distribution.partenaire))
    referencee = presente(distribution, depuis=jour(10))
    orienter(referencee, organisme_de(distribution.partenaire))
    nommer(referencee, distribution.partenaire)
    tout = ensemble(compter(population(jour()), jour()))
    assert tout.effectifs == {NOUVELLE: 1, SANS_REFERENT: 1, EN_COURS: 1, AVEC_REFERENT: 1}
    assert (tout.total, tout.taux) == (4, Decimal("25.00"))


def test_la_population_est_soumise_et_son_droit_ouvert(distribution: Distribution) -> None:
    presente(distribution)
    presente(distribution, soumise=False)
    presente(distribution, etat=EtatDossier.CLOS)
    assert population(jour()).count() == 1


def test_une_personne_dans_deux_dossiers_ne_compte_qu_une_fois(distribution: Distribution) -> None:
    personne = presente(distribution)
    autre = presente(distribution)
    dossier = DossierRsa.objects.get(foyer__rattachements__personne=autre)
    Soumission.objects.create(dossier=dossier, personne=personne, soumise=True, periode=DateRange(jour(30), None))
    assert population(jour()).count() == 2


def test_i07_dans_ses_deux_definitions(distribution: Distribution) -> None:
    """Trois mois et un jour tout juste ne dépassent pas trois mois et un jour ; un jour de plus, si."""
    limite = limite_anciennete(jour())
    presente(distribution, depuis=limite)
    nommer(presente(distribution, depuis=limite - timedelta(days=1)), distribution.partenaire)
    presente(distribution, depuis=limite - timedelta(days=1))
    nommer(presente(distribution, depuis=jour(10)), distribution.partenaire)

    i07 = calculer("I07", jour())

    assert (i07["numerateur"], i07["denominateur"], i07["valeur"]) == (2, 4, Decimal("50.00"))
    variante = i07["variantes"][1]
    assert (variante["code"], variante["numerateur"], variante["denominateur"]) == ("D'", 1, 2)


def test_i07_se_recalcule_a_une_date_passee(distribution: Distribution) -> None:
    personne = presente(distribution)
    nommer(personne, distribution.partenaire, depuis=20)
    Situation.objects.update(periode=DateRange(jour(100), None))
    Soumission.objects.update(periode=DateRange(jour(100), None))
    assert calculer("I07", jour(20))["numerateur"] == 1
    assert calculer("I07", jour(21))["numerateur"] == 0


def test_i08_a_deux_denominateurs(distribution: Distribution) -> None:
    plie = Organisme.objects.filter(type__categorie="plie").order_by("id")[0]
    professionnelle, sociale, inconnue, _ = (presente(distribution) for _ in range(4))
    orienter(professionnelle, plie, code="insertion_professionnelle")
    orienter(sociale, organisme_de(distribution.partenaire))
    for personne in (professionnelle, sociale, inconnue):
        nommer(personne, distribution.partenaire)

    i08 = calculer("I08", jour())

    assert [(v["numerateur"], v["denominateur"]) for v in i08["variantes"]] == [(1, 4), (1, 3)]
    assert i08["variantes"][1]["valeur"] == Decimal("33.33")


def test_i18_rapporte_les_personnes_au_temps_des_referents(distribution: Distribution) -> None:
    collegue = distribution.agent("Ines", "referent_solidarite", organisme=organisme_de(distribution.partenaire))
    TempsReferent.objects.create(agent=collegue, part=50, periode=DateRange(jour(90), None))
    for agent in (distribution.partenaire, distribution.partenaire, collegue):
        nommer(presente(distribution), agent)
    externe = presente(distribution)
    DesignationReferent.objects.create(
        personne=externe, organisme=organisme_de(collegue), nom_externe="Camille Exemple",
        periode=DateRange(jour(9), None),
    )  # fmt: skip

    i18 = calculer("I18", jour())

    assert (i18["numerateur"], i18["denominateur"], i18["valeur"]) == (3, Decimal("1.50"), Decimal("2.00"))
    assert i18["variantes"][1]["valeur"] == Decimal("1.50")


def test_un_territoire_ne_compte_que_les_siens(distribution: Distribution) -> None:
    nommer(presente(distribution), distribution.partenaire)
    presente(distribution, territoire=distribution.autre_territoire)
    ici = calculer("i07", jour(), territoire=distribution.territoire.code)
    assert (ici["code"], ici["valeur"]) == ("I07", Decimal("100.00"))
    assert calculer("I07", jour())["valeur"] == Decimal("50.00")


def test_sans_personne_le_taux_n_existe_pas() -> None:
    assert calculer("I07", jour())["valeur"] is None


def test_refuse_un_indicateur_ou_un_territoire_inconnus() -> None:
    with pytest.raises(TableauInconnuError, match="I07, I08, I18"):
        calculer("I99", jour())
    with pytest.raises(TerritoireInconnuError):
        calculer("I07", jour(), territoire="nulle-part")
