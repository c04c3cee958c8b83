"""Le fichier du premier mois : valide, déterministe, et semblable à un vrai."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from lxml import etree

from jalon.echanges.demonstration import ContexteDemo, ResumeDemo, ecrire_mois_initial, ecrire_mois_suivant
from jalon.echanges.demonstration import marges as m
from jalon.echanges.demonstration.noms import cle_nir

from .conftest import GRAINE, REFERENCE

SCHEMA = Path(__file__).resolve().parents[4] / "shared" / "formats" / "vrsb0801.xsd"
TAILLE = 600


@pytest.fixture(scope="module")
def initial(contexte: ContexteDemo, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ResumeDemo]:
    chemin = tmp_path_factory.mktemp("demo") / "mois1.xml"
    return chemin, ecrire_mois_initial(chemin, contexte, taille=TAILLE, graine=GRAINE, date_reference=REFERENCE)


@pytest.fixture(scope="module")
def arbre(initial: tuple[Path, ResumeDemo]) -> etree._Element:
    return etree.parse(str(initial[0])).getroot()


@pytest.mark.skipif(not SCHEMA.exists(), reason="le schéma officiel n'est pas livré avec le projet")
@pytest.mark.parametrize("taille", [1, 40, TAILLE])
def test_les_deux_mois_respectent_le_schema(contexte: ContexteDemo, tmp_path: Path, taille: int) -> None:
    schema = etree.XMLSchema(etree.parse(str(SCHEMA)))
    ecrire_mois_initial(tmp_path / "1.xml", contexte, taille=taille, graine=3, date_reference=REFERENCE)
    ecrire_mois_suivant(tmp_path / "2.xml", contexte, taille=taille, graine=3, date_reference=REFERENCE, defauts=False)
    for nom in ("1.xml", "2.xml"):
        schema.assertValid(etree.parse(str(tmp_path / nom)))


@pytest.mark.skipif(not SCHEMA.exists(), reason="le schéma officiel n'est pas livré avec le projet")
@pytest.mark.parametrize("reference", [date(2009, 9, 1), date(2028, 2, 29), date(2027, 12, 31)])
def test_toute_date_de_reference_convient(contexte: ContexteDemo, tmp_path: Path, reference: date) -> None:
    schema = etree.XMLSchema(etree.parse(str(SCHEMA)))
    ecrire_mois_initial(tmp_path / "1.xml", contexte, taille=200, graine=3, date_reference=reference)
    ecrire_mois_suivant(tmp_path / "2.xml", contexte, taille=200, graine=3, date_reference=reference, defauts=False)
    for nom in ("1.xml", "2.xml"):
        schema.assertValid(etree.parse(str(tmp_path / nom)))


def test_meme_graine_memes_octets(contexte: ContexteDemo, tmp_path: Path) -> None:
    for ecrire in (ecrire_mois_initial, ecrire_mois_suivant):
        for nom, graine in (("a", 1), ("b", 1), ("c", 2)):
            ecrire(tmp_path / nom, contexte, taille=120, graine=graine, date_reference=REFERENCE)
        assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
        assert (tmp_path / "a").read_bytes() != (tmp_path / "c").read_bytes()


def test_le_resume_dit_vrai(initial: tuple[Path, ResumeDemo], arbre: etree._Element) -> None:
    resume = initial[1]
    assert resume.foyers_payables == TAILLE
    assert resume.foyers == len(arbre.findall("InfosFoyerRSA")) == TAILLE + 18
    assert int(arbre.findtext("TransmissionFlux/NBTOTDOSRSATRANSM")) == resume.foyers
    assert resume.personnes == len(arbre.findall("InfosFoyerRSA/Personne"))
    assert resume.soumis == sum(e.text == "1" for e in arbre.iter("TOPPERSDRODEVORSA"))
    assert resume.etats == dict(sorted(Counter(e.text for e in arbre.iter("ETATDOSRSA")).items()))


def test_les_tableaux_se_relisent_dans_le_fichier(arbre: etree._Element) -> None:
    """T06 et T07 recomptés depuis le XML, comme le fera l'observatoire."""
    situations: Counter[tuple[int, int]] = Counter()
    ages: Counter[tuple[int, int]] = Counter()
    for foyer in arbre.findall("InfosFoyerRSA"):
        if foyer.findtext(".//ETATDOSRSA") != "2":
            continue
        natures = {e.text[:2] for e in foyer.iter("NATPF")}
        composante = {frozenset({"RS"}): 0, frozenset({"RC"}): 1}.get(frozenset(natures), 2)
        roles = [e.findtext("Prestations[NATPREST='RSA']/ROLEPERS") for e in foyer.findall("Personne")]
        femme = foyer.findtext("Personne/Identification/SEXE") == "2"
        if not foyer.findtext(".//SITFAM").strip():
            situation = m.INCONNUE
        elif "CJT" in roles:
            situation = m.COUPLE_ENFANT if "ENF" in roles else m.COUPLE
        elif "ENF" in roles:
            situation = m.FEMME_ENFANT if femme else m.HOMME_ENFANT
        else:
            situation = m.FEMME if femme else m.HOMME
        situations[composante, situation] += 1
        ne = date.fromisoformat(foyer.findtext("Personne/Identification/DTNAI"))
        age = REFERENCE.year - ne.year - ((REFERENCE.month, REFERENCE.day) < (ne.month, ne.day))
        if foyer.findtext("Personne/Identification/TYPEDTNAI") == "O":
            tranche = m.AGE_INCONNU
        else:
            tranche = next(k for k, (bas, haut) in enumerate(m.BORNES_AGE[:8]) if bas <= age <= haut)
        ages[composante, tranche] += 1
    effectifs = m.repartir_composantes(TAILLE)
    for c, nom in enumerate(m.COMPOSANTES):
        assert [situations[c, k] for k in range(7)] == m.repartir(effectifs[c], m.colonne("T06", nom, m.TYPES_FOYER))
        assert [ages[c, k] for k in range(9)] == m.repartir(effectifs[c], m.colonne("T07", nom, m.TRANCHES_AGE))


def test_nir_commencent_par_8_et_cle_juste(arbre: etree._Element) -> None:
    longueurs: Counter[int] = Counter()
    vus = []
    for identification in arbre.iter("Identification"):
        nir = identification.findtext("NIR")
        if nir is None:
            continue
        longueurs[len(nir)] += 1
        vus.append(nir[:13])
        assert nir.startswith("8")
        if len(nir.strip()) == 15:
            assert nir[13:] == cle_nir(nir)
    assert set(longueurs) == {13, 15}
    assert len(set(vus)) == len(vus)


def test_matricules_et_numeros_de_demande_uniques(arbre: etree._Element) -> None:
    for balise in ("MATRICULE", "NUMDEMRSA"):
        valeurs = [e.text for e in arbre.iter(balise)]
        assert len(set(valeurs)) == len(valeurs)
    for organisme in arbre.iter("Organisme"):
        matricule = organisme.findtext("MATRICULE")
        if organisme.findtext("FONORG") == "CAF":
            assert re.fullmatch(r"\d{7}0{8}", matricule)
        else:
            assert re.fullmatch(r"8\d{12}", matricule)


def test_soumission_coherente_avec_les_revenus(arbre: etree._Element, contexte: ContexteDemo) -> None:
    """Au socle, un adulte est soumis si et seulement si son activité rapporte moins que le seuil."""
    for foyer in arbre.findall("InfosFoyerRSA"):
        socle = any(e.text.startswith("RS") for e in foyer.iter("NATPF"))
        if foyer.findtext(".//ETATDOSRSA") != "2":
            continue
        for personne in foyer.findall("Personne"):
            soumis = personne.findtext("MontantCalculDroitRSAPersonne/TOPPERSDRODEVORSA")
            if soumis is None:
                continue
            gains = sum(
                float(d.findtext("MTNATRESSMEN"))
                for d in personne.iter("DetailRessourcesMensuelles")
                if d.findtext("NATRESS") in ("001", "030")
            )
            assert (soumis == "1") == (socle and gains / 3 < contexte.seuil_activite)


def test_ecriture_comme_une_vraie_caisse(initial: tuple[Path, ResumeDemo], arbre: etree._Element) -> None:
    brut = initial[0].read_bytes()
    assert brut.startswith(b'<?xml version="1.0" encoding="windows-1252"?>')
    assert b"<TYPEPARTE>CG  </TYPEPARTE>" in brut
    assert all(re.fullmatch(r"\d{7}\.\d{2}", e.text) for e in arbre.iter("MTTOTDRORSA"))
    assert any(e.text.endswith(" ") for e in arbre.iter("NOM"))
    assert {e.text for e in arbre.iter("PAYS")} == {"FRA"}
    assert arbre.find(".//Evenement") is None
    presents = {e.tag for e in arbre.iter()}
    assert {"Grossesse", "DemandeRMI", "DossierPoleEmploi", "SuspensionDroit", "FinDroit", "Rattachement"} <= presents


def test_progression_et_fichier_partiel(contexte: ContexteDemo, tmp_path: Path) -> None:
    """Interrompue, l'écriture ne laisse pas un fichier qui se prendrait pour complet."""

    def interrompre(fait: int, total: int) -> None:
        raise RuntimeError(f"{fait}/{total}")

    chemin = tmp_path / "mois1.xml"
    with pytest.raises(RuntimeError, match="500/618"):
        ecrire_mois_initial(chemin, contexte, taille=600, graine=1, date_reference=REFERENCE, progression=interrompre)
    assert not chemin.exists()


@pytest.mark.lent
def test_taille_reelle(contexte: ContexteDemo, tmp_path: Path) -> None:
    resume = ecrire_mois_initial(
        tmp_path / "reel.xml", contexte, taille=62_549, graine=GRAINE, date_reference=REFERENCE
    )
    assert resume.foyers_payables == 62_549
    assert resume.personnes_payables == 94_681 + 43_213 + 10_633
    assert resume.soumis_payables == 48_861 + 5_298
