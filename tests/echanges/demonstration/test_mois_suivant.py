"""Le second mois, recompté naïvement en comparant les deux fichiers."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from lxml import etree

from jalon.echanges.demonstration import ContexteDemo, ResumeDemo, ecrire_mois_initial, ecrire_mois_suivant
from jalon.echanges.demonstration.noms import cle_nir

from .conftest import CONTEXTE, GRAINE, REFERENCE

TAILLE = 1_000
TERRITOIRE_DE = {c.code_insee: t.code for t in CONTEXTE.territoires for c in t.communes}
Foyers = dict[str, etree._Element]


def _lire(chemin: Path) -> etree._Element:
    return etree.parse(str(chemin)).getroot()


def _par_matricule(arbre: etree._Element) -> Foyers:
    return {f.findtext(".//MATRICULE"): f for f in arbre.findall("InfosFoyerRSA")}


@pytest.fixture(scope="module")
def mois(
    contexte: ContexteDemo, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, tuple[etree._Element, ResumeDemo]]:
    dossier = tmp_path_factory.mktemp("demo")
    commun = {"taille": TAILLE, "graine": GRAINE, "date_reference": REFERENCE}
    resumes = {
        "premier": ecrire_mois_initial(dossier / "premier", contexte, **commun),
        "propre": ecrire_mois_suivant(dossier / "propre", contexte, **commun, defauts=False),
        "abime": ecrire_mois_suivant(dossier / "abime", contexte, **commun),
    }
    return {nom: (_lire(dossier / nom), resume) for nom, resume in resumes.items()}


@pytest.fixture(scope="module")
def paires(mois) -> list[tuple[etree._Element, etree._Element]]:
    avant, apres = _par_matricule(mois["premier"][0]), _par_matricule(mois["propre"][0])
    return [(avant[cle], apres[cle]) for cle in avant if cle in apres]


def _etat(foyer: etree._Element) -> str:
    return foyer.findtext(".//ETATDOSRSA")


def _personnes(foyer: etree._Element, role: str) -> list[etree._Element]:
    return [
        p
        for p in foyer.findall("Personne")
        if p.findtext("Prestations[NATPREST='RSA']/ROLEPERS") == role and p.find("DossierCAF/DFRATDOS") is None
    ]


def _soumis(foyer: etree._Element) -> str:
    return foyer.findtext("Personne/MontantCalculDroitRSAPersonne/TOPPERSDRODEVORSA")


def _identite(personne: etree._Element) -> tuple[str, ...]:
    return tuple(personne.findtext(f"Identification/{b}").strip() for b in ("NOMNAI", "PRENOM", "DTNAI"))


def _adresse(foyer: etree._Element) -> tuple[str, str]:
    premiere = next(a for a in foyer.iter("Adresse") if a.findtext(".//RGADR") == "01")
    return premiere.findtext(".//DTEMM"), premiere.findtext(".//NUMCOM")


def test_resume_des_deux_variantes(mois) -> None:
    for nom in ("propre", "abime"):
        arbre, resume = mois[nom]
        assert resume.foyers == len(arbre.findall("InfosFoyerRSA"))
        assert resume.personnes == len(arbre.findall("InfosFoyerRSA/Personne"))
        assert resume.soumis == sum(e.text == "1" for e in arbre.iter("TOPPERSDRODEVORSA"))
        assert resume.etats == dict(sorted(Counter(e.text for e in arbre.iter("ETATDOSRSA")).items()))
    assert mois["propre"][1].changements.keys() == mois["abime"][1].changements.keys()
    assert mois["propre"][1].defauts == {}
    assert arbre.findtext("IdentificationFlux/DTREF") == "2026-10-31"


def test_arrivees_departs_absences(mois, paires) -> None:
    avant, apres = _par_matricule(mois["premier"][0]), _par_matricule(mois["propre"][0])
    c = mois["propre"][1].changements
    arrivees = c["nouvelle_demande"] + c["nouvelle_demande_en_attente"] + c["mutation_entrante"]
    assert len(apres.keys() - avant.keys()) == arrivees
    assert len(avant.keys() - apres.keys()) == c["absence_inexpliquee"] + c["absence_apres_cloture"]
    assert len(list(mois["propre"][0].iter("OrganismeCedant"))) == c["mutation_entrante"]
    assert len(list(mois["propre"][0].iter("OrganismePrenant"))) == c["mutation_sortante"]


def test_etats(mois, paires) -> None:
    c = mois["propre"][1].changements
    passages = Counter((_etat(a), _etat(b)) for a, b in paires if _etat(a) != _etat(b))
    assert passages["2", "5"] == c["cloture"] + c["mutation_sortante"]
    assert passages["2", "4"] == c["suspension_versement"]
    assert passages["2", "3"] == c["suspension_droit"]
    assert passages["3", "2"] + passages["4", "2"] == c["suspension_levee"]
    assert passages["0", "2"] == c["ouverture_apres_attente"]
    assert passages["0", "1"] == c["refus"]
    assert set(passages) <= {("2", "5"), ("2", "4"), ("2", "3"), ("3", "2"), ("4", "2"), ("0", "2"), ("0", "1")}


def test_personnes_et_adresses(mois, paires) -> None:
    comptes: Counter[str] = Counter()
    for avant, apres in paires:
        couples = len(_personnes(avant, "CJT")), len(_personnes(apres, "CJT"))
        comptes["couple_forme"] += couples == (0, 1)
        comptes["couple_separe"] += couples == (1, 0)
        comptes["naissance"] += len(_personnes(apres, "ENF")) - len(_personnes(avant, "ENF"))
        (emmenage, commune), (emmenage2, commune2) = _adresse(avant), _adresse(apres)
        if emmenage != emmenage2:
            ailleurs = TERRITOIRE_DE[commune] != TERRITOIRE_DE[commune2]
            comptes["demenagement_territoire" if ailleurs else "demenagement"] += 1
            assert emmenage2 > emmenage
        avant_par_identite = {_identite(p): p for p in avant.findall("Personne")}
        for personne in apres.findall("Personne"):
            ancienne = avant_par_identite.get(_identite(personne))
            if ancienne is not None:
                nom, nouveau = (p.findtext("Identification/NOM") for p in (ancienne, personne))
                comptes["changement_de_nom"] += nom != nouveau
                comptes["nir_apparu"] += not ancienne.findtext("Identification/NIR") and bool(
                    personne.findtext("Identification/NIR")
                )
    c = mois["propre"][1].changements
    assert dict(comptes) == {cle: c[cle] for cle in comptes}


def test_seuil_et_ressources(mois, paires) -> None:
    comptes: Counter[str] = Counter()
    for avant, apres in paires:
        if avant.findtext(".//DDRESS") != apres.findtext(".//DDRESS"):
            comptes["trimestre_avance"] += 1
        if _etat(avant) != "2" or _etat(apres) != "2":
            continue
        montants = [tuple(f.findtext(f".//{b}") for b in ("MTRESSMENRSA", "MTPENTRSA")) for f in (avant, apres)]
        effectifs = {len(_personnes(f, "CJT")) for f in (avant, apres)}
        bascule = (_soumis(avant), _soumis(apres))
        if bascule == ("0", "1"):
            comptes["passage_sous_le_seuil"] += 1
            assert apres.findtext(".//TOPPERSENTDRODEVORSA") == "1"
        elif bascule == ("1", "0"):
            comptes["passage_au_dessus_du_seuil"] += 1
        elif montants[0] != montants[1] and len(effectifs) == 1:
            comptes["ressources_modifiees"] += 1
    c = mois["propre"][1].changements
    assert dict(comptes) == {cle: c[cle] for cle in comptes}
    assert len(comptes) == 4


def test_defauts_recomptes(mois) -> None:
    arbre, resume = mois["abime"]
    premier = _par_matricule(mois["premier"][0])
    foyers = arbre.findall("InfosFoyerRSA")
    comptes: Counter[str] = Counter()
    comptes["total_annonce_faux"] = int(arbre.findtext("TransmissionFlux/NBTOTDOSRSATRANSM")) - len(foyers)
    demandes = Counter(e.text for e in arbre.iter("NUMDEMRSA"))
    comptes["numero_de_demande_partage"] = sum(n - 1 for n in demandes.values())
    connus = {_identite(p)[::2] for f in premier.values() for p in f.findall("Personne")}
    for foyer in foyers:
        matricule = foyer.findtext(".//MATRICULE")
        identites = Counter(_identite(p) for p in foyer.findall("Personne"))
        comptes["personne_en_double"] += any(n > 1 for n in identites.values())
        comptes["matricule_illisible"] += not matricule.isdigit()
        comptes["nom_absent"] += not foyer.findtext("Personne/Identification/NOM").strip()
        comptes["commune_inconnue"] += any(e.text not in TERRITOIRE_DE for e in foyer.iter("NUMCOM"))
        comptes["date_illisible"] += any(e.text == "2026-13-45" for e in foyer.iter("DTDEMRSA", "DTNAI"))
        comptes["code_inconnu"] += any(
            e.text in ("ZZ", "ZZZ") for e in foyer.iter("MOTISUSDRORSA", "ACT", "ETATCREALIM")
        )
        if matricule.isdigit() and matricule not in premier:
            comptes["personne_douteuse"] += _identite(foyer.find("Personne"))[::2] in connus
        for nir in (p.findtext("Identification/NIR") or "" for p in foyer.findall("Personne")):
            assert nir[:1] in ("", "8")
            comptes["nir_cle_fausse"] += bool(re.fullmatch(r"\d{15}", nir)) and nir[13:] != cle_nir(nir)
    assert dict(comptes) == dict(resume.defauts)


def test_numero_partage_sans_personne_commune(mois) -> None:
    arbre = mois["abime"][0]
    par_demande: dict[str, list[etree._Element]] = {}
    for foyer in arbre.findall("InfosFoyerRSA"):
        par_demande.setdefault(foyer.findtext(".//NUMDEMRSA"), []).append(foyer)
    partages = [f for f in par_demande.values() if len(f) > 1]
    assert len(partages) == 3
    for un, autre in partages:
        assert not {_identite(p) for p in un.findall("Personne")} & {_identite(p) for p in autre.findall("Personne")}
        assert un.findtext(".//MATRICULE") != autre.findtext(".//MATRICULE")


def test_un_seul_territoire_ne_bloque_pas(contexte: ContexteDemo, tmp_path: Path) -> None:
    seul = ContexteDemo(
        "45", contexte.territoires[:1], contexte.caisses[:1], contexte.montant_forfaitaire, contexte.seuil_activite
    )
    resume = ecrire_mois_suivant(tmp_path / "2", seul, taille=200, graine=1, date_reference=REFERENCE)
    assert "demenagement_territoire" not in resume.changements
