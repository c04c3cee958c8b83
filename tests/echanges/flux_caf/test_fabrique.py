"""La fabrique produit des fichiers valides au sens du XSD de la CNAF."""

from decimal import Decimal
from pathlib import Path

import pytest
from lxml import etree

from tests.echanges.flux_caf.fabrique import (
    adresse,
    avis_droit,
    avis_personne,
    controle,
    creance_alimentaire,
    flux_xml,
    foyer,
    mois_de_ressources,
    nature,
    personne,
)

XSD = Path(__file__).parents[4] / "shared" / "formats" / "vrsb0801.xsd"

PERSONNE_COMPLETE = personne(
    "LÉGER", "CHLOÉ", "1990-02-03", "885046200000112", sexe="2", nom_naissance="BŒUF", prenom2="ANNE",
    prenom3="ZOÉ", rang_naissance=1, soumis=True, entrant=False, fin_rattachement="2026-10-31",
    demande_precedente="00000000009", identifiant_pole_emploi="1234567A",
    rattachements=[("DURAND", "LÉO", "2015-01-02", None, "LEG"), ("DURAND", "ZOÉ", "2016-01-02", "815", "LEG")],
    ressources=[
        mois_de_ressources("2026-07-01", ("001", "000401.00"), ("010", Decimal("120.5"), "N"), heures=35),
        mois_de_ressources("2026-08-01", ("000", 0)),
    ],
    montant_ressources="000401.00", montant_abattement="000000.00", contrat_travail="CDD",
    activites=[("SAL", "2026-01-01", "2026-03-31"), ("CHO", "2026-04-01")],
    asf=[("HB", "P", "2025-01-01"), ("RS", "P", "2025-06-01", "2025-12-31")],
    creances_alimentaires=[creance_alimentaire(motif_dispense="PHE", commentaire="été", sanction="000010.00")],
    grossesse=("2026-05-01", None, "2026-07-01", None), agricole=("0001200.00", "R", "2025-12-31"),
    avis_pcg=avis_personne(
        eti=("D", "2026-01-01", None, "000300.00"), derogations=[("AGE", "D", "2026-01-01", None)],
        exclusion=("E", "2026-02-01", "2026-03-01"), liberalite=("000050.00", "2026-01-15"),
    ),
    avis_cgss=("O", "F"),
)  # fmt: skip

FOYER_COMPLET = foyer(
    "00000000002",
    demande_rmi=("2008-01-01", "062", "A", "041", "01", "00012", "001"),
    cedant=("CAF", "591", "205599000000000", "2026-09-01"), prenant=("MSA", "751", "2026-10-31"),
    personnes=[PERSONNE_COMPLETE, personne("DURAND", "LÉO", role="ENF", soumis=None, activites=(), qualite=None)],
    adresses=[adresse(), adresse("02", etranger=["RUE X", "BRUXELLES"], pays="BEL"), adresse("03")],
    regime_agricole="SAL", sitfam=("VIM", "2019-05-05"), etat="4", refus=("DSD", "2024-05-01"),
    suspensions_droit=[("DA", "2026-08-01"), ("GK", "2026-09-01", "RSX")],
    suspensions_versement=[("05", "2026-09-01")], fin_droit=("RFD", "2026-10-31"),
    fin_droit_anterieur=("PCG", "2026-09-30"), nb_enfants=None, date_origine="2024-03-01", foyer_soumis=None,
    specificite_dom={"SURFAGRIDOM": "001.50", "DDSURFAGRIDOM": "2025-01-01"},
    montants={"MTPFRSA": None, "MTREDCGRSA": "000100.00"}, natures=[nature(), nature("RCD", "RCDN2", montant=None)],
    avis=avis_droit(
        conditions=[("D", "01", "première", None, "2026-01-01")], reductions=[("000100.00", "2026-01-01", None)],
        paiement_tiers=("D", "2026-01-01", "UDAF", "M"),
    ),
    evenements=[("2026-10-03", "10:11:12", "SITFAM"), ("2026-10-04", "08:00:00", "ENTDED")],
    controles=[controle(), controle(cible_msa="ABC", indu="000000100.00", rappel="000000010.00")],
    anomalies=["NIR ABSENT"],
)  # fmt: skip


@pytest.mark.skipif(not XSD.exists(), reason="le schéma de la CNAF n'est pas sur cette machine")
@pytest.mark.parametrize(
    "contenu",
    [
        flux_xml(),
        flux_xml([foyer()]),
        flux_xml([foyer(NUMDEMRSA="0000000001 ", NOM="DURAND          ", MTTOTDRORSA="000401.00")]),
        flux_xml([foyer(fonorg="MSA", numorg="751")], applieme="AGO", version="0801"),
        flux_xml([foyer(montants=False, natures=[], etat="1", personnes=[personne(soumis=None)])]),
        flux_xml([foyer(), FOYER_COMPLET], type_flux="I"),
        flux_xml([FOYER_COMPLET], encodage="utf-16-le", bom=True, declaration="UTF-16", fins_de_ligne="\r\n"),
        flux_xml([FOYER_COMPLET], encodage="utf-8", totaux=("00000001", "00000000")),
    ],
    ids=["sans-foyer", "defaut", "complete-d-espaces", "msa", "refuse", "complet", "utf-16", "utf-8"],
)
def test_un_fichier_fabrique_est_valide(contenu: bytes) -> None:
    etree.XMLSchema(etree.parse(str(XSD))).assertValid(etree.fromstring(contenu))


def test_le_matricule_d_un_foyer_msa_est_un_nir() -> None:
    matricule = etree.fromstring(foyer("00000000042", fonorg="MSA")).findtext(".//MATRICULE")
    assert matricule is not None
    assert len(matricule) in (13, 15)
    assert matricule.startswith("8")


def test_le_matricule_d_un_foyer_caf_est_cadre_a_gauche() -> None:
    assert etree.fromstring(foyer("00000000042")).findtext(".//MATRICULE") == "000004200000000"


def test_un_remplacement_retire_une_balise() -> None:
    assert "DTDEMRSA" not in foyer(DTDEMRSA=None)


def test_un_remplacement_porte_sur_tout_le_foyer() -> None:
    deux = [personne("A"), personne("B")]
    assert foyer(personnes=deux, NOM="C").count("<NOM>C</NOM>") == 2


def test_une_faute_de_frappe_dans_un_remplacement_se_voit() -> None:
    with pytest.raises(ValueError, match="DTDEMRSSA"):
        foyer(DTDEMRSSA="x")


def test_un_argument_inconnu_se_voit() -> None:
    with pytest.raises(TypeError, match="inconnu"):
        foyer(matriculle="x")


def test_le_total_en_anomalie_compte_les_foyers_signales() -> None:
    racine = etree.fromstring(flux_xml([foyer(), foyer(anomalies=["X", "Y"])]))
    assert racine.findtext(".//NBTOTDOSRSATRANSMANO") == "1"
