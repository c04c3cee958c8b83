"""D'un foyer en XML aux faits : ce qui est lu, gardé, signalé, et ce qui rend un foyer illisible."""

from __future__ import annotations

import pytest
from lxml import etree

from jalon.echanges.flux_caf.extraction import (
    NUL,
    Extraction,
    FoyerIllisibleError,
    FoyerRecu,
    lire_matricule,
    masquer_nir,
)
from jalon.personnes.models import TypeNir
from tests.echanges.flux_caf.fabrique import (
    adresse,
    avis_droit,
    avis_personne,
    bloc,
    foyer,
    mois_de_ressources,
    nature,
    personne,
)

NIR = "885046204100155"


def lire(xml: str) -> FoyerRecu:
    # La lecture rend des foyers sans mise en page ; l'extraction n'en reçoit pas d'autres.
    return Extraction(1, 10, b"e").lire(etree.tostring(etree.fromstring(xml, etree.XMLParser(remove_blank_text=True))))


def illisible(xml: str) -> FoyerIllisibleError:
    with pytest.raises(FoyerIllisibleError) as erreur:
        lire(xml)
    assert erreur.value.champ
    return erreur.value


# --- Matricules -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("brut", "attendu"),
    [
        ("205599000000000", "2055990"), ("2055990", "2055990"), ("55990", "0055990"), (" 2055990  ", "2055990"),
        ("205599000", "2055990"), ("000123400000000", "0001234"),
    ],
)  # fmt: skip
def test_matricule_caf(brut: str, attendu: str) -> None:
    assert lire_matricule("CAF", brut) == (attendu, "")


@pytest.mark.parametrize("brut", [NIR, NIR[:13], "2850A62041001", ""])
def test_matricule_msa(brut: str) -> None:
    if brut.startswith(NIR[:13]):
        assert lire_matricule("MSA", brut) == ("", NIR[:13])
    else:
        with pytest.raises(FoyerIllisibleError):
            lire_matricule("MSA", brut)


@pytest.mark.parametrize("regime", ["CAF", "OPF", "XYZ"])
def test_un_nir_annonce_par_une_autre_caisse_reste_un_nir(regime: str) -> None:
    """Sinon il serait écrit en clair dans la colonne du matricule."""
    assert lire_matricule(regime, NIR) == ("", NIR[:13])
    assert lire_matricule(regime, NIR[:13]) == ("", NIR[:13])


@pytest.mark.parametrize("brut", ["", "12A4567", "1234567890123456", "12 34567"])
def test_refuse_un_matricule_illisible_sans_le_repeter(brut: str) -> None:
    with pytest.raises(FoyerIllisibleError) as erreur:
        lire_matricule("CAF", brut)
    assert erreur.value.champ == "MATRICULE"
    assert not brut or brut not in str(erreur.value)


def test_un_motif_ne_repete_jamais_un_nir() -> None:
    assert NIR[:10] not in str(illisible(foyer(personnes=[personne(date_naissance=NIR)])))


@pytest.mark.parametrize(
    ("texte", "masque"),
    [
        (f"NIR {NIR} A REVOIR", True), (f"NIR {NIR[:13]}", True), ("1 85 04 62 041 001 55", False),
        ("MATRICULE 205599000000000", False), ("ALLOCATAIRE 2055990", False), ("285042A041001", True),
    ],
)  # fmt: skip
def test_un_nir_dans_un_libelle_n_est_pas_garde(texte: str, masque: bool) -> None:
    assert (masquer_nir(texte) != texte) is masque


@pytest.mark.parametrize(("regime", "garde"), [("CAF", "2055990"), ("MSA", ""), ("ZZZ", "")])
def test_matricule_chez_le_cedant(regime: str, garde: str) -> None:
    recu = lire(foyer(cedant=(regime, "594", "2055990" if regime == "CAF" else NIR, "2026-09-01")))
    assert recu.situation[18:21] == (f"{regime} 594", garde, "2026-09-01")


# --- Personnes ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("nir", "type_lu", "code"),
    [
        ("", None, None),
        ("8850462041001", TypeNir.CERTAIN, None),
        ("3850462041001", TypeNir.ATTENTE, None),
        ("885046204100100", TypeNir.CLE_FAUSSE, "nir_cle_fausse"),
        ("88504620410", TypeNir.ILLISIBLE, "nir_illisible"),
        ("ABC", TypeNir.ILLISIBLE, "nir_illisible"),
    ],
)  # fmt: skip
def test_nir(nir: str, type_lu: str | None, code: str | None) -> None:
    recu = lire(foyer(personnes=[personne(nir=nir, activites=())]))
    (lue,) = recu.personnes
    assert (lue.nir.type if lue.nir else None) == type_lu
    assert [a[0] for a in recu.anomalies] == ([code] if code else [])
    assert not any(nir and nir in detail for _, detail in recu.anomalies)


def test_chaines_completees_et_balises_vides() -> None:
    recu = lire(foyer(personnes=[personne("DURAND   ", " CAMILLE ", prenom2="  ", commune_naissance="")]))
    identite = recu.personnes[0].identite
    assert (identite.nom, identite.prenom, identite.prenom2, identite.commune_naissance) == (
        "DURAND",
        "CAMILLE",
        "",
        "",
    )


def test_un_texte_sur_plusieurs_lignes_tient_sur_une() -> None:
    """Une tabulation ou un saut de ligne casserait l'écriture en masse."""
    recu = lire(
        foyer(
            personnes=[personne("DU\tRAND", "CA\nMILLE", rattachements=[("A\tB", "C\nD", "2020-01-01", NIR, "ENF")])],
            adresses=[adresse(etranger=["RUE\tNEUVE", "GAND\nSUD"], pays="BEL")],
            demande_rmi=("2005-01-01", "062", "X\tY", "62041", "1", "2", "3"),
        )
    )
    assert recu.personnes[0].identite.nom == "DU RAND"
    tous = [
        *recu.situation, *recu.adresses[0], *recu.personnes[0].rattachement, *recu.personnes[0].identite.colonnes(),
        recu.instruction_rmi,
    ]  # fmt: skip
    assert not any("\t" in t or "\n" in t for t in tous)
    assert not any(NIR[:13] in t for t in tous)


def test_nom_de_naissance_ou_nom_d_usage_seul() -> None:
    seul = lire(foyer(personnes=[personne("DURAND", nom_naissance="")])).personnes[0].identite
    assert (seul.nom, seul.nom_naissance) == ("DURAND", "DURAND")
    autre = lire(foyer(personnes=[personne("", nom_naissance="DURAND")])).personnes[0].identite
    assert (autre.nom, autre.nom_naissance) == ("DURAND", "DURAND")


@pytest.mark.parametrize(
    ("soumis", "attendu"), [(True, "true"), (False, "false"), (None, None)], ids=["oui", "non", "absent"]
)
def test_le_top_est_recu_tel_quel(soumis: bool | None, attendu: str | None) -> None:
    soumission = (
        lire(foyer(personnes=[personne(soumis=soumis, montant_ressources="0000167.94")])).personnes[0].soumission
    )
    assert (soumission and soumission[0]) == attendu
    assert soumission is None or soumission[2] == "167.94"


def test_un_top_vide_n_est_pas_un_non() -> None:
    assert lire(foyer(personnes=[personne(TOPPERSDRODEVORSA="")])).personnes[0].soumission is None


def test_ressources_par_mois_et_par_nature() -> None:
    ressources = [
        mois_de_ressources("2026-07-01", ("001", "0000800.00"), ("010", "120.5", "N"), heures=35),
        mois_de_ressources("2026-08-01"),
    ]
    faits = lire(foyer(personnes=[personne(ressources=ressources)])).personnes[0].ressources
    assert [(f[3], f[4], f[5], f[6], f[7]) for f in faits] == [
        ("2026-07-01", "35", "001", "800.00", ""), ("2026-07-01", "35", "010", "120.50", "N"),
    ]  # fmt: skip
    vide = lire(foyer(personnes=[personne(ressources=[])])).personnes[0].ressources
    assert vide == [("2026-07-01", "2026-09-30", "true", NUL, NUL, "", NUL, "")]


# --- Le foyer -------------------------------------------------------------------------------------------


def test_tout_un_foyer() -> None:
    recu = lire(
        foyer(
            adresses=[adresse("01"), adresse("02", commune="62765"), adresse("03", etranger=["1 RUE", "GAND"], pays="BEL")],
            etat="4", suspensions_droit=[("01", "2026-07-01", "PR"), ("02", "2026-08-01")],
            suspensions_versement=[("01", "2026-08-01"), ("02", "2026-09-01")],
            natures=[nature("RSD"), nature("RSI", "RSIN1"), nature("RCD")],
            avis=avis_droit(conditions=[("A", "01", "un", "deux", "2026-01-01")], reductions=[("80.00", "2026-02-01", None)],
                            paiement_tiers=("A", "2026-03-01", "ASSO", "M")),
            personnes=[personne(activites=[("SAN", "2024-01-01"), ("CDI", "2020-01-01", "2023-12-31")],
                                avis_pcg=avis_personne(exclusion=("O", "2026-01-01", None),
                                                       derogations=[("ETU", "A", "2026-01-01", None)]))],
            evenements=[("2026-09-02", "08:30:00.000", "DEMRSA"), ("2026-09-03", "09:00:00", "CHGADR")],
            refus=("01", "2026-01-01"), fin_droit_anterieur=("RSO", "2025-12-01"),
        )
    )  # fmt: skip
    assert [a[0] for a in recu.adresses] == ["1", "2", "3"]
    assert recu.adresses[2][14] == "1 RUE\u2003GAND"
    assert len(recu.suspensions) == 4
    assert recu.suspensions[0] == ("droit", "01", "2026-07-01", "PR")
    assert [n[0] for n in recu.natures] == ["RSD", "RSI", "RCD"]
    assert [a[0] for a in recu.avis] == ["condition_administrative", "reduction", "paiement_tiers"]
    assert [a[0] for a in recu.personnes[0].avis] == ["derogation", "exclusion"]
    assert [a[1] for a in recu.personnes[0].activites] == ["SAN", "CDI"]
    assert [e[1] for e in recu.evenements] == ["08:30:00", "09:00:00"]
    assert recu.montants[0][-1] == "401.00"
    assert recu.etat == "4"
    assert recu.situation[12:14] == ("01", "2026-01-01")
    assert recu.situation[16:18] == ("RSO", "2025-12-01")


@pytest.mark.parametrize("balise", ["ETATDOSRSA", "SITFAM", "ORIDEMRSA", "NATPF"])
def test_un_code_inconnu_est_garde_et_signale(balise: str) -> None:
    recu = lire(foyer(personnes=[personne(activites=())], **{balise: "ZQ9"}))  # type: ignore[arg-type]
    assert recu.anomalies == [("code_inconnu", f"{balise} = ZQ9")]
    assert any("ZQ9" in fait for fait in ((recu.situation), *recu.natures))


def test_un_bloc_inconnu_est_garde() -> None:
    inconnu = bloc("Nouveaute", bloc("Detail", A="1"), bloc("Detail", A="2"), NOM="x", NIR=NIR)
    xml = foyer().replace("</InfosFoyerRSA>", f"{inconnu}</InfosFoyerRSA>")
    (garde,) = lire(xml).blocs
    assert garde[0] == "Nouveaute"
    assert '"A": "1"' in garde[1]
    assert '"A": "2"' in garde[1]
    assert NIR[:13] not in garde[1]


def test_sans_demandeur_c_est_signale() -> None:
    assert ("sans_demandeur", "aucune personne n'a le rôle de demandeur") in lire(
        foyer(personnes=[personne(role="ENF")])
    ).anomalies


# --- Illisible ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("remplacements", "champ"),
    [
        ({"DTDEMRSA": "2026-13-45"}, "DTDEMRSA"), ({"DTDEMRSA": ""}, "DTDEMRSA"), ({"DTDEMRSA": "0001-01-01"}, "DTDEMRSA"),
        ({"NUMDEMRSA": ""}, "NUMDEMRSA"), ({"ETATDOSRSA": ""}, "ETATDOSRSA"), ({"NUMORG": ""}, "NUMORG"),
        ({"FONORG": ""}, "FONORG"), ({"MATRICULE": "??"}, "MATRICULE"), ({"MTTOTDRORSA": "douze"}, "MTTOTDRORSA"),
        ({"MTTOTDRORSA": "NaN"}, "MTTOTDRORSA"), ({"NBENFAUTCHA": "-1"}, "NBENFAUTCHA"), ({"RGADR": ""}, "RGADR"),
        ({"TOPSANSDOMFIXE": "peut-être"}, "TOPSANSDOMFIXE"), ({"NUMDEMRSA": "1" * 60}, "NUMDEMRSA"),
    ],
)  # fmt: skip
def test_champ_illisible(remplacements: dict[str, str], champ: str) -> None:
    erreur = illisible(foyer(**remplacements))  # type: ignore[arg-type]
    assert erreur.champ == champ
    assert str(erreur)


@pytest.mark.parametrize("champ", ["DTNAI", "PRENOM"])
def test_personne_illisible(champ: str) -> None:
    assert illisible(foyer(personnes=[personne(**{champ: ""})])).champ == champ  # type: ignore[arg-type]


def test_nom_absent() -> None:
    assert illisible(foyer(personnes=[personne("", nom_naissance=" ")])).champ == "NOM"


def test_heure_impossible() -> None:
    assert illisible(foyer(evenements=[("2026-09-02", "25:00:00", "DEMRSA")])).champ == "HEULIQ"


@pytest.mark.parametrize("absent", ["IdentificationRSA", "DonneesAdministratives", "PrestationRSA", "Personne"])
def test_bloc_obligatoire_absent(absent: str) -> None:
    racine = etree.fromstring(foyer())
    racine.remove(racine.find(absent))
    assert illisible(etree.tostring(racine, encoding="unicode")).champ == absent
