"""Les profils livrés se chargent, se valent, et chaque faute nomme son fichier, sa ligne et son champ."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import ValidationError

from jalon.referentiels.communes import CHEMIN_PAQUET, ReferentielCommunes, charger_communes
from jalon.referentiels.profil import (
    DROITS_SUR_LES_PERSONNES,
    FICHIERS,
    LIBELLES_REQUIS,
    PARAMETRES_FACULTATIFS,
    PARAMETRES_REQUIS,
    ROLES_REQUIS,
    ROLES_SANS_PERSONNE,
    ErreurProfil,
    ParametreSansValeurError,
    Profil,
    ProfilInvalideError,
    charger_profil,
    profils_disponibles,
)

RACINE = Path(__file__).parents[2]
PROFILS = RACINE / "profils"
CODES = ("loiret", "pas-de-calais")
AUJOURD_HUI = date(2026, 11, 22)


@pytest.fixture(scope="module")
def referentiel() -> ReferentielCommunes:
    """Paquet npm du dépôt, ou de JALON_NODE_MODULES ; sans lui, les essais de géographie se sautent."""
    modules = Path(os.environ.get("JALON_NODE_MODULES", RACINE / "node_modules"))
    dossier = modules / CHEMIN_PAQUET.relative_to("node_modules")
    if not (dossier / "communes.json").is_file():
        pytest.skip(f"paquet @etalab/decoupage-administratif absent de {dossier} : npm ci")
    return charger_communes(dossier)


@pytest.fixture(scope="module", params=CODES)
def profil(request: pytest.FixtureRequest) -> Profil:
    return charger_profil(PROFILS / request.param)


@pytest.fixture
def copie(tmp_path: Path) -> Path:
    """Le Pas-de-Calais, à abîmer."""
    return Path(shutil.copytree(PROFILS / "pas-de-calais", tmp_path / "pas-de-calais"))


def remplacer(dossier: Path, fichier: str, avant: str, apres: str) -> int:
    """Change **une** occurrence et rend la ligne où commence le texte changé."""
    texte = (dossier / fichier).read_text(encoding="utf-8")
    position = texte.index(avant)
    (dossier / fichier).write_text(texte[:position] + apres + texte[position + len(avant) :], encoding="utf-8")
    return texte[:position].count("\n") + 1


def premiere_ligne(chemin: Path) -> int:
    """Où le contenu commence, après les commentaires : c'est là qu'on situe ce qui manque."""
    lignes = chemin.read_text(encoding="utf-8").splitlines()
    return next(n for n, ligne in enumerate(lignes, start=1) if ligne and not ligne.startswith("#"))


def fautes(dossier: Path, referentiel: ReferentielCommunes | None = None) -> list[ErreurProfil]:
    with pytest.raises(ProfilInvalideError) as refus:
        charger_profil(dossier, communes=referentiel)
    return refus.value.erreurs


# --- Les profils livrés


def test_les_deux_profils_sont_disponibles() -> None:
    assert set(CODES) <= set(profils_disponibles(PROFILS))
    assert profils_disponibles(PROFILS / "absent") == []


@pytest.mark.parametrize("code", CODES)
def test_chaque_commune_a_un_territoire_et_un_seul(code: str, referentiel: ReferentielCommunes) -> None:
    profil = charger_profil(PROFILS / code, communes=referentiel)
    attendues = {c.code for c in referentiel.du_departement(*profil.identite.departements)}
    assert set(profil.territoire_par_commune) == attendues
    feuilles = {t.code for t in profil.territoires_feuilles}
    assert set(profil.territoire_par_commune.values()) == feuilles
    assert len(feuilles) == {"pas-de-calais": 9, "loiret": 7}[code]


@pytest.mark.parametrize(
    ("code", "commune", "territoire"),
    [
        ("pas-de-calais", "62498", "lens-lievin"),
        ("pas-de-calais", "62765", "audomarois"),
        ("pas-de-calais", "75056", None),
        ("loiret", "45234", "orleans-centre"),
        ("loiret", "45147", "orleans-nord"),
        ("loiret", "45232", "orleans-sud"),
        ("loiret", "45208", "montargois"),
    ],
)
def test_territoire_d_une_commune(
    code: str, commune: str, territoire: str | None, referentiel: ReferentielCommunes
) -> None:
    trouve = charger_profil(PROFILS / code, communes=referentiel).territoire_de_commune(commune)
    assert (trouve.code if trouve else None) == territoire


def test_les_profils_ont_les_memes_cles() -> None:
    for code in CODES:
        profil = charger_profil(PROFILS / code)
        assert set(profil.libelles) == set(LIBELLES_REQUIS)
        assert {r.code for r in profil.roles} >= set(ROLES_REQUIS)
        parametres = {p.code for p in profil.parametres}
        assert set(PARAMETRES_REQUIS) <= parametres
        assert parametres - set(PARAMETRES_REQUIS) <= set(PARAMETRES_FACULTATIFS)
    loiret, pas_de_calais = (charger_profil(PROFILS / code) for code in CODES)
    assert {r.code for r in loiret.roles} == {r.code for r in pas_de_calais.roles}


@pytest.mark.parametrize("code_parametre", sorted(PARAMETRES_REQUIS))
def test_tout_parametre_attendu_a_une_valeur_aujourd_hui(profil: Profil, code_parametre: str) -> None:
    parametre = profil.parametre(code_parametre, AUJOURD_HUI)
    assert parametre.source
    assert parametre.unite == PARAMETRES_REQUIS[code_parametre]


def test_les_profils_different_la_ou_leurs_sources_different() -> None:
    loiret, pas_de_calais = (charger_profil(PROFILS / code) for code in CODES)
    differents = {
        code
        for code in PARAMETRES_REQUIS
        if loiret.parametre(code, AUJOURD_HUI).valeur != pas_de_calais.parametre(code, AUJOURD_HUI).valeur
    }
    assert {
        "droits.seuil_activite_mensuel",
        "orientation.delai_decision",
        "accompagnement.maintien_apres_franchissement",
        "contrat.delai_cer_professionnel",
        "objectif.contractualisation",
        "referent.depassement_bloquant",
    } <= differents
    assert "droits.montant_forfaitaire" not in differents
    assert loiret.libelle("file_orientation").singulier == "file de positionnement"
    assert pas_de_calais.libelle("file_orientation").singulier == "file d'orientation"


def test_qui_ne_fait_que_sieger_ou_renseigner_n_ouvre_aucun_dossier(profil: Profil) -> None:
    for code in ROLES_SANS_PERSONNE:
        assert not set(profil.role(code).droits) & DROITS_SUR_LES_PERSONNES
    assert [r.code for r in profil.roles if r.voit_sante] == ["sante"]


def test_chaque_territoire_a_son_service_instructeur(profil: Profil) -> None:
    for territoire in profil.territoires_feuilles:
        assert territoire.code in profil.service_instructeur(territoire.code).territoires


def test_un_profil_charge_ne_change_plus(profil: Profil) -> None:
    with pytest.raises(ValidationError, match="frozen"):
        profil.identite.nom = "Autre"


# --- Paramètres datés et mots


@pytest.mark.parametrize(
    ("jour", "montant"),
    [
        (date(2009, 6, 1), "454.63"),
        (date(2023, 3, 31), "598.54"),
        (date(2023, 4, 1), "607.75"),
        (date(2024, 4, 1), "635.71"),
        (date(2025, 4, 1), "646.52"),
        (date(2026, 3, 31), "646.52"),
        (date(2026, 4, 1), "651.69"),
    ],
)
def test_le_montant_est_celui_de_la_date(profil: Profil, jour: date, montant: str) -> None:
    assert profil.nombre("droits.montant_forfaitaire", jour) == Decimal(montant)


def test_le_loiret_garde_ses_objectifs_annee_par_annee() -> None:
    loiret = charger_profil(PROFILS / "loiret")
    objectifs = [loiret.nombre("objectif.contractualisation", date(a, 7, 1)) for a in (2007, 2008, 2009)]
    assert objectifs == [60, 70, 80]


def test_un_parametre_sans_valeur_le_dit() -> None:
    profil = charger_profil(PROFILS / "pas-de-calais")
    with pytest.raises(ParametreSansValeurError, match="au 31/05/2009"):
        profil.parametre("droits.montant_forfaitaire", date(2009, 5, 31))
    with pytest.raises(ParametreSansValeurError, match="n'existe pas"):
        profil.parametre("droits.montant", AUJOURD_HUI)


@pytest.mark.parametrize(
    ("code", "cle", "defini", "contracte"),
    [
        (
            "pas-de-calais",
            "contrat",
            "le contrat d'engagements réciproques",
            "du contrat d'engagements réciproques",
        ),
        ("pas-de-calais", "orientation", "l'orientation", "de l'orientation"),
        (
            "loiret",
            "territoire",
            "l'unité territoriale de solidarité",
            "de l'unité territoriale de solidarité",
        ),
        ("loiret", "file_orientation", "la file de positionnement", "de la file de positionnement"),
    ],
)
def test_un_mot_s_accorde(code: str, cle: str, defini: str, contracte: str) -> None:
    libelle = charger_profil(PROFILS / code).libelle(cle)
    assert (libelle.defini, libelle.contracte) == (defini, contracte)


def test_l_empreinte_suit_les_fichiers(copie: Path) -> None:
    avant = charger_profil(copie).empreinte()
    assert avant == charger_profil(PROFILS / "pas-de-calais").empreinte()
    remplacer(copie, "libelles.yaml", "singulier: foyer", "singulier: ménage")
    assert charger_profil(copie).empreinte() != avant


# --- Les fautes : une seule par essai, et la seule signalée


@pytest.mark.parametrize(
    ("fichier", "avant", "apres", "decalage", "champ", "message"),
    [
        pytest.param(
            "parametres.yaml", "du: 2010-01-01", "du: 2010-13-01", 0, "du", "n'est pas une date", id="date"
        ),
        pytest.param(
            "parametres.yaml", "au: 2010-01-01", "au: 2009-06-01", 0, "au", "doit suivre le début", id="à l'envers"
        ),
        pytest.param(
            "parametres.yaml", "au: 2010-01-01", "au: 2010-02-01", 6, "du", "a déjà une valeur", id="chevauchement"
        ),
        pytest.param("parametres.yaml", "454.63", "454,63", 0, "valeur", "n'est pas un nombre", id="nombre"),
        pytest.param("parametres.yaml", "unite: euros", "unite: mois", 0, "unite", "en euros", id="unité"),
        pytest.param(
            "territoires.csv", "ternois;Ternois;territoire;pas-de-calais", "ternois;Ternois;territoire;xx",
            0, "parent", "« xx » n'existe pas ; les codes connus sont", id="parent",
        ),
        pytest.param(
            "territoires.csv", "artois;Artois;territoire;pas-de-calais", "artois;Artois;territoire;artois",
            0, "parent", "tourne en rond : artois → artois", id="cycle",
        ),
        pytest.param(
            "territoires.csv", "ternois;Ternois;territoire;", "ternois;Ternois;canton;",
            0, "type", "« canton » n'existe pas", id="type de territoire",
        ),
        pytest.param("libelles.yaml", "  pluriel: foyers\n", "", -2, "foyer.pluriel", "obligatoire", id="champ"),
        pytest.param(
            "libelles.yaml", "foyer:", "menage: {singulier: a, pluriel: b, genre: m, definition: c}\n\nfoyer:",
            0, "menage", "n'existe pas", id="clé inconnue",
        ),
        pytest.param(
            "roles.yaml", "- dossier.consulter", "- dossier.lire", 0, "droits[1]", "« dossier.lire »", id="droit"
        ),
        pytest.param("roles.yaml", "organisme: ccas-lens", "organisme: x", 0, "organisme", "n'existe pas", id="lieu"),
        pytest.param("profil.yaml", "#0b5a7d", "#8ec5e0", 0, "couleur_accent", "contraste de 1,9", id="contraste"),
        pytest.param("profil.yaml", "#0b5a7d", "bleu", 0, "couleur_accent", "#rrggbb", id="couleur"),
        pytest.param("profil.yaml", "Europe/Paris", "Europe", 0, "fuseau", "fuseau horaire", id="zone"),
        pytest.param("profil.yaml", "Europe/Paris", "Europe/Arras", 0, "fuseau", "fuseau horaire", id="fuseau"),
        pytest.param("profil.yaml", "code: pas-de-calais", "code: nord", 0, "code", "nom du dossier", id="dossier"),
        pytest.param(
            "profil.yaml", "langue: fr", "langue: fr\nlangue: fr", 1, "langue", "déjà donnée", id="clé doublée"
        ),
        pytest.param(
            "organismes.yaml", "categorie: siae\n    nir_visible: non", "categorie: siae\n    nir_visible: oui",
            1, "nir_visible", "ne voit jamais le NIR", id="NIR",
        ),
        pytest.param(
            "organismes.yaml", "service_instructeur_de: [artois]", "service_instructeur_de: [artois, ternois]",
            None, "service_instructeur_de", "a déjà un service instructeur", id="deux instructeurs",
        ),
        pytest.param(
            "demonstration.yaml", "part: 55", "part: 50", None, "caisses", "font 95 %", id="parts des caisses"
        ),
    ],
)  # fmt: skip
def test_une_faute_nomme_son_fichier_sa_ligne_et_son_champ(
    copie: Path, fichier: str, avant: str, apres: str, decalage: int | None, champ: str, message: str
) -> None:
    """`decalage` : de la ligne changée à la ligne fautive ; None quand la seconde est loin de la première."""
    ligne = remplacer(copie, fichier, avant, apres)
    (faute,) = fautes(copie)
    assert (faute.fichier, faute.champ) == (fichier, champ)
    assert message in faute.message
    assert faute.ligne > 0
    if decalage is not None:
        assert faute.ligne == ligne + decalage
    assert str(faute).startswith(f"{fichier}, ligne {faute.ligne}, champ {champ} : ")


def test_la_phrase_est_celle_qu_on_lit_au_chargement(copie: Path) -> None:
    ligne = remplacer(copie, "territoires.csv", "artois;Artois;territoire;pas-de-calais", "artois;Artois;territoire;XX")
    with pytest.raises(ProfilInvalideError) as refus:
        charger_profil(copie)
    assert str(refus.value) == (
        f"territoires.csv, ligne {ligne}, champ parent : « XX » n'existe pas ; les codes connus sont arrageois, "
        "artois, audomarois, boulonnais, calaisis, henin-carvin, lens-lievin, montreuillois, pas-de-calais, ternois"
    )


def test_un_cycle_de_deux_n_est_dit_qu_une_fois(copie: Path) -> None:
    remplacer(copie, "territoires.csv", "artois;Artois;territoire;pas-de-calais", "artois;Artois;territoire;ternois")
    remplacer(
        copie,
        "territoires.csv",
        "ternois;Ternois;territoire;pas-de-calais",
        "ternois;Ternois;territoire;artois",
    )
    (faute,) = [f for f in fautes(copie) if "tourne en rond" in f.message]
    assert (faute.fichier, faute.champ) == ("territoires.csv", "parent")


@pytest.mark.parametrize("role", sorted(ROLES_SANS_PERSONNE))
def test_un_role_sans_dossier_ne_peut_en_recevoir_le_droit(copie: Path, role: str) -> None:
    texte = (copie / "roles.yaml").read_text(encoding="utf-8")
    debut = texte.index(f"- code: {role}\n")
    fin = texte.index("  droits:\n", debut) + len("  droits:\n")
    (copie / "roles.yaml").write_text(texte[:fin] + "    - dossier.rechercher\n" + texte[fin:], encoding="utf-8")
    (faute,) = fautes(copie)
    assert faute.champ == "droits"
    assert faute.ligne == texte[:fin].count("\n")
    assert "dossier.rechercher" in faute.message


@pytest.mark.parametrize(
    ("fichier", "code", "champ"),
    [
        ("libelles.yaml", "\nfoyer:", "foyer"),
        ("parametres.yaml", "- code: referent.charge_maximale", "referent.charge_maximale"),
        ("roles.yaml", "- code: correspondant", "correspondant"),
    ],
)
def test_une_entree_attendue_qui_manque_est_nommee(copie: Path, fichier: str, code: str, champ: str) -> None:
    texte = (copie / fichier).read_text(encoding="utf-8")
    debut = texte.index(code)
    suites = [p for p in (texte.find("\n- code:", debut + 1), texte.find("\n\n", debut + 1)) if p > 0]
    (copie / fichier).write_text(texte[:debut] + texte[min(suites) :].lstrip("\n"), encoding="utf-8")
    (faute,) = fautes(copie)
    assert (faute.fichier, faute.ligne, faute.champ) == (fichier, premiere_ligne(copie / fichier), champ)
    assert "manque" in faute.message


def test_une_syntaxe_yaml_fausse_donne_sa_ligne(copie: Path) -> None:
    ligne = remplacer(copie, "profil.yaml", "regime: rsa", "regime: [rsa")
    faute = fautes(copie)[0]
    assert faute.fichier == "profil.yaml"
    assert ligne <= faute.ligne <= ligne + 2
    assert "syntaxe YAML" in faute.message


def test_une_colonne_qui_manque_est_nommee(copie: Path) -> None:
    remplacer(copie, "territoires.csv", "code;libelle;type;parent;ordre", "code;libelle;type;pere;ordre")
    assert [(f.fichier, f.ligne, f.champ) for f in fautes(copie)] == [
        ("territoires.csv", 1, "parent"),
        ("territoires.csv", 1, "pere"),
    ]


def test_une_table_sans_ligne_ne_passe_pas_pour_un_arbre(copie: Path) -> None:
    """Sans cela, tout ce qui s'appuie sur l'arbre serait tenu pour bon, faute de pouvoir le juger."""
    (copie / "territoires.csv").write_text("code;libelle;type;parent;ordre\n", encoding="utf-8")
    (faute,) = fautes(copie)
    assert (faute.fichier, faute.ligne) == ("territoires.csv", 1)
    assert "aucune ligne" in faute.message


def test_une_ligne_de_table_trop_courte_est_situee(copie: Path) -> None:
    ligne = remplacer(copie, "territoires.csv", "ternois;Ternois;territoire;pas-de-calais;9", "ternois;Ternois")
    assert ErreurProfil("territoires.csv", ligne, "", "cette ligne a 2 cellules, l'en-tête en a 5") in fautes(copie)


@pytest.mark.parametrize("fichier", FICHIERS)
@pytest.mark.parametrize(
    ("abimer", "message"),
    [
        pytest.param(lambda chemin: chemin.unlink(), "absent", id="absent"),
        pytest.param(lambda chemin: chemin.write_bytes("# é\n".encode("latin-1")), "UTF-8", id="encodage"),
        pytest.param(lambda chemin: chemin.write_text("null\n", encoding="utf-8"), "", id="vide"),
    ],
)
def test_un_fichier_absent_mal_encode_ou_vide_est_nomme(
    copie: Path, fichier: str, abimer: Callable[[Path], object], message: str
) -> None:
    abimer(copie / fichier)
    assert any(f.fichier == fichier and message in f.message for f in fautes(copie))


def test_toutes_les_fautes_sont_dites_ensemble(copie: Path) -> None:
    remplacer(copie, "profil.yaml", "#0b5a7d", "#8ec5e0")
    remplacer(copie, "parametres.yaml", "454.63", "beaucoup")
    remplacer(copie, "roles.yaml", "- dossier.consulter", "- dossier.lire")
    assert [f.fichier for f in fautes(copie)] == ["parametres.yaml", "profil.yaml", "roles.yaml"]


# --- Les fautes de géographie


@pytest.mark.parametrize(
    ("avant", "apres", "decalage", "champ", "message"),
    [
        pytest.param(
            '    - "200069672" # CC du Ternois\n', '    - "200069672"\n  communes: ["62041"]\n', 1,
            "ternois.communes", "déjà dans « arrageois » (ligne 6) et encore dans « ternois » : 62041 Arras",
            id="doublée",
        ),
        pytest.param(
            '    - "246200299" # CA d\'Hénin-Carvin\n', '    - "246200299"\n  sauf: ["62427"]\n', 1,
            "henin-carvin.sauf", "dans aucun territoire, 1 commune(s) : 62427 Hénin-Beaumont", id="exclue oubliée",
        ),
        pytest.param(
            '    - "246201016" # CC du Pays de Lumbres\n', "", None,
            "communes", "36 commune(s) de l'EPCI 246201016 (CC du Pays de Lumbres) : 62008 Acquin", id="oubliées",
        ),
        pytest.param(
            '    - "200069672" # CC du Ternois\n', '    - "200069672"\n  communes: ["62461"]\n', 1,
            "ternois.communes", "code ancien ; la commune actuelle est 62447 Hesdin-la-Forêt", id="code ancien",
        ),
        pytest.param(
            '    - "200069672" # CC du Ternois\n', '    - "200069672"\n  communes: ["45234"]\n', 1,
            "ternois.communes", "45234 Orléans n'est pas dans le département", id="ailleurs",
        ),
        pytest.param(
            '    - "200069672" # CC du Ternois\n', '    - "200069672"\n    - "244500468"\n', 1,
            "ternois.epci", "n'a aucune commune dans le département", id="EPCI d'ailleurs",
        ),
    ],
)  # fmt: skip
def test_une_commune_oubliee_ou_doublee_est_nommee(
    copie: Path,
    referentiel: ReferentielCommunes,
    avant: str,
    apres: str,
    decalage: int | None,
    champ: str,
    message: str,
) -> None:
    ligne = remplacer(copie, "communes.yaml", avant, apres)
    (faute,) = fautes(copie, referentiel)
    assert (faute.fichier, faute.champ) == ("communes.yaml", champ)
    assert message in faute.message
    assert faute.ligne == (premiere_ligne(copie / "communes.yaml") if decalage is None else ligne + decalage)


def test_une_antenne_sous_un_territoire_prend_ses_communes(copie: Path, referentiel: ReferentielCommunes) -> None:
    """L'arbre a autant d'étages qu'il faut : les communes vont aux feuilles, et le parent n'en a plus."""
    table = copie / "territoires.csv"
    table.write_text(table.read_text(encoding="utf-8") + "bapaume;Antenne;antenne;ternois;1\n", encoding="utf-8")
    remplacer(copie, "communes.yaml", "ternois:", "bapaume:")
    remplacer(copie, "organismes.yaml", "service_instructeur_de: [ternois]", "service_instructeur_de: [bapaume]")
    remplacer(copie, "demonstration.yaml", "territoire: ternois", "territoire: bapaume")
    profil = charger_profil(copie, communes=referentiel)
    assert "bapaume" in {t.code for t in profil.territoires_feuilles}
    assert "ternois" not in set(profil.territoire_par_commune.values())
    assert profil.racine.code == "pas-de-calais"
