"""Changer d'orientation : demander, transmettre, donner un avis, décider ; et compter les allers-retours."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from jalon.accompagnements.referents import orienter_personne
from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.organismes.models import Organisme
from jalon.orientations.decisions import Choix, annuler_decision
from jalon.orientations.models import (
    DecisionOrientation,
    DemandeReorientation,
    EtatReorientation,
    MotifOrientation,
    TypeOrientation,
)
from jalon.orientations.reorientations import (
    alternance,
    demander_reorientation,
    demandes,
    refuser_demande,
    rendre_avis,
    retirer_demande,
    transmettre_demande,
)
from jalon.orientations.workflows import REORIENTATION, actes_permis
from jalon.personnes.models import Personne
from jalon.socle.errors import DroitManquantError, JalonError, TransitionRefuseeError
from tests.distribution import Distribution
from tests.fabriques import une_allocataire

pytestmark = pytest.mark.django_db


def par(agent: Agent) -> dict[str, Any]:
    return {"acteur": agent, "perimetre": Perimetre.de(agent)}


def choix(code: str) -> Choix:
    social = code == "solidarite"
    return Choix(
        type=TypeOrientation.objects.get(code=code),
        organisme=Organisme.objects.filter(type__categorie="ccas").order_by("id")[0]
        if social
        else Organisme.objects.get(code="pole-emploi"),
        motif=MotifOrientation.objects.get(code="logement" if social else "disponible"),
    )


@pytest.fixture
def personne(distribution: Distribution) -> Personne:
    personne = une_allocataire(territoire=distribution.territoire, en_attente=True)
    orienter_personne(
        personne,
        choix=choix("solidarite"),
        jour=timezone.localdate() - timedelta(days=90),
        **par(distribution.orienteur),
    )
    return personne


def demander(distribution: Distribution, personne: Personne, **change: Any) -> DemandeReorientation:
    valeurs = {
        "type_souhaite": TypeOrientation.objects.get(code="pole_emploi"), "argumentaire": "Logement trouvé.",
        "avis_personne": "Je veux travailler.", **par(distribution.orienteur), **change,
    }  # fmt: skip
    return demander_reorientation(personne, **valeurs)


@pytest.fixture
def avisee(distribution: Distribution, personne: Personne) -> DemandeReorientation:
    demande = transmettre_demande(demander(distribution, personne), **par(distribution.collegue))
    return rendre_avis(demande, avis="favorable", texte="Les freins sont levés.", **par(distribution.collegue))


def test_de_la_demande_a_la_nouvelle_orientation(
    distribution: Distribution, personne: Personne, avisee: DemandeReorientation
) -> None:
    decision = orienter_personne(
        personne, choix=choix("pole_emploi"), demande=avisee, origine="reorientation", **par(distribution.orienteur)
    )
    avisee.refresh_from_db()
    assert (avisee.etat, avisee.nouvelle_decision, avisee.correspondant) == (
        "acceptee", decision, distribution.collegue,
    )  # fmt: skip
    ancienne = DecisionOrientation.objects.get(personne=personne, type__code="solidarite")
    assert ancienne.periode.upper == decision.periode.lower
    assert (alternance(personne, timezone.localdate()).reorientations, avisee.avis_personne) == (
        1, "Je veux travailler.",
    )  # fmt: skip


def test_sans_avis_rien_ne_change(distribution: Distribution, personne: Personne) -> None:
    demande = demander(distribution, personne)
    with pytest.raises(TransitionRefuseeError, match="transmettez-la d'abord"):
        orienter_personne(personne, choix=choix("pole_emploi"), demande=demande, **par(distribution.orienteur))
    transmettre_demande(demande, **par(distribution.collegue))
    with pytest.raises(TransitionRefuseeError, match="un avis doit d'abord être rendu"):
        orienter_personne(personne, choix=choix("pole_emploi"), demande=demande, **par(distribution.orienteur))
    assert DecisionOrientation.objects.filter(personne=personne).count() == 1


def test_une_seule_demande_a_la_fois(distribution: Distribution, personne: Personne) -> None:
    demander(distribution, personne)
    with pytest.raises(TransitionRefuseeError, match="déjà en cours"):
        demander(distribution, personne)


@pytest.mark.parametrize(
    ("change", "refus"),
    [
        ({"argumentaire": " "}, "pourquoi changer"),
        ({"motif": "logement"}, "ne fonde pas"),
        ({"type_souhaite": "solidarite"}, "déjà orientée"),
    ],
)
def test_une_demande_se_tient(distribution: Distribution, personne: Personne, change: Any, refus: str) -> None:
    if "motif" in change:
        change = {"motif": MotifOrientation.objects.get(code=change["motif"])}
    if "type_souhaite" in change:
        change = {"type_souhaite": TypeOrientation.objects.get(code=change["type_souhaite"])}
    with pytest.raises(JalonError, match=refus):
        demander(distribution, personne, **change)


def test_un_refus_et_un_avis_se_motivent(distribution: Distribution, avisee: DemandeReorientation) -> None:
    with pytest.raises(JalonError, match="se motive"):
        refuser_demande(avisee, motif="", **par(distribution.orienteur))
    refusee = refuser_demande(avisee, motif="Trop tôt", **par(distribution.orienteur))
    assert (refusee.etat, refusee.motif_refus, actes_permis(refusee.etat)) == ("refusee", "Trop tôt", frozenset())
    with pytest.raises(TransitionRefuseeError, match="plus rien à y faire"):
        refuser_demande(avisee, motif="Encore", **par(distribution.orienteur))


def test_seul_l_auteur_retire_sa_demande(distribution: Distribution, personne: Personne) -> None:
    demande = demander(distribution, personne)
    with pytest.raises(TransitionRefuseeError, match="demandez-lui"):
        retirer_demande(demande, motif="Erreur", **par(distribution.collegue))
    assert retirer_demande(demande, motif="Erreur", **par(distribution.orienteur)).etat == "retiree"


def test_un_referent_demande_mais_ne_decide_pas(distribution: Distribution, avisee: DemandeReorientation) -> None:
    with pytest.raises(DroitManquantError):
        refuser_demande(avisee, motif="Non", **par(distribution.partenaire))


def test_la_table_ne_nomme_que_des_etats_connus() -> None:
    assert {e for depuis, vers in REORIENTATION.values() for e in (*depuis, vers)} <= set(EtatReorientation.values)


def test_l_alternance_se_signale_au_seuil(distribution: Distribution, personne: Personne) -> None:
    jour = timezone.localdate()
    premiere = DecisionOrientation.objects.get(personne=personne)
    suite = [("pole_emploi", 60), ("solidarite", 30)]
    for rang, (code, avant) in enumerate(suite):
        premiere.periode = (premiere.periode.lower, jour - timedelta(days=avant))
        premiere.save()
        decide = choix(code)
        premiere = DecisionOrientation.objects.create(
            personne=personne, type=decide.type, organisme=decide.organisme, origine="directe",
            decidee_le=jour - timedelta(days=avant), periode=(jour - timedelta(days=avant), None),
        )  # fmt: skip
        premiere.refresh_from_db()
        compte = alternance(personne, jour)
        assert (compte.changements, compte.signalee) == (rang + 1, rang == 1)


def test_annuler_la_decision_rouvre_la_demande_et_l_orientation_d_avant(
    distribution: Distribution, personne: Personne, avisee: DemandeReorientation
) -> None:
    decision = orienter_personne(
        personne, choix=choix("pole_emploi"), demande=avisee, origine="reorientation", **par(distribution.orienteur)
    )
    annuler_decision(decision, motif="Erreur", **par(distribution.orienteur))
    avisee.refresh_from_db()
    assert (avisee.etat, avisee.nouvelle_decision) == ("avis_rendu", None)
    assert DecisionOrientation.objects.get(
        personne=personne, periode__endswith=None, periode__isempty=False
    ).type.code == ("solidarite")


def test_le_sens_se_lit_dans_la_liste(distribution: Distribution, avisee: DemandeReorientation) -> None:
    assert [d.sens for d in demandes(Perimetre.de(distribution.orienteur)).order_by("pk")] == ["vers_pro"]
    assert not demandes(Perimetre.de(distribution.etrangere)).exists()
