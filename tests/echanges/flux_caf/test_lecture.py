"""Rendre les foyers d'un flux : valeurs, empreintes, lignes, mémoire."""

import subprocess
import sys
from collections.abc import Callable
from datetime import date, time
from pathlib import Path

import pytest

from jalon.echanges.flux_caf import ouverture as module_ouverture
from jalon.echanges.flux_caf.lecture import EnteteFlux, LecteurFlux
from tests.echanges.flux_caf.aides import empreintes, lignes_attendues, lire, textes, trois_foyers
from tests.echanges.flux_caf.fabrique import en_gz, en_zip, flux_xml, foyer, personne

Deposer = Callable[..., Path]


# --- Ce qui est rendu -----------------------------------------------------------------------------


def test_rend_les_foyers_dans_l_ordre_du_fichier(deposer: Deposer) -> None:
    _, foyers = lire(deposer(flux_xml(trois_foyers())))
    assert [(f.rang, textes(f, "NUMDEMRSA")) for f in foyers] == [
        (1, ["00000000001"]),
        (2, ["00000000002"]),
        (3, ["00000000003"]),
    ]


def test_lit_l_en_tete(deposer: Deposer) -> None:
    lecteur, _ = lire(deposer(flux_xml([], type_flux="I", heure="04:12:33.000+01:00")))
    assert lecteur.entete == EnteteFlux("CRI", "6200", "I", "D", date(2026, 11, 3), time(4, 12, 33), date(2026, 10, 31))


def test_l_en_tete_est_connu_des_le_premier_foyer(deposer: Deposer) -> None:
    lecteur = LecteurFlux(deposer(flux_xml(trois_foyers())), taille_max=10**6)
    next(lecteur.foyers())
    assert lecteur.entete.date_reference == date(2026, 10, 31)


def test_l_en_tete_n_est_pas_connu_avant_la_lecture(deposer: Deposer) -> None:
    with pytest.raises(RuntimeError):
        _ = LecteurFlux(deposer(flux_xml([])), taille_max=10**6).entete


def test_rend_les_totaux_annonces(deposer: Deposer) -> None:
    lecteur, _ = lire(deposer(flux_xml(trois_foyers(), totaux=("00000003", "00000001"))))
    assert lecteur.totaux_annonces == {"dossiers": 3, "dossiers_en_anomalie": 1}


def test_un_total_illisible_vaut_absence(deposer: Deposer) -> None:
    lecteur, _ = lire(deposer(flux_xml([], totaux=("beaucoup", None))))
    assert lecteur.totaux_annonces == {"dossiers": None, "dossiers_en_anomalie": None}


def test_accepte_un_flux_sans_foyer(deposer: Deposer) -> None:
    lecteur, foyers = lire(deposer(flux_xml([])))
    assert (foyers, lecteur.entete.type_flux) == ([], "M")


def test_rend_un_foyer_bien_forme_au_contenu_etrange(deposer: Deposer) -> None:
    _, foyers = lire(deposer(flux_xml(["<InfosFoyerRSA><Bizarre/>texte perdu</InfosFoyerRSA>\n"])))
    assert foyers[0].xml == b"<InfosFoyerRSA><Bizarre/>texte perdu</InfosFoyerRSA>"


def test_garde_les_espaces_de_remplissage(deposer: Deposer) -> None:
    _, foyers = lire(deposer(flux_xml([foyer(NOM="      ", NOMNAI="DURAND    ")])))
    assert (textes(foyers[0], "NOM"), textes(foyers[0], "NOMNAI")) == (["      "], ["DURAND    "])


def test_lit_plusieurs_fois_le_meme_fichier(deposer: Deposer) -> None:
    lecteur = LecteurFlux(deposer(flux_xml(trois_foyers())), taille_max=10**6)
    assert list(lecteur.foyers()) == list(lecteur.foyers())


def test_annonce_sa_progression_jusqu_au_bout(deposer: Deposer) -> None:
    contenu = flux_xml(trois_foyers())
    etapes: list[int] = []
    list(LecteurFlux(deposer(contenu), taille_max=10**6).foyers(etapes.append))
    assert etapes == sorted(etapes)
    assert etapes[-1] == len(contenu)


# --- L'empreinte d'un foyer -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "variante",
    [
        {"encodage": "utf-8"},
        {"encodage": "utf-16-le", "bom": True},
        {"declaration": None},
        {"fins_de_ligne": "\r\n"},
        {"fins_de_ligne": ""},
        {"fins_de_ligne": "\n\t  "},
        {"prologue": "<!-- produit par AGORA -->\n"},
        {"ouverture": '<Racine xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'},
        {"date_reference": "2026-11-30"},
    ],
    ids=str,
)
def test_l_empreinte_ne_depend_que_du_contenu_du_foyer(deposer: Deposer, variante: dict[str, str]) -> None:
    _, reference = lire(deposer(flux_xml(trois_foyers()), "a"))
    _, autres = lire(deposer(flux_xml(trois_foyers(), **variante), "b"))  # type: ignore[arg-type]
    assert empreintes(autres) == empreintes(reference)


def test_l_empreinte_change_avec_une_valeur(deposer: Deposer) -> None:
    _, foyers = lire(deposer(flux_xml([foyer(), foyer(ETATDOSRSA="3")])))
    assert foyers[0].empreinte != foyers[1].empreinte
    assert len(foyers[0].empreinte) == 16


def test_l_empreinte_ignore_commentaires_et_cdata(deposer: Deposer) -> None:
    ecrits = [foyer(NOM="DUPONT"), foyer(NOM="DUPONT").replace("DUPONT", "DU<!-- x --><![CDATA[PONT]]>")]
    _, foyers = lire(deposer(flux_xml(ecrits)))
    assert foyers[0].empreinte == foyers[1].empreinte


@pytest.mark.parametrize("pas", [1, 5, 64, 1009])
def test_l_empreinte_ne_depend_pas_du_decoupage(deposer: Deposer, monkeypatch: pytest.MonkeyPatch, pas: int) -> None:
    chemin = deposer(flux_xml([foyer(NOM="   ", PRENOM="A > B")] * 2, fins_de_ligne="\r\n  "))
    _, reference = lire(chemin)
    monkeypatch.setattr(module_ouverture, "TAILLE_LECTURE", pas)
    assert lire(chemin)[1] == reference


# --- Les lignes -----------------------------------------------------------------------------------


@pytest.mark.parametrize("fins_de_ligne", ["\n", "\r\n"])
@pytest.mark.parametrize("encodage", ["windows-1252", "utf-16-le"])
def test_donne_la_ligne_de_chaque_foyer(deposer: Deposer, fins_de_ligne: str, encodage: str) -> None:
    contenu = flux_xml(trois_foyers(), fins_de_ligne=fins_de_ligne, encodage=encodage)
    assert [f.ligne for f in lire(deposer(contenu))[1]] == lignes_attendues(contenu, encodage)


def test_un_fichier_d_une_seule_ligne_est_a_la_ligne_1(deposer: Deposer) -> None:
    assert [f.ligne for f in lire(deposer(flux_xml(trois_foyers(), fins_de_ligne="")))[1]] == [1, 1, 1]


def test_les_lignes_restent_justes_au_dela_de_65535(deposer: Deposer) -> None:
    contenu = flux_xml([foyer()] * 800)
    attendues = lignes_attendues(contenu)
    assert attendues[-1] > 70_000
    assert [f.ligne for f in lire(deposer(contenu))[1]] == attendues


def test_les_faux_foyers_ne_decalent_pas_les_lignes(deposer: Deposer) -> None:
    leurres = [
        "<!-- <InfosFoyerRSA>\n> -->\n" + foyer(),
        foyer().replace("DURAND", "<![CDATA[<InfosFoyerRSA>\n]]>"),
        "<?note <InfosFoyerRSA> ?>\n" + foyer().replace("<InfosFoyerRSA>", '<InfosFoyerRSA a=">"\n>'),
        foyer().replace("<Personne>", "<InfosFoyerRSAbis/>\n<Personne>", 1),
    ]
    contenu = flux_xml([*leurres, foyer()])
    vraies = [i for i, ligne in enumerate(contenu.split(b"\n"), 1) if ligne.startswith(b"<InfosFoyerRSA")]
    vraies = [i for i in vraies if b"bis" not in contenu.split(b"\n")[i - 1]]
    assert [f.ligne for f in lire(deposer(contenu))[1]] == vraies


# --- La mémoire -----------------------------------------------------------------------------------

# Dans un processus à part : un pic ne redescend pas, et tracemalloc ne voit pas libxml2. VmHWM et non
# ru_maxrss, qui hérite du pic de pytest.
DEPOT = Path(__file__).parents[3]
PARCOURS = """
import re, sys
from pathlib import Path
from jalon.echanges.flux_caf.lecture import LecteurFlux
nombre = sum(1 for _ in LecteurFlux(Path(sys.argv[1]), taille_max=10**9).foyers())
print(nombre, re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
"""


def pic_memoire(chemin: Path) -> tuple[int, int]:
    """Nombre de foyers lus et pic de mémoire du processus, en Kio."""
    sortie = subprocess.run(
        [sys.executable, "-c", PARCOURS, str(chemin)], cwd=DEPOT, capture_output=True, text=True, check=True
    ).stdout
    nombre, pic = sortie.split()
    return int(nombre), int(pic)


@pytest.mark.parametrize(("emballer", "nombre"), [(bytes, 3_000), (en_gz, 600), (en_zip, 600)])
def test_la_memoire_ne_depend_pas_du_nombre_de_foyers(
    deposer: Deposer, emballer: Callable[[bytes], bytes], nombre: int
) -> None:
    un_foyer = foyer(personnes=[personne("LÉGER")])
    petit = pic_memoire(deposer(emballer(flux_xml([un_foyer] * nombre)), "petit"))
    grand = pic_memoire(deposer(emballer(flux_xml([un_foyer] * nombre * 10)), "grand"))
    assert (petit[0], grand[0]) == (nombre, nombre * 10)
    assert grand[1] - petit[1] < 3_000
