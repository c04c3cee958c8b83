"""Un NIR n'est jamais en clair : ni dans une table, ni dans le rapport, ni dans l'export, ni au journal."""

from __future__ import annotations

import io
import json
import logging
from contextlib import redirect_stderr, redirect_stdout

import pytest
from django.conf import settings
from django.db import connection

from jalon.droits.models import DossierRsa
from jalon.echanges.models import Quarantaine
from jalon.echanges.selectors import exporter_dossier, trouver_dossiers
from jalon.personnes.identite import cle_nir, nir_en_clair
from jalon.personnes.models import Personne
from tests.echanges.aides_mois import MOIS, Mois
from tests.echanges.flux_caf.fabrique import bloc, foyer, personne

AOUT, SEPTEMBRE, OCTOBRE, *_ = MOIS
MSA, CEDANT, ELLE, ENFANT, EGARE = (f"88504620410{n:02d}" for n in (11, 12, 13, 14, 15))
TOUS = (MSA, CEDANT, ELLE, ENFANT, EGARE)


def _quinze(numero: str) -> str:
    return f"{numero}{cle_nir(numero):02d}"


def _foyers() -> list[str]:
    membres = [
        personne("UN", nir=_quinze(ELLE), rattachements=[("UN", "LOU", "2020-01-01", _quinze(ENFANT), "NAT")]),
        personne("UN", "LOU", role="ENF", soumis=None, date_naissance="2020-01-01", nir=_quinze(ENFANT)),
    ]
    inconnu = bloc("BlocNouveau", NIR=_quinze(EGARE), LIBELLE=f"VOIR {_quinze(EGARE)}")
    complet = foyer(
        "00000000001", _quinze(MSA), fonorg="MSA", numorg="594", personnes=membres, anomalies=[f"NIR {EGARE} EN DOUBLE"],
        cedant=("MSA", "621", CEDANT, "2026-07-01"),
    ).replace("</InfosFoyerRSA>", f"{inconnu}</InfosFoyerRSA>")  # fmt: skip
    return [
        complet,
        foyer("00000000002", _quinze(EGARE), personnes=[personne("DEUX")]),
        foyer("00000000003", personnes=[personne("TROIS", nir=_quinze(EGARE), date_naissance=_quinze(EGARE))]),
        foyer("00000000004", f"{_quinze(EGARE)}9", personnes=[personne("QUATRE")]),
    ]  # fmt: skip


def _base_entiere() -> str:
    with connection.cursor() as curseur:
        curseur.execute("select tablename from pg_tables where schemaname = 'public' order by tablename")
        tables = [ligne[0] for ligne in curseur.fetchall()]
        textes = []
        for table in tables:
            curseur.execute(f'select string_agg(t::text, chr(10)) from "{table}" t')
            textes.append(str(curseur.fetchone()[0]))
    return "\n".join(textes)


def test_aucun_nir_en_clair_nulle_part(mois: Mois, caplog: pytest.LogCaptureFixture) -> None:
    sortie = io.StringIO()
    with caplog.at_level(logging.DEBUG), redirect_stdout(sortie), redirect_stderr(sortie):
        rapport = mois(_foyers(), AOUT).rapport
    assert rapport["foyers"]["quarantaine"] == 2
    exports = [exporter_dossier(dossier) for dossier in DossierRsa.objects.order_by("id")]
    ecrits = "\n".join([_base_entiere(), json.dumps(rapport), json.dumps(exports), sortie.getvalue(), caplog.text])
    for numero in TOUS:
        assert numero not in ecrits
        assert numero.encode().hex() not in ecrits
    # Une seconde fois, identité et matricule changés : l'histoire non plus ne le dit pas.
    mois([f.replace("<NOM>UN</NOM>", "<NOM>NEUF</NOM>") for f in _foyers()], SEPTEMBRE)
    assert not any(numero in _base_entiere() for numero in TOUS)


def test_le_nir_reste_lisible_a_qui_y_a_droit(mois: Mois) -> None:
    mois(_foyers()[:1], AOUT)
    assert nir_en_clair(Personne.objects.get(nom="UN", prenom="CAMILLE")) == _quinze(ELLE)
    assert settings.CLE_MAITRE.dechiffrer(DossierRsa.objects.get().matricule_chiffre) == MSA


@pytest.mark.parametrize("cherche", [MSA, _quinze(MSA), f" {MSA} "])
def test_un_dossier_msa_se_trouve_par_son_nir(mois: Mois, cherche: str) -> None:
    mois(_foyers()[:1], AOUT)
    (trouve,) = trouver_dossiers(matricule=cherche)
    assert trouve.numero_demande == "00000000001"
    assert exporter_dossier(trouve)["matricule"] == "MSA (NIR non affiché)"


@pytest.mark.parametrize("cherche", ["0000001", "1", "000000100000000"])
def test_un_dossier_caf_se_trouve_par_son_matricule(mois: Mois, cherche: str) -> None:
    mois([foyer("00000000001")], AOUT)
    assert [d.numero_demande for d in trouver_dossiers(matricule=cherche)] == ["00000000001"]


def test_une_recherche_vide_ne_trouve_rien(mois: Mois) -> None:
    mois(_foyers()[:1], AOUT)
    assert trouver_dossiers(matricule=" ") == []
    assert trouver_dossiers(matricule="9999999") == []
    assert trouver_dossiers(numero_demande="99999999999") == []


def test_le_fragment_en_quarantaine_est_chiffre(mois: Mois) -> None:
    mois(_foyers()[2:3], AOUT)
    quarantaine = Quarantaine.objects.get()
    assert b"TROIS" not in bytes(quarantaine.fragment_chiffre)
    assert "TROIS" in settings.CLE_MAITRE.dechiffrer(quarantaine.fragment_chiffre)
