"""Réunir deux dossiers qui ont chacun leurs contrats, et le défaire exactement."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.core.serializers import serialize
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import timezone

from jalon.contrats.models import Contrat
from jalon.personnes.models import Personne, Rapprochement
from jalon.personnes.services import annuler_fusion, fusionner_personnes
from tests.distribution import Distribution
from tests.fabriques import PersonneFactory, un_contrat

pytestmark = pytest.mark.django_db

REUNI = "Dossier réuni avec un autre"


def reunir(distribution: Distribution, gardee: Personne, absorbee: Personne) -> Any:
    doute = Rapprochement.objects.create(
        ancienne=gardee, nouvelle=absorbee, score=92, motif="même nom", date_flux=date(2026, 10, 31)
    )
    return fusionner_personnes(doute, acteur=distribution.siege)


def photo() -> str:
    return serialize("json", Contrat.objects.order_by("pk"))


def test_deux_brouillons_le_plus_recent_est_abandonne(distribution: Distribution) -> None:
    gardee, absorbee = PersonneFactory(), PersonneFactory()
    recent = un_contrat(distribution, personne=gardee, etat="brouillon", debut=date(2026, 10, 1))
    ancien = un_contrat(distribution, personne=absorbee, etat="brouillon", debut=date(2026, 9, 1))
    avant = photo()
    fusion = reunir(distribution, gardee, absorbee)
    recent.refresh_from_db()
    ancien.refresh_from_db()
    assert (recent.etat, recent.motif_fin, recent.clos_le) == ("abandonne", REUNI, timezone.localdate())
    assert (ancien.etat, ancien.personne) == ("brouillon", gardee)
    annuler_fusion(fusion, acteur=distribution.siege)
    assert photo() == avant


def test_le_contrat_deja_signe_l_emporte_sur_un_brouillon_plus_ancien(distribution: Distribution) -> None:
    gardee, absorbee = PersonneFactory(), PersonneFactory()
    brouillon = un_contrat(distribution, personne=gardee, etat="brouillon", debut=date(2026, 8, 1))
    signe = un_contrat(distribution, personne=absorbee, etat="signe", debut=date(2026, 10, 1))
    reunir(distribution, gardee, absorbee)
    brouillon.refresh_from_db()
    signe.refresh_from_db()
    assert (brouillon.etat, signe.etat) == ("abandonne", "signe")


def jours(du: int, au: int) -> DateRange:
    jour = timezone.localdate()
    return DateRange(jour + timedelta(days=du), jour + timedelta(days=au))


VIDE = DateRange(empty=True)


@pytest.mark.parametrize(
    ("tenue", "sienne", "etat", "reste", "etat_apres"),
    [
        # Celui du dossier gardé couvre tout : l'autre finit, sans plus aucun jour.
        ((-60, 60), (-30, 30), "en_vigueur", None, "termine"),
        # Il commence avant : il garde les jours d'avant et finit.
        ((-30, 90), (-60, 60), "en_vigueur", (-60, -30), "termine"),
        # Le contrat gardé est passé : l'autre cède ses premiers jours et court encore.
        ((-200, -50), (-60, 60), "en_vigueur", (-50, 60), "en_vigueur"),
        # Le reste ne commencerait que plus tard : le contrat gardé court seul.
        ((-60, 30), (-30, 90), "bilan", None, "termine"),
        # Un contrat déjà fini ne cède que ses jours.
        ((-60, 60), (-90, -30), "renouvele", (-90, -60), "renouvele"),
        # Rien de commun, rien ne change.
        ((-60, -30), (-30, 60), "en_vigueur", (-30, 60), "en_vigueur"),
    ],
)
def test_les_jours_communs_sont_cedes(
    distribution: Distribution,
    tenue: tuple[int, int],
    sienne: tuple[int, int],
    etat: str,
    reste: tuple[int, int] | None,
    etat_apres: str,
) -> None:
    gardee, absorbee = PersonneFactory(), PersonneFactory()
    un_contrat(distribution, personne=gardee, periode=jours(*tenue))
    cede = un_contrat(distribution, personne=absorbee, etat=etat, periode=jours(*sienne))
    avant = photo()
    fusion = reunir(distribution, gardee, absorbee)
    cede.refresh_from_db()
    assert (cede.etat, cede.personne) == (etat_apres, gardee)
    assert cede.periode == (jours(*reste) if reste else VIDE)
    if etat_apres == "termine":
        assert (cede.motif_fin, cede.clos_le) == (REUNI, timezone.localdate())
    annuler_fusion(fusion, acteur=distribution.siege)
    assert photo() == avant


def test_un_contrat_ecrit_ailleurs_ne_cede_rien(distribution: Distribution) -> None:
    gardee, absorbee = PersonneFactory(), PersonneFactory()
    un_contrat(distribution, personne=gardee, periode=jours(-60, 60))
    ailleurs = un_contrat(distribution, personne=absorbee, type="ppae", periode=jours(-30, 30))
    reunir(distribution, gardee, absorbee)
    ailleurs.refresh_from_db()
    assert (ailleurs.etat, ailleurs.periode) == ("en_vigueur", jours(-30, 30))


def test_brouillon_et_contrat_vivant_suivent_ensemble(distribution: Distribution) -> None:
    gardee, absorbee = PersonneFactory(), PersonneFactory()
    for personne in (gardee, absorbee):
        un_contrat(distribution, personne=personne, periode=jours(-60, 60))
        un_contrat(distribution, personne=personne, etat="brouillon")
    avant = photo()
    fusion = reunir(distribution, gardee, absorbee)
    assert sorted(gardee.contrats.values_list("etat", flat=True)) == ["abandonne", "brouillon", "en_vigueur", "termine"]
    annuler_fusion(fusion, acteur=distribution.siege)
    assert photo() == avant
