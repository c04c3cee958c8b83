"""Transférer un portefeuille : l'aperçu, l'acte, ce que chacun devient, et ce qui se défait."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from jalon.accompagnements.absences import avis_a_lire
from jalon.accompagnements.charge import charge_referent
from jalon.accompagnements.models import DesignationReferent, RegleTransfert, TransfertPortefeuille
from jalon.accompagnements.passations import referent_actuel
from jalon.accompagnements.referents import SANS_DEPASSEMENT, Depassement
from jalon.accompagnements.transferts import (
    defaire_transfert,
    portefeuille_de,
    repartir,
    transferer_portefeuille,
)
from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.organismes.models import Organisme
from jalon.personnes.models import Adresse, Personne
from jalon.referentiels import parametres
from jalon.referentiels.models import Parametre
from jalon.socle.errors import DroitManquantError, JalonError, TransitionRefuseeError
from jalon.socle.rls import web_role
from jalon.traces.services import tracer
from tests.accompagnements.aides import jour, nommer, organisme_de
from tests.distribution import Distribution
from tests.fabriques import EN_COURS, une_allocataire

pytestmark = pytest.mark.django_db


@pytest.fixture
def collegues(distribution: Distribution) -> list[Agent]:
    ccas = organisme_de(distribution.partenaire)
    return [distribution.agent(prenom, "referent_solidarite", organisme=ccas) for prenom in ("Ines", "Jonas")]


@pytest.fixture
def chef(distribution: Distribution) -> Agent:
    return distribution.agent("Chantal", "chef_territoire", territoire=distribution.territoire)


@pytest.fixture
def limite() -> Any:
    def poser(valeur: int, bloquant: bool = False) -> None:
        Parametre.objects.filter(code="referent.charge_maximale").update(valeur=str(valeur))
        Parametre.objects.filter(code="referent.depassement_bloquant").update(valeur=str(bloquant))
        parametres.oublier()

    yield poser
    parametres.oublier()


def suivies(distribution: Distribution, nombre: int, *communes: str) -> list[Personne]:
    personnes = []
    for rang in range(nombre):
        personne = une_allocataire(territoire=distribution.territoire)
        if communes:
            Adresse.objects.create(
                foyer=personne.rattachements.get().foyer, rang=1, nom_commune=communes[rang % len(communes)],
                periode=EN_COURS,
            )  # fmt: skip
        nommer(personne, distribution.partenaire)
        personnes.append(personne)
    return personnes


def transferer(chef: Agent, de: Agent, vers: list[Agent], **plus: Any) -> TransfertPortefeuille:
    valeurs: dict[str, Any] = {"regle": RegleTransfert.CHARGE, "motif": "Départ à la retraite"}
    return transferer_portefeuille(de, acteur=chef, perimetre=Perimetre.de(chef), vers=vers, **{**valeurs, **plus})


def apercu(distribution: Distribution, chef: Agent, vers: list[Agent], regle: str) -> dict[Agent, int]:
    designations = portefeuille_de(distribution.partenaire, Perimetre.de(chef), jour())
    fait = repartir(designations, vers=vers, regle=regle, depassement=SANS_DEPASSEMENT, jour=jour())
    return {preneur.agent: preneur.apres for preneur in fait.preneurs}


def test_tout_va_a_un_seul(distribution: Distribution, collegues: list[Agent], chef: Agent) -> None:
    suivies(distribution, 4)
    assert apercu(distribution, chef, collegues, RegleTransfert.UN_SEUL) == {collegues[0]: 4}


def test_chacun_recoit_selon_sa_place(
    distribution: Distribution, collegues: list[Agent], chef: Agent, limite: Any
) -> None:
    limite(10)
    for _ in range(4):
        nommer(une_allocataire(territoire=distribution.territoire), collegues[0])
    suivies(distribution, 6)
    assert apercu(distribution, chef, collegues, RegleTransfert.CHARGE) == {collegues[0]: 5, collegues[1]: 5}


def test_les_voisins_restent_ensemble(distribution: Distribution, collegues: list[Agent], chef: Agent) -> None:
    personnes = suivies(distribution, 6, "LENS", "AVION")
    fait = transferer(chef, distribution.partenaire, collegues, regle=RegleTransfert.COMMUNE)
    par_commune: dict[str, set[Agent]] = {"LENS": set(), "AVION": set()}
    for rang, personne in enumerate(personnes):
        par_commune[("LENS", "AVION")[rang % 2]].add(referent_actuel(personne).agent)  # type: ignore[union-attr,arg-type]
    assert [len(agents) for agents in par_commune.values()] == [1, 1]
    assert fait.lignes.filter(nouvelle__isnull=False).count() == 6


def test_l_apercu_ne_change_rien(distribution: Distribution, collegues: list[Agent], chef: Agent) -> None:
    suivies(distribution, 2)
    apercu(distribution, chef, collegues, RegleTransfert.CHARGE)
    assert charge_referent(distribution.partenaire, jour()) == 2


def test_sans_place_la_personne_reste_et_l_acte_dit_pourquoi(
    distribution: Distribution, collegues: list[Agent], chef: Agent, limite: Any
) -> None:
    suivies(distribution, 3)
    limite(1)
    fait = transferer(chef, distribution.partenaire, collegues)
    assert fait.lignes.filter(nouvelle__isnull=False).count() == 2
    assert fait.lignes.get(nouvelle=None).raison == "Plus de place chez les preneurs choisis."
    assert charge_referent(distribution.partenaire, jour()) == 1


def test_au_dela_de_la_limite_avec_un_motif(
    distribution: Distribution, collegues: list[Agent], chef: Agent, limite: Any
) -> None:
    suivies(distribution, 3)
    limite(1)
    fait = transferer(chef, distribution.partenaire, collegues, depassement=Depassement(True, "Renfort en janvier"))
    assert fait.lignes.filter(nouvelle__isnull=False).count() == 3
    depassee = DesignationReferent.objects.get(depassement=True)
    assert depassee.motif_depassement == "Renfort en janvier"


def test_jamais_si_le_profil_bloque(
    distribution: Distribution, collegues: list[Agent], chef: Agent, limite: Any
) -> None:
    suivies(distribution, 3)
    limite(1, bloquant=True)
    fait = transferer(chef, distribution.partenaire, collegues, depassement=Depassement(True, "Renfort"))
    assert fait.lignes.filter(nouvelle__isnull=False).count() == 2


def test_ne_transfere_que_les_personnes_de_son_territoire(
    distribution: Distribution, collegues: list[Agent], chef: Agent
) -> None:
    (ici,) = suivies(distribution, 1)
    ailleurs = une_allocataire(territoire=distribution.autre_territoire)
    nommer(ailleurs, distribution.partenaire)
    with web_role(Perimetre.de(chef).reglages()):
        transferer(chef, distribution.partenaire, collegues)
    assert referent_actuel(ici).agent in collegues  # type: ignore[union-attr]
    assert referent_actuel(ailleurs).agent == distribution.partenaire  # type: ignore[union-attr]


def test_chacun_est_averti(distribution: Distribution, collegues: list[Agent], chef: Agent) -> None:
    suivies(distribution, 2)
    transferer(chef, distribution.partenaire, collegues)
    assert len(avis_a_lire(distribution.partenaire)) == 2
    assert sum(len(avis_a_lire(c)) for c in collegues) == 2


def test_refuse_si_le_portefeuille_a_change_depuis_l_apercu(
    distribution: Distribution, collegues: list[Agent], chef: Agent
) -> None:
    suivies(distribution, 2)
    with pytest.raises(TransitionRefuseeError, match="a changé depuis l'aperçu"):
        transferer(chef, distribution.partenaire, collegues, attendues=3)


def test_refuse_un_agent_d_un_autre_organisme(distribution: Distribution, chef: Agent) -> None:
    suivies(distribution, 1)
    plie = Organisme.objects.filter(type__categorie="plie").order_by("id")[0]
    voisine = distribution.agent("Rita", "referent_professionnel", organisme=plie)
    with pytest.raises(JalonError, match="ne travaille pas avec"):
        transferer(chef, distribution.partenaire, [voisine])


def test_refuse_sans_motif(distribution: Distribution, collegues: list[Agent], chef: Agent) -> None:
    suivies(distribution, 1)
    with pytest.raises(JalonError, match="pourquoi"):
        transferer(chef, distribution.partenaire, collegues, motif=" ")


def test_refuse_a_l_orienteur(distribution: Distribution, collegues: list[Agent]) -> None:
    suivies(distribution, 1)
    with pytest.raises(DroitManquantError):
        transferer(distribution.orienteur, distribution.partenaire, collegues)


class TestDefaire:
    def test_le_jour_meme_le_suivi_reprend_comme_avant(
        self, distribution: Distribution, collegues: list[Agent], chef: Agent
    ) -> None:
        (personne,) = suivies(distribution, 1)
        fait = transferer(chef, distribution.partenaire, collegues)
        defaire_transfert(fait, acteur=chef, perimetre=Perimetre.de(chef))
        designation = referent_actuel(personne)
        assert designation is not None
        assert (designation.agent, designation.periode.lower, designation.motif_fin) == (
            distribution.partenaire, jour(40), "",
        )  # fmt: skip
        assert personne.accompagnements.filter(periode__contains=jour()).get().agent == distribution.partenaire

    def test_plus_tard_il_reprend_ce_jour_la(
        self, distribution: Distribution, collegues: list[Agent], chef: Agent
    ) -> None:
        (personne,) = suivies(distribution, 1)
        fait = transferer(chef, distribution.partenaire, collegues)
        # Le transfert date d'il y a cinq jours.
        for designation in DesignationReferent.objects.order_by("periode"):
            bornes = designation.periode
            haut = bornes.upper - timedelta(days=5) if bornes.upper else None
            bas = bornes.lower - timedelta(days=5)
            type(designation).objects.filter(pk=designation.pk).update(periode=type(bornes)(bas, haut))
        defaire_transfert(fait, acteur=chef, perimetre=Perimetre.de(chef))
        periodes = personne.designations_referent.order_by("periode").values_list("agent", "periode__startswith")
        assert [a for a, _ in periodes] == [
            distribution.partenaire.pk, collegues[0].pk, distribution.partenaire.pk,
        ]  # fmt: skip
        assert referent_actuel(personne).periode.lower == jour()  # type: ignore[union-attr]

    def test_garde_ou_elle_est_celle_pour_qui_il_s_est_passe_quelque_chose(
        self, distribution: Distribution, collegues: list[Agent], chef: Agent
    ) -> None:
        intacte, touchee = suivies(distribution, 2)
        fait = transferer(chef, distribution.partenaire, collegues)
        tracer("essai.acte", touchee, acteur=chef, personnes=[touchee.public_id], resume="Entretien")
        defaire_transfert(fait, acteur=chef, perimetre=Perimetre.de(chef))
        assert referent_actuel(intacte).agent == distribution.partenaire  # type: ignore[union-attr]
        assert referent_actuel(touchee).agent in collegues  # type: ignore[union-attr]
        assert fait.lignes.get(ancienne__personne=touchee).raison_gardee.startswith("Il s'est passé")

    def test_refuse_si_rien_ne_peut_etre_rendu(
        self, distribution: Distribution, collegues: list[Agent], chef: Agent
    ) -> None:
        (personne,) = suivies(distribution, 1)
        fait = transferer(chef, distribution.partenaire, collegues)
        tracer("essai.acte", personne, acteur=chef, personnes=[personne.public_id], resume="Entretien")
        with pytest.raises(TransitionRefuseeError, match="passez le relais une par une"):
            defaire_transfert(fait, acteur=chef, perimetre=Perimetre.de(chef))

    def test_refuse_deux_fois(self, distribution: Distribution, collegues: list[Agent], chef: Agent) -> None:
        suivies(distribution, 1)
        fait = transferer(chef, distribution.partenaire, collegues)
        defaire_transfert(fait, acteur=chef, perimetre=Perimetre.de(chef))
        with pytest.raises(TransitionRefuseeError, match="déjà été défait"):
            defaire_transfert(fait, acteur=chef, perimetre=Perimetre.de(chef))
