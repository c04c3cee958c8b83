"""Une demande, du premier contact à sa fin : chaque acte, ses refus, ses délais (F017 à F021)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from dateutil.relativedelta import relativedelta
from django.db import IntegrityError, transaction
from django.utils import timezone

from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.droits import services
from jalon.droits.instruction import pieces_a_demander, reglage, regle_aiguillage, resultat_test
from jalon.droits.models import BrouillonInstruction, DemandeInstruction, EtatDemande, PieceDemandee, ResultatTest
from jalon.droits.selectors import demandes
from jalon.organismes.models import CategorieOrganisme, Organisme
from jalon.personnes.models import PartageDossier, Personne, Rapprochement
from jalon.personnes.services import fusionner_personnes
from jalon.socle.errors import DroitManquantError, JalonError, TransitionRefuseeError
from jalon.socle.rls import web_role
from jalon.traces.models import Acte
from tests.distribution import Distribution
from tests.fabriques import PersonneFactory, une_demande

pytestmark = pytest.mark.django_db

JOUR = timezone.localdate()
TOUTES_FAVORABLES = {
    "residence": "oui", "age": "oui", "sejour": "oui", "ressources": "oui", "etudes": "non", "autres_droits": "oui",
}  # fmt: skip


def en_tant_que(agent: Agent) -> Callable[..., Any]:
    """`faire = en_tant_que(agent); faire(services.x, objet, …)` : sous le rôle web de l'agent."""
    perimetre = Perimetre.de(agent)

    def faire(acte: Callable[..., Any], objet: Any, **options: Any) -> Any:
        with web_role(perimetre.reglages()):
            return acte(objet, acteur=agent, perimetre=perimetre, **options)

    return faire


@pytest.fixture
def ccas(distribution: Distribution) -> Organisme:
    return distribution.organisme(CategorieOrganisme.CCAS)


@pytest.fixture
def personne(distribution: Distribution) -> Personne:
    return PersonneFactory(territoire=distribution.territoire)


@pytest.fixture
def faire(distribution: Distribution) -> Callable[..., Any]:
    return en_tant_que(distribution.orienteur)


@pytest.fixture
def demande(faire: Callable[..., Any], personne: Personne, ccas: Organisme) -> DemandeInstruction:
    return faire(services.deposer_demande, personne, organisme=ccas, depot_le=JOUR - timedelta(days=20))


def recevoir_tout(faire: Callable[..., Any], demande: DemandeInstruction) -> None:
    codes = list(demande.pieces.order_by("pk").values_list("code", flat=True))
    faire(services.noter_pieces, demande, recues=codes)


class TestDeposer:
    def test_garde_la_date_de_depot_et_demande_les_pieces(self, demande: DemandeInstruction) -> None:
        assert demande.etat == EtatDemande.PIECES_ATTENDUES
        assert demande.echeance == JOUR - timedelta(days=20) + relativedelta(months=2)
        assert {p.code for p in demande.pieces.order_by("pk")} == {p.code for p in pieces_a_demander(reglage(), [])}
        assert Acte.objects.get(code="droits.demande.deposee").personnes == [demande.personne.public_id]

    def test_garde_le_test_tel_qu_il_a_ete_pose(
        self, faire: Callable[..., Any], personne: Personne, ccas: Organisme
    ) -> None:
        demande = faire(services.deposer_demande, personne, organisme=ccas, reponses=TOUTES_FAVORABLES)
        assert demande.resultat == ResultatTest.FAVORABLE
        assert {r["code"]: r["reponse"] for r in demande.reponses} == TOUTES_FAVORABLES
        assert all(r["texte"] for r in demande.reponses)

    def test_ouvre_le_dossier_a_l_organisme_qui_instruit(
        self, distribution: Distribution, demande: DemandeInstruction
    ) -> None:
        with web_role(Perimetre.de(distribution.partenaire).reglages()):
            assert Personne.objects.filter(pk=demande.personne_id).exists()
        with web_role(Perimetre.de(distribution.etrangere).reglages()):
            assert not DemandeInstruction.objects.exists()

    def test_efface_le_brouillon(
        self, distribution: Distribution, faire: Callable[..., Any], personne: Personne, ccas: Organisme
    ) -> None:
        services.garder_brouillon({"nom": ["X"]}, acteur=distribution.orienteur)
        services.garder_brouillon({"nom": ["Y"]}, acteur=distribution.collegue)
        faire(services.deposer_demande, personne, organisme=ccas)
        assert [b.agent for b in BrouillonInstruction.objects.order_by("pk")] == [distribution.collegue]

    def test_refuse_une_seconde_demande_en_cours(
        self, faire: Callable[..., Any], demande: DemandeInstruction, ccas: Organisme
    ) -> None:
        with pytest.raises(TransitionRefuseeError, match="déjà une demande en cours"):
            faire(services.deposer_demande, demande.personne, organisme=ccas)

    def test_refuse_un_depot_a_venir(self, faire: Callable[..., Any], personne: Personne, ccas: Organisme) -> None:
        with pytest.raises(JalonError, match="à venir"):
            faire(services.deposer_demande, personne, organisme=ccas, depot_le=JOUR + timedelta(days=1))

    def test_refuse_un_organisme_non_habilite(
        self, distribution: Distribution, faire: Callable[..., Any], personne: Personne
    ) -> None:
        plie = distribution.organisme(CategorieOrganisme.PLIE)
        with pytest.raises(JalonError, match="habilité"):
            faire(services.deposer_demande, personne, organisme=plie)

    def test_refuse_a_qui_n_instruit_pas(self, distribution: Distribution, personne: Personne, ccas: Organisme) -> None:
        with pytest.raises(DroitManquantError):
            en_tant_que(distribution.partenaire)(services.deposer_demande, personne, organisme=ccas)


class TestAiguillage:
    @pytest.mark.parametrize(
        ("situations", "categories"),
        [((), ["ccas", "departement"]), (("monoparentale",), ["caf"]), (("monoparentale", "agricole"), ["msa"])],
    )
    def test_propose_selon_le_public(self, situations: tuple[str, ...], categories: list[str]) -> None:
        assert [c.value for c in regle_aiguillage(reglage(), situations).vers] == categories

    def test_un_autre_lieu_demande_seulement_d_en_dire_la_raison(
        self, faire: Callable[..., Any], personne: Personne, ccas: Organisme
    ) -> None:
        with pytest.raises(JalonError, match="c'est permis"):
            faire(services.deposer_demande, personne, organisme=ccas, situations=["monoparentale"])
        demande = faire(services.deposer_demande, personne, organisme=ccas, situations=["monoparentale"], ecart="choix")
        assert demande.ecart_motif == "La personne a choisi de s'adresser ici"
        assert demande.conseil == ["caf"]

    def test_refuse_une_autre_raison_sans_la_preciser(
        self, faire: Callable[..., Any], personne: Personne, ccas: Organisme
    ) -> None:
        with pytest.raises(JalonError, match="Précisez"):
            faire(services.deposer_demande, personne, organisme=ccas, situations=["agricole"], ecart="autre")


@pytest.mark.parametrize(
    ("change", "attendu"),
    [
        ({}, ResultatTest.FAVORABLE),
        ({"age": "non"}, ResultatTest.RESERVE),
        ({"age": "non", "enfant": "oui"}, ResultatTest.FAVORABLE),
        ({"age": "non", "enfant": "non", "activite_anterieure": "non"}, ResultatTest.DEFAVORABLE),
        ({"residence": "non"}, ResultatTest.DEFAVORABLE),
        ({"residence": "nsp"}, ResultatTest.RESERVE),
        ({"autres_droits": "non"}, ResultatTest.RESERVE),
    ],
)
def test_le_test_d_eligibilite(change: dict[str, str], attendu: str) -> None:
    assert resultat_test(reglage(), TOUTES_FAVORABLES | change) == attendu


def test_un_test_sans_reponse_n_est_pas_fait() -> None:
    assert resultat_test(reglage(), {}) == ResultatTest.NON_FAIT


class TestPieces:
    def test_ce_qui_manque_retient_l_instruction(self, faire: Callable[..., Any], demande: DemandeInstruction) -> None:
        with pytest.raises(TransitionRefuseeError, match="Il manque encore"):
            faire(services.instruire_demande, demande)
        recevoir_tout(faire, demande)
        assert faire(services.instruire_demande, demande).instruite_le == JOUR

    def test_une_piece_inutile_ne_manque_plus(self, faire: Callable[..., Any], demande: DemandeInstruction) -> None:
        codes = list(demande.pieces.order_by("pk").values_list("code", flat=True))
        demande = faire(services.noter_pieces, demande, recues=codes[1:], ecartees=codes[:1])
        assert demande.etat == EtatDemande.DEPOSEE

    def test_une_piece_de_plus_se_demande(self, faire: Callable[..., Any], demande: DemandeInstruction) -> None:
        recevoir_tout(faire, demande)
        codes = list(demande.pieces.order_by("pk").values_list("code", flat=True))
        demande = faire(services.noter_pieces, demande, recues=codes, ajoutees=["sejour", "inconnue"])
        assert demande.etat == EtatDemande.PIECES_ATTENDUES
        assert PieceDemandee.objects.get(demande=demande, recue_le=None).code == "sejour"

    def test_refuse_une_piece_recue_et_inutile(self, faire: Callable[..., Any], demande: DemandeInstruction) -> None:
        with pytest.raises(JalonError, match="pas les deux"):
            faire(services.noter_pieces, demande, recues=["identite"], ecartees=["identite"])


class TestComplement:
    def test_est_fait_quand_l_information_et_le_recueil_le_sont(
        self, faire: Callable[..., Any], demande: DemandeInstruction
    ) -> None:
        hier = JOUR - timedelta(days=1)
        demande = faire(services.noter_information, demande, le=hier)
        assert demande.complement_le is None
        assert demandes().a_completer().get() == demande
        demande = faire(services.noter_donnees, demande)
        assert demande.complement_le == JOUR
        assert not demandes().a_completer().exists()

    def test_une_personne_non_soumise_ne_doit_pas_le_recueil(
        self, faire: Callable[..., Any], demande: DemandeInstruction
    ) -> None:
        faire(services.noter_information, demande)
        assert faire(services.preciser_soumission, demande, soumise=False).complement_le == JOUR
        assert faire(services.preciser_soumission, demande, soumise=None).complement_le is None

    def test_le_recueil_saisi_ailleurs_complete_la_demande(
        self, distribution: Distribution, demande: DemandeInstruction
    ) -> None:
        rendue = en_tant_que(distribution.orienteur)(services.constater_recueil, demande.personne)
        assert rendue.donnees_le == JOUR
        assert en_tant_que(distribution.orienteur)(services.constater_recueil, demande.personne) is None

    def test_refuse_deux_fois_ou_avant_le_depot(self, faire: Callable[..., Any], demande: DemandeInstruction) -> None:
        with pytest.raises(JalonError, match="précède le dépôt"):
            faire(services.noter_information, demande, le=demande.depot_le - timedelta(days=1))
        faire(services.noter_information, demande)
        with pytest.raises(TransitionRefuseeError, match="déjà été informée"):
            faire(services.noter_information, demande)

    @pytest.mark.parametrize(("jours", "retard"), [(0, False), (-1, True)])
    def test_le_retard_commence_le_lendemain_de_l_echeance(
        self, distribution: Distribution, jours: int, retard: bool
    ) -> None:
        une_demande(distribution, depot_le=date(2026, 1, 1), echeance=JOUR + timedelta(days=jours))
        assert demandes().en_retard(JOUR).exists() is retard

    def test_une_demande_liquidee_doit_encore_son_complement(self, distribution: Distribution) -> None:
        une_demande(
            distribution, depot_le=date(2026, 1, 1), etat=EtatDemande.LIQUIDEE, liquidee_le=date(2026, 1, 20),
            close_le=date(2026, 1, 20),
        )  # fmt: skip
        assert demandes().en_retard(JOUR).count() == 1


class TestChemin:
    def test_transmise_renvoyee_puis_classee(self, faire: Callable[..., Any], demande: DemandeInstruction) -> None:
        recevoir_tout(faire, demande)
        with pytest.raises(TransitionRefuseeError, match="ne peut pas être transmise"):
            faire(services.transmettre_demande, demande, caisse="CAF")
        faire(services.instruire_demande, demande)
        with pytest.raises(JalonError, match="organisme payeur"):
            faire(services.transmettre_demande, demande, caisse=" ")
        demande = faire(services.transmettre_demande, demande, caisse="CAF du Pas-de-Calais", numero_demande="123")
        assert (demande.etat, demande.transmise_le) == (EtatDemande.TRANSMISE, JOUR)
        with pytest.raises(JalonError, match="réclame"):
            faire(services.noter_retour, demande, motif="")
        demande = faire(services.noter_retour, demande, motif="Bulletin de mars")
        assert (demande.etat, demande.transmise_le, demande.retours.count()) == (EtatDemande.PIECES_ATTENDUES, None, 1)
        with pytest.raises(JalonError, match="pas de suite"):
            faire(services.classer_sans_suite, demande, motif="inconnu")
        demande = faire(services.classer_sans_suite, demande, motif="abandon")
        assert (demande.etat, demande.close_le) == (EtatDemande.SANS_SUITE, JOUR)
        with pytest.raises(TransitionRefuseeError):
            faire(services.noter_information, demande)

    def test_close_et_complete_le_dossier_se_referme_a_l_organisme(
        self, distribution: Distribution, faire: Callable[..., Any], demande: DemandeInstruction
    ) -> None:
        assert PartageDossier.objects.get().periode.upper is None
        faire(services.classer_sans_suite, demande, motif="abandon")
        with web_role(Perimetre.de(distribution.partenaire).reglages()):
            assert not Personne.objects.exists()
            assert demandes().du_perimetre(Perimetre.de(distribution.partenaire)).count() == 1

    def test_confiee_ailleurs_le_dossier_change_de_mains(
        self, faire: Callable[..., Any], demande: DemandeInstruction, distribution: Distribution, ccas: Organisme
    ) -> None:
        caf = distribution.organisme(CategorieOrganisme.CAF)
        with pytest.raises(JalonError, match="déjà la demande"):
            faire(services.confier_demande, demande, organisme=ccas, motif="Plus proche")
        with pytest.raises(JalonError, match="pourquoi"):
            faire(services.confier_demande, demande, organisme=caf, motif="")
        demande = faire(services.confier_demande, demande, organisme=caf, motif="Famille monoparentale")
        assert demande.organisme == caf
        assert demande.depot_le == JOUR - timedelta(days=20)
        with web_role(Perimetre.de(distribution.partenaire).reglages()):
            assert not Personne.objects.exists()

    def test_un_instructeur_de_l_organisme_fait_tout_lui_meme(
        self, distribution: Distribution, demande: DemandeInstruction, ccas: Organisme
    ) -> None:
        """La muraille n'arrête pas l'organisme qui tient la demande, jusqu'au geste qui lui referme le dossier."""
        instructeur = en_tant_que(distribution.agent("Inès", "instructeur", organisme=ccas))
        recevoir_tout(instructeur, demande)
        instructeur(services.instruire_demande, demande)
        instructeur(services.noter_information, demande)
        instructeur(
            services.noter_simulation, demande, source="Outil de la caisse", hypothese="Mi-temps", montant=Decimal(310)
        )
        assert instructeur(services.classer_sans_suite, demande, motif="depart").close_le == JOUR

    def test_la_simulation_garde_ce_qui_a_ete_montre(
        self, faire: Callable[..., Any], demande: DemandeInstruction
    ) -> None:
        with pytest.raises(JalonError, match="hypothèse"):
            faire(services.noter_simulation, demande, source="Outil", hypothese=" ", montant=Decimal(1))
        with pytest.raises(JalonError, match="négatif"):
            faire(services.noter_simulation, demande, source="Outil", hypothese="Mi-temps", montant=Decimal(-1))
        simulation = faire(
            services.noter_simulation, demande, source="Simulateur de la caisse", hypothese="Mi-temps au SMIC",
            montant=Decimal("213.40"),
        )  # fmt: skip
        assert (simulation.montant, simulation.faite_le) == (Decimal("213.40"), JOUR)


@pytest.mark.parametrize(
    ("champs", "contrainte"),
    [
        ({"etat": "liquidee"}, "demande_close_a_la_fin"),
        ({"close_le": JOUR}, "demande_close_a_la_fin"),
        ({"etat": "sans_suite", "close_le": JOUR}, "demande_sans_suite_avec_motif"),
        ({"information_le": date(2020, 1, 1)}, "demande_dates_apres_le_depot"),
    ],
)
def test_la_base_tient_les_invariants(distribution: Distribution, champs: dict[str, Any], contrainte: str) -> None:
    with pytest.raises(IntegrityError, match=contrainte), transaction.atomic():
        une_demande(distribution, **champs)


def test_la_base_refuse_deux_demandes_ouvertes(distribution: Distribution, personne: Personne) -> None:
    une_demande(distribution, personne=personne)
    with pytest.raises(IntegrityError, match="demande_une_seule_ouverte"), transaction.atomic():
        une_demande(distribution, personne=personne)


def test_une_fusion_clot_la_demande_la_plus_recente(distribution: Distribution) -> None:
    gardee, absorbee = PersonneFactory(), PersonneFactory()
    une_demande(distribution, personne=gardee, depot_le=date(2026, 9, 1))
    une_demande(distribution, personne=absorbee, depot_le=date(2026, 9, 10))
    doute = Rapprochement.objects.create(
        ancienne=gardee, nouvelle=absorbee, score=90, motif="essai", date_flux=date(2026, 10, 31)
    )
    fusionner_personnes(doute, acteur=distribution.siege)
    assert [(d.personne_id, d.etat) for d in demandes().order_by("depot_le")] == [
        (gardee.pk, EtatDemande.DEPOSEE), (gardee.pk, EtatDemande.SANS_SUITE),
    ]  # fmt: skip
