"""L'avertissement ou la décision que la poste a rendus : rien n'en court tant que la personne ne les a pas (R61, R65)."""

from __future__ import annotations

from datetime import date

import pytest

from jalon.agents.models import Agent
from jalon.documents.models import Envoi, EtatEnvoi
from jalon.manquements.avertissement import constater_reception, renvoyer_avertissement
from jalon.manquements.constats import constater
from jalon.manquements.decisions import constater_reception_decision, renvoyer_decision
from jalon.manquements.lettres import lettre_decision
from jalon.manquements.models import EtatDecision, EtatManquement, Manquement
from jalon.personnes.adresses import AdressePostale
from jalon.personnes.courriers import adresse_a_verifier, courriers_de, lettres_perdues, noter_retour
from jalon.personnes.liens import LienPersonnel
from jalon.personnes.models import Adresse, Rapprochement
from jalon.personnes.services import fusionner_personnes
from jalon.rendezvous.models import RendezVous
from jalon.socle.errors import DroitManquantError, JalonError, TransitionRefuseeError
from jalon.traces.models import Acte
from tests.distribution import Distribution
from tests.fabriques import une_adresse, une_allocataire
from tests.manquements.aides import qui
from tests.manquements.fabriques import il_y_a, un_manquement
from tests.manquements.plis import demenager, notifiee, rendre, un_avertissement
from tests.manquements.sanctions import regle, une_sanction

pytestmark = pytest.mark.django_db
PREUVE = "Avis de réception 2C 12"


@pytest.fixture
def avertie(distribution: Distribution) -> Manquement:
    return un_avertissement(distribution)


def recevoir(manquement: Manquement, agent: Agent, **options: object) -> Manquement:
    return constater_reception(manquement, recu_le=il_y_a(0), preuve=PREUVE, **(qui(agent) | options))  # type: ignore[arg-type]


def test_revenue_elle_ne_se_dit_pas_recue(distribution: Distribution, avertie: Manquement) -> None:
    rendre(avertie.avertissement, distribution.siege)
    with pytest.raises(TransitionRefuseeError, match="elle n'a pas été reçue"):
        recevoir(avertie, distribution.siege)
    avertie.refresh_from_db()
    assert (avertie.averti_recu_le, avertie.observations_jusqu_au) == (None, None)
    assert Acte.objects.filter(code="personnes.courrier.revenu").count() == 1


def test_remise_en_main_propre_elle_compte(distribution: Distribution, avertie: Manquement) -> None:
    rendre(avertie.avertissement, distribution.siege)
    tenu = recevoir(avertie, distribution.siege, en_main_propre=True)
    assert tenu.averti_recu_le == il_y_a(0)
    assert tenu.observations_jusqu_au is not None


def test_avisee_et_pas_reclamee_elle_compte_de_sa_presentation(distribution: Distribution, avertie: Manquement) -> None:
    rendre(avertie.avertissement, distribution.siege, "non_reclame", il_y_a(0))
    with pytest.raises(JalonError, match="n'a pas pu être reçue avant|pas avant ce jour"):
        constater_reception(avertie, recu_le=il_y_a(1), preuve=PREUVE, **qui(distribution.siege))
    assert recevoir(avertie, distribution.siege).averti_recu_le == il_y_a(0)


def test_s_ecrit_de_nouveau_a_la_nouvelle_adresse(distribution: Distribution, avertie: Manquement) -> None:
    rendre(avertie.avertissement, distribution.siege)
    with pytest.raises(TransitionRefuseeError, match="L'adresse du dossier est encore celle"):
        renvoyer_avertissement(avertie, **qui(distribution.siege))
    demenager(avertie.personne)
    jetons: list[str] = []

    tenu = renvoyer_avertissement(
        avertie, adresse_du_lien=lambda jeton: jetons.append(jeton) or jeton, **qui(distribution.siege)
    )

    assert (tenu.etat, tenu.averti_recu_le) == (EtatManquement.AVERTI, None)
    assert tenu.avertissement != avertie.avertissement
    partie = Envoi.objects.get(document=tenu.avertissement)
    assert "ACACIAS" in partie.destinataire
    assert partie.etat == EtatEnvoi.A_ENVOYER
    assert LienPersonnel.objects.filter(objet=tenu.public_id, revoque_le=None).count() == 1
    assert recevoir(tenu, distribution.siege).observations_jusqu_au is not None


def test_refuse_d_ecrire_de_nouveau_ce_qui_n_est_pas_revenu(distribution: Distribution, avertie: Manquement) -> None:
    with pytest.raises(TransitionRefuseeError, match="Aucun retour de cette lettre"):
        renvoyer_avertissement(avertie, **qui(distribution.siege))
    recevoir(avertie, distribution.siege)
    with pytest.raises(TransitionRefuseeError, match="réception de cette lettre est prouvée"):
        renvoyer_avertissement(avertie, **qui(distribution.siege))


def test_refuse_d_ecrire_de_nouveau_sans_le_droit_d_instruire(distribution: Distribution, avertie: Manquement) -> None:
    rendre(avertie.avertissement, distribution.siege)
    demenager(avertie.personne)
    with pytest.raises(DroitManquantError):
        renvoyer_avertissement(avertie, **qui(distribution.partenaire))


def test_refuse_de_noter_un_retour_sans_droit(distribution: Distribution, avertie: Manquement) -> None:
    with pytest.raises(DroitManquantError):
        rendre(avertie.avertissement, distribution.agent("Lise", "lecteur"))


def test_la_decision_revenue_ne_fait_courir_aucun_recours(distribution: Distribution) -> None:
    decision = notifiee(distribution)
    rendre(decision.lettre, distribution.siege)
    with pytest.raises(TransitionRefuseeError, match="elle n'a pas été reçue"):
        constater_reception_decision(decision, recu_le=il_y_a(0), **qui(distribution.siege))
    with pytest.raises(TransitionRefuseeError, match="L'adresse du dossier est encore celle"):
        renvoyer_decision(decision, **qui(distribution.siege))
    demenager(decision.personne)

    tenue = renvoyer_decision(decision, **qui(distribution.siege))

    assert tenue.lettre != decision.lettre
    assert (tenue.notifiee_le, tenue.debut, tenue.taux) == (decision.notifiee_le, decision.debut, decision.taux)
    recue = constater_reception_decision(tenue, recu_le=il_y_a(0), **qui(distribution.siege))
    assert recue.recue_le == il_y_a(0)
    with pytest.raises(TransitionRefuseeError, match="rien n'est à renvoyer"):
        renvoyer_decision(recue, **qui(distribution.siege))


def test_une_convocation_revenue_met_le_service_en_cause(distribution: Distribution) -> None:
    manquement = un_manquement(distribution)
    lettre = RendezVous.objects.get(pk=manquement.faits.get().rendez_vous_id).lettre
    assert [c.code for c in constater(manquement) if c.efface] == []
    Envoi.objects.filter(document=lettre).update(
        etat="revenu", revenu_le=il_y_a(5), motif_retour="non_reclame", presente_le=il_y_a(20)
    )
    assert [c.code for c in constater(manquement) if c.efface] == [], "présentée, elle est allée jusqu'à la personne"
    Envoi.objects.filter(document=lettre).update(motif_retour="adresse", presente_le=None)
    assert [c.code for c in constater(manquement) if c.efface] == ["adresse_fausse"]


def test_l_adresse_reste_a_verifier_tant_qu_elle_n_a_pas_change(
    distribution: Distribution, avertie: Manquement
) -> None:
    assert adresse_a_verifier(avertie.personne) is None
    retour = rendre(avertie.avertissement, distribution.siege)
    assert adresse_a_verifier(avertie.personne) == retour
    demenager(avertie.personne)
    assert adresse_a_verifier(avertie.personne) is None


def test_une_lettre_dite_recue_ne_revient_plus(distribution: Distribution, avertie: Manquement) -> None:
    recevoir(avertie, distribution.siege)
    assert Envoi.objects.get(document=avertie.avertissement).etat == EtatEnvoi.REMIS
    with pytest.raises(TransitionRefuseeError, match="n'a pas pu revenir"):
        rendre(avertie.avertissement, distribution.siege)


def test_refuse_une_remise_en_main_propre_d_avant_le_retour(distribution: Distribution, avertie: Manquement) -> None:
    rendre(avertie.avertissement, distribution.siege)
    Manquement.objects.filter(pk=avertie.pk).update(averti_le=il_y_a(20))
    hier = {"recu_le": il_y_a(1), "preuve": PREUVE, "en_main_propre": True} | qui(distribution.siege)
    with pytest.raises(JalonError, match="n'a pas pu être remis avant"):
        constater_reception(avertie, **hier)
    Envoi.objects.filter(document=avertie.avertissement).update(revenu_le=il_y_a(1))
    assert constater_reception(avertie, **hier).averti_recu_le == il_y_a(1)
    assert recevoir(avertie, distribution.siege).averti_recu_le == il_y_a(0), "la correction allonge, sans recocher"


def test_la_decision_recrite_n_est_pas_recue_avant_d_etre_ecrite(distribution: Distribution) -> None:
    decision = une_sanction(distribution, il_y_a(20), la_regle=regle("plein_emploi", "premiere"), etat="decidee")
    une_adresse(decision.personne)
    decision.lettre = lettre_decision(decision, acteur=distribution.siege, jour=il_y_a(20))
    decision.etat, decision.notifiee_le = EtatDecision.NOTIFIEE, il_y_a(20)
    decision.save(update_fields=["etat", "notifiee_le", "lettre"])
    rendre(decision.lettre, distribution.siege)
    demenager(decision.personne)
    Envoi.objects.filter(document=decision.lettre).update(revenu_le=il_y_a(10))
    tenue = renvoyer_decision(decision, **qui(distribution.siege))
    with pytest.raises(JalonError, match="n'a pas pu être reçue avant"):
        constater_reception_decision(tenue, recu_le=il_y_a(5), **qui(distribution.siege))
    assert constater_reception_decision(tenue, recu_le=il_y_a(0), **qui(distribution.siege)).recue_le == il_y_a(0)
    assert Envoi.objects.get(document=tenue.lettre).etat == EtatEnvoi.REMIS


def test_demenager_au_numero_2_de_la_rue_ou_l_on_etait_au_12(distribution: Distribution, avertie: Manquement) -> None:
    rendre(avertie.avertissement, distribution.siege)
    Adresse.objects.filter(foyer__rattachements__personne=avertie.personne).update(numero="2")
    assert adresse_a_verifier(avertie.personne) is None
    assert renvoyer_avertissement(avertie, **qui(distribution.siege)).avertissement != avertie.avertissement


@pytest.mark.parametrize(
    ("ecrite", "la_meme"),
    [
        ("Madame Ana DIAS\n12 RUE DES LILAS\n62000 ARRAS", True),
        ("Madame Ana DIAS — 12 rue des Lilas — 62000 Arras", True),
        ("Madame Ana DIAS\n112 RUE DES LILAS\n62000 ARRAS", False),
        ("Madame Ana DIAS\nCHEZ M. LEROY\n12 RUE DES LILAS\n62000 ARRAS", False),
        ("Madame Ana DIAS\n12 RUE DES LILAS\n62400 BETHUNE", False),
    ],
)
def test_l_adresse_est_la_meme_ligne_a_ligne(ecrite: str, la_meme: bool) -> None:
    adresse = AdressePostale(("12 RUE DES LILAS", "62000 ARRAS"), "62000", "ARRAS", "")
    assert adresse.figure_dans(ecrite) is la_meme


def test_les_lettres_d_un_dossier_reuni_au_sien_restent_les_siennes(
    distribution: Distribution, avertie: Manquement
) -> None:
    gardee = une_allocataire(territoire=distribution.territoire)
    doute = Rapprochement.objects.create(
        ancienne=gardee, nouvelle=avertie.personne, score=95, motif="Mêmes noms", date_flux=date(2026, 10, 31)
    )
    fusionner_personnes(doute, acteur=distribution.siege, gardee=gardee)
    siege = qui(distribution.siege)
    assert avertie.avertissement in courriers_de(gardee, siege["perimetre"])
    envoi = Envoi.objects.get(document=avertie.avertissement)
    noter_retour(gardee, envoi, revenu_le=il_y_a(0), motif="adresse", **siege)
    assert lettres_perdues(gardee).get() == envoi
