"""Refuser ce qui n'est pas ce flux, ou n'est pas sûr, par une phrase utile."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.echanges.flux_caf.aides import COMPLET, lignes_attendues, lire, refus, trois_foyers
from tests.echanges.flux_caf.fabrique import bloc, entete_xml, flux_xml, foyer

Deposer = Callable[..., Path]


# --- Les attaques ---------------------------------------------------------------------------------

MILLE_RIRES = (
    '<!DOCTYPE Racine [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {chr(b)} "{f"&{chr(b - 1)};" * 10}">' for b in range(ord("b"), ord("k")))
    + "]>"
)


@pytest.mark.parametrize(
    "doctype",
    [
        "<!DOCTYPE Racine>",
        '<!DOCTYPE Racine SYSTEM "http://exemple.invalid/vrsb0801.dtd">',
        '<!DOCTYPE Racine [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        MILLE_RIRES,
        "<!-- a --><?b c?>\n<!-- <Racine> -->\n<!DOCTYPE Racine>",
        "<!--" + "long prologue > " * 40_000 + "--><!DOCTYPE Racine>",
        "<!DOCTYPE",
    ],
    ids=["simple", "externe", "entite", "mille-rires", "apres-commentaires", "prologue-long", "coupee"],
)
@pytest.mark.parametrize("encodage", ["windows-1252", "utf-8", "utf-16-le", "utf-16-be"])
def test_refuse_toute_dtd_avant_de_rien_rendre(deposer: Deposer, doctype: str, encodage: str) -> None:
    contenu = flux_xml(trois_foyers(), prologue=doctype, encodage=encodage, bom=encodage != "windows-1252")
    if doctype == "<!DOCTYPE":
        contenu = contenu[: contenu.index("DOCTYPE".encode(encodage)) + len("DOCTYPE".encode(encodage))]
    assert refus(deposer(contenu)).code == "dtd_interdite"


def test_une_dtd_citee_dans_un_commentaire_ou_un_cdata_n_en_est_pas_une(deposer: Deposer) -> None:
    foyers = [foyer().replace("DURAND", "<![CDATA[<!DOCTYPE x>]]>")]
    assert len(lire(deposer(flux_xml(foyers, prologue="<!-- <!DOCTYPE x> -->")))[1]) == 1


def test_refuse_une_entite_inconnue(deposer: Deposer) -> None:
    contenu = flux_xml(trois_foyers()).replace(b"ANDR\xc9", b"ANDR&eacute;", 1)
    erreur = refus(deposer(contenu))
    assert erreur.code == "xml_mal_forme"
    assert "entité" in str(erreur)


# --- Ce n'est pas ce flux -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("contenu", "indice"),
    [
        (b"NOM;PRENOM\nDURAND;CAMILLE\n", "pas du XML"),
        (b"%PDF-1.7\n<< /Type /Catalog >>", "pas du XML"),
        (b"<!DOCTYPE html><html><body>Erreur 500</body></html>", "page web"),
        (b"<html><body>Erreur 500</body></html>", "page web"),
        (b"<catalogue><livre/></catalogue>", "catalogue"),
        (b'<f:Racine xmlns:f="urn:x"/>', "préfixe"),
        (flux_xml([], ouverture='<Racine xmlns="urn:x">'), "espace de noms"),
    ],
)
def test_refuse_ce_qui_n_est_pas_un_flux(deposer: Deposer, contenu: bytes, indice: str) -> None:
    erreur = refus(deposer(contenu))
    assert erreur.code == "pas_un_flux"
    assert indice in str(erreur)


@pytest.mark.parametrize(
    ("balise", "sans_reference", "nature", "indice"),
    [
        ("InfoDemandeRSA", True, "I", "VIRS0901"),
        ("InfosCreanceFoyerRSA", False, "D", "VRSC0201"),
        ("InfosFinancieresFoyerRSA", False, "F", "VRSF0501"),
    ],
)
def test_refuse_les_autres_flux_de_la_cnaf(
    deposer: Deposer, balise: str, sans_reference: bool, nature: str, indice: str
) -> None:
    remplacements = {"DTREF": None} if sans_reference else {}
    contenu = flux_xml([bloc(balise, NUMDEMRSA="1")], nature_flux=nature, **remplacements)  # type: ignore[arg-type]
    erreur = refus(deposer(contenu))
    assert erreur.code == "nature_non_geree"
    assert indice in str(erreur)
    assert "VRSB0801" in str(erreur)


@pytest.mark.parametrize(("nature", "indice"), [("I", "instruction"), ("R", "recueil"), ("X", "autre nature")])
def test_refuse_une_autre_nature_de_flux(deposer: Deposer, nature: str, indice: str) -> None:
    erreur = refus(deposer(flux_xml(trois_foyers(), nature_flux=nature)))
    assert erreur.code == "nature_non_geree"
    assert indice in str(erreur)


@pytest.mark.parametrize(
    "contenu",
    [
        flux_xml([foyer()]).replace(b"<TYPEFLUX>", b"<VERSIONFLUX>0301</VERSIONFLUX><TYPEFLUX>"),
        flux_xml([foyer().replace("DossierCAF", "DossierCafMsa")]),
    ],
    ids=["VERSIONFLUX", "DossierCafMsa"],
)
def test_refuse_une_autre_version_du_format(deposer: Deposer, contenu: bytes) -> None:
    erreur = refus(deposer(contenu))
    assert erreur.code == "nature_non_geree"
    assert "VRSD0301" in str(erreur)


@pytest.mark.parametrize(
    ("balise", "valeur"),
    [
        *[(b, None) for b in ("APPLIEME", "NUMVERSIONAPPLIEME", "TYPEFLUX", "NATFLUX", "DTCREAFLUX", "DTREF")],
        ("TYPEFLUX", "Z"),
        ("DTREF", "31/10/2026"),
        ("DTREF", "2026-02-30"),
        ("DTCREAFLUX", "20261103"),
        ("HEUCREAFLUX", "25:00:00"),
        ("HEUCREAFLUX", "  "),
    ],
)
def test_refuse_un_en_tete_incomplet_ou_faux(deposer: Deposer, balise: str, valeur: str | None) -> None:
    erreur = refus(deposer(flux_xml(trois_foyers(), **{balise: valeur})))  # type: ignore[arg-type]
    assert erreur.code == "entete_invalide"
    assert balise in str(erreur)


@pytest.mark.parametrize("foyers", [[], [foyer()]], ids=["sans foyer", "avec foyer"])
def test_refuse_un_flux_sans_en_tete(deposer: Deposer, foyers: list[str]) -> None:
    contenu = flux_xml(foyers).replace(entete_xml().encode(), b"")
    assert refus(deposer(contenu)).code == "entete_invalide"


@pytest.mark.parametrize(
    "foyers",
    [
        [foyer(), "<BlocInconnu/>", foyer()],
        ["<BlocInconnu/>"],
        [f"<Lot>{foyer()}</Lot>"],
        [foyer().replace("<Personne>", foyer() + "<Personne>", 1)],
        [entete_xml()],
    ],
    ids=["entre-foyers", "seul", "foyer-enfoui", "foyer-dans-foyer", "deux-en-tetes"],
)
def test_refuse_une_structure_inattendue(deposer: Deposer, foyers: list[str]) -> None:
    assert refus(deposer(flux_xml(foyers))).code == "structure_inattendue"


# --- Le XML mal formé -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("avant", "apres"),
    [
        ("</NOM>", "</PRENOM>"),
        ("<PRENOM>", "<PRENOM"),
        ("DURAND", "DU & RAND"),
        ("DURAND", "DU\x01RAND"),
        ("DURAND", "DU&#x1;RAND"),
        ("<Personne>", "<Personne a=1>"),
        ("<Personne>", "<a:Personne>"),
    ],
)
def test_refuse_un_xml_mal_forme_en_donnant_la_ligne(deposer: Deposer, avant: str, apres: str) -> None:
    contenu = flux_xml([*trois_foyers(), foyer().replace(avant, apres, 1)])
    erreur = refus(deposer(contenu))
    assert erreur.code == "xml_mal_forme"
    annoncee = int(str(erreur).split("ligne ")[1].split(",")[0])
    motif = apres.encode() if avant != "</NOM>" else b"</PRENOM>"
    reelle = next(
        i for i, ligne in enumerate(contenu.split(b"\n"), 1)
        if motif in ligne and i > lignes_attendues(contenu)[3]
    )  # fmt: skip
    assert abs(annoncee - reelle) <= 1  # une balise non fermée ne se voit qu'à la ligne suivante


def test_la_ligne_de_l_erreur_reste_juste_au_dela_de_65535(deposer: Deposer) -> None:
    contenu = flux_xml([*[foyer()] * 800, foyer().replace("DURAND", "DU\x02RAND")])
    ligne = next(i for i, texte in enumerate(contenu.split(b"\n"), 1) if b"\x02" in texte)
    assert f"ligne {ligne}," in str(refus(deposer(contenu)))


@pytest.mark.parametrize("suite", [b"<Racine/>", b"du texte", b"\x1a"])
def test_refuse_ce_qui_suit_la_fin_du_flux(deposer: Deposer, suite: bytes) -> None:
    assert refus(deposer(COMPLET + suite)).code == "xml_mal_forme"


def test_accepte_un_commentaire_apres_la_fin(deposer: Deposer) -> None:
    assert len(lire(deposer(COMPLET + b"<!-- fin -->\n"))[1]) == 3


def test_la_phrase_de_refus_ne_cite_aucune_donnee(deposer: Deposer) -> None:
    phrase = str(refus(deposer(flux_xml([foyer(NOM="SECRET")]).replace(b"SECRET</NOM>", b"SECRET</NIR>"))))
    assert "SECRET" not in phrase
