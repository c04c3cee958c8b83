"""Prendre un cliché : ce qu'il contient, ce qu'il tait, quand il se refait."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from django.db.backends.postgresql.psycopg_any import DateRange

from jalon.droits.models import DossierRsa, EtatDossier, Situation
from jalon.observatoire import cliches, tasks
from jalon.observatoire.cliches import cliches_pris, lire_cliche, prendre_cliche
from jalon.observatoire.erreurs import DonneesAbsentesError
from jalon.observatoire.moteur import calculer
from jalon.observatoire.pseudonymes import pseudonyme
from jalon.observatoire.schemas import COLONNES
from jalon.personnes.models import IdentiteAnterieure
from jalon.socle.secrets import CleMaitre
from tests.observatoire.aides import JOUR, SUIVANT, recevoir, titulaire, un_foyer

pytestmark = pytest.mark.django_db


def total(jour: date) -> int | None:
    return calculer("T06", jour).valeur("total", "ensemble")


def clore(dossier: DossierRsa, jour: date) -> None:
    """Le flux de `jour` dit le droit clos."""
    en_cours = dossier.situations.get(periode__endswith=None)
    en_cours.periode = DateRange(en_cours.periode.lower, jour)
    en_cours.save()
    Situation.objects.create(
        dossier=dossier, etat=EtatDossier.CLOS, situation_familiale="CEL", periode=DateRange(jour, None)
    )
    recevoir(dossier, jour=jour)


def test_le_cliche_n_a_ni_nom_ni_naissance_ni_adresse_ni_numero() -> None:
    dossier = un_foyer()
    personne = titulaire(dossier)
    version = prendre_cliche(JOUR)

    contenu = b"".join(fichier.read_bytes() for fichier in version.iterdir())
    tables = {nom: pq.read_table(version / f"{nom}.parquet") for nom in COLONNES}
    texte = repr([table.to_pylist() for table in tables.values()])

    for secret in (personne.nom, personne.prenom, str(personne.public_id), str(dossier.public_id), "1985",
                   dossier.numero_demande, dossier.matricule):  # fmt: skip
        assert secret not in texte
        assert secret.encode() not in contenu
    for nom, table in tables.items():
        assert table.column_names == list(COLONNES[nom])


def test_les_pseudonymes_sont_stables_et_tiennent_a_la_cle(settings: Any) -> None:
    dossier = un_foyer()
    premier = pseudonyme(dossier.public_id)

    assert pseudonyme(str(dossier.public_id)) == premier
    settings.CLE_MAITRE = CleMaitre(b"\x01" * 32)
    assert pseudonyme(dossier.public_id) != premier


def test_une_date_passee_se_recompte_telle_qu_on_la_connaissait() -> None:
    reste, parti = un_foyer(), un_foyer()
    clore(parti, SUIVANT)
    recevoir(reste, jour=SUIVANT)
    prendre_cliche(JOUR)
    prendre_cliche(SUIVANT)

    assert (total(JOUR), total(SUIVANT)) == (2, 1)


def test_l_identite_est_celle_connue_a_la_date() -> None:
    personne = titulaire(un_foyer(naissance=date(1990, 1, 1)))
    IdentiteAnterieure.objects.create(
        personne=personne, periode=DateRange(JOUR, SUIVANT), nom="AVANT", nom_naissance="AVANT", prenom="A",
        date_naissance=date(1950, 1, 1), sexe="1",
    )  # fmt: skip
    prendre_cliche(JOUR)

    assert calculer("T07", JOUR).valeur("65_plus", "socle") == 1


def test_reprendre_sans_rien_de_neuf_ne_refait_rien() -> None:
    un_foyer()

    assert prendre_cliche(JOUR) == prendre_cliche(JOUR)


def test_un_flux_tardif_perime_le_cliche_et_lui_seul() -> None:
    un_foyer(depuis=date(2026, 8, 31))
    avant, apres = prendre_cliche(date(2026, 8, 31)), prendre_cliche(JOUR)
    un_foyer(depuis=date(2026, 9, 15))

    assert not lire_cliche(JOUR).est_a_jour()
    assert lire_cliche(date(2026, 8, 31)).est_a_jour()
    assert prendre_cliche(date(2026, 8, 31)) == avant
    assert prendre_cliche(JOUR) != apres
    assert total(JOUR) == 2


def test_le_travail_de_fond_refait_les_mois_suivants_qu_un_flux_tardif_a_changes() -> None:
    un_foyer(depuis=date(2026, 8, 31))
    prendre_cliche(JOUR)
    un_foyer(depuis=date(2026, 9, 1))

    tasks.prendre_cliche(a_la_date="2026-09-01")

    assert {c.a_la_date: c.est_a_jour() for c in cliches_pris()} == {JOUR: True, date(2026, 9, 1): True}
    assert total(JOUR) == 2


def test_l_edition_est_consolidee_quand_le_flux_du_mois_est_la() -> None:
    dossiers = [un_foyer() for _ in range(3)]
    prendre_cliche(JOUR)
    recevoir(dossiers[0], jour=date(2026, 10, 5))
    prendre_cliche(SUIVANT)

    assert lire_cliche(JOUR).consolide
    assert not lire_cliche(SUIVANT).consolide
    assert lire_cliche(SUIVANT).flux_le == date(2026, 10, 5)


def test_refuse_une_date_d_avant_le_premier_flux() -> None:
    un_foyer()
    with pytest.raises(DonneesAbsentesError, match="31/08/2026"):
        prendre_cliche(date(2026, 8, 31))


def test_un_cliche_interrompu_ne_se_lit_pas(monkeypatch: pytest.MonkeyPatch) -> None:
    un_foyer()
    entier = prendre_cliche(JOUR)
    un_foyer()

    def casser(*_: object, **__: object) -> None:
        raise OSError("disque plein")

    monkeypatch.setattr(cliches.pq, "write_table", casser)
    with pytest.raises(OSError, match="disque plein"):
        prendre_cliche(JOUR)

    assert lire_cliche(JOUR).dossier == entier
    assert total(JOUR) == 1
    assert not [d for d in entier.parent.iterdir() if d.name.startswith(".")]


def test_la_version_d_avant_reste_lisible_un_tour() -> None:
    versions: list[Path] = []
    for _ in range(3):
        un_foyer()
        versions.append(prendre_cliche(JOUR))

    assert [version.is_dir() for version in versions] == [False, True, True]


def test_un_cliche_d_un_ancien_format_se_reprend() -> None:
    un_foyer()
    version = prendre_cliche(JOUR)
    manifeste = version.parent / "2026-09-30.json"
    manifeste.write_text(json.dumps({**json.loads(manifeste.read_text()), "format": 0}))

    assert prendre_cliche(JOUR) != version
