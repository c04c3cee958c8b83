"""Une instance générale : des points, des décisions, qui les porte, et ce qu'elles deviennent."""

from __future__ import annotations

import io
from datetime import date, time, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from pypdf import PdfReader

from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.documents.models import Document
from jalon.documents.services import lire_document
from jalon.instances.cloture import clore_seance
from jalon.instances.composition import nommer_membre
from jalon.instances.models import Instance, PointSeance, QualiteMembre, Seance
from jalon.instances.points import ajouter_point, decider_point, retirer_point, suivre_point
from jalon.instances.seances import convoquer_membres, ouvrir_seance, planifier_seance
from jalon.instances.selectors import decisions_a_suivre, rythmes
from jalon.socle.errors import DroitManquantError, JalonError, TransitionRefuseeError
from tests.distribution import Distribution

pytestmark = pytest.mark.django_db


class Pacte:
    """Le pacte local du premier territoire, avec de quoi réunir son quorum."""

    def __init__(self, distribution: Distribution) -> None:
        self.d = distribution
        self.instance = Instance.objects.select_related("type", "territoire").get(
            territoire=distribution.territoire, type__code="pacte_local"
        )
        self.presidente = distribution.agent("Paule", "chef_territoire", territoire=distribution.territoire)
        commun: dict[str, Any] = {**self.qui(distribution.siege), "du": date(2020, 1, 1)}
        departement = QualiteMembre.objects.get(type=self.instance.type, code="departement")
        partenaire = QualiteMembre.objects.get(type=self.instance.type, code="partenaire")
        self.sieges = [
            nommer_membre(self.instance, qualite=departement, agent=self.presidente, **commun),
            nommer_membre(self.instance, qualite=partenaire, nom_externe="Membre un", **commun),
            nommer_membre(self.instance, qualite=partenaire, nom_externe="Membre deux", **commun),
        ]

    def qui(self, agent: Agent) -> dict[str, Any]:
        return {"acteur": agent, "perimetre": Perimetre.de(agent)}

    def preparee(self) -> Seance:
        return planifier_seance(
            self.instance, **self.qui(self.d.orienteur), jour=timezone.localdate(), heure=time(14), lieu="Mairie"
        )

    def point(self, seance: Seance, intitule: str = "Atelier mobilité") -> PointSeance:
        theme = self.instance.type.themes.get(code="actions")
        return ajouter_point(seance, **self.qui(self.d.orienteur), theme=theme, intitule=intitule)

    def ouverte(self, seance: Seance) -> Seance:
        convoquer_membres(seance, **self.qui(self.d.orienteur), motif_urgence="Essai")
        return ouvrir_seance(
            seance, **self.qui(self.presidente), president=self.sieges[0], presents=[s.pk for s in self.sieges]
        )


@pytest.fixture
def pacte(distribution: Distribution) -> Pacte:
    return Pacte(distribution)


def texte(reference: Any) -> str:
    octets = lire_document(Document.objects.get(public_id=reference))
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(octets)).pages).split())


def test_du_point_au_releve_puis_au_suivi(pacte: Pacte) -> None:
    seance = pacte.preparee()
    point, autre = pacte.point(seance), pacte.point(seance, "Garde d'enfants")
    seance = pacte.ouverte(seance)
    presidence = pacte.qui(pacte.presidente)
    echeance = timezone.localdate() + timedelta(days=30)
    decider_point(point, **presidence, decision="Ouvrir un atelier", responsable="Membre un", echeance=echeance)
    assert decisions_a_suivre(pacte.instance) == [], "rien n'est confié avant la clôture"
    seance = clore_seance(seance, **presidence)
    lu, anonyme = texte(seance.pv), texte(seance.pv_anonyme)
    for attendu in ("Ouvrir un atelier", f"{echeance:%d/%m/%Y}", "Garde d'enfants", "Pas de décision"):
        assert attendu in lu, attendu
    assert "Ouvrir un atelier" in anonyme
    assert [p.pk for p in decisions_a_suivre(pacte.instance)] == [point.pk]
    with pytest.raises(JalonError, match="ce qui a été fait"):
        suivre_point(point, **pacte.qui(pacte.d.orienteur), suite="")
    suivre_point(point, **pacte.qui(pacte.d.orienteur), suite="Ouvert le 2")
    assert decisions_a_suivre(pacte.instance) == []
    with pytest.raises(TransitionRefuseeError, match="dite faite"):
        suivre_point(point, **pacte.qui(pacte.d.orienteur), suite="Encore")
    with pytest.raises(TransitionRefuseeError, match="Rien n'a été décidé"):
        suivre_point(autre, **pacte.qui(pacte.d.orienteur), suite="Fait")


def test_refuse_de_convoquer_sans_point(pacte: Pacte) -> None:
    with pytest.raises(JalonError, match="écrivez ses points"):
        pacte.ouverte(pacte.preparee())


def test_refuse_un_theme_d_une_autre_instance(pacte: Pacte) -> None:
    autre = Instance.objects.get(type__code="commission_aides", territoire=pacte.d.territoire).type.themes.all()
    with pytest.raises(JalonError, match="n'est pas de cette instance"):
        ajouter_point(pacte.preparee(), **pacte.qui(pacte.d.orienteur), theme=autre.order_by("pk")[0], intitule="Point")


@pytest.mark.parametrize(
    ("dit", "phrase"),
    [
        ({"decision": "", "responsable": "Membre un"}, "Écrivez la décision"),
        ({"decision": "Oui", "echeance": date(2036, 1, 1)}, "dites qui"),
        ({"decision": "Oui", "responsable": "Membre un", "echeance": date(2020, 1, 1)}, "avant la séance"),
    ],
)
def test_refuse_une_decision_mal_confiee(pacte: Pacte, dit: dict[str, Any], phrase: str) -> None:
    seance = pacte.preparee()
    point = pacte.point(seance)
    pacte.ouverte(seance)
    with pytest.raises(JalonError, match=phrase):
        decider_point(point, **pacte.qui(pacte.presidente), **dit)


def test_refuse_de_decider_a_qui_ne_conduit_pas(pacte: Pacte) -> None:
    seance = pacte.preparee()
    point = pacte.point(seance)
    pacte.ouverte(seance)
    with pytest.raises(DroitManquantError):
        decider_point(point, **pacte.qui(pacte.d.siege), decision="Oui")


def test_refuse_de_retirer_un_point_decide(pacte: Pacte) -> None:
    seance = pacte.preparee()
    point, autre = pacte.point(seance), pacte.point(seance, "Autre")
    pacte.ouverte(seance)
    decider_point(point, **pacte.qui(pacte.presidente), decision="Oui")
    with pytest.raises(TransitionRefuseeError, match="procès-verbal"):
        retirer_point(point, **pacte.qui(pacte.d.orienteur))
    retirer_point(autre, **pacte.qui(pacte.d.orienteur))
    with pytest.raises(IntegrityError, match="point_confie_avec_sa_decision"), transaction.atomic():
        PointSeance.objects.filter(pk=autre.pk).update(responsable="Membre un")


def test_le_rythme_vaut_pour_toutes_les_instances(pacte: Pacte) -> None:
    """Un pacte se réunit tous les six mois : l'alerte vient six mois après, comme pour une équipe d'orientation."""
    seance = pacte.preparee()
    pacte.point(seance)
    clore_seance(pacte.ouverte(seance), **pacte.qui(pacte.presidente))
    jour = timezone.localdate()
    assert not rythmes([pacte.instance], jour)[0].alerte
    assert rythmes([pacte.instance], jour + timedelta(days=184))[0].retard == 1
