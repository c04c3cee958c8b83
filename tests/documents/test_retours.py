"""Un courrier que la poste a rendu : ce qui se note, ce qui se refuse, et ce que la base tient seule."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from jalon.documents.envois import constater_remise, constater_retour, exiger_arrivee, retour_de
from jalon.documents.models import Canal, Document, Envoi, EtatEnvoi, MotifRetour
from jalon.socle.errors import JalonError, TransitionRefuseeError

pytestmark = pytest.mark.django_db


def il_y_a(jours: int) -> date:
    return timezone.localdate() - timedelta(days=jours)


@pytest.fixture
def postee() -> Envoi:
    """Une lettre partie il y a vingt jours."""
    document = Document.objects.create(nature="essai", titre="Lettre", taille=4, sha256="0" * 64)
    envoi = Envoi.objects.create(canal=Canal.COURRIER, document=document, destinataire="12 rue des Lilas\n62000 ARRAS")
    Envoi.objects.filter(pk=envoi.pk).update(demande_le=timezone.now() - timedelta(days=20))
    return Envoi.objects.get(pk=envoi.pk)


def test_une_adresse_fausse_perd_la_lettre(postee: Envoi) -> None:
    revenu = constater_retour(postee, revenu_le=il_y_a(2), motif=MotifRetour.ADRESSE, presente_le=il_y_a(9))
    assert (revenu.etat, revenu.revenu_le, revenu.presente_le) == (EtatEnvoi.REVENU, il_y_a(2), None)
    assert revenu.perdu
    assert retour_de(postee.document) == revenu
    with pytest.raises(TransitionRefuseeError, match="elle n'a pas été reçue"):
        exiger_arrivee(postee.document, il_y_a(1))


@pytest.mark.parametrize("motif", [MotifRetour.NON_RECLAME, MotifRetour.REFUSE])
def test_presentee_elle_compte_de_ce_jour_et_pas_d_avant(postee: Envoi, motif: str) -> None:
    revenu = constater_retour(postee, revenu_le=il_y_a(2), motif=motif, presente_le=il_y_a(17))
    assert not revenu.perdu
    exiger_arrivee(postee.document, il_y_a(17))
    with pytest.raises(JalonError, match="pas avant ce jour"):
        exiger_arrivee(postee.document, il_y_a(18))


def test_une_lettre_qui_n_est_pas_revenue_se_recoit_quand_on_veut(postee: Envoi) -> None:
    exiger_arrivee(postee.document, il_y_a(20))
    exiger_arrivee(None, il_y_a(20))
    assert retour_de(postee.document) is None


@pytest.mark.parametrize(
    ("retour", "phrase"),
    [
        ({"motif": "perdu"}, "Dites pourquoi le courrier est revenu"),
        ({"revenu_le": -1}, "Un retour se note quand le pli est là"),
        ({"revenu_le": 21}, "il n'a pas pu revenir avant"),
        ({"motif": "non_reclame"}, "Donnez le jour où le facteur"),
        ({"motif": "refuse", "presente_le": 21}, "entre son départ et son retour"),
        ({"motif": "refuse", "presente_le": 1}, "entre son départ et son retour"),
        ({"motif": "autre", "precision": "  "}, "Dites en quelques mots"),
    ],
)
def test_refuse_un_retour_qui_ne_se_tient_pas(postee: Envoi, retour: dict[str, Any], phrase: str) -> None:
    dates = {cle: il_y_a(valeur) for cle, valeur in retour.items() if isinstance(valeur, int)}
    with pytest.raises(JalonError, match=phrase):
        constater_retour(postee, **({"revenu_le": il_y_a(2), "motif": "adresse"} | retour | dates))


def test_refuse_deux_retours_un_message_et_une_lettre_recue(postee: Envoi) -> None:
    constater_retour(postee, revenu_le=il_y_a(2), motif="autre", precision="Pli déchiré")
    with pytest.raises(TransitionRefuseeError, match="déjà noté"):
        constater_retour(postee, revenu_le=il_y_a(1), motif="adresse")
    courriel = Envoi.objects.create(canal=Canal.COURRIEL, destinataire="ana@jalon.example")
    with pytest.raises(JalonError, match="Seul un courrier postal"):
        constater_retour(courriel, revenu_le=il_y_a(0), motif="adresse")
    recue = Envoi.objects.create(
        canal=Canal.COURRIER, document=postee.document, destinataire="x", etat=EtatEnvoi.REMIS,
        envoye_le=timezone.now(), remis_le=timezone.now(),
    )  # fmt: skip
    with pytest.raises(TransitionRefuseeError, match="elle n'a pas pu revenir"):
        constater_retour(recue, revenu_le=il_y_a(0), motif="adresse")


@pytest.mark.parametrize(
    ("colonnes", "contrainte"),
    [
        ({"etat": "revenu"}, "envoi_revenu_dit_pourquoi"),
        ({"revenu_le": 2}, "envoi_revenu_dit_pourquoi"),
        ({"etat": "revenu", "revenu_le": 2, "motif_retour": "refuse"}, "envoi_revenu_apres_presentation"),
        (
            {"etat": "revenu", "revenu_le": 2, "motif_retour": "refuse", "presente_le": 1},
            "envoi_revenu_apres_presentation",
        ),
        (
            {"etat": "revenu", "revenu_le": 2, "motif_retour": "adresse", "presente_le": 3},
            "envoi_revenu_apres_presentation",
        ),
        ({"etat": "revenu", "revenu_le": 2, "motif_retour": "autre"}, "envoi_revenu_autrement_precise"),
    ],
)
def test_la_base_le_refuse_aussi(postee: Envoi, colonnes: dict[str, Any], contrainte: str) -> None:
    valeurs = {cle: il_y_a(valeur) if isinstance(valeur, int) else valeur for cle, valeur in colonnes.items()}
    with pytest.raises(IntegrityError, match=contrainte), transaction.atomic():
        Envoi.objects.filter(pk=postee.pk).update(**valeurs)


def test_remise_apres_son_retour_et_pas_d_avant(postee: Envoi) -> None:
    constater_retour(postee, revenu_le=il_y_a(5), motif="adresse")
    exiger_arrivee(postee.document, il_y_a(5), en_main_propre=True)
    with pytest.raises(JalonError, match="n'a pas pu être remis avant"):
        exiger_arrivee(postee.document, il_y_a(6), en_main_propre=True)


def test_une_remise_deja_notee_se_corrige_de_meme(postee: Envoi) -> None:
    constater_retour(postee, revenu_le=il_y_a(5), motif="adresse")
    exiger_arrivee(postee.document, il_y_a(4), corrigee=True)
    with pytest.raises(JalonError, match="n'a pas pu être remis avant"):
        exiger_arrivee(postee.document, il_y_a(6), corrigee=True)


def test_une_presentation_deja_notee_se_corrige_jusqu_a_ce_jour(postee: Envoi) -> None:
    constater_retour(postee, revenu_le=il_y_a(2), motif="non_reclame", presente_le=il_y_a(17))
    exiger_arrivee(postee.document, il_y_a(17), corrigee=True)
    with pytest.raises(JalonError, match="pas avant ce jour"):
        exiger_arrivee(postee.document, il_y_a(18), corrigee=True)


def test_une_lettre_remise_ne_revient_plus(postee: Envoi) -> None:
    assert postee.document is not None
    constater_remise(postee.document, preuve="Avis de réception  2C 12")
    remise = Envoi.objects.get(pk=postee.pk)
    assert (remise.etat, remise.preuve) == (EtatEnvoi.REMIS, "Avis de réception 2C 12")
    with pytest.raises(TransitionRefuseeError, match="n'a pas pu revenir"):
        constater_retour(remise, revenu_le=il_y_a(0), motif="adresse")


def test_un_retour_note_reste_quand_la_lettre_est_remise(postee: Envoi) -> None:
    constater_retour(postee, revenu_le=il_y_a(5), motif="adresse")
    assert postee.document is not None
    constater_remise(postee.document, preuve="Remise contre signature")
    assert retour_de(postee.document) == postee
