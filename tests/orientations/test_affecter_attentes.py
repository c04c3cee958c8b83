"""Confier des attentes d'orientation à un agent ou à un service, et défaire."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.organismes.models import Organisme
from jalon.orientations.models import AttenteOrientation, MotifSortie
from jalon.orientations.selectors import attentes, services_affectables
from jalon.orientations.services import BilanAffectation, affecter_attentes, annuler_affectation
from jalon.socle.errors import DroitManquantError, JalonError, TransitionRefuseeError
from jalon.traces.models import Acte
from tests.distribution import Distribution
from tests.fabriques import une_allocataire

pytestmark = pytest.mark.django_db


def attente(territoire: Any, **champs: Any) -> AttenteOrientation:
    return AttenteOrientation.objects.get(personne=une_allocataire(territoire=territoire, en_attente=True, **champs))


def affecter(acteur: Agent, **cible: Any) -> BilanAffectation:
    return affecter_attentes(attentes(), acteur=acteur, perimetre=Perimetre.de(acteur), **cible)


def test_confie_des_personnes_a_un_collegue(distribution: Distribution) -> None:
    lignes = [attente(distribution.territoire) for _ in range(3)]
    bilan = affecter(distribution.orienteur, agent=distribution.collegue)
    assert (bilan.faites, bilan.ecartees) == (3, {})
    assert set(AttenteOrientation.objects.values_list("agent", flat=True)) == {distribution.collegue.pk}
    acte = Acte.objects.get(code="orientations.attente.affectee")
    assert set(acte.personnes) == {ligne.personne.public_id for ligne in lignes}
    assert acte.organisme


def test_ne_touche_pas_une_personne_hors_perimetre(distribution: Distribution) -> None:
    dehors = attente(distribution.autre_territoire)
    assert affecter(distribution.orienteur, agent=distribution.collegue).faites == 0
    dehors.refresh_from_db()
    assert dehors.agent is None


def test_ecarte_celles_deja_confiees_et_celles_sorties_en_disant_pourquoi(distribution: Distribution) -> None:
    deja, sortie, libre = (attente(distribution.territoire) for _ in range(3))
    AttenteOrientation.objects.filter(pk=deja.pk).update(agent=distribution.collegue)
    AttenteOrientation.objects.filter(pk=sortie.pk).update(
        sortie_le=date(2026, 11, 1), motif_sortie=MotifSortie.DROIT_CLOS
    )
    bilan = affecter(distribution.orienteur, agent=distribution.collegue)
    assert bilan.faites == 1
    assert bilan.nombre_ecartees == 2
    assert any("plus dans la file" in raison for raison in bilan.ecartees)
    assert any("déjà chez" in raison for raison in bilan.ecartees)
    libre.refresh_from_db()
    assert libre.agent == distribution.collegue


def test_ecarte_une_personne_que_l_agent_choisi_ne_verrait_pas(distribution: Distribution) -> None:
    attente(distribution.territoire)
    ailleurs = attente(distribution.autre_territoire)
    bilan = affecter(distribution.siege, agent=distribution.orienteur)
    assert bilan.faites == 1
    ailleurs.refresh_from_db()
    assert ailleurs.agent is None
    assert any("périmètre" in raison for raison in bilan.ecartees)


def test_refuse_un_agent_d_un_autre_territoire(distribution: Distribution) -> None:
    """Même rôle que la collègue : seul le territoire change."""
    attente(distribution.territoire)
    departement = distribution.orienteur.affectations.get().organisme
    autre_service = Organisme.objects.exclude(pk=departement.pk).order_by("pk")[0]
    distribution.etrangere.affectations.update(organisme=autre_service)
    with pytest.raises(JalonError, match="choisissez un collègue"):
        affecter(distribution.orienteur, agent=distribution.etrangere)


def test_refuse_sans_le_droit_d_affecter(distribution: Distribution) -> None:
    attente(distribution.territoire)
    with pytest.raises(DroitManquantError):
        affecter(distribution.partenaire, agent=distribution.collegue)


@pytest.mark.parametrize("les_deux", [True, False])
def test_refuse_zero_ou_deux_destinataires(distribution: Distribution, les_deux: bool) -> None:
    service = services_affectables(Perimetre.de(distribution.siege), date(2026, 11, 1))[0]
    cible = {"agent": distribution.collegue, "service": service} if les_deux else {}
    with pytest.raises(JalonError, match="un agent ou un service"):
        affecter(distribution.siege, **cible)


def test_confie_a_un_service_qui_nommera_son_agent(distribution: Distribution) -> None:
    ligne = attente(distribution.territoire)
    AttenteOrientation.objects.update(agent=distribution.orienteur)
    perimetre = Perimetre.de(distribution.orienteur)
    service = next(
        s for s in services_affectables(perimetre, date(2026, 11, 1)) if distribution.territoire in s.territoires.all()
    )
    assert affecter(distribution.orienteur, service=service).faites == 1
    ligne.refresh_from_db()
    assert (ligne.service, ligne.agent) == (service, None)


def test_refuse_un_service_qui_n_oriente_pas(distribution: Distribution) -> None:
    attente(distribution.territoire)
    with pytest.raises(JalonError, match="n’oriente pas"):
        affecter(distribution.orienteur, service=distribution.operateur.affectations.get().organisme)


def test_defaire_rend_chacune_a_qui_l_avait(distribution: Distribution) -> None:
    premiere, seconde = attente(distribution.territoire), attente(distribution.territoire)
    AttenteOrientation.objects.filter(pk=premiere.pk).update(agent=distribution.orienteur)
    bilan = affecter(distribution.orienteur, agent=distribution.collegue)
    assert bilan.acte is not None
    rendu = annuler_affectation(
        bilan.acte, acteur=distribution.orienteur, perimetre=Perimetre.de(distribution.orienteur)
    )
    assert rendu.faites == 2
    premiere.refresh_from_db()
    seconde.refresh_from_db()
    assert (premiere.agent, seconde.agent) == (distribution.orienteur, None)
    with pytest.raises(TransitionRefuseeError, match="déjà été défaite"):
        annuler_affectation(bilan.acte, acteur=distribution.orienteur, perimetre=Perimetre.de(distribution.orienteur))


def test_defaire_laisse_celles_confiees_depuis_a_un_autre(distribution: Distribution) -> None:
    ligne = attente(distribution.territoire)
    bilan = affecter(distribution.orienteur, agent=distribution.collegue)
    affecter(distribution.collegue, agent=distribution.orienteur)
    assert bilan.acte is not None
    rendu = annuler_affectation(
        bilan.acte, acteur=distribution.orienteur, perimetre=Perimetre.de(distribution.orienteur)
    )
    assert rendu.faites == 0
    assert any("depuis" in raison for raison in rendu.ecartees)
    ligne.refresh_from_db()
    assert ligne.agent == distribution.orienteur


def test_refuse_de_defaire_l_affectation_d_un_autre(distribution: Distribution) -> None:
    attente(distribution.territoire)
    bilan = affecter(distribution.orienteur, agent=distribution.collegue)
    assert bilan.acte is not None
    with pytest.raises(DroitManquantError, match="auteur"):
        annuler_affectation(bilan.acte, acteur=distribution.collegue, perimetre=Perimetre.de(distribution.collegue))
