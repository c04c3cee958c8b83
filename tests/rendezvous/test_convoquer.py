"""Convoquer : la lettre toujours, le message si la personne l'a accepté, la preuve gardée (D12)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from jalon.documents.models import Document, Envoi
from jalon.documents.services import lire_document
from jalon.personnes.coordonnees import Coordonnees
from jalon.personnes.liens import LienPersonnel, UsageLien, lire_lien
from jalon.personnes.models import Adresse
from jalon.rendezvous.convocations import BilanConvocations, convoquer_reunion, remettre_lien
from jalon.rendezvous.models import EtatInvitation, EtatReunion, Reunion
from jalon.socle.errors import JalonError, TransitionRefuseeError
from jalon.traces.models import Acte
from tests.distribution import Distribution
from tests.fabriques import EN_COURS, une_allocataire
from tests.rendezvous.aides import inviter, qui, une_reunion

pytestmark = pytest.mark.django_db
jetons: list[str] = []


def convoquer(distribution: Distribution, reunion: Reunion) -> BilanConvocations:
    jetons.clear()

    def adresse(jeton: str) -> str:
        jetons.append(jeton)
        return f"https://jalon.example/lien/{jeton}/"

    return convoquer_reunion(reunion, adresse_du_lien=adresse, **qui(distribution))


def test_une_lettre_pour_chacune_et_un_message_pour_qui_l_a_accepte(distribution: Distribution) -> None:
    reunion = une_reunion(distribution)
    jointe, muette = (une_allocataire(territoire=distribution.territoire) for _ in range(2))
    Coordonnees.objects.create(
        personne=jointe, telephone="+33612345678", accepte_sms=True, courriel="camille@exemple.fr",
        accepte_courriel=True,
    )  # fmt: skip
    Adresse.objects.create(
        foyer=jointe.rattachements.get().foyer, rang=1, numero="12", type_voie="RUE", voie="DES ESSAIS",
        code_postal="62000", nom_commune="VILLE", periode=EN_COURS,
    )  # fmt: skip
    deux = inviter(distribution, reunion, jointe, muette)
    bilan = convoquer(distribution, reunion)
    assert (bilan.faites, bilan.courriels, bilan.sms, len(bilan.sans_adresse)) == (2, 1, 1, 1)
    for invitation in deux:
        invitation.refresh_from_db()
        assert invitation.etat == EtatInvitation.CONVOQUEE
        assert lire_document(invitation.lettre).startswith(b"%PDF-")
    assert sorted(Envoi.objects.order_by("pk").values_list("canal", flat=True)) == [
        "courriel", "courrier", "courrier", "sms"
    ]  # fmt: skip
    assert "12 RUE DES ESSAIS" in Envoi.objects.get(canal="courrier", personne=jointe.public_id).destinataire
    reunion.refresh_from_db()
    assert (reunion.etat, reunion.planche is not None) == (EtatReunion.CONVOQUEE, True)


def test_le_jeton_n_est_ni_en_base_ni_dans_le_journal(distribution: Distribution) -> None:
    reunion = une_reunion(distribution)
    (invitation,) = inviter(distribution, reunion, une_allocataire(territoire=distribution.territoire))
    convoquer(distribution, reunion)
    (jeton,) = jetons
    lien = LienPersonnel.objects.get(objet=invitation.public_id)
    assert jeton not in str(vars(lien))
    assert not [a for a in Acte.objects.order_by("pk") if jeton in f"{a.resume}{a.donnees}{a.motif}"]
    assert lire_lien(jeton, usage=UsageLien.INVITATION) == lien


def test_remettre_un_lien_ferme_le_precedent(distribution: Distribution) -> None:
    (invitation,) = inviter(
        distribution, une_reunion(distribution), une_allocataire(territoire=distribution.territoire)
    )
    premier = remettre_lien(invitation, **qui(distribution))
    second = remettre_lien(invitation, **qui(distribution))
    anciens = [lire_lien(j, usage=UsageLien.INVITATION) for j in (premier, second)]
    assert [lien.ouvert for lien in anciens if lien is not None] == [False, True]


def test_refuse_sous_le_delai(distribution: Distribution) -> None:
    reunion = une_reunion(distribution, jour=timezone.localdate() + timedelta(days=7))
    inviter(distribution, reunion, une_allocataire(territoire=distribution.territoire))
    with pytest.raises(TransitionRefuseeError, match="au plus tard"):
        convoquer(distribution, reunion)


def test_au_dernier_jour_la_convocation_part_encore(distribution: Distribution) -> None:
    reunion = une_reunion(distribution, jour=timezone.localdate() + timedelta(days=8))
    inviter(distribution, reunion, une_allocataire(territoire=distribution.territoire))
    assert convoquer(distribution, reunion).faites == 1


def test_refuse_sans_personne_a_convoquer(distribution: Distribution) -> None:
    with pytest.raises(JalonError, match="invitez d'abord"):
        convoquer(distribution, une_reunion(distribution))
    assert not Document.objects.exists()


def test_ne_convoque_pas_deux_fois(distribution: Distribution) -> None:
    reunion = une_reunion(distribution)
    inviter(distribution, reunion, une_allocataire(territoire=distribution.territoire))
    convoquer(distribution, reunion)
    inviter(distribution, reunion, une_allocataire(territoire=distribution.territoire))
    assert convoquer(distribution, reunion).faites == 1
