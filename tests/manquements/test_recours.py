"""Recours administratif préalable : son délai, sa réponse, son effet ; puis le retour dans l'année (L262-47, L262-38)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import timezone

from jalon.agents.models import Affectation, Agent
from jalon.agents.perimetre import Perimetre
from jalon.documents.models import Document
from jalon.manquements.decisions import constater_reception_decision, dernier_jour_du_recours
from jalon.manquements.models import DecisionSanction, RecoursSanction
from jalon.manquements.recours import decider_recours, enregistrer_recours, recours_a_decider
from jalon.manquements.retours import retour_sous_condition
from jalon.socle.errors import DroitManquantError, JalonError, TransitionRefuseeError
from tests.fabriques import un_contrat
from tests.manquements.sanctions import clore_le_droit, regle, une_sanction

pytestmark = pytest.mark.django_db
ARGUMENTS = "J'étais hospitalisée, je l'avais dit."
MARS = date(2026, 3, 31)


@pytest.fixture
def denise(distribution: Any) -> Agent:
    agent: Agent = distribution.agent("Denise", "decideur")
    return agent


@pytest.fixture
def decision(distribution: Any, monkeypatch: pytest.MonkeyPatch) -> DecisionSanction:
    """Notifiée le 31 mars 2026, reçue un 31 décembre pour éprouver la fin de février ; aujourd'hui, le 1er avril 2027."""
    decision = une_sanction(distribution, MARS, la_regle=regle("plein_emploi", "premiere"), duree=2)
    decision.recue_le = date(2026, 12, 31)
    decision.save(update_fields=["recue_le"])
    _au(monkeypatch, date(2027, 4, 1))
    return decision


def _au(monkeypatch: pytest.MonkeyPatch, jour: date) -> None:
    monkeypatch.setattr(timezone, "localdate", lambda *_: jour)


def _recours(decision: DecisionSanction, acteur: Agent, recu_le: date, arguments: str = ARGUMENTS) -> RecoursSanction:
    return enregistrer_recours(
        decision, acteur=acteur, perimetre=Perimetre.de(acteur), recu_le=recu_le, arguments=arguments
    )


@pytest.mark.parametrize(
    ("recu_le", "hors_delai"), [(date(2027, 2, 27), False), (date(2027, 2, 28), False), (date(2027, 3, 1), True)]
)
def test_le_delai_court_de_la_reception_et_finit_avec_le_mois(
    distribution: Any, decision: DecisionSanction, recu_le: date, hors_delai: bool
) -> None:
    """Reçue le 31 décembre, deux mois : jusqu'au 28 février compris. Un recours tardif est gardé, et marqué."""
    assert dernier_jour_du_recours(decision) == date(2027, 2, 28)
    recours = _recours(decision, distribution.siege, recu_le)

    assert recours.hors_delai is hors_delai
    assert list(recours_a_decider(Perimetre.de(distribution.siege))) == [recours]


def test_sans_reception_prouvee_le_delai_ne_court_pas(distribution: Any, decision: DecisionSanction) -> None:
    DecisionSanction.objects.filter(pk=decision.pk).update(recue_le=None)

    assert not _recours(decision, distribution.siege, date(2027, 3, 31)).hors_delai


def test_la_reponse_est_due_avant_son_echeance(distribution: Any, decision: DecisionSanction) -> None:
    assert _recours(decision, distribution.siege, date(2027, 2, 1)).echeance == date(2027, 4, 1)


def test_refuse_un_second_recours_tant_que_le_premier_est_ouvert(distribution: Any, decision: DecisionSanction) -> None:
    _recours(decision, distribution.siege, date(2027, 2, 1))
    with pytest.raises(TransitionRefuseeError, match="déjà en cours"):
        _recours(decision, distribution.siege, date(2027, 2, 2))


def test_refuse_un_recours_sans_arguments_d_avance_ou_trop_tot(distribution: Any, decision: DecisionSanction) -> None:
    for recu_le, arguments, phrase in (
        (date(2027, 2, 1), " ", "ce que dit la personne"),
        (date(2027, 4, 2), ARGUMENTS, "d'avance"),
        (date(2026, 3, 30), ARGUMENTS, "vient après"),
    ):
        with pytest.raises(JalonError, match=phrase):
            _recours(decision, distribution.siege, recu_le, arguments)


def test_refuse_un_recours_contre_une_decision_que_la_personne_ne_connait_pas(distribution: Any) -> None:
    decision = une_sanction(distribution, MARS, la_regle=regle("plein_emploi", "premiere"), etat="decidee")
    with pytest.raises(TransitionRefuseeError, match="rien à contester"):
        _recours(decision, distribution.siege, timezone.localdate())


def _repondre(recours: RecoursSanction, acteur: Agent, issue: str, **champs: Any) -> RecoursSanction:
    return decider_recours(
        recours, acteur=acteur, perimetre=Perimetre.de(acteur),
        **({"issue": issue, "motivation": "Le certificat d'hospitalisation est au dossier."} | champs),
    )  # fmt: skip


@pytest.fixture
def recours(distribution: Any, monkeypatch: pytest.MonkeyPatch) -> RecoursSanction:
    """Sanction d'avril et mai, contestée le 20 avril."""
    decision = une_sanction(distribution, MARS, la_regle=regle("plein_emploi", "premiere"), duree=2)
    DecisionSanction.objects.filter(pk=decision.pk).update(recue_le=date(2026, 4, 3))
    Affectation.objects.update(periode=DateRange(date(2026, 1, 1), None))
    _au(monkeypatch, date(2026, 4, 20))
    return _recours(decision, distribution.siege, date(2026, 4, 20))


def test_maintenue_la_sanction_court_encore(denise: Agent, recours: RecoursSanction) -> None:
    recours = _repondre(recours, denise, "maintien")

    assert recours.decision.etat == "notifiee"
    assert (recours.decide_le, recours.decide_par) == (date(2026, 4, 20), denise)
    assert recours.lettre is not None


def test_accueilli_la_sanction_n_a_valu_aucun_jour(denise: Agent, recours: RecoursSanction) -> None:
    recours = _repondre(recours, denise, "annulation")
    decision = DecisionSanction.objects.get(pk=recours.decision_id)

    assert (decision.etat, decision.motif_levee) == ("annulee", "recours")
    assert decision.periode is not None
    assert decision.periode.isempty


@pytest.mark.parametrize("issue", ["annulation", "reduction"])
def test_une_seule_lettre_repond_et_dit_l_effet(denise: Agent, recours: RecoursSanction, issue: str) -> None:
    avant = set(Document.objects.values_list("pk", flat=True))
    recours = _repondre(recours, denise, issue)

    assert set(Document.objects.values_list("pk", flat=True)) - avant == {recours.lettre_id}
    assert DecisionSanction.objects.get(pk=recours.decision_id).lettre_levee is None


def test_reduite_la_sanction_s_arrete_au_jour_dit(denise: Agent, recours: RecoursSanction) -> None:
    recours = _repondre(recours, denise, "reduction", le=date(2026, 4, 15))
    decision = DecisionSanction.objects.get(pk=recours.decision_id)

    assert (decision.etat, decision.motif_levee, decision.levee_le) == ("levee", "recours", date(2026, 4, 15))
    assert decision.periode is not None
    assert (decision.periode.lower, decision.periode.upper) == (date(2026, 4, 1), date(2026, 4, 15))


@pytest.mark.parametrize("levee_le", [None, date(2026, 5, 4)])
def test_finie_ou_deja_levee_elle_se_reduit_encore(
    denise: Agent, recours: RecoursSanction, monkeypatch: pytest.MonkeyPatch, levee_le: date | None
) -> None:
    """D'avril et mai, finie ou levée le 4 mai : le recours rend les jours retenus depuis le 15 avril."""
    if levee_le is not None:
        DecisionSanction.objects.filter(pk=recours.decision_id).update(
            etat="levee", periode=DateRange(date(2026, 4, 1), levee_le), levee_le=levee_le, levee_par=denise,
            motif_levee="en_regle",
        )  # fmt: skip
    _au(monkeypatch, date(2026, 7, 1))
    fini = date(2026, 6, 1) if levee_le is None else levee_le
    for le in (None, fini):
        with pytest.raises(JalonError, match="Dites depuis quel jour, avant celui-là"):
            _repondre(recours, denise, "reduction", le=le)
    decision = _repondre(recours, denise, "reduction", le=date(2026, 4, 15)).decision

    assert (decision.etat, decision.motif_levee, decision.levee_le) == ("levee", "recours", date(2026, 4, 15))
    assert decision.periode is not None
    assert (decision.periode.lower, decision.periode.upper) == (date(2026, 4, 1), date(2026, 4, 15))


def test_une_amende_ne_se_reduit_pas_elle_s_annule(distribution: Any, denise: Agent) -> None:
    decision = une_sanction(distribution, timezone.localdate(), la_regle=regle("plein_emploi", "amende"))
    recours = _recours(decision, distribution.siege, timezone.localdate())
    with pytest.raises(JalonError, match="Une amende ne se réduit pas : annulez-la"):
        _repondre(recours, denise, "reduction")
    assert _repondre(recours, denise, "annulation").decision.etat == "annulee"


def test_refuse_de_dire_irrecevable_un_recours_dans_le_delai(
    denise: Agent, distribution: Any, recours: RecoursSanction
) -> None:
    with pytest.raises(JalonError, match="dans le délai"):
        _repondre(recours, denise, "irrecevable")

    RecoursSanction.objects.filter(pk=recours.pk).update(hors_delai=True)
    assert _repondre(recours, denise, "irrecevable").decision.etat == "notifiee"


def _corriger(distribution: Any, decision: DecisionSanction, recue_le: date) -> None:
    constater_reception_decision(
        decision, acteur=distribution.siege, perimetre=Perimetre.de(distribution.siege), recu_le=recue_le,
        motif_correction="L'accusé de réception dit un autre jour.",
    )  # fmt: skip


@pytest.mark.parametrize(("recue_le", "tardif"), [(date(2026, 12, 31), True), (date(2027, 1, 1), False)])
def test_corriger_la_reception_recompte_le_delai_d_un_recours_sans_reponse(
    denise: Agent, distribution: Any, decision: DecisionSanction, recue_le: date, tardif: bool
) -> None:
    """Reçu le 1er mars : tardif si la lettre est du 31 décembre, dans le délai si elle est du 1er janvier."""
    recours = _recours(decision, distribution.siege, date(2027, 3, 1))
    _corriger(distribution, decision, recue_le)
    recours.refresh_from_db()

    assert recours.hors_delai is tardif
    if tardif:
        assert _repondre(recours, denise, "irrecevable").issue == "irrecevable"
    else:
        with pytest.raises(JalonError, match="dans le délai"):
            _repondre(recours, denise, "irrecevable")


def test_une_reception_prouvee_plus_tot_dit_le_recours_tardif(distribution: Any, decision: DecisionSanction) -> None:
    DecisionSanction.objects.filter(pk=decision.pk).update(recue_le=None)
    recours = _recours(decision, distribution.siege, date(2027, 3, 1))
    assert not recours.hors_delai
    _corriger(distribution, decision, date(2026, 12, 31))

    recours.refresh_from_db()
    assert recours.hors_delai


def test_corriger_la_reception_ne_change_pas_un_recours_deja_decide(
    denise: Agent, distribution: Any, decision: DecisionSanction
) -> None:
    recours = _repondre(_recours(decision, distribution.siege, date(2027, 3, 1)), denise, "irrecevable")
    _corriger(distribution, decision, date(2027, 1, 1))

    recours.refresh_from_db()
    assert recours.hors_delai


def test_refuse_une_reponse_sans_raison_ou_deux_fois(denise: Agent, recours: RecoursSanction) -> None:
    with pytest.raises(JalonError, match="pourquoi"):
        _repondre(recours, denise, "maintien", motivation=" ")
    with pytest.raises(JalonError, match="issue"):
        _repondre(recours, denise, "autre")
    _repondre(recours, denise, "maintien")
    with pytest.raises(TransitionRefuseeError, match="déjà sa réponse"):
        _repondre(recours, denise, "annulation")


def test_refuse_a_qui_ne_decide_pas(distribution: Any, recours: RecoursSanction) -> None:
    with pytest.raises(DroitManquantError):
        _repondre(recours, distribution.siege, "maintien")


# --- Le retour dans l'année (régime RSA)


def test_dans_l_annee_le_retour_demande_un_contrat_signe(distribution: Any) -> None:
    notifiee_le = date(2024, 2, 29)
    decision = une_sanction(distribution, notifiee_le, la_regle=regle("rsa", "premiere"))
    clore_le_droit(decision.personne, date(2024, 7, 1))

    retour = retour_sous_condition(decision.personne, date(2025, 2, 28))
    assert retour is not None
    assert (retour.decision, retour.jusqu_au, retour.contrat) == (decision, date(2025, 2, 28), None)
    assert "signature d'un contrat" in retour.phrase
    assert retour_sous_condition(decision.personne, date(2025, 3, 1)) is None
    assert retour_sous_condition(decision.personne, date(2024, 6, 30)) is None, "le droit n'était pas clos"

    contrat = un_contrat(distribution, personne=decision.personne, etat="signe", debut=date(2024, 9, 1))
    retour = retour_sous_condition(decision.personne, date(2024, 10, 1))
    assert retour is not None
    assert retour.contrat == contrat
    assert "permet de rouvrir" in retour.phrase


def test_un_contrat_signe_avant_la_sanction_ne_suffit_pas(distribution: Any) -> None:
    decision = une_sanction(distribution, date(2024, 3, 1), la_regle=regle("rsa", "premiere"))
    clore_le_droit(decision.personne, date(2024, 7, 1))
    un_contrat(distribution, personne=decision.personne, etat="signe", debut=date(2024, 2, 1))
    retour = retour_sous_condition(decision.personne, date(2024, 10, 1))

    assert retour is not None
    assert retour.contrat is None


def test_sans_droit_clos_depuis_il_n_y_a_pas_de_retour(distribution: Any) -> None:
    """Clos avant la décision, ou jamais : la sanction n'y est pour rien."""
    decision = une_sanction(distribution, date(2024, 3, 1), la_regle=regle("rsa", "premiere"))
    assert retour_sous_condition(decision.personne, date(2024, 10, 1)) is None
    clore_le_droit(decision.personne, date(2024, 2, 1))
    assert retour_sous_condition(decision.personne, date(2024, 10, 1)) is None


def test_sous_plein_emploi_le_retour_est_libre(distribution: Any) -> None:
    decision = une_sanction(distribution, MARS, la_regle=regle("plein_emploi", "premiere"))
    clore_le_droit(decision.personne, date(2026, 5, 1))

    assert retour_sous_condition(decision.personne, date(2026, 6, 1)) is None
