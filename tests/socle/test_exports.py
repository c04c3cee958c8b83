"""Fichiers exportés : relus comme un tableur les relirait."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

import openpyxl
import pytest
from odf.opendocument import load
from odf.table import Table, TableCell, TableRow
from odf.teletype import extractText

from jalon.socle.exports import Cell, ExportFile, ExportFormat, export_table

JOUR = date(2026, 11, 22)
ENTETES = ["Nom", "Né le", "Reçu le", "Montant", "Nombre", "Majoré", "Vide"]
RECU_LE = datetime(2026, 11, 3, 9, 5)  # noqa: DTZ001 - un tableur n'a pas de fuseau
LIGNE: list[Cell] = ["Élodie « L’Œil »", date(1985, 4, 12), RECU_LE, Decimal("12.50"), -3, True, None]
FORMULES = ["=1+1", "+33 6", "-2", "@SOMME(A1)", "\t=1", "\r=1", "=cmd|' /C calc'!A0"]


OUVERTS: list[ExportFile] = []


@pytest.fixture(autouse=True)
def _fermer() -> Iterator[None]:
    yield
    while OUVERTS:
        OUVERTS.pop().stream.close()


def ecrire(format: ExportFormat, lignes: Sequence[Sequence[Cell]], entetes: Sequence[str] = ENTETES) -> ExportFile:
    fichier = export_table("file", format, entetes, lignes, day=JOUR)
    OUVERTS.append(fichier)
    return fichier


def lire_csv(fichier: ExportFile) -> list[list[str]]:
    octets = fichier.stream.read()
    assert octets.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(octets.decode("utf-8-sig"), newline=""), delimiter=";"))


def lire_ods(fichier: ExportFile) -> list[list[TableCell]]:
    table = load(fichier.stream).getElementsByType(Table)[0]
    return [ligne.getElementsByType(TableCell) for ligne in table.getElementsByType(TableRow)]


@pytest.mark.parametrize("format", list(ExportFormat))
def test_nomme_le_fichier_avec_sa_date_et_compte_ses_lignes(format: ExportFormat) -> None:
    fichier = ecrire(format, [LIGNE, LIGNE])
    assert fichier.name == f"file-2026-11-22.{format}"
    assert fichier.rows == 2


def test_ecrit_un_csv_lu_par_un_tableur_francais() -> None:
    lignes = lire_csv(ecrire(ExportFormat.CSV, [LIGNE]))
    assert lignes[0] == ENTETES
    assert lignes[1] == ["Élodie « L’Œil »", "12/04/1985", "03/11/2026 09:05", "12,50", "-3", "oui", ""]


def test_ecrit_un_classeur_excel_avec_de_vraies_dates() -> None:
    feuille = openpyxl.load_workbook(ecrire(ExportFormat.XLSX, [LIGNE]).stream).active
    assert feuille is not None
    assert [c.value for c in feuille[1]] == ENTETES
    nom, ne_le, recu_le, montant, nombre, majore, vide = feuille[2]
    assert nom.value == "Élodie « L’Œil »"
    assert ne_le.value.date() == date(1985, 4, 12)
    assert ne_le.number_format == "dd/mm/yyyy"
    assert recu_le.value == RECU_LE
    assert (montant.value, nombre.value, majore.value, vide.value) == (12.5, -3, "oui", None)
    assert feuille.freeze_panes == "A2"
    assert feuille.auto_filter.ref == "A1:G2"


def test_ecrit_un_classeur_opendocument_avec_de_vraies_dates() -> None:
    entetes, ligne = lire_ods(ecrire(ExportFormat.ODS, [LIGNE]))
    assert [extractText(c) for c in entetes] == ENTETES
    assert extractText(ligne[0]) == "Élodie « L’Œil »"
    assert ligne[1].getAttribute("valuetype") == "date"
    assert ligne[1].getAttribute("datevalue") == "1985-04-12"
    assert ligne[2].getAttribute("datevalue") == "2026-11-03T09:05:00"
    assert ligne[3].getAttribute("value") == "12.50"
    assert ligne[4].getAttribute("value") == "-3"


def test_neutralise_les_formules_dans_le_csv() -> None:
    lignes = lire_csv(ecrire(ExportFormat.CSV, [[f] for f in [*FORMULES, " =1"]], ["Nom"]))
    assert [ligne[0] for ligne in lignes[1:]] == [f"'{f}" for f in [*FORMULES, " =1"]]


def test_neutralise_les_formules_dans_un_classeur_excel() -> None:
    feuille = openpyxl.load_workbook(ecrire(ExportFormat.XLSX, [[f] for f in FORMULES], ["=Nom"]).stream).active
    assert feuille is not None
    cellules = [ligne[0] for ligne in feuille.iter_rows()]
    assert all(c.data_type == "s" for c in cellules)
    assert all(c.quotePrefix for c in cellules[1:])
    assert [c.value for c in cellules[1:3]] == FORMULES[:2]


def test_neutralise_les_formules_dans_un_classeur_opendocument() -> None:
    _, *lignes = lire_ods(ecrire(ExportFormat.ODS, [[f] for f in FORMULES], ["Nom"]))
    assert all(ligne[0].getAttribute("valuetype") == "string" for ligne in lignes)
    assert all(ligne[0].getAttribute("formula") is None for ligne in lignes)


@pytest.mark.parametrize("format", list(ExportFormat))
def test_retire_les_caracteres_qu_un_fichier_ne_peut_pas_porter(format: ExportFormat) -> None:
    fichier = ecrire(format, [["A\x00B\x1fC <&> \ud800"]], ["Nom"])
    if format == ExportFormat.CSV:
        lu = lire_csv(fichier)[1][0]
    elif format == ExportFormat.ODS:
        lu = extractText(lire_ods(fichier)[1][0])
    else:
        feuille = openpyxl.load_workbook(fichier.stream).active
        assert feuille is not None
        lu = str(feuille["A2"].value)
    assert lu.strip() == "ABC <&>"


def test_une_heure_avec_fuseau_s_ecrit_a_l_heure_de_paris() -> None:
    lignes = lire_csv(ecrire(ExportFormat.CSV, [[datetime(2026, 11, 3, 9, 5, tzinfo=UTC)]], ["Reçu le"]))
    assert lignes[1] == ["03/11/2026 10:05"]


@pytest.mark.parametrize("format", list(ExportFormat))
def test_lit_les_lignes_une_a_une_et_ferme_le_fichier_si_la_lecture_echoue(format: ExportFormat) -> None:
    lues = 0

    def lignes() -> Iterator[list[Cell]]:
        nonlocal lues
        for rang in range(3):
            lues += 1
            yield [rang]
        raise RuntimeError("lecture coupée")

    with pytest.raises(RuntimeError, match="lecture coupée"):
        export_table("file", format, ["Rang"], lignes(), day=JOUR)
    assert lues == 3
