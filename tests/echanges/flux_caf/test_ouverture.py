"""Ouvrir un fichier reçu : contenant, taille, troncature."""

import random
import tracemalloc
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jalon.echanges.flux_caf.lecture import FluxRefuseError, LecteurFlux
from tests.echanges.flux_caf.aides import COMPLET, FIN_UTILE, lire, refus, trois_foyers
from tests.echanges.flux_caf.fabrique import en_gz, en_zip, flux_xml, foyer

Deposer = Callable[..., Path]


# --- Le contenant ---------------------------------------------------------------------------------


@pytest.mark.parametrize("emballer", [bytes, en_gz, en_zip, lambda c: en_gz(c[:900]) + en_gz(c[900:])])
@pytest.mark.parametrize("nom", ["flux.xml", "RBEN0627.RCV", "flux"])
def test_lit_quel_que_soit_le_contenant_et_le_nom(
    deposer: Deposer, emballer: Callable[[bytes], bytes], nom: str
) -> None:
    contenu = flux_xml(trois_foyers())
    lecteur, foyers = lire(deposer(emballer(contenu), nom))
    assert (len(foyers), lecteur.taille) == (3, len(contenu))


@pytest.mark.parametrize("emballer", [en_gz, en_zip])
def test_le_contenant_ne_change_pas_l_empreinte_du_fichier(
    deposer: Deposer, emballer: Callable[[bytes], bytes]
) -> None:
    contenu = flux_xml(trois_foyers())
    nu = LecteurFlux(deposer(contenu, "nu"), taille_max=10**6).empreinte_fichier()
    emballe = LecteurFlux(deposer(emballer(contenu), "emballe"), taille_max=10**6).empreinte_fichier()
    assert nu == emballe
    assert len(nu) == 64


def test_ignore_les_accessoires_d_une_archive(deposer: Deposer) -> None:
    membres = {"sortie/": b"", "sortie/flux.RCV": flux_xml(trois_foyers()), "__MACOSX/sortie/._flux.RCV": b"x"}
    assert len(lire(deposer(en_zip(membres)))[1]) == 3


def test_ignore_le_bordereau_qui_accompagne_le_flux(deposer: Deposer) -> None:
    membres = {"bordereau.txt": b"3 dossiers", "flux.xml": flux_xml(trois_foyers())}
    assert len(lire(deposer(en_zip(membres)))[1]) == 3


def test_refuse_une_archive_de_deux_flux(deposer: Deposer) -> None:
    erreur = refus(deposer(en_zip({"a.xml": flux_xml([]), "b.xml": flux_xml([])})))
    assert erreur.code == "archive_multiple"
    assert "2 fichiers" in str(erreur)


@pytest.mark.parametrize("membres", [{}, {"dossier/": b"", "__MACOSX/x": b""}])
def test_refuse_une_archive_vide(deposer: Deposer, membres: dict[str, bytes]) -> None:
    assert refus(deposer(en_zip(membres))).code == "archive_vide"


def test_refuse_une_archive_chiffree(deposer: Deposer) -> None:
    erreur = refus(deposer(en_zip(flux_xml([]), chiffre=True)))
    assert erreur.code == "archive_illisible"
    assert "mot de passe" in str(erreur)


@pytest.mark.parametrize("methode", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_refuse_un_zip_a_la_compression_rare(deposer: Deposer, methode: int) -> None:
    assert refus(deposer(en_zip(flux_xml([]), methode=methode))).code == "archive_illisible"


def test_lit_un_zip_sans_compression(deposer: Deposer) -> None:
    assert len(lire(deposer(en_zip(flux_xml(trois_foyers()), methode=zipfile.ZIP_STORED)))[1]) == 3


def test_refuse_une_archive_d_un_autre_format(deposer: Deposer) -> None:
    assert "7z" in str(refus(deposer(b"7z\xbc\xaf\x27\x1c\x00\x04" + bytes(50))))


def test_refuse_un_tableur(deposer: Deposer) -> None:
    erreur = refus(deposer(en_zip({"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": b"<workbook/>"})))
    assert erreur.code == "pas_un_flux"
    assert "tableur" in str(erreur)


@pytest.mark.parametrize("emballer", [en_gz, en_zip])
def test_refuse_une_archive_abimee(deposer: Deposer, emballer: Callable[[bytes], bytes]) -> None:
    octets = bytearray(emballer(flux_xml([foyer(f"{random.Random(i).random():.9f}"[:11]) for i in range(50)])))
    octets[200:230] = bytes(30)
    assert refus(deposer(bytes(octets))).code == "archive_illisible"


def test_refuse_un_zip_dont_le_sommaire_est_demesure(deposer: Deposer) -> None:
    membres = {f"{i:05d}" + "x" * 2000: b"" for i in range(2200)}
    assert refus(deposer(en_zip(membres))).code in ("archive_illisible", "archive_multiple")


@pytest.mark.parametrize("chemin", ["absent.xml", "."])
def test_refuse_un_fichier_introuvable(tmp_path: Path, chemin: str) -> None:
    assert refus(tmp_path / chemin).code == "introuvable"


@pytest.mark.parametrize("contenu", [b"", en_gz(b""), en_zip(b"")])
def test_refuse_un_fichier_vide(deposer: Deposer, contenu: bytes) -> None:
    assert refus(deposer(contenu)).code == "vide"


# --- Trop gros ------------------------------------------------------------------------------------


@pytest.mark.parametrize("emballer", [bytes, en_gz, en_zip])
def test_refuse_au_dela_de_la_taille_maximale(deposer: Deposer, emballer: Callable[[bytes], bytes]) -> None:
    assert refus(deposer(emballer(flux_xml(trois_foyers()))), taille_max=5_000).code == "trop_gros"


def test_accepte_exactement_la_taille_maximale(deposer: Deposer) -> None:
    contenu = flux_xml(trois_foyers())
    assert len(lire(deposer(contenu), taille_max=len(contenu))[1]) == 3


@pytest.mark.parametrize("emballer", [en_gz, en_zip])
def test_une_bombe_est_refusee_sans_etre_depliee(deposer: Deposer, emballer: Callable[[bytes], bytes]) -> None:
    chemin = deposer(emballer(b"<Racine>" + bytes(60_000_000)))
    tracemalloc.start()
    try:
        assert refus(chemin, taille_max=2_000_000).code == "trop_gros"
        assert tracemalloc.get_traced_memory()[1] < 8_000_000
    finally:
        tracemalloc.stop()


def test_une_taille_mensongere_dans_un_zip_ne_trompe_pas(deposer: Deposer) -> None:
    octets = bytearray(en_zip(flux_xml(trois_foyers())))
    sommaire = octets.index(b"PK\x01\x02")
    octets[sommaire + 24 : sommaire + 28] = (100).to_bytes(4, "little")  # taille dépliée annoncée
    assert refus(deposer(bytes(octets))).code == "archive_illisible"


def test_refuse_un_bloc_sans_fin(deposer: Deposer) -> None:
    enorme = "<InfosFoyerRSA>" + "<Personne/>" * 1_600_000 + "</InfosFoyerRSA>"
    assert refus(deposer(flux_xml([enorme]))).code == "structure_inattendue"


# --- Le fichier tronqué ---------------------------------------------------------------------------


@settings(deadline=None, max_examples=120)
@given(st.integers(min_value=1, max_value=FIN_UTILE - 1))
def test_refuse_un_fichier_tronque_ou_que_ce_soit(tmp_path_factory: pytest.TempPathFactory, coupe: int) -> None:
    chemin = tmp_path_factory.getbasetemp() / "coupe.xml"
    chemin.write_bytes(COMPLET[:coupe])
    assert refus(chemin).code == "tronque"


@pytest.mark.parametrize(
    "coupe",
    [1, 2, 5, 6, 20, 43, 44, 50, 52, COMPLET.index(b"\xc9") + 1, COMPLET.index(b"</InfosFoyerRSA>"), FIN_UTILE - 9],
)
def test_refuse_un_fichier_tronque(deposer: Deposer, coupe: int) -> None:
    assert refus(deposer(COMPLET[:coupe])).code == "tronque"


def test_refuse_un_utf8_coupe_au_milieu_d_un_caractere(deposer: Deposer) -> None:
    contenu = flux_xml(trois_foyers(), encodage="utf-8")
    assert refus(deposer(contenu[: contenu.rindex("É".encode()) + 1])).code == "tronque"


def test_refuse_un_utf16_coupe_au_milieu_d_un_caractere(deposer: Deposer) -> None:
    assert refus(deposer(flux_xml(trois_foyers(), encodage="utf-16-le")[:5001])).code == "tronque"


@pytest.mark.parametrize("emballer", [en_gz, en_zip])
@pytest.mark.parametrize("fraction", [0.1, 0.5, 0.9, 0.995])
def test_refuse_une_archive_tronquee(deposer: Deposer, emballer: Callable[[bytes], bytes], fraction: float) -> None:
    octets = emballer(COMPLET)
    assert refus(deposer(octets[: int(len(octets) * fraction)])).code == "tronque"


def test_refuse_un_flux_sans_bloc_final(deposer: Deposer) -> None:
    debut, fin = COMPLET.index(b"<TransmissionFlux>"), COMPLET.index(b"</Racine>")
    assert refus(deposer(COMPLET[:debut] + COMPLET[fin:])).code == "tronque"


def test_la_fin_de_ligne_finale_est_facultative(deposer: Deposer) -> None:
    assert len(lire(deposer(COMPLET[:FIN_UTILE]))[1]) == 3


def test_les_foyers_lus_avant_la_coupure_sont_rendus_puis_l_erreur_est_levee(deposer: Deposer) -> None:
    lecture = LecteurFlux(deposer(COMPLET[: FIN_UTILE - 3]), taille_max=10**6).foyers()
    assert [next(lecture).rang for _ in range(3)] == [1, 2, 3]
    with pytest.raises(FluxRefuseError):
        next(lecture)


# --- Le fichier abîmé n'importe comment -----------------------------------------------------------


@settings(deadline=None, max_examples=150)
@given(
    st.sampled_from([COMPLET, en_gz(COMPLET), en_zip(COMPLET), en_zip({"a.txt": b"a", "b.xml": COMPLET})]),
    st.lists(st.tuples(st.floats(0, 0.999), st.binary(min_size=1, max_size=12)), min_size=1, max_size=4),
)
def test_un_fichier_abime_est_lu_ou_refuse_jamais_une_autre_erreur(
    tmp_path_factory: pytest.TempPathFactory, contenu: bytes, degats: list[tuple[float, bytes]]
) -> None:
    octets = bytearray(contenu)
    for endroit, remplacement in degats:
        debut = int(endroit * len(octets))
        octets[debut : debut + len(remplacement)] = remplacement
    chemin = tmp_path_factory.getbasetemp() / "abime"
    chemin.write_bytes(bytes(octets))
    with suppress(FluxRefuseError):
        lire(chemin)


def test_un_zip_au_sommaire_absurde_est_refuse(deposer: Deposer) -> None:
    octets = bytearray(en_zip(COMPLET))
    fin = octets.index(b"PK\x05\x06")
    octets[fin + 16 : fin + 20] = b"\xff\xff\xff\x7f"  # emplacement du sommaire au-delà du fichier
    assert refus(deposer(bytes(octets))).code in ("tronque", "archive_illisible")
