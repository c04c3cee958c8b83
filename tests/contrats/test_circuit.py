"""Propriétés du circuit, sous chaque profil : aucun acte perdu, aucun état hors d'atteinte, une fin est une fin."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta

import pytest
from dateutil.relativedelta import relativedelta
from django.utils import timezone

from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.cli.installation import lire_profil
from jalon.contrats.circuit import actes_permis, franchir, transitions_de, verrouiller
from jalon.contrats.enums import EtatContrat
from jalon.contrats.installation import installer_contrats
from jalon.contrats.models import Contrat, TypeContrat
from jalon.contrats.redaction import manques
from jalon.contrats.signatures import proposer_signature, rouvrir, signer
from jalon.contrats.validation import (
    abandonner,
    enregistrer_reference,
    recevoir,
    rendre_lecture,
    renvoyer,
    reprendre,
    soumettre_lecture,
    valider,
)
from jalon.socle.errors import JalonError, TransitionRefuseeError
from jalon.traces.models import Acte
from tests.contrats.parcours import remplir, un_brouillon
from tests.distribution import Distribution

pytestmark = pytest.mark.django_db

MOTIF = "Un motif d'essai"
Acteur = tuple[Agent, Perimetre]


def proposer(contrat: Contrat, agent: Agent, perimetre: Perimetre) -> None:
    if manques(contrat):
        remplir(contrat, agent)
    proposer_signature(contrat, acteur=agent, perimetre=perimetre, debut=timezone.localdate(), duree=6)


def signe_par(qui: str) -> Callable[[Contrat, Agent, Perimetre], object]:
    def acte(contrat: Contrat, agent: Agent, perimetre: Perimetre) -> object:
        return signer(
            contrat, signataire=qui, mode="ecran", nom="Signataire", le=timezone.localdate(), acteur=agent,
            perimetre=perimetre,
        )  # fmt: skip

    return acte


def finir(nom: str) -> Callable[[Contrat, Agent, Perimetre], object]:
    """Bilan, renouvellement et fin ont leurs propres actes ; ici, seul leur pas dans le circuit compte."""

    def acte(contrat: Contrat, agent: Agent, perimetre: Perimetre) -> object:
        tenu = verrouiller(contrat)
        tenu.clos_le, tenu.motif_fin = timezone.localdate(), MOTIF
        return franchir(tenu, nom, acteur=agent, perimetre=perimetre, motif=MOTIF, champs=("clos_le", "motif_fin"))

    return acte


ACTES: dict[str, Callable[[Contrat, Agent, Perimetre], object]] = {
    "proposer_signature": proposer,
    "rouvrir": lambda c, a, p: rouvrir(c, acteur=a, perimetre=p, motif=MOTIF),
    "signer_personne": signe_par("personne"),
    "signer_referent": signe_par("referent"),
    "recevoir": lambda c, a, p: recevoir(c, acteur=a, perimetre=p),
    "soumettre_lecture": lambda c, a, p: soumettre_lecture(c, acteur=a, perimetre=p, motif=MOTIF),
    "rendre_lecture": lambda c, a, p: rendre_lecture(c, acteur=a, perimetre=p, motif=MOTIF),
    "valider": lambda c, a, p: valider(c, acteur=a, perimetre=p),
    "renvoyer": lambda c, a, p: renvoyer(c, acteur=a, perimetre=p, motif=MOTIF),
    "reprendre": lambda c, a, p: reprendre(c, acteur=a, perimetre=p),
    "abandonner": lambda c, a, p: abandonner(c, acteur=a, perimetre=p, motif=MOTIF),
    "enregistrer": lambda c, a, p: enregistrer_reference(
        c, acteur=a, perimetre=p, reference="R", debut=timezone.localdate(), duree=c.duree or 6,
        accepte_le=timezone.localdate(),
    ),
    "faire_bilan": finir("faire_bilan"),
    "renouveler": finir("renouveler"),
    "terminer": finir("terminer"),
    "rompre": finir("rompre"),
}  # fmt: skip


@pytest.fixture(params=["pas-de-calais", "loiret"])
def departement(request: pytest.FixtureRequest, db: None) -> str:
    """Les contrats de chaque profil, tous proposés aujourd'hui : un circuit ne dépend pas de la date de son type."""
    nom: str = request.param
    if nom != "pas-de-calais":
        profil, _ = lire_profil(nom)
        installer_contrats(profil)
    TypeContrat.objects.update(jusqu_au=None)
    return nom


def un_tenant(distribution: Distribution) -> Agent:
    """Le référent, à qui l'on donne aussi de recevoir et de valider : ici on essaie le circuit, pas les droits."""
    agent = distribution.partenaire
    profil = agent.affectations.get().profil
    profil.droits = sorted({*profil.droits, "contrat.recevoir", "contrat.valider", "contrat.rediger"})
    profil.save()
    return agent


def verifier(contrat: Contrat, faits: list[str]) -> None:
    """Ce qui reste vrai à chaque pas."""
    passages = list(contrat.passages.order_by("pk"))
    assert [p.acte for p in passages] == faits
    assert all(avant.vers == apres.de for avant, apres in zip(passages, passages[1:], strict=False))
    assert not passages or passages[-1].vers == contrat.etat
    assert Acte.objects.filter(
        objet=contrat.public_id, code__in=[f"contrats.contrat.{a}" for a in set(faits)]
    ).count() == len(faits)
    effectives = contrat.signatures.filter(sans_effet_le=None).count()
    if contrat.etat == "brouillon":
        assert (effectives, contrat.document_id, contrat.signe_le) == (0, None, None)
    if contrat.etat in EtatContrat.a_valider() | {"renvoye"}:
        assert effectives == 2
        assert contrat.signe_le is not None
    assert (contrat.periode is not None) == (
        contrat.etat in EtatContrat.vivants() | EtatContrat.finaux() - {"abandonne"}
    )
    if contrat.periode is not None and contrat.debut is not None and contrat.duree is not None:
        assert contrat.periode.upper == contrat.debut + relativedelta(months=contrat.duree)


@pytest.mark.parametrize("graine", range(4))
def test_toute_suite_d_actes_permise_tient_les_promesses(
    departement: str, distribution: Distribution, graine: int
) -> None:
    hasard = random.Random(f"{departement}-{graine}")
    agent = un_tenant(distribution)
    perimetre = Perimetre.de(agent)
    for type_ in TypeContrat.objects.filter(actif=True).order_by("ordre", "pk"):
        contrat = un_brouillon(distribution, type=type_.code, complet=False)
        faits: list[str] = []
        for _ in range(40):
            permis = actes_permis(contrat, perimetre)
            if not permis:
                break
            acte = hasard.choice(sorted(permis))
            ACTES[acte](contrat, agent, perimetre)
            faits.append(acte)
            contrat.refresh_from_db()
            verifier(contrat, faits)
        else:
            continue
        assert contrat.etat in EtatContrat.finaux()
        assert transitions_de(contrat) == []


def test_tout_etat_du_circuit_s_atteint_par_ses_actes(departement: str, distribution: Distribution) -> None:
    """De proche en proche depuis le brouillon : chaque transition du profil est menée une fois par son acte."""
    agent = un_tenant(distribution)
    perimetre = Perimetre.de(agent)
    for type_ in TypeContrat.objects.filter(actif=True).order_by("circuit_id", "pk").distinct("circuit_id"):
        transitions = list(type_.circuit.transitions.order_by("ordre", "pk"))
        chemins: dict[str, list[str]] = {"brouillon": []}
        file = ["brouillon"]
        while file:
            etat = file.pop(0)
            for t in transitions:
                if t.de == etat and t.vers not in chemins:
                    chemins[t.vers] = [*chemins[etat], t.acte]
                    file.append(t.vers)
        assert {t.de for t in transitions} | {t.vers for t in transitions} == set(chemins)
        for t in transitions:
            contrat = un_brouillon(distribution, type=type_.code, complet=False)
            faits = [*chemins[t.de], t.acte]
            for acte in faits:
                ACTES[acte](contrat, agent, perimetre)
                contrat.refresh_from_db()
            assert contrat.etat == t.vers
            verifier(contrat, faits)


def test_refuse_tout_acte_qui_ne_part_pas_de_cet_etat(distribution: Distribution) -> None:
    agent = un_tenant(distribution)
    perimetre = Perimetre.de(agent)
    contrat = un_brouillon(distribution)
    for acte in set(ACTES) - set(actes_permis(contrat, perimetre)):
        with pytest.raises(TransitionRefuseeError, match="n'est plus possible"):
            ACTES[acte](contrat, agent, perimetre)
    contrat.refresh_from_db()
    assert contrat.etat == "brouillon"
    assert not contrat.passages.exists()


def test_un_pas_ne_se_note_pas_d_avance(distribution: Distribution) -> None:
    agent = un_tenant(distribution)
    contrat = verrouiller(un_brouillon(distribution))
    with pytest.raises(JalonError, match="ne se note pas d'avance"):
        franchir(
            contrat, "abandonner", acteur=agent, perimetre=Perimetre.de(agent), motif=MOTIF,
            le=timezone.localdate() + timedelta(days=2),
        )  # fmt: skip
