"""Les taux publiés se retrouvent sur une base qui a leurs effectifs, à l'échelle (inventaire § 5.1)."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateRange

from jalon.contrats.models import Contrat, TypeContrat
from jalon.documents.models import Document
from jalon.droits.models import DossierRsa, Situation, Soumission
from jalon.observatoire.contrats import calculer
from jalon.organismes.models import CategorieOrganisme
from jalon.orientations.models import DecisionOrientation, TypeOrientation
from jalon.personnes.models import Foyer, Personne, Rattachement, RolePersonne
from tests.distribution import Distribution
from tests.fabriques import DossierRsaFactory, PersonneFactory

pytestmark = pytest.mark.django_db
JOUR = date(2010, 1, 31)
DEPUIS = DateRange(date(2009, 6, 1), None)


def base(distribution: Distribution, sphere: str, famille: str, avec: int, total: int) -> None:
    """`total` allocataires orientées dans une sphère, dont `avec` ont un contrat en cours de la famille."""
    personnes = Personne.objects.bulk_create(PersonneFactory.build_batch(total, territoire=distribution.territoire))
    foyers = Foyer.objects.bulk_create(Foyer(territoire=distribution.territoire) for _ in personnes)
    dossiers = DossierRsa.objects.bulk_create(DossierRsaFactory.build(foyer=f) for f in foyers)
    Situation.objects.bulk_create(Situation(dossier=d, etat="2", periode=DEPUIS) for d in dossiers)
    paires = list(zip(personnes, dossiers, strict=True))
    Rattachement.objects.bulk_create(
        Rattachement(foyer=d.foyer, personne=p, role=RolePersonne.DEMANDEUR, periode=DEPUIS) for p, d in paires
    )
    Soumission.objects.bulk_create(Soumission(dossier=d, personne=p, soumise=True, periode=DEPUIS) for p, d in paires)
    ccas = distribution.organisme(CategorieOrganisme.CCAS)
    type_ = TypeOrientation.objects.filter(sphere=sphere).exclude(categories=["france_travail"]).order_by("ordre")[0]
    DecisionOrientation.objects.bulk_create(
        DecisionOrientation(
            personne=p, type=type_, territoire=distribution.territoire, organisme=ccas, origine="directe",
            decidee_le=date(2009, 7, 1), periode=DateRange(date(2009, 7, 1), None),
        )
        for p in personnes
    )  # fmt: skip
    texte = Document.objects.create(nature="contrat", titre="Contrat", taille=4, sha256="0" * 64)
    le_type = TypeContrat.objects.filter(famille=famille).order_by("ordre")[0]
    debut = date(2009, 11, 1)
    Contrat.objects.bulk_create(
        Contrat(
            personne=p, type=le_type, version=le_type.versions.get(), organisme=ccas, territoire=distribution.territoire,
            etat="en_vigueur", debut=debut, duree=6, periode=DateRange(debut, date(2010, 5, 1)), document=texte,
            ouvert_le=debut, propose_le=debut, signe_le=debut - timedelta(days=10), recu_le=debut - timedelta(days=8),
            valide_le=debut, valide_par=distribution.siege,
        )
        for p in personnes[:avec]
    )  # fmt: skip
    # Sans cela, la base croit ses tables vides et parcourt les trois mille personnes au cube.
    comptees = (Personne, DossierRsa, Situation, Rattachement, Soumission, DecisionOrientation, Contrat)
    with connection.cursor() as curseur:
        curseur.execute(f"analyze {', '.join(modele._meta.db_table for modele in comptees)}")


@pytest.mark.parametrize(
    ("code", "avec", "total", "publie", "decimales"),
    [
        ("I01", 40, 100, "40", 0),  # [003] § 2.2.2 note 3 : 40 % en 2011
        ("I03", 102, 163, "63", 0),  # [001] A§II.3.4 : 10 173 sur 16 272, au centième
        ("I05", 423, 1_000, "42.3", 1),  # [000] § III.4 : 42,3 % au 31/12/2003
        ("I06", 43, 100, "43", 0),  # [004] 1.3.1 : 43 % fin 2006
    ],
)
def test_le_taux_publie_se_retrouve(
    code: str, avec: int, total: int, publie: str, decimales: int, distribution: Distribution
) -> None:
    base(distribution, "sociale", "solidarite", avec, total)
    rendu = calculer(code, JOUR)
    assert (rendu["numerateur"], rendu["denominateur"]) == (avec, total)
    assert round(rendu["valeur"], decimales) == Decimal(publie)


def test_i04_rend_36_7_pour_cent_sur_ses_effectifs_entiers(distribution: Distribution) -> None:
    """[001] A§II.3.4 : 1 144 contrats pour 3 116 personnes, écrit « 36 % »."""
    base(distribution, "professionnelle", "professionnel", 1_144, 3_116)
    assert calculer("I04", JOUR)["valeur"] == Decimal("36.71")


def test_i03_des_effectifs_publies_arrondit_a_63_pour_cent() -> None:
    """La base ci-dessus est à l'échelle ; les effectifs entiers donnent le même taux écrit."""
    assert round(Decimal(100 * 10_173) / 16_272) == round(Decimal(100 * 102) / 163) == 63
