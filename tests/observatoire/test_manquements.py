"""I23 : d'où viennent les saisines, ce qu'elles deviennent, à toute date ; et le tableau par territoire."""

from __future__ import annotations

import json
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from jalon.manquements.legalite import etablir_projet
from jalon.manquements.models import DecisionSanction, EtatDecision, EtatManquement, Manquement, RegleSanction
from jalon.observatoire.erreurs import TableauInconnuError
from jalon.observatoire.manquements import calculer, champ_de, procedures_derriere, tableau
from tests.distribution import Distribution
from tests.manquements.fabriques import un_avis, un_manquement, une_personne_suivie
from tests.observatoire.test_commandes import lancer

pytestmark = pytest.mark.django_db
FAITS = date(2026, 6, 1)
SAISI = FAITS + timedelta(days=16)
AVIS = FAITS + timedelta(days=55)
DECISION = FAITS + timedelta(days=65)
FIN = date(2026, 11, 20)


def sanctionne(distribution: Distribution, *, taux: int = 30, duree: int = 1, **champs: Any) -> DecisionSanction:
    """Procédure sanctionnée dans la grille du jour."""
    manquement = un_manquement(distribution, etat="avis_rendu", faits_le=FAITS, **champs)
    projet = etablir_projet(
        manquement, regle=RegleSanction.objects.get(regime__code="plein_emploi", code="premiere"), taux=taux,
        duree=duree, jour=DECISION, motivation="Aucune réponse.",
    )  # fmt: skip
    decision = DecisionSanction.objects.create(**projet.colonnes(), decidee_par=distribution.siege)
    Manquement.objects.filter(pk=manquement.pk).update(etat=EtatManquement.SANCTIONNE, clos_le=DECISION)
    return decision


def variantes(jour: date = FIN, **champs: Any) -> dict[str, Any]:
    return {v["code"]: v for v in calculer("I23", jour, **champs)["variantes"]}


def nombres(vues: dict[str, Any], *codes: str) -> list[tuple[Any, Any]]:
    return [(vues[code]["numerateur"], vues[code]["denominateur"]) for code in codes]


def test_compte_les_saisines_par_motif_et_ce_qu_elles_deviennent(distribution: Distribution) -> None:
    sanctionne(distribution)
    un_manquement(distribution, etat="classe", faits_le=FAITS, saisi_le=SAISI, saisi_par=distribution.siege,
                  motif_classement="service", motif="sollicitation", rendez_vous=False)  # fmt: skip
    un_manquement(distribution, etat="saisi", faits_le=FAITS)
    un_manquement(distribution, etat="prepare", faits_le=FAITS)
    i23 = calculer("I23", FIN)
    assert (i23["valeur"], i23["numerateur"]) == (3, 1)  # en préparation, ce n'est pas une saisine
    vues = variantes()
    assert nombres(vues, "motif_convocation", "motif_sollicitation", "sanctions", "classees", "en_cours") == [
        (2, 3), (1, 3), (1, 3), (1, 3), (1, 3),
    ]  # fmt: skip
    assert nombres(vues, "suspensions", "amendes", "classees_service", "classees_avis") == [
        (1, 1),
        (0, 1),
        (1, 1),
        (0, 1),
    ]


def test_se_lit_telle_que_c_etait_connu_a_la_date(distribution: Distribution) -> None:
    decision = sanctionne(distribution)
    DecisionSanction.objects.filter(pk=decision.pk).update(
        etat=EtatDecision.ANNULEE, levee_le=DECISION + timedelta(days=20), motif_levee="erreur",
        levee_par=distribution.siege,
    )  # fmt: skip
    suites = ("sanctions", "annulees", "en_cours")
    assert calculer("I23", SAISI - timedelta(days=1))["valeur"] == 0
    assert nombres(variantes(DECISION - timedelta(days=1)), *suites) == [(0, 1), (0, 1), (1, 1)]
    assert nombres(variantes(DECISION), *suites) == [(1, 1), (0, 1), (0, 1)]
    assert nombres(variantes(DECISION + timedelta(days=20)), *suites) == [(0, 1), (1, 1), (0, 1)]


def test_l_annulation_dit_quand_le_service_etait_en_cause(distribution: Distribution) -> None:
    for motif in ("service", "erreur"):
        decision = sanctionne(distribution)
        DecisionSanction.objects.filter(pk=decision.pk).update(
            etat=EtatDecision.ANNULEE, levee_le=FIN, motif_levee=motif, levee_par=distribution.siege
        )
    assert nombres(variantes(FIN - timedelta(days=1)), "annulees", "annulees_service") == [(0, 2), (0, 0)]
    assert nombres(variantes(FIN), "annulees", "annulees_service") == [(2, 2), (1, 2)]
    assert len(procedures_derriere(champ_de(FIN), "annulees_service")) == 1


def test_levee_puis_annulee_elle_reste_levee_entre_les_deux(distribution: Distribution) -> None:
    decision, levee = sanctionne(distribution), DECISION + timedelta(days=20)
    DecisionSanction.objects.filter(pk=decision.pk).update(
        etat=EtatDecision.ANNULEE,
        levee_avant_le=levee,
        levee_le=FIN,
        motif_levee="recours",
        levee_par=distribution.siege,
    )
    suites = ("sanctions", "levees", "annulees")
    assert nombres(variantes(levee - timedelta(days=1)), *suites) == [(1, 1), (0, 1), (0, 1)]
    assert nombres(variantes(levee), *suites) == [(1, 1), (1, 1), (0, 1)]
    assert nombres(variantes(FIN), *suites) == [(0, 1), (0, 0), (1, 1)]


def test_une_saisine_d_avant_la_periode_n_y_compte_pas(distribution: Distribution) -> None:
    un_manquement(distribution, etat="saisi", faits_le=FAITS)
    assert calculer("I23", FIN, du=SAISI)["valeur"] == 1
    assert calculer("I23", FIN, du=SAISI + timedelta(days=1))["valeur"] == 0


def test_compte_les_personnes_entendues_et_assistees(distribution: Distribution) -> None:
    un_manquement(distribution, etat="averti", faits_le=FAITS, entendue_le=AVIS, assistee_par="Son frère")
    un_manquement(distribution, etat="averti", faits_le=FAITS, entendue_le=AVIS)
    un_manquement(distribution, etat="averti", faits_le=FAITS)
    assert nombres(variantes(), "entendues", "assistees") == [(2, 3), (1, 2)]
    assert nombres(variantes(AVIS - timedelta(days=1)), "entendues", "assistees") == [(0, 3), (0, 0)]


def test_compte_les_avis_par_sens(distribution: Distribution) -> None:
    for sens in ("favorable", "defavorable", "partage"):
        un_manquement(distribution, etat="avis_rendu", faits_le=FAITS, sens=sens)
    repute = un_manquement(distribution, etat="averti", faits_le=FAITS)
    un_avis(repute, AVIS, sens="", vote="repute", seance=None)
    assert nombres(variantes(), "avis_favorable", "avis_defavorable", "avis_partage", "avis_repute", "avis_absent") == [
        (1, 4), (1, 4), (1, 4), (1, 4), (1, 4),
    ]  # fmt: skip


def test_un_avis_manque_le_lendemain_de_son_delai(distribution: Distribution) -> None:
    un_manquement(distribution, etat="averti", faits_le=FAITS, instance_convoquee_le=date(2026, 7, 31))
    assert variantes(date(2026, 8, 31))["avis_absent"]["numerateur"] == 0
    assert variantes(date(2026, 9, 1))["avis_absent"]["numerateur"] == 1


def test_mesure_les_delais_et_les_sanctions(distribution: Distribution) -> None:
    sanctionne(distribution, taux=30, duree=1)
    sanctionne(distribution, taux=100, duree=2)
    vues = variantes()
    manquement = Manquement.objects.select_related("avis").order_by("pk")[0]
    assert vues["delai_avis"]["valeur"] == (manquement.avis.rendu_le - SAISI).days
    assert vues["delai_avis_decision"]["valeur"] == (DECISION - manquement.avis.rendu_le).days
    assert vues["delai_decision"]["valeur"] == (DECISION - SAISI).days
    assert (vues["taux_median"]["valeur"], vues["duree_mediane"]["valeur"]) == (Decimal("65.0"), Decimal("1.5"))


def test_sans_saisine_une_part_n_est_pas_zero(distribution: Distribution) -> None:
    vues = variantes()
    assert vues[""]["valeur"] == 0
    assert vues["sanctions"]["valeur"] is None
    assert vues["delai_avis"]["valeur"] is None


def test_le_taux_de_sanction_se_compare_entre_territoires(distribution: Distribution) -> None:
    sanctionne(distribution)
    un_manquement(distribution, etat="saisi", faits_le=FAITS)
    ailleurs = une_personne_suivie(distribution)
    un_manquement(
        distribution, etat="saisi", faits_le=FAITS, personne=ailleurs, territoire=distribution.autre_territoire
    )
    lu = tableau(champ_de(FIN))
    par_lieu = {ligne.code: ligne for ligne in lu.lignes}
    assert par_lieu[distribution.territoire.code].part("sanctions") == Decimal("50.00")
    assert par_lieu[distribution.autre_territoire.code].part("sanctions") == Decimal("0.00")
    assert (lu.total.effectifs["saisines"], lu.total.taux, lu.total.duree) == (3, Decimal("30.0"), Decimal("1.0"))


def test_les_petits_effectifs_et_leurs_medianes_sont_masques(distribution: Distribution) -> None:
    for _ in range(6):
        sanctionne(distribution)
    ailleurs = une_personne_suivie(distribution)
    sanctionne(distribution, personne=ailleurs, territoire=distribution.autre_territoire, taux=100)
    publie = tableau(champ_de(FIN), seuil=5)
    par_lieu = {ligne.code: ligne for ligne in publie.lignes}
    for lieu in (distribution.territoire, distribution.autre_territoire):  # sinon 7 − 6 le redonnerait
        assert par_lieu[lieu.code].effectifs["sanctions"] is None
        assert (par_lieu[lieu.code].part("sanctions"), par_lieu[lieu.code].taux) == (None, None)
    assert publie.masque
    assert not tableau(champ_de(FIN)).masque


def test_un_nombre_ouvre_les_procedures_qu_il_compte(distribution: Distribution) -> None:
    decision = sanctionne(distribution)
    en_cours = un_manquement(distribution, etat="saisi", faits_le=FAITS, motif="sollicitation", rendez_vous=False)
    champ = champ_de(FIN)
    assert procedures_derriere(champ, "sanctions") == [decision.manquement_id]
    assert procedures_derriere(champ, "en_cours") == [en_cours.pk]
    assert procedures_derriere(champ, "motif:sollicitation") == [en_cours.pk]
    for inconnue in ("nulle_part", "motif:nulle_part"):
        with pytest.raises(TableauInconnuError):
            procedures_derriere(champ, inconnue)


def test_la_ligne_de_commande_rend_le_meme_nombre(
    distribution: Distribution, capsys: pytest.CaptureFixture[str]
) -> None:
    un_manquement(distribution, etat="saisi", faits_le=FAITS)
    assert lancer("indicateur", "I23", "--date", FIN.isoformat(), "--json") == 0
    rendu = json.loads(capsys.readouterr().out)
    assert (rendu["code"], rendu["valeur"], rendu["date"]) == ("I23", 1, FIN.isoformat())
    assert {v["code"] for v in rendu["variantes"]} >= {"sanctions", "classees_service", "delai_avis", "avis_absent"}
    assert lancer("indicateur", "I23", "--service", "ccas") == 2
    assert "ne se restreint pas par --service" in capsys.readouterr().err
