"""Passer le relais : un acte, deux référents avertis, une personne prévenue, et un dossier qui reste entier."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db.backends.postgresql.psycopg_any import DateRange

from jalon.accompagnements.absences import avis_a_lire
from jalon.accompagnements.models import (
    Accompagnement,
    AvisReferent,
    DesignationReferent,
    MoyenInformation,
)
from jalon.accompagnements.passations import dire_prevenue, passer_le_relais, referent_actuel
from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.documents.models import Document
from jalon.organismes.models import Organisme
from jalon.personnes.models import Adresse, Personne
from jalon.socle.errors import DroitManquantError, JalonError, TransitionRefuseeError
from jalon.socle.rls import web_role
from tests.accompagnements.aides import jour, nommer, organisme_de, orienter
from tests.distribution import Distribution
from tests.fabriques import EN_COURS, une_allocataire

pytestmark = pytest.mark.django_db


@pytest.fixture
def personne(distribution: Distribution) -> Personne:
    personne = une_allocataire(territoire=distribution.territoire)
    Adresse.objects.create(
        foyer=personne.rattachements.get().foyer, rang=1, numero="3", type_voie="RUE", voie="HAUTE",
        code_postal="62300", nom_commune="LENS", periode=EN_COURS,
    )  # fmt: skip
    return personne


@pytest.fixture
def autre_organisme() -> Organisme:
    return Organisme.objects.filter(type__categorie="plie").order_by("id")[0]


@pytest.fixture
def voisine(distribution: Distribution, autre_organisme: Organisme) -> Agent:
    """Référente d'un autre organisme."""
    return distribution.agent("Rita", "referent_professionnel", organisme=autre_organisme)


def relais(distribution: Distribution, personne: Personne, vers: Agent, **plus: Any) -> DesignationReferent:
    acteur = distribution.orienteur
    valeurs: dict[str, Any] = {
        "acteur": acteur, "perimetre": Perimetre.de(acteur), "organisme": organisme_de(vers), "agent": vers,
        "attendue": referent_actuel(personne),
    }  # fmt: skip
    return passer_le_relais(personne, **{**valeurs, **plus})


def voit(agent: Agent, personne: Personne) -> bool:
    with web_role(Perimetre.de(agent).reglages()):
        return Personne.objects.filter(pk=personne.pk).exists()


def test_un_acte_nomme_l_un_libere_l_autre_et_avertit_les_deux(
    distribution: Distribution, personne: Personne, voisine: Agent
) -> None:
    ancienne = nommer(personne, distribution.partenaire)

    nouvelle = relais(distribution, personne, voisine, note="Attend la réponse du bailleur.")

    ancienne.refresh_from_db()
    assert (ancienne.periode.upper, ancienne.motif_fin) == (jour(), "passation")
    assert (nouvelle.agent, nouvelle.note_transmission) == (voisine, "Attend la réponse du bailleur.")
    assert [a.arrive for a in avis_a_lire(voisine)] == [True]
    (adieu,) = avis_a_lire(distribution.partenaire)
    assert not adieu.arrive
    assert str(voisine) in adieu.texte


def test_la_lettre_a_la_personne_est_ecrite_avec_l_acte(
    distribution: Distribution, personne: Personne, voisine: Agent
) -> None:
    nommer(personne, distribution.partenaire)
    nouvelle = relais(distribution, personne, voisine)
    document = Document.objects.get(public_id=nouvelle.lettre)
    assert (document.nature, document.personne) == ("passation_referent", personne.public_id)


def test_sans_adresse_l_acte_vaut_et_la_personne_reste_a_prevenir(
    distribution: Distribution, personne: Personne, voisine: Agent
) -> None:
    Adresse.objects.all().delete()
    nommer(personne, distribution.partenaire)
    nouvelle = relais(distribution, personne, voisine)
    assert (nouvelle.lettre, nouvelle.prevenue_le) == (None, None)


def test_l_organisme_d_avant_n_ouvre_plus_le_dossier(
    distribution: Distribution, personne: Personne, voisine: Agent
) -> None:
    nommer(personne, distribution.partenaire)
    assert voit(distribution.partenaire, personne)
    relais(distribution, personne, voisine)
    assert not voit(distribution.partenaire, personne)
    assert voit(voisine, personne)


def test_il_l_ouvre_encore_s_il_garde_un_suivi(distribution: Distribution, personne: Personne, voisine: Agent) -> None:
    nommer(personne, distribution.partenaire)
    relais(distribution, personne, voisine, garder_suivi="Logement")
    suivi = Accompagnement.objects.get(personne=personne, nature="suivi")
    assert (suivi.organisme, suivi.objet) == (organisme_de(distribution.partenaire), "Logement")
    assert voit(distribution.partenaire, personne)


def test_le_dossier_se_ferme_meme_si_la_personne_a_demenage(
    distribution: Distribution, personne: Personne, voisine: Agent
) -> None:
    """Le suivi porte encore l'ancien territoire, que l'agent d'ici ne lit pas."""
    nommer(personne, distribution.partenaire)
    Accompagnement.objects.update(territoire=distribution.autre_territoire)
    with web_role(Perimetre.de(distribution.orienteur).reglages()):
        relais(distribution, personne, voisine)
    assert not voit(distribution.partenaire, personne)


def test_orientation_suivis_et_histoire_demeurent(distribution: Distribution, personne: Personne) -> None:
    decision = orienter(personne, organisme_de(distribution.partenaire))
    nommer(personne, distribution.partenaire, decision=decision)
    collegue = distribution.agent("Ines", "referent_solidarite", organisme=organisme_de(distribution.partenaire))

    nouvelle = relais(distribution, personne, collegue)

    decision.refresh_from_db()
    assert nouvelle.decision == decision
    assert decision.periode.upper is None
    assert personne.designations_referent.count() == 2


def test_refuse_un_organisme_que_l_orientation_n_admet_pas(
    distribution: Distribution, personne: Personne, voisine: Agent
) -> None:
    decision = orienter(personne, organisme_de(distribution.partenaire))
    nommer(personne, distribution.partenaire, decision=decision)
    with pytest.raises(JalonError, match="n'accompagne pas sous"):
        relais(distribution, personne, voisine)
    assert referent_actuel(personne).agent == distribution.partenaire  # type: ignore[union-attr]


def test_refuse_d_ecraser_le_relais_d_un_collegue(
    distribution: Distribution, personne: Personne, voisine: Agent
) -> None:
    vue = nommer(personne, distribution.partenaire)
    collegue = distribution.agent("Ines", "referent_solidarite", organisme=organisme_de(distribution.partenaire))
    relais(distribution, personne, collegue)
    with pytest.raises(TransitionRefuseeError, match="a changé entre-temps"):
        relais(distribution, personne, voisine, attendue=vue)


def test_la_personne_choisit_parmi_ceux_qui_la_suivent_deja(
    distribution: Distribution, personne: Personne, voisine: Agent, autre_organisme: Organisme
) -> None:
    with pytest.raises(JalonError, match="ne suit pas encore"):
        relais(distribution, personne, voisine, choisi_par_la_personne=True)
    Accompagnement.objects.create(personne=personne, organisme=autre_organisme, objet="Emploi", periode=EN_COURS)
    assert relais(distribution, personne, voisine, choisi_par_la_personne=True).choisi_par_la_personne


def test_refuse_a_qui_ne_designe_pas(distribution: Distribution, personne: Personne, voisine: Agent) -> None:
    nommer(personne, distribution.partenaire)
    acteur = distribution.partenaire
    with pytest.raises(DroitManquantError):
        relais(distribution, personne, voisine, acteur=acteur, perimetre=Perimetre.de(acteur))


def test_un_referent_exterieur_n_a_ni_compte_ni_avis(
    distribution: Distribution, personne: Personne, autre_organisme: Organisme
) -> None:
    nommer(personne, distribution.partenaire)
    nouvelle = relais(
        distribution, personne, distribution.partenaire, organisme=autre_organisme, agent=None,
        nom_externe="Camille Exemple", contact_externe="03 00 00 00 00",
    )  # fmt: skip
    assert nouvelle.nom == "Camille Exemple"
    assert AvisReferent.objects.filter(arrive=True).count() == 0


def test_la_personne_prevenue_l_est_une_seule_fois(distribution: Distribution, personne: Personne) -> None:
    designation = nommer(personne, distribution.partenaire)
    qui = {"acteur": distribution.partenaire, "perimetre": Perimetre.de(distribution.partenaire)}
    prevenue = dire_prevenue(designation, moyen=MoyenInformation.TELEPHONE, **qui)
    assert (prevenue.prevenue_le, prevenue.moyen_prevenue) == (jour(), "telephone")
    with pytest.raises(TransitionRefuseeError, match="a été prévenue le"):
        dire_prevenue(designation, moyen=MoyenInformation.LETTRE, **qui)


def test_ne_se_previent_pas_d_avance(distribution: Distribution, personne: Personne) -> None:
    designation = nommer(personne, distribution.partenaire)
    with pytest.raises(JalonError, match="à venir"):
        dire_prevenue(
            designation, acteur=distribution.partenaire, perimetre=Perimetre.de(distribution.partenaire),
            moyen=MoyenInformation.LETTRE, le=jour() + timedelta(days=1),
        )  # fmt: skip


def test_la_periode_du_nouveau_suit_celle_de_l_ancien(
    distribution: Distribution, personne: Personne, voisine: Agent
) -> None:
    nommer(personne, distribution.partenaire, depuis=10)
    relais(distribution, personne, voisine)
    periodes = list(personne.designations_referent.order_by("periode").values_list("periode", flat=True))
    assert periodes == [DateRange(jour(10), jour()), DateRange(jour(), None)]
