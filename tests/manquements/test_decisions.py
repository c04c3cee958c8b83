"""Décider, notifier, lever, annuler : ce que le service refuse d'un coup, ce que la personne reçoit."""

from __future__ import annotations

import io
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import timezone
from pypdf import PdfReader

from jalon.accompagnements.models import DesignationReferent
from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.documents.services import lire_document
from jalon.manquements.decisions import (
    SanctionRefuseeError,
    acceder_decision,
    annuler_sanction,
    constater_reception_decision,
    decider_sanction,
    lever_sanction,
    notifier_decision,
)
from jalon.manquements.legalite import debut_habituel
from jalon.manquements.models import DecisionSanction, Manquement
from jalon.personnes.models import Rapprochement, Rattachement
from jalon.personnes.services import annuler_fusion, fusionner_personnes
from jalon.socle.errors import DroitManquantError, HorsPerimetreError, JalonError, TransitionRefuseeError
from jalon.traces.models import Acte
from tests.fabriques import PersonneFactory
from tests.manquements.fabriques import il_y_a, un_manquement
from tests.manquements.sanctions import (
    MOTIVATION,
    contrainte,
    regle,
    un_dossier_a_decider,
    un_projet,
    une_personne_soumise,
    une_sanction,
)

pytestmark = pytest.mark.django_db
PREMIERE = ("plein_emploi", "premiere")


@pytest.fixture
def denise(distribution: Any) -> Agent:
    """Décide par délégation du président."""
    agent: Agent = distribution.agent("Denise", "decideur")
    return agent


def _decider(manquement: Manquement, acteur: Agent, **champs: Any) -> DecisionSanction:
    defauts = {"regle": regle(*PREMIERE), "taux": 50, "duree": 1, "motivation": MOTIVATION}
    return decider_sanction(manquement, acteur=acteur, perimetre=Perimetre.de(acteur), **(defauts | champs))


def _au(monkeypatch: pytest.MonkeyPatch, jour: date) -> None:
    monkeypatch.setattr(timezone, "localdate", lambda *_: jour)


# --- Décider


def test_decide_dans_la_grille_et_fige_ce_qui_a_ete_verifie(distribution: Any, denise: Agent) -> None:
    manquement = un_manquement(distribution, etat="averti")
    decision = _decider(manquement, denise)

    jour = timezone.localdate()
    assert (decision.etat, decision.decidee_le, decision.debut) == ("decidee", jour, debut_habituel(jour))
    assert (decision.rang, decision.taux_min, decision.plafond_foyer, decision.soumise) == ("premiere", 30, 50, True)
    manquement.refresh_from_db()
    assert (manquement.etat, manquement.clos_le) == ("sanctionne", jour)
    acte = Acte.objects.get(code="manquements.sanction.decidee")
    assert acte.personnes == [decision.personne.public_id]
    assert "50 %" in acte.resume


def test_refuse_en_disant_tout_ce_qui_manque(distribution: Any, denise: Agent) -> None:
    manquement = un_manquement(distribution, etat="averti", recu=False)
    with pytest.raises(SanctionRefuseeError) as capture:
        _decider(manquement, denise, taux=10, duree=6, motivation=" ")

    assert [r.contrainte for r in capture.value.refus] == [
        "sanction_apres_avertissement", "sanction_motivee", "sanction_taux_dans_la_grille",
        "sanction_duree_dans_la_grille",
    ]  # fmt: skip
    assert all(r.phrase in str(capture.value) for r in capture.value.refus)
    assert not DecisionSanction.objects.exists()
    manquement.refresh_from_db()
    assert manquement.etat == "averti"


def test_refuse_quand_le_dossier_montre_un_tort_du_service(distribution: Any, denise: Agent) -> None:
    """R62 : le tort est recalculé au moment de décider, même si personne ne l'a relevé avant."""
    manquement = un_manquement(distribution, etat="averti")
    DesignationReferent.objects.filter(personne=manquement.personne).delete()
    with pytest.raises(SanctionRefuseeError, match="service est en cause"):
        _decider(manquement, denise)


def test_refuse_plus_de_la_moitie_pour_un_foyer_meme_invisible_de_l_agent(distribution: Any, denise: Agent) -> None:
    manquement = un_manquement(distribution, etat="averti")
    Rattachement.objects.create(
        foyer=manquement.personne.rattachements.get().foyer, personne=PersonneFactory(territoire=None), role="CJT",
        periode=DateRange(il_y_a(60), None),
    )  # fmt: skip
    with pytest.raises(SanctionRefuseeError, match="plusieurs personnes"):
        _decider(manquement, denise, taux=51)

    assert _decider(manquement, denise, taux=50).foyer_plusieurs


def test_refuse_avant_l_avertissement(distribution: Any, denise: Agent) -> None:
    with pytest.raises(TransitionRefuseeError, match="d'abord recevoir"):
        _decider(un_manquement(distribution, etat="saisi"), denise)


def test_refuse_de_decider_deux_fois(distribution: Any, denise: Agent) -> None:
    manquement = un_manquement(distribution, etat="averti")
    _decider(manquement, denise)
    with pytest.raises(TransitionRefuseeError, match="plus rien à y décider"):
        _decider(manquement, denise)


def test_refuse_a_qui_ne_decide_pas(distribution: Any) -> None:
    with pytest.raises(DroitManquantError):
        _decider(un_manquement(distribution, etat="averti"), distribution.siege)


def test_explique_un_refus_que_la_base_est_seule_a_voir(distribution: Any, denise: Agent) -> None:
    """Une grille que l'on contourne : la règle change entre la lecture et l'écriture."""
    manquement = un_dossier_a_decider(distribution, timezone.localdate())
    projet = un_projet(manquement, regle(*PREMIERE), timezone.localdate())
    with pytest.raises(IntegrityError) as capture:
        DecisionSanction.objects.bulk_create(
            [DecisionSanction(**(projet.colonnes() | {"taux_max": 90}), decidee_par=denise)]
        )
    assert contrainte(capture.value) == "sanction_fidele_au_dossier"
    assert "taux_max" in str(capture.value)


# --- Notifier


def test_notifie_par_une_lettre_et_la_reception_ouvre_le_recours(distribution: Any, denise: Agent) -> None:
    decision = _decider(un_manquement(distribution, etat="averti"), denise)
    perimetre = Perimetre.de(distribution.siege)
    decision = notifier_decision(decision, acteur=distribution.siege, perimetre=perimetre)

    assert (decision.etat, decision.notifiee_le) == ("notifiee", timezone.localdate())
    assert decision.lettre is not None
    assert decision.lettre.nature == "decision_sanction"
    decision = constater_reception_decision(
        decision, acteur=distribution.siege, perimetre=perimetre, recu_le=timezone.localdate()
    )
    assert decision.recue_le == timezone.localdate()
    with pytest.raises(TransitionRefuseeError, match="dites pourquoi"):
        constater_reception_decision(
            decision, acteur=distribution.siege, perimetre=perimetre, recu_le=timezone.localdate()
        )


def test_refuse_une_reception_avant_la_lettre(distribution: Any, denise: Agent) -> None:
    decision = _decider(un_manquement(distribution, etat="averti"), denise)
    perimetre = Perimetre.de(denise)
    with pytest.raises(TransitionRefuseeError, match="pas notifiée"):
        constater_reception_decision(decision, acteur=denise, perimetre=perimetre, recu_le=timezone.localdate())
    decision = notifier_decision(decision, acteur=denise, perimetre=perimetre)
    for jour, phrase in ((il_y_a(1), "pas pu être reçue avant"), (il_y_a(-1), "ne se note pas d'avance")):
        with pytest.raises(JalonError, match=phrase):
            constater_reception_decision(decision, acteur=denise, perimetre=perimetre, recu_le=jour)


def test_notifiee_tard_la_sanction_est_retardee(
    distribution: Any, denise: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    decision = _decider(un_manquement(distribution, etat="averti"), denise)
    assert decision.debut is not None
    tard = decision.debut + timedelta(days=3)
    _au(monkeypatch, tard)
    decision = notifier_decision(decision, acteur=denise, perimetre=Perimetre.de(denise))

    assert decision.debut == debut_habituel(tard)
    assert decision.periode is not None
    assert decision.periode.lower == debut_habituel(tard)
    decision.refresh_from_db()
    assert decision.debut == debut_habituel(tard)


def test_refuse_en_sql_une_notification_apres_le_debut(distribution: Any) -> None:
    decision = une_sanction(distribution, date(2026, 3, 31), la_regle=regle(*PREMIERE), etat="decidee")
    with pytest.raises(IntegrityError) as capture:
        DecisionSanction.objects.filter(pk=decision.pk).update(notifiee_le=date(2026, 4, 2))
    assert contrainte(capture.value) == "sanction_notifiee_avant_son_effet"


def test_refuse_en_sql_une_notification_sans_lettre(distribution: Any) -> None:
    decision = une_sanction(distribution, date(2026, 3, 31), la_regle=regle(*PREMIERE), etat="decidee")
    with pytest.raises(IntegrityError) as capture:
        DecisionSanction.objects.filter(pk=decision.pk).update(etat="notifiee", notifiee_le=date(2026, 3, 31))
    assert contrainte(capture.value) == "sanction_notifiee_par_lettre"


def test_refuse_en_sql_une_levee_sans_motif(distribution: Any) -> None:
    decision = une_sanction(distribution, date(2026, 3, 31), la_regle=regle(*PREMIERE))
    with pytest.raises(IntegrityError) as capture:
        DecisionSanction.objects.filter(pk=decision.pk).update(etat="levee", levee_le=date(2026, 4, 2))
    assert contrainte(capture.value) == "sanction_levee_motivee"


# --- Lever, annuler


def _notifiee(distribution: Any, denise: Agent, **champs: Any) -> DecisionSanction:
    decision = _decider(un_manquement(distribution, etat="averti"), denise, **champs)
    return notifier_decision(decision, acteur=denise, perimetre=Perimetre.de(denise))


def test_la_personne_en_regle_la_sanction_s_arrete_ce_jour(
    distribution: Any, denise: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    """L262-37, I : levée dès que la personne se met en règle, même si on l'apprend plus tard."""
    decision = _notifiee(distribution, denise, duree=2)
    assert decision.debut is not None
    le = decision.debut + timedelta(days=9)
    _au(monkeypatch, le + timedelta(days=6))
    decision = lever_sanction(decision, acteur=denise, perimetre=Perimetre.de(denise), le=le, motif="en_regle")

    assert (decision.etat, decision.levee_le, decision.periode) == ("levee", le, DateRange(decision.debut, le))
    assert decision.lettre_levee is not None


def test_levee_avant_son_debut_elle_n_aura_rien_retenu(distribution: Any, denise: Agent) -> None:
    decision = _notifiee(distribution, denise)
    decision = lever_sanction(
        decision, acteur=denise, perimetre=Perimetre.de(denise), le=timezone.localdate(), motif="en_regle"
    )
    decision.refresh_from_db()
    assert decision.periode is not None
    assert decision.periode.isempty


def test_refuse_de_lever_sans_raison_d_avance_ou_trop_tard(
    distribution: Any, denise: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    decision = _notifiee(distribution, denise)
    assert decision.periode is not None
    perimetre, jour, fin = Perimetre.de(denise), timezone.localdate(), decision.periode.upper
    for le, motif, phrase in (
        (jour, "", "pourquoi"),
        (jour, "situation", "Précisez"),
        (jour + timedelta(days=1), "en_regle", "d'avance"),
        (jour - timedelta(days=1), "en_regle", "ne peut pas s'arrêter avant"),
    ):
        with pytest.raises(JalonError, match=phrase):
            lever_sanction(decision, acteur=denise, perimetre=perimetre, le=le, motif=motif)
    _au(monkeypatch, fin)
    with pytest.raises(TransitionRefuseeError, match="rien à lever"):
        lever_sanction(decision, acteur=denise, perimetre=perimetre, le=fin, motif="en_regle")


def test_refuse_de_lever_ce_qui_n_est_pas_notifie_ou_une_amende(distribution: Any, denise: Agent) -> None:
    perimetre, jour = Perimetre.de(denise), timezone.localdate()
    decision = _decider(un_manquement(distribution, etat="averti"), denise)
    with pytest.raises(TransitionRefuseeError, match="annulez-la plutôt"):
        lever_sanction(decision, acteur=denise, perimetre=perimetre, le=jour, motif="en_regle")

    fraude = un_manquement(distribution, etat="avis_rendu", motif="fraude")
    amende = _decider(
        fraude, denise, regle=regle("plein_emploi", "amende"), taux=None, duree=None, montant=Decimal("250.00")
    )
    amende = notifier_decision(amende, acteur=denise, perimetre=perimetre)
    with pytest.raises(TransitionRefuseeError, match="ne se lève pas"):
        lever_sanction(amende, acteur=denise, perimetre=perimetre, le=jour, motif="en_regle")
    amende = annuler_sanction(amende, acteur=denise, perimetre=perimetre, motif="erreur", precision="Pas de fraude.")
    assert amende.etat == "annulee"


@pytest.mark.parametrize("notifiee", [True, False])
def test_annulee_elle_n_a_valu_aucun_jour(distribution: Any, denise: Agent, notifiee: bool) -> None:
    """La personne ne reçoit une lettre que si elle connaissait la sanction."""
    decision = (
        _notifiee(distribution, denise) if notifiee else _decider(un_manquement(distribution, etat="averti"), denise)
    )
    decision = annuler_sanction(
        decision, acteur=denise, perimetre=Perimetre.de(denise), motif="erreur", precision="Mauvaise personne."
    )
    decision.refresh_from_db()

    assert decision.etat == "annulee"
    assert decision.periode is not None
    assert decision.periode.isempty
    assert (decision.lettre_levee is not None) is notifiee
    with pytest.raises(TransitionRefuseeError, match="déjà annulée"):
        annuler_sanction(decision, acteur=denise, perimetre=Perimetre.de(denise), motif="erreur", precision="Encore.")


# --- Accès, réunion de dossiers


def test_une_decision_se_lit_dans_son_perimetre_seulement(distribution: Any) -> None:
    decision = une_sanction(distribution, date(2026, 3, 31), la_regle=regle(*PREMIERE))

    assert acceder_decision(Perimetre.de(distribution.siege), decision.public_id) == decision
    etrangere = distribution.agent("Elsa", "chef_territoire", territoire=distribution.autre_territoire)
    with pytest.raises(HorsPerimetreError):
        acceder_decision(Perimetre.de(etrangere), decision.public_id)


def test_reunir_deux_dossiers_sanctionnes_aux_memes_jours(distribution: Any) -> None:
    """La sanction du dossier gardé reste ; l'autre lui cède les jours communs, et se lit encore."""
    depuis = date(2024, 1, 1)
    gardee, absorbee = (une_personne_soumise(distribution, depuis) for _ in range(2))
    tenue = une_sanction(distribution, date(2026, 3, 31), la_regle=regle(*PREMIERE), personne=gardee, duree=2)
    cedante = une_sanction(
        distribution, date(2026, 3, 31), la_regle=regle(*PREMIERE), personne=absorbee, debut=date(2026, 5, 1), duree=2
    )
    doute = Rapprochement.objects.create(
        ancienne=gardee, nouvelle=absorbee, score=92, motif="même nom", date_flux=date(2026, 10, 31)
    )
    fusion = fusionner_personnes(doute, acteur=distribution.siege, gardee=gardee)

    tenue.refresh_from_db()
    cedante.refresh_from_db()
    assert tenue.periode == DateRange(date(2026, 4, 1), date(2026, 6, 1))
    assert cedante.periode == DateRange(date(2026, 6, 1), date(2026, 7, 1))
    assert cedante.personne_id == gardee.pk
    annuler_fusion(fusion, acteur=distribution.siege)
    cedante.refresh_from_db()
    assert cedante.periode == DateRange(date(2026, 5, 1), date(2026, 7, 1))
    assert cedante.personne_id == absorbee.pk


def test_annulee_apres_sa_levee_elle_garde_le_jour_de_la_levee(distribution: Any, denise: Agent) -> None:
    """Le service était en cause : la personne lit des excuses, et pourquoi ; les chiffres d'avant ne changent pas."""
    decision, perimetre = _notifiee(distribution, denise), Perimetre.de(denise)
    jour = timezone.localdate()
    lever_sanction(decision, acteur=denise, perimetre=perimetre, le=jour, motif="en_regle")
    with pytest.raises(JalonError, match="Précisez"):
        annuler_sanction(decision, acteur=denise, perimetre=perimetre, motif="service")
    decision = annuler_sanction(
        decision,
        acteur=denise,
        perimetre=perimetre,
        motif="service",
        precision="Aucun rendez-vous n'avait été proposé.",
    )
    decision.refresh_from_db()
    assert (decision.etat, decision.levee_avant_le, decision.motif_levee) == ("annulee", jour, "service")
    assert decision.lettre_levee is not None
    lue = " ".join(PdfReader(io.BytesIO(lire_document(decision.lettre_levee))).pages[0].extract_text().split())
    assert "Nous n'avions pas fait ce que nous devions" in lue.replace("\u2019", "'")
    assert "Aucun rendez-vous n'avait été proposé" in lue.replace("\u2019", "'")
