"""Figer le texte d'un contrat, puis le signer : à l'écran, sur papier, à distance."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from jalon.agents.perimetre import Perimetre
from jalon.contrats.models import Contrat, SignatureContrat
from jalon.contrats.signatures import (
    ContratIncompletError,
    proposer_signature,
    rouvrir,
    signer,
    signer_sur_papier,
)
from jalon.documents.models import ContenuDocument
from jalon.documents.services import lire_document
from jalon.personnes.codes import CodeRefuseError, UsageCode, montrer_code
from jalon.personnes.liens import UsageLien, creer_lien
from jalon.socle.errors import DroitManquantError, JalonError, TransitionRefuseeError
from jalon.socle.rls import Reglages, set_context, web_role
from tests.contrats.parcours import UN_PDF, a_signer, agent_de_droit, signe, un_brouillon
from tests.distribution import Distribution

pytestmark = pytest.mark.django_db


def proposer(contrat: Contrat, distribution: Distribution, **champs: Any) -> Contrat:
    referent = distribution.partenaire
    valeurs = {"debut": timezone.localdate(), "duree": 6, **champs}
    return proposer_signature(contrat, acteur=referent, perimetre=Perimetre.de(referent), **valeurs)


def signer_a_l_ecran(contrat: Contrat, distribution: Distribution, qui: str = "personne", **champs: Any) -> Any:
    referent = distribution.partenaire
    valeurs = {"mode": "ecran", "nom": "Camille Exemple", "le": timezone.localdate(), **champs}
    return signer(contrat, signataire=qui, **{"acteur": referent, "perimetre": Perimetre.de(referent), **valeurs})


# --- Figer


def test_proposer_fige_le_texte(distribution: Distribution) -> None:
    contrat = proposer(un_brouillon(distribution), distribution)
    assert contrat.etat == "a_signer"
    assert contrat.document is not None
    pdf = lire_document(contrat.document)
    assert pdf.startswith(b"%PDF-")
    assert contrat.document.personne == contrat.personne.public_id


def test_refuse_de_proposer_un_contrat_incomplet_en_disant_ce_qui_manque(distribution: Distribution) -> None:
    contrat = un_brouillon(distribution, complet=False)
    with pytest.raises(ContratIncompletError, match="Écrivez au moins un objectif") as refus:
        proposer(contrat, distribution)
    assert len(refus.value.manques) > 1
    contrat.refresh_from_db()
    assert contrat.etat == "brouillon"


def test_refuse_de_proposer_sans_objectif(distribution: Distribution) -> None:
    contrat = un_brouillon(distribution)
    contrat.objectifs.all().delete()
    with pytest.raises(ContratIncompletError) as refus:
        proposer(contrat, distribution)
    assert refus.value.manques == ("Écrivez au moins un objectif.",)


@pytest.mark.parametrize(("champs", "phrase"), [
    ({"duree": 13}, "dure de 1 à 12 mois"),
    ({"debut": timezone.localdate() - timedelta(days=1)}, "ne peut pas débuter avant"),
])  # fmt: skip
def test_refuse_de_proposer_hors_des_bornes(distribution: Distribution, champs: dict[str, Any], phrase: str) -> None:
    contrat = un_brouillon(distribution)
    with pytest.raises(JalonError, match=phrase):
        proposer(contrat, distribution, **champs)


def test_refuse_de_proposer_sans_le_droit(distribution: Distribution) -> None:
    contrat = un_brouillon(distribution)
    lecteur = distribution.lecteur
    with pytest.raises(DroitManquantError):
        proposer_signature(
            contrat, acteur=lecteur, perimetre=Perimetre.de(lecteur), debut=timezone.localdate(), duree=6
        )


# --- Signer


def test_la_personne_puis_le_referent(distribution: Distribution) -> None:
    contrat = a_signer(distribution)
    premiere = signer_a_l_ecran(contrat, distribution, trace="M 10 10 L 20 30 L 40 50 M 60 60 L 70 80")
    contrat.refresh_from_db()
    assert (contrat.etat, contrat.signe_le) == ("signe_personne", None)
    assert premiere.empreinte == contrat.document.sha256  # type: ignore[union-attr]
    signer_a_l_ecran(contrat, distribution, "referent", nom="Paul Référent")
    contrat.refresh_from_db()
    assert (contrat.etat, contrat.signe_le) == ("signe", timezone.localdate())
    assert contrat.signatures.get(signataire="referent").agent == distribution.partenaire
    assert [p.acte for p in contrat.passages.order_by("pk")] == [
        "proposer_signature", "signer_personne", "signer_referent",
    ]  # fmt: skip


def test_refuse_que_le_referent_signe_avant_la_personne(distribution: Distribution) -> None:
    contrat = a_signer(distribution)
    with pytest.raises(TransitionRefuseeError, match="n'est plus possible"):
        signer_a_l_ecran(contrat, distribution, "referent")


def test_refuse_qu_un_autre_signe_a_la_place_du_referent(distribution: Distribution) -> None:
    contrat = a_signer(distribution)
    signer_a_l_ecran(contrat, distribution)
    autre = agent_de_droit(distribution, "contrat.rediger")
    with pytest.raises(JalonError, match="C'est à Paul"):
        signer_a_l_ecran(contrat, distribution, "referent", acteur=autre, perimetre=Perimetre.de(autre))


@pytest.mark.parametrize(("champs", "phrase"), [
    ({"nom": "   "}, "Écrivez votre nom"),
    ({"le": timezone.localdate() + timedelta(days=1)}, "ne se note pas d'avance"),
    ({"le": timezone.localdate() - timedelta(days=1)}, "avant ce jour"),
    ({"trace": "M 10 10 <script>"}, "illisible"),
    ({"trace": "M 10 10"}, "illisible"),
    ({"trace": "M 10 10 L 700 20"}, "sort de son cadre"),
    ({"trace": "M 10 10 L 20 20 " * 3000}, "trop long"),
    ({"mode": "distance"}, "par son lien"),
])  # fmt: skip
def test_refuse_une_signature_mal_faite(distribution: Distribution, champs: dict[str, Any], phrase: str) -> None:
    contrat = a_signer(distribution)
    with pytest.raises(JalonError, match=phrase):
        signer_a_l_ecran(contrat, distribution, **champs)
    contrat.refresh_from_db()
    assert (contrat.etat, contrat.signatures.count()) == ("a_signer", 0)


def test_refuse_de_signer_un_texte_altere(distribution: Distribution) -> None:
    contrat = a_signer(distribution)
    ContenuDocument.objects.filter(document=contrat.document).update(octets=b"%PDF-1.7 autre chose")
    with pytest.raises(JalonError, match="n'est plus celui qui a été produit"):
        signer_a_l_ecran(contrat, distribution)


def test_rouvrir_ote_leur_effet_aux_signatures(distribution: Distribution) -> None:
    contrat = a_signer(distribution)
    signer_a_l_ecran(contrat, distribution)
    referent = distribution.partenaire
    with pytest.raises(JalonError, match="demande un motif"):
        rouvrir(contrat, acteur=referent, perimetre=Perimetre.de(referent))
    rouvrir(contrat, acteur=referent, perimetre=Perimetre.de(referent), motif="Une date est fausse")
    contrat.refresh_from_db()
    assert (contrat.etat, contrat.document, contrat.propose_le) == ("brouillon", None, None)
    assert SignatureContrat.objects.get(contrat=contrat).sans_effet_le == timezone.localdate()
    proposer(contrat, distribution)
    signer_a_l_ecran(contrat, distribution)
    assert contrat.signatures.count() == 2


# --- Sur papier


def test_la_page_signee_des_deux_mains(distribution: Distribution) -> None:
    contrat = a_signer(distribution)
    collegue = agent_de_droit(distribution, "contrat.rediger")
    signer_sur_papier(
        contrat, acteur=collegue, perimetre=Perimetre.de(collegue), papier=UN_PDF, nom="Camille Exemple",
        le_personne=timezone.localdate(), le_referent=timezone.localdate(),
    )  # fmt: skip
    assert contrat.etat == "signe"
    signatures = list(contrat.signatures.order_by("pk"))
    assert {s.mode for s in signatures} == {"papier"}
    assert signatures[0].papier == signatures[1].papier
    assert signatures[1].agent == distribution.partenaire


@pytest.mark.parametrize("papier", [b"", b"GIF89a", b"<html>", b"%PDF-" + b"0" * (5 * 1024 * 1024)])
def test_refuse_un_papier_qui_n_en_est_pas_un(distribution: Distribution, papier: bytes) -> None:
    contrat = a_signer(distribution)
    with pytest.raises(JalonError, match="fichier"):
        signer_a_l_ecran(contrat, distribution, mode="papier", papier=papier)


# --- À distance


def test_a_distance_avec_son_code(distribution: Distribution) -> None:
    contrat = a_signer(distribution)
    _, code = montrer_code_de(contrat, distribution)
    signature = signer(
        contrat, signataire="personne", mode="distance", nom="Camille Exemple", le=timezone.localdate(), code=code
    )
    assert (signature.mode, signature.agent) == ("distance", None)
    contrat.refresh_from_db()
    assert contrat.etat == "signe_personne"


def test_par_le_lien_rien_d_autre_n_est_lu(distribution: Distribution) -> None:
    contrat = a_signer(distribution)
    lien, _ = creer_lien(
        contrat.personne, acteur=distribution.partenaire, usage=UsageLien.CONTRAT, objet=contrat.public_id
    )
    _, code = montrer_code_de(contrat, distribution)
    with transaction.atomic(), web_role():
        set_context(Reglages(lien=lien.empreinte))
        lu = Contrat.objects.get(public_id=contrat.public_id)
        signer(lu, signataire="personne", mode="distance", nom="Camille Exemple", le=timezone.localdate(), code=code)
    contrat.refresh_from_db()
    assert contrat.etat == "signe_personne"


def test_refuse_un_code_faux_ou_deja_employe(distribution: Distribution) -> None:
    contrat = a_signer(distribution)
    _, code = montrer_code_de(contrat, distribution)
    champs: dict[str, Any] = {"signataire": "personne", "mode": "distance", "nom": "X", "le": timezone.localdate()}
    faux = f"{(int(code) + 1) % 1_000_000:06d}"
    with pytest.raises(CodeRefuseError, match="pas le bon code"):
        signer(contrat, code=faux, **champs)
    assert not contrat.signatures.exists()
    signer(contrat, code=code, **champs)
    with pytest.raises(CodeRefuseError, match="ne vaut plus"):
        signer(contrat, code=code, **champs)


def test_refuse_que_le_referent_signe_par_le_lien(distribution: Distribution) -> None:
    with pytest.raises(JalonError, match="seule la personne"):
        signer(a_signer(distribution), signataire="referent", mode="distance", nom="X", le=timezone.localdate())


def montrer_code_de(contrat: Contrat, distribution: Distribution) -> Any:
    agent = agent_de_droit(distribution, "acces_personnel.gerer")
    return montrer_code(
        contrat.personne, acteur=agent, perimetre=Perimetre.de(agent), usage=UsageCode.SIGNATURE,
        objet=contrat.public_id,
    )  # fmt: skip


# --- La base elle-même


@pytest.mark.parametrize(
    ("colonnes", "contrainte"),
    [
        ("propose_le = null", "contrat_texte_fige_avant_signature"),
        ("debut = null", "contrat_texte_fige_avant_signature"),
        ("signe_le = null", "contrat_signe_date"),
        ("etat = 'recu'", "contrat_recu_apres_signature"),
        ("etat = 'recu', recu_le = signe_le - 1", "contrat_recu_apres_signature"),
        ("etat = 'en_vigueur', periode = '[2026-01-01,2026-02-01)'", "contrat_valide_date"),
        ("periode = '[2026-01-01,2026-02-01)'", "contrat_periode_des_la_vigueur"),
        ("etat = 'abandonne', clos_le = now()", "contrat_rupture_motivee"),
        ("etat = 'abandonne', motif_fin = 'x'", "contrat_clos_date"),
        ("valide_le = now()", "contrat_valide_apres_reception"),
        ("version_id = null", "contrat_redige_ou_cite"),
    ],
)
def test_la_base_refuse_ce_que_le_service_refuserait(
    distribution: Distribution, colonnes: str, contrainte: str
) -> None:
    contrat = signe(distribution)
    with pytest.raises(IntegrityError, match=contrainte), transaction.atomic(), connection.cursor() as curseur:
        curseur.execute(f"update contrats_contrat set {colonnes} where id = %s", [contrat.pk])


def test_la_base_refuse_deux_signatures_du_meme_et_un_papier_sans_page(distribution: Distribution) -> None:
    contrat = signe(distribution)
    modele = contrat.signatures.get(signataire="personne")
    champs = {
        "contrat": contrat, "nom": "X", "signee_le": date(2026, 11, 22), "document": modele.document,
        "empreinte": modele.empreinte, "sans_effet_le": date(2026, 11, 22),
    }  # fmt: skip
    for manque, attendue in (
        ({"signataire": "personne", "mode": "ecran", "sans_effet_le": None}, "signature_une_par_signataire"),
        ({"signataire": "personne", "mode": "papier"}, "signature_papier_numerisee"),
        ({"signataire": "referent", "mode": "ecran"}, "signature_du_referent_par_un_agent"),
    ):
        with pytest.raises(IntegrityError, match=attendue), transaction.atomic():
            SignatureContrat.objects.create(**{**champs, **manque})
