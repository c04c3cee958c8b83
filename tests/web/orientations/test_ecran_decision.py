"""L'écran de décision : l'avis, la décision, ce qu'il refuse sans rien perdre, et la personne suivante."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.urls import reverse

from jalon.accompagnements.models import Accompagnement, DesignationReferent
from jalon.agents.perimetre import Perimetre
from jalon.diagnostics.models import Recueil
from jalon.organismes.models import Organisme
from jalon.orientations.decisions import Choix, decider_orientation
from jalon.orientations.models import (
    AttenteOrientation,
    DecisionOrientation,
    MotifOrientation,
    NotificationOrientation,
    PropositionOrientation,
    TypeOrientation,
)
from jalon.personnes.models import Personne
from jalon.referentiels import parametres
from jalon.referentiels.models import Parametre
from jalon.traces.models import Acte, Lecture
from tests.distribution import Distribution
from tests.fabriques import une_allocataire

pytestmark = pytest.mark.django_db


@pytest.fixture
def ccas(distribution: Distribution) -> Organisme:
    """Un CCAS qui agit sur le territoire de l'orienteur."""
    return Organisme.objects.filter(type__categorie="ccas", territoires=distribution.territoire).order_by("id")[0]


@pytest.fixture
def personne(distribution: Distribution) -> Personne:
    personne = une_allocataire(territoire=distribution.territoire, en_attente=True)
    Recueil.objects.create(
        personne=personne, date_recueil=date(2026, 11, 2), source="entretien", auteur=distribution.orienteur,
        contrainte_logement="forte", disponibilite="immediate",
    )  # fmt: skip
    return personne


def adresse(personne: Personne) -> str:
    return reverse("orientation_decider", args=[personne.public_id])


def saisie(personne: Personne, ccas: Organisme, **change: Any) -> dict[str, Any]:
    attente = AttenteOrientation.objects.get(personne=personne, sortie_le=None)
    return {
        "type": "solidarite", "motif": "logement", "organisme": str(ccas.public_id), "parcours": "p4",
        "attente": str(attente.public_id), "apres": "dossier", **change,
    }  # fmt: skip


def test_montre_les_faits_l_avis_et_ses_raisons(connecte: Any, personne: Personne) -> None:
    page = connecte("orienteur").get(adresse(personne)).content.decode()
    assert "Le logement arrête un temps la recherche d&#x27;emploi" in page
    assert "C’est un avis" in page
    assert "[001] P1 II.2 (R30)" in page
    proposition = PropositionOrientation.objects.get(personne=personne)
    assert (proposition.type.code, proposition.critere) == ("solidarite", "logement")
    assert str(proposition.public_id) in page
    assert Lecture.objects.filter(personne=personne.public_id, ecran="décision d’orientation").count() == 1
    assert not DecisionOrientation.objects.exists()


def test_decide_avec_l_avis_que_l_agent_a_vu(connecte: Any, personne: Personne, ccas: Organisme) -> None:
    client = connecte("orienteur")
    client.get(adresse(personne))
    avis = PropositionOrientation.objects.get(personne=personne)
    reponse = client.post(adresse(personne), saisie(personne, ccas, proposition=str(avis.public_id)))
    assert reponse.status_code == 302
    decision = DecisionOrientation.objects.get(personne=personne)
    assert (decision.proposition, decision.motif_ecart, decision.organisme) == (avis, "", ccas)


def test_un_ecart_sans_raison_est_refuse_et_la_saisie_reste(connecte: Any, personne: Personne) -> None:
    france_travail = Organisme.objects.get(code="pole-emploi")
    envoye = saisie(personne, france_travail, type="pole_emploi", motif="disponible", precision="Projet de création")
    page = connecte("orienteur").post(adresse(personne), envoye)
    assert page.status_code == 200
    assert "s&#x27;écarte de l&#x27;avis" in page.content.decode()
    assert "Projet de création" in page.content.decode()
    assert not DecisionOrientation.objects.exists()

    connecte("orienteur").post(adresse(personne), {**envoye, "motif_ecart": "Logement réglé hier"})
    assert DecisionOrientation.objects.get(personne=personne).motif_ecart == "Logement réglé hier"


def test_qui_arrive_second_lit_la_decision_du_collegue_et_garde_sa_saisie(
    connecte: Any, distribution: Distribution, personne: Personne, ccas: Organisme
) -> None:
    envoye = saisie(personne, ccas, precision="Ce que j'avais écrit")
    decider_orientation(
        personne, acteur=distribution.collegue, perimetre=Perimetre.de(distribution.collegue),
        choix=Choix(
            type=TypeOrientation.objects.get(code="solidarite"), organisme=ccas,
            motif=MotifOrientation.objects.get(code="sante"),
        ),
    )  # fmt: skip
    page = connecte("orienteur").post(adresse(personne), envoye)
    assert page.status_code == 200
    assert f"par {distribution.collegue}" in page.content.decode()
    assert "Ce que j&#x27;avais écrit" in page.content.decode()
    assert DecisionOrientation.objects.get(personne=personne).motif.code == "sante"


def test_au_dela_de_la_charge_l_ecran_demande_de_confirmer(
    connecte: Any, distribution: Distribution, personne: Personne, ccas: Organisme
) -> None:
    referent = distribution.agent("Rita", "referent_solidarite", organisme=ccas)
    autre = une_allocataire(territoire=distribution.territoire, en_attente=True)
    Parametre.objects.filter(code="referent.charge_maximale").update(valeur="1")
    parametres.oublier()
    try:
        client = connecte("orienteur")
        client.post(adresse(autre), saisie(autre, ccas, referent=str(referent.public_id), motif_ecart="Essai"))
        envoye = saisie(personne, ccas, referent=str(referent.public_id))
        page = client.post(adresse(personne), envoye).content.decode()
        assert "accompagne déjà une personne" in page
        assert 'name="motif_depassement"' in page
        assert not DecisionOrientation.objects.filter(personne=personne).exists()
        client.post(adresse(personne), {**envoye, "depassement": "oui", "motif_depassement": "Même fratrie"})
        assert DesignationReferent.objects.get(personne=personne).motif_depassement == "Même fratrie"
    finally:
        parametres.oublier()


def test_la_personne_garde_l_organisme_qui_la_suit_deja(
    connecte: Any, distribution: Distribution, personne: Personne, ccas: Organisme
) -> None:
    referent = distribution.agent("Rita", "referent_solidarite", organisme=ccas)
    envoye = saisie(personne, ccas, referent=str(referent.public_id), choisi="oui")
    assert "ne suit pas déjà" in connecte("orienteur").post(adresse(personne), envoye).content.decode()
    Accompagnement.objects.create(
        personne=personne, organisme=ccas, territoire=distribution.territoire, periode="[2026-01-01,)"
    )
    connecte("orienteur").post(adresse(personne), envoye)
    assert DesignationReferent.objects.get(personne=personne).choisi_par_la_personne


def test_passe_a_la_suivante_de_la_meme_file(
    connecte: Any, distribution: Distribution, personne: Personne, ccas: Organisme
) -> None:
    autre = une_allocataire(territoire=distribution.territoire, en_attente=True)
    client = connecte("orienteur")
    reponse = client.post(adresse(personne), saisie(personne, ccas, apres="suivante", file="tri=nom", rang="0"))
    assert reponse.url.startswith(reverse("orientation_suivante"))
    assert client.get(reponse.url).url.startswith(adresse(autre))
    assert client.get(f"{reverse('orientation_suivante')}?rang=9").url == reverse("file_orientation")


def test_une_personne_deja_orientee_n_a_pas_de_formulaire(connecte: Any, personne: Personne, ccas: Organisme) -> None:
    client = connecte("orienteur")
    client.post(adresse(personne), saisie(personne, ccas))
    page = client.get(adresse(personne)).content.decode()
    assert "Déjà orientée" in page
    assert "data-decision" not in page


# --- S'en reprendre


def annuler(client: Any, decision: DecisionOrientation, motif: str = "Mauvaise personne") -> Any:
    return client.post(reverse("decision_annuler", args=[decision.public_id]), {"motif": motif}, follow=True)


def test_annuler_rouvre_l_attente_et_libere_le_referent(
    connecte: Any, distribution: Distribution, personne: Personne, ccas: Organisme
) -> None:
    referent = distribution.agent("Rita", "referent_solidarite", organisme=ccas)
    echeance = AttenteOrientation.objects.get(personne=personne).echeance
    client = connecte("orienteur")
    client.post(adresse(personne), saisie(personne, ccas, referent=str(referent.public_id)))
    decision = DecisionOrientation.objects.get(personne=personne)

    page = annuler(client, decision).content.decode()

    assert "attend de nouveau" in page
    attente = AttenteOrientation.objects.get(personne=personne)
    assert (attente.sortie_le, attente.motif_sortie, attente.echeance) == (None, "", echeance)
    decision.refresh_from_db()
    assert decision.periode.isempty
    assert decision.motif_annulation == "Mauvaise personne"
    assert not DesignationReferent.objects.filter(personne=personne, periode__isempty=False).exists()
    assert not Accompagnement.objects.filter(personne=personne, periode__isempty=False).exists()
    assert Acte.objects.filter(code="orientations.decision.annulee", motif="Mauvaise personne").exists()
    client.post(adresse(personne), saisie(personne, ccas))
    assert DecisionOrientation.objects.filter(personne=personne, annulee_le=None).count() == 1


def test_une_decision_notifiee_ne_s_annule_plus(
    connecte: Any, distribution: Distribution, personne: Personne, ccas: Organisme
) -> None:
    client = connecte("orienteur")
    client.post(adresse(personne), saisie(personne, ccas))
    decision = DecisionOrientation.objects.get(personne=personne)
    NotificationOrientation.objects.create(
        decision=decision, produite_le=date(2026, 11, 20), produite_par=distribution.orienteur
    )
    assert "la personne la connaît" in annuler(client, decision).content.decode()
    decision.refresh_from_db()
    assert decision.annulee_le is None


def test_un_suivi_plus_ancien_redevient_un_simple_suivi(
    connecte: Any, distribution: Distribution, personne: Personne, ccas: Organisme
) -> None:
    Accompagnement.objects.create(
        personne=personne, organisme=ccas, territoire=distribution.territoire, periode="[2026-01-01,)"
    )
    client = connecte("orienteur")
    client.post(adresse(personne), saisie(personne, ccas))
    annuler(client, DecisionOrientation.objects.get(personne=personne))
    suivi = Accompagnement.objects.get(personne=personne)
    assert (suivi.nature, suivi.periode.upper) == ("suivi", None)
