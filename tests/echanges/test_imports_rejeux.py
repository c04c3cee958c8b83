"""Rejouer depuis l'écran : la demande, le travail de fond, sa trace."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings

from jalon.echanges.models import Quarantaine
from jalon.echanges.rejeux import (
    DEMANDE,
    ECHEC,
    demander_rejeu,
    demander_tous_les_rejeux,
    derniers_essais,
    executer_rejeux,
    masquer_numeros,
)
from jalon.echanges.services import ecarter_quarantaine, importer_flux
from jalon.socle.errors import TransitionRefuseeError
from jalon.traces.models import Acte
from tests.distribution import Distribution
from tests.echanges.aides_imports import travaux, un_flux

pytestmark = pytest.mark.django_db


@pytest.fixture
def foyers(depots: Path, distribution: Distribution) -> list[Quarantaine]:
    chemin = depots / "flux.xml"
    chemin.write_bytes(un_flux(1, illisibles=2))
    importer_flux(chemin)
    return list(Quarantaine.objects.order_by("rang"))


def reparer(foyer: Quarantaine) -> None:
    """Le même foyer, avec la date que cette version saurait lire."""
    xml = settings.CLE_MAITRE.dechiffrer(foyer.fragment_chiffre).replace("2026-13-45", "2026-01-15")
    Quarantaine.objects.filter(pk=foyer.pk).update(fragment_chiffre=settings.CLE_MAITRE.chiffrer(xml))


def test_un_rejeu_demande_deux_fois_n_est_en_file_qu_une_fois(
    foyers: list[Quarantaine], distribution: Distribution
) -> None:
    assert demander_rejeu(foyers[0], acteur=distribution.siege) is True
    assert demander_rejeu(foyers[0], acteur=distribution.siege) is False
    assert len(travaux("echanges.rejouer")) == 1
    assert derniers_essais(foyers)[foyers[0].public_id].code == DEMANDE


def test_rejoue_ce_qui_se_lit_et_garde_la_trace_de_ce_qui_ne_se_lit_pas(
    foyers: list[Quarantaine], distribution: Distribution
) -> None:
    reparer(foyers[0])
    assert demander_tous_les_rejeux(acteur=distribution.siege) == 2
    executer_rejeux([f.public_id for f in foyers], distribution.siege.pk)
    for foyer in foyers:
        foyer.refresh_from_db()
    assert [f.etat for f in foyers] == ["rejoue", "a_traiter"]
    assert foyers[0].traite_par == distribution.siege
    essai = derniers_essais(foyers)[foyers[1].public_id]
    assert essai.code == ECHEC
    assert "DTDEMRSA" in essai.motif
    assert travaux("observatoire.prendre_cliche") == [{"a_la_date": "2026-10-31"}]


def test_refuse_de_rejouer_un_foyer_ecarte(foyers: list[Quarantaine], distribution: Distribution) -> None:
    ecarter_quarantaine(foyers[0], acteur=distribution.siege, motif="Corrigé par la caisse")
    with pytest.raises(TransitionRefuseeError):
        demander_rejeu(foyers[0], acteur=distribution.siege)
    assert not Acte.objects.filter(code=DEMANDE).exists()


def test_tout_rejouer_sans_foyer_ne_met_rien_en_file(distribution: Distribution) -> None:
    assert demander_tous_les_rejeux(acteur=distribution.siege) == 0


@pytest.mark.parametrize(
    ("texte", "attendu"),
    [
        ("<NIR>8850462123456</NIR>", "<NIR>•••••••••••••</NIR>"),
        ("<NIR>88504 62 12</NIR>", "<NIR>••••• •• ••</NIR>"),
        ("<MATRICULE>885046212345612</MATRICULE>", "<MATRICULE>•••••••••••••••</MATRICULE>"),
        ("<NIRPERSPARENTE>12</NIRPERSPARENTE>", "<NIRPERSPARENTE>••</NIRPERSPARENTE>"),
        ("le matricule 885046212345612 manque", "le matricule ••••••••••••••• manque"),
        ("<NUMDEMRSA>00000000001</NUMDEMRSA>", "<NUMDEMRSA>00000000001</NUMDEMRSA>"),
    ],
)
def test_masque_les_numeros_de_securite_sociale(texte: str, attendu: str) -> None:
    assert masquer_numeros(texte) == attendu
