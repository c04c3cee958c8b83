"""Reconnaître l'encodage d'après les octets, quoi qu'annonce la déclaration."""

from collections.abc import Callable
from pathlib import Path

import pytest

from jalon.echanges.flux_caf import encodage as module_encodage
from jalon.echanges.flux_caf import ouverture as module_ouverture
from tests.echanges.flux_caf.aides import lire, refus, textes
from tests.echanges.flux_caf.fabrique import flux_xml, foyer

Deposer = Callable[..., Path]


ACCENTS = "ŒUVRÉ À 5 €"


@pytest.mark.parametrize(
    ("encodage", "declaration", "bom", "reconnu"),
    [
        ("windows-1252", "", False, "windows-1252"),
        ("windows-1252", None, False, "windows-1252"),
        ("windows-1252", "UTF-8", False, "windows-1252"),
        ("windows-1252", "ISO-8859-1", False, "windows-1252"),
        ("windows-1252", "ISO-8859-15", False, "windows-1252"),
        ("iso-8859-15", "ISO-8859-15", False, "iso-8859-15"),
        ("utf-8", "UTF-8", False, "utf-8"),
        ("utf-8", None, False, "utf-8"),
        ("utf-8", "UTF-8", True, "utf-8"),
        ("utf-8", None, True, "utf-8"),
        ("utf-8", "windows-1252", False, "utf-8"),
        ("utf-16-le", "UTF-16", True, "utf-16-le"),
        ("utf-16-be", "UTF-16", True, "utf-16-be"),
        ("utf-16-le", None, True, "utf-16-le"),
        ("utf-16-le", "UTF-16", False, "utf-16-le"),
    ],
)
def test_lit_les_accents(deposer: Deposer, encodage: str, declaration: str | None, bom: bool, reconnu: str) -> None:
    contenu = flux_xml([foyer(NOM=ACCENTS)], encodage=encodage, declaration=declaration, bom=bom)
    lecteur, foyers = lire(deposer(contenu))
    assert (textes(foyers[0], "NOM"), lecteur.encodage) == ([ACCENTS], reconnu)


def test_lit_l_iso_8859_1(deposer: Deposer) -> None:
    _, foyers = lire(deposer(flux_xml([foyer(NOM="ÉÈÀÇ")], encodage="iso-8859-1")))
    assert textes(foyers[0], "NOM") == ["ÉÈÀÇ"]


def test_lit_un_caractere_coupe_entre_deux_lectures(deposer: Deposer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module_ouverture, "TAILLE_LECTURE", 3)
    for encodage, bom in (("utf-8", True), ("utf-16-le", True), ("windows-1252", False)):
        lecteur, foyers = lire(deposer(flux_xml([foyer(NOM="ŒÉ€" * 7)], encodage=encodage, bom=bom)))
        assert (textes(foyers[0], "NOM"), lecteur.encodage) == (["ŒÉ€" * 7], encodage)


def test_un_encodage_inconnu_est_sans_effet_sur_un_fichier_sans_accent(deposer: Deposer) -> None:
    assert len(lire(deposer(flux_xml([foyer()], encodage="ascii", declaration="x-inconnu")))[1]) == 1


@pytest.mark.parametrize(
    "contenu",
    [
        flux_xml([foyer(NOM="ÉÈ")], declaration="cp850"),
        flux_xml([foyer(NOM="ÉÈ")], declaration="x-inconnu"),
        flux_xml([], encodage="utf-32", declaration=None),
        b"\xef\xbb\xbf" + flux_xml([foyer(NOM="ÉÈ")]),
        b"\xff\xfe" + flux_xml([foyer()], encodage="utf-16-le").replace(b"<\x00", b"\x00\xd8", 9),
    ],
    ids=["cp850", "inconnu", "utf-32", "bom-menteur", "utf-16-abime"],
)
def test_refuse_un_encodage_incertain(deposer: Deposer, contenu: bytes) -> None:
    assert refus(deposer(contenu)).code == "encodage"


def test_refuse_de_l_utf8_mele_de_windows_1252(deposer: Deposer) -> None:
    contenu = flux_xml([foyer(NOM="LÉGER"), foyer(NOM="ANDRÉ ZOÉ")], encodage="utf-8")
    assert refus(deposer(contenu.replace("LÉGER".encode(), b"L\xc9GER"))).code == "encodage"


def test_compte_les_octets_sans_caractere(deposer: Deposer) -> None:
    lecteur, foyers = lire(deposer(flux_xml([foyer(NOM="LÉGER")]).replace(b"L\xc9GER", b"L\x81GER")))
    assert (textes(foyers[0], "NOM"), lecteur.octets_illisibles) == (["L\ufffdGER"], 1)


def test_la_decision_ne_depend_pas_du_decoupage() -> None:
    contenu = flux_xml([foyer(NOM=ACCENTS)])
    for pas in (1, 2, 7, 1000):
        detecteur = module_encodage.DetecteurEncodage()
        for i in range(0, len(contenu), pas):
            detecteur.ajouter(contenu[i : i + pas])
        assert detecteur.conclure() == ("windows-1252", 0)
