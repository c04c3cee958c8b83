"""Annuler une réunion : qui était convoqué est prévenu par les mêmes moyens, dans le même acte (R18, D12)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from jalon.documents.models import Document, Envoi
from jalon.documents.services import installer_courriers, lire_document
from jalon.personnes.coordonnees import Coordonnees
from jalon.personnes.models import Adresse, Personne
from jalon.referentiels.profil import charger_profil
from jalon.rendezvous.annulations import NATURE, annuler_reunion, convoquees_a_prevenir
from jalon.rendezvous.convocations import convoquer_reunion
from jalon.rendezvous.models import EtatInvitation, Invitation, Reunion
from jalon.socle.errors import JalonError
from jalon.traces.models import Acte
from tests.distribution import Distribution
from tests.fabriques import EN_COURS, une_allocataire
from tests.rendezvous.aides import inviter, qui, ramener, une_reunion

pytestmark = pytest.mark.django_db
MOTIF = "Salle indisponible"


def joignable(distribution: Distribution, **champs: Any) -> Personne:
    """Personne qui accepte le courriel et le SMS."""
    personne = une_allocataire(territoire=distribution.territoire, **champs)
    Coordonnees.objects.create(
        personne=personne, telephone="+33612345678", accepte_sms=True, courriel="camille@exemple.fr",
        accepte_courriel=True,
    )  # fmt: skip
    return personne


def convoquer(distribution: Distribution, *personnes: Personne) -> Reunion:
    """Réunion où ces personnes sont convoquées ; les envois de la convocation sont mis à part."""
    reunion = une_reunion(distribution)
    inviter(distribution, reunion, *personnes)
    convoquer_reunion(reunion, adresse_du_lien=lambda jeton: f"https://jalon.example/{jeton}/", **qui(distribution))
    Envoi.objects.all().delete()
    reunion.refresh_from_db()
    return reunion


def envois(personne: Personne) -> list[str]:
    return sorted(Envoi.objects.filter(personne=personne.public_id).order_by("pk").values_list("canal", flat=True))


def test_previent_par_les_moyens_de_la_convocation(distribution: Distribution) -> None:
    jointe, muette = joignable(distribution), une_allocataire(territoire=distribution.territoire)
    Adresse.objects.create(
        foyer=muette.rattachements.get().foyer, rang=1, numero="12", type_voie="RUE", voie="DES ESSAIS",
        code_postal="62000", nom_commune="VILLE", periode=EN_COURS,
    )  # fmt: skip
    reunion = convoquer(distribution, jointe, muette)
    assert convoquees_a_prevenir(reunion).count() == 2
    bilan = annuler_reunion(reunion, motif=MOTIF, **qui(distribution))
    assert (bilan.prevenues, bilan.courriels, bilan.sms, bilan.a_prevenir) == (2, 1, 1, 0)
    assert bilan.injoignables == []
    assert "12 RUE DES ESSAIS" in Envoi.objects.get(personne=muette.public_id).destinataire
    assert (envois(jointe), envois(muette)) == (["courriel", "courrier", "sms"], ["courrier"])
    courriel = Envoi.objects.get(canal="courriel")
    assert courriel.objet == "Votre réunion d'information est annulée"
    assert set(
        Document.objects.filter(nature=NATURE)
        .exclude(personne=None)
        .order_by("pk")
        .values_list("version_modele__modele__code", flat=True)
    ) == {NATURE}
    assert MOTIF in courriel.texte
    assert "ne vous déplacez pas" in courriel.texte
    lettres = Document.objects.filter(nature=NATURE).exclude(personne=None)
    assert {lettre.personne for lettre in lettres.order_by("pk")} == {jointe.public_id, muette.public_id}
    reunion.refresh_from_db()
    assert reunion.planche.nature == NATURE
    assert lire_document(reunion.planche).startswith(b"%PDF-")
    assert set(Invitation.objects.order_by("pk").values_list("etat", flat=True)) == {EtatInvitation.ANNULEE}
    assert Acte.objects.get(code="rendezvous.reunion.annulee").donnees == {"prevenues": 2}


def test_nomme_qui_n_a_ni_adresse_ni_message(distribution: Distribution) -> None:
    joignable(distribution, nom="WARLOP")
    muette = une_allocataire(territoire=distribution.territoire, prenom="ZOÉ", nom="DUMORTIER")
    reunion = convoquer(distribution, Personne.objects.get(nom="WARLOP"), muette)
    bilan = annuler_reunion(reunion, motif=MOTIF, **qui(distribution))
    assert (bilan.prevenues, bilan.injoignables) == (1, ["Zoé Dumortier"])


def test_n_ecrit_pas_par_un_moyen_que_la_personne_n_accepte_plus(distribution: Distribution) -> None:
    personne = joignable(distribution)
    reunion = convoquer(distribution, personne)
    Coordonnees.objects.update(accepte_sms=False)
    assert annuler_reunion(reunion, motif=MOTIF, **qui(distribution)).sms == 0
    assert envois(personne) == ["courriel", "courrier"]


def test_n_ecrit_pas_par_un_moyen_que_la_convocation_n_avait_pas_pris(distribution: Distribution) -> None:
    personne = une_allocataire(territoire=distribution.territoire)
    reunion = convoquer(distribution, personne)
    Coordonnees.objects.create(personne=personne, telephone="+33612345678", accepte_sms=True)
    annuler_reunion(reunion, motif=MOTIF, **qui(distribution))
    assert envois(personne) == ["courrier"]


def test_compte_a_part_qui_n_avait_pas_de_convocation(distribution: Distribution) -> None:
    reunion = une_reunion(distribution)
    inviter(distribution, reunion, joignable(distribution))
    bilan = annuler_reunion(reunion, motif=MOTIF, **qui(distribution))
    assert (bilan.prevenues, bilan.a_prevenir) == (0, 1)
    assert not Envoi.objects.exists()


def test_ne_previent_personne_d_une_reunion_passee(distribution: Distribution) -> None:
    reunion = ramener(
        convoquer(distribution, joignable(distribution)), timezone.localdate() - timedelta(days=1)
    )  # fmt: skip
    assert annuler_reunion(reunion, motif=MOTIF, **qui(distribution)).prevenues == 0
    assert not Envoi.objects.exists()


def test_un_refus_ne_previent_personne(distribution: Distribution) -> None:
    reunion = convoquer(distribution, joignable(distribution))
    with pytest.raises(JalonError, match="Dites pourquoi"):
        annuler_reunion(reunion, motif=" ", **qui(distribution))
    assert not Envoi.objects.exists()


@pytest.mark.parametrize(
    ("profil", "objet"),
    [
        ("pas-de-calais", "Votre réunion d'information est annulée"),
        ("loiret", "Votre information collective est annulée"),
    ],
)
def test_la_lettre_est_celle_du_profil(distribution: Distribution, profil: str, objet: str) -> None:
    installer_courriers(charger_profil(Path(settings.PROFILS) / profil))
    personne = joignable(distribution)
    reunion = convoquer(distribution, personne)
    annuler_reunion(reunion, motif=MOTIF, **qui(distribution))
    courriel = Envoi.objects.get(canal="courriel")
    assert courriel.objet == objet
    for dit in (MOTIF, "ne vous déplacez pas", "Ce n'est pas une absence", reunion.lieu):
        assert dit in courriel.texte
    assert objet in Envoi.objects.get(canal="sms").texte
