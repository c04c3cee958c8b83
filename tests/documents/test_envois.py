"""Un message part une fois, jamais deux ; chaque essai est gardé ; ce qui est défait ne part pas."""

from __future__ import annotations

import logging
from typing import Any
from uuid import uuid4

import pytest
from django.core import mail
from django.db import IntegrityError, transaction
from procrastinate.contrib.django.models import ProcrastinateJob

from jalon.agents.perimetre import Perimetre
from jalon.documents.envois import ESSAIS, constater_depart, envoyer, executer_envoi
from jalon.documents.models import Canal, Document, Envoi, EtatEnvoi, TentativeEnvoi
from jalon.documents.passerelles import EnvoiRefuseError, Message, Recu, masquer
from jalon.documents.services import enregistrer_document, lire_document
from jalon.socle.errors import JalonError, TransitionRefuseeError
from jalon.socle.rls import web_role
from tests.distribution import Distribution
from tests.fabriques import une_allocataire

pytestmark = pytest.mark.django_db
SMS = {"canal": Canal.SMS, "destinataire": "+33600000000", "texte": "Rendez-vous demain à 9 h."}


class Essai:
    """Passerelle d'essai : garde ce qu'elle prend, et refuse ce qu'on lui dit de refuser."""

    pris: list[Message] = []
    refus: list[Exception] = []

    def envoyer(self, message: Message) -> Recu:
        if self.refus:
            raise self.refus.pop(0)
        self.pris.append(message)
        return Recu("accusé 42")


@pytest.fixture(autouse=True)
def _passerelle(settings: Any) -> None:
    settings.PASSERELLE_SMS = f"{__name__}.Essai"
    Essai.pris, Essai.refus = [], []


def relire(envoi: Envoi) -> Envoi:
    return Envoi.objects.get(pk=envoi.pk)


def test_met_l_envoi_en_file_dans_la_meme_transaction() -> None:
    with transaction.atomic():
        envoyer(acteur=None, **SMS)
        assert ProcrastinateJob.objects.filter(task_name="documents.envoyer").count() == 1
        transaction.set_rollback(True)
    assert not Envoi.objects.exists()
    assert not ProcrastinateJob.objects.filter(task_name="documents.envoyer").exists()


def test_envoie_une_fois_et_garde_la_preuve() -> None:
    envoi = envoyer(acteur=None, **SMS)
    executer_envoi(envoi.public_id)
    executer_envoi(envoi.public_id)
    assert [m.reference for m in Essai.pris] == [str(envoi.public_id)]
    parti = relire(envoi)
    assert (parti.etat, parti.preuve, parti.tentatives) == (EtatEnvoi.ENVOYE, "accusé 42", 1)
    assert TentativeEnvoi.objects.get().reussie


def test_reessaie_apres_un_refus_passager() -> None:
    Essai.refus = [EnvoiRefuseError("La passerelle ne répond pas.")]
    envoi = envoyer(acteur=None, **SMS)
    with pytest.raises(EnvoiRefuseError):
        executer_envoi(envoi.public_id)
    assert relire(envoi).etat == EtatEnvoi.A_ENVOYER
    executer_envoi(envoi.public_id)
    assert relire(envoi).etat == EtatEnvoi.ENVOYE
    assert list(TentativeEnvoi.objects.order_by("rang").values_list("reussie", flat=True)) == [False, True]


def test_renonce_apres_le_dernier_essai() -> None:
    Essai.refus = [EnvoiRefuseError("La passerelle ne répond pas.") for _ in range(ESSAIS)]
    envoi = envoyer(acteur=None, **SMS)
    for _ in range(ESSAIS - 1):
        with pytest.raises(EnvoiRefuseError):
            executer_envoi(envoi.public_id)
    executer_envoi(envoi.public_id)
    assert relire(envoi).etat == EtatEnvoi.ECHEC


def test_ne_reessaie_pas_un_refus_definitif() -> None:
    Essai.refus = [EnvoiRefuseError("Ce numéro n'existe pas.", definitif=True)]
    envoi = envoyer(acteur=None, **SMS)
    executer_envoi(envoi.public_id)
    assert (relire(envoi).etat, relire(envoi).preuve) == (EtatEnvoi.ECHEC, "Ce numéro n'existe pas.")


def test_ne_renvoie_pas_ce_qui_est_peut_etre_parti() -> None:
    """Une panne pendant l'appel : nul ne sait, donc rien ne repart tout seul."""
    Essai.refus = [RuntimeError("la machine s'arrête")]
    envoi = envoyer(acteur=None, **SMS)
    with pytest.raises(RuntimeError):
        executer_envoi(envoi.public_id)
    executer_envoi(envoi.public_id)
    assert relire(envoi).etat == EtatEnvoi.EN_COURS
    assert not Essai.pris


def test_envoie_un_courriel_avec_sa_piece(settings: Any) -> None:
    settings.PASSERELLE_COURRIEL = "jalon.documents.passerelles.PasserelleCourrielDjango"
    document = enregistrer_document(
        b"%PDF-1.7", acteur=None, nature="lettre", titre="Convocation du 12/10/2026 à l’équipe d’œuvre"
    )
    envoi = envoyer(
        acteur=None, canal=Canal.COURRIEL, destinataire="zoe@exemple.fr", objet="Bonjour", texte="Texte",
        document=document,
    )  # fmt: skip
    executer_envoi(envoi.public_id)
    assert mail.outbox[0].to == ["zoe@exemple.fr"]
    assert mail.outbox[0].attachments[0][0] == "convocation-du-12-10-2026-a-l-equipe-d-oeuvre.pdf"


@pytest.mark.parametrize("titre", ["", "…"])
def test_une_piece_sans_titre_lisible_a_tout_de_meme_un_nom(titre: str) -> None:
    assert Document(nature="lettre", titre=titre).nom_fichier == "document.pdf"


def test_un_nom_de_piece_reste_court() -> None:
    assert Document(nature="lettre", titre="Mot " * 50).nom_fichier == f"{'mot-' * 19}mot.pdf"


def test_la_console_ne_dit_ni_le_texte_ni_le_numero(settings: Any, caplog: pytest.LogCaptureFixture) -> None:
    settings.PASSERELLE_SMS = "jalon.documents.passerelles.PasserelleConsole"
    logging.getLogger("jalon").propagate = True
    with caplog.at_level("INFO"):
        executer_envoi(envoyer(acteur=None, **SMS).public_id)
    assert "+33600000000" not in caplog.text
    assert "9 h" not in caplog.text


@pytest.mark.parametrize(
    ("entier", "masque"), [("+33600000012", "+336••••12"), ("camille@exemple.fr", "cam••••@exemple.fr")]
)
def test_masque_un_destinataire(entier: str, masque: str) -> None:
    assert masquer(entier) == masque


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"destinataire": "0600000000"}, "indicatif du pays"),
        ({"canal": Canal.COURRIEL, "destinataire": "zoe"}, "n'est pas une adresse électronique"),
        ({"canal": Canal.COURRIER}, "produisez la lettre d'abord"),
    ],
)
def test_refuse_un_destinataire_impossible(change: dict[str, Any], message: str) -> None:
    with pytest.raises(JalonError, match=message):
        envoyer(acteur=None, **{**SMS, **change})


@pytest.mark.parametrize(
    ("champs", "contrainte"),
    [
        ({"canal": "courrier"}, "envoi_postal_avec_document"),
        ({"canal": "sms", "etat": "envoye"}, "envoi_parti_date"),
    ],
)
def test_la_base_refuse_un_envoi_incoherent(champs: dict[str, Any], contrainte: str) -> None:
    with pytest.raises(IntegrityError, match=contrainte), transaction.atomic():
        Envoi.objects.create(destinataire="x", **champs)


def test_un_courrier_postal_attend_son_depart() -> None:
    document = enregistrer_document(b"%PDF", acteur=None, nature="lettre", titre="Lettre")
    envoi = envoyer(acteur=None, canal=Canal.COURRIER, destinataire="Zoé, Arras", document=document)
    executer_envoi(envoi.public_id)
    assert relire(envoi).etat == EtatEnvoi.A_ENVOYER
    assert constater_depart(envoi, preuve="Bordereau 7").etat == EtatEnvoi.ENVOYE
    with pytest.raises(TransitionRefuseeError, match="déjà parti"):
        constater_depart(envoi, preuve="Bordereau 7")


# --- Documents


def test_un_document_change_se_voit() -> None:
    document = enregistrer_document(b"%PDF", acteur=None, nature="lettre", titre="Lettre")
    assert lire_document(document) == b"%PDF"
    document.contenu.octets = b"autre"
    document.contenu.save()
    with pytest.raises(JalonError, match="n'est plus celui qui a été produit"):
        lire_document(document)


def test_la_base_ne_montre_un_document_qu_a_qui_voit_la_personne(distribution: Distribution) -> None:
    personne = une_allocataire(territoire=distribution.territoire)
    enregistrer_document(b"%PDF", acteur=None, nature="lettre", titre="Lettre", personne=personne.public_id)
    enregistrer_document(b"%PDF", acteur=None, nature="lettre", titre="Orphelin", personne=uuid4())
    for agent, attendus in ((distribution.orienteur, 1), (distribution.etrangere, 0), (distribution.siege, 2)):
        with web_role(Perimetre.de(agent).reglages()):
            assert Document.objects.count() == attendus


def test_un_document_a_plusieurs_personnes_n_est_qu_a_son_auteur_et_a_son_destinataire(
    distribution: Distribution,
) -> None:
    ccas = distribution.partenaire.affectations.get().organisme
    enregistrer_document(
        b"%PDF", acteur=distribution.orienteur, nature="copie", titre="Copie", organisme=ccas.public_id
    )
    for agent, attendus in (
        (distribution.orienteur, 1), (distribution.collegue, 0), (distribution.partenaire, 1),
        (distribution.operateur, 0),
    ):  # fmt: skip
        with web_role(Perimetre.de(agent).reglages()):
            assert Document.objects.count() == attendus, agent
