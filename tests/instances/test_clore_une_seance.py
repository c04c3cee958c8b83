"""Clore une séance : le quorum, l'application de chaque décision, ce qui reste à revoir, le procès-verbal."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from pypdf import PdfReader

from jalon.accompagnements.models import DesignationReferent
from jalon.accompagnements.referents import ChargeDepasseeError, orienter_personne
from jalon.agents.perimetre import Perimetre
from jalon.documents.models import Document
from jalon.documents.services import lire_document
from jalon.instances.cloture import clore_seance, lever_seance
from jalon.instances.examen import ajourner_dossier
from jalon.instances.models import DossierSeance, EtatDossierSeance, EtatPresence, EtatSeance, PresenceSeance, Seance
from jalon.instances.ordre_du_jour import inscrire_dossiers, retirer_membre
from jalon.instances.quorum import quorum
from jalon.instances.seances import noter_presence, planifier_seance
from jalon.orientations.models import AttenteOrientation, DecisionOrientation, OrigineDecision
from jalon.referentiels import parametres
from jalon.referentiels.models import Parametre
from jalon.socle.errors import DroitManquantError, JalonError, TransitionRefuseeError
from jalon.traces.models import Acte
from tests.instances.plateau import Plateau, dans

pytestmark = pytest.mark.django_db


def clore(plateau: Plateau, seance: Seance) -> Seance:
    return clore_seance(seance, acteur=plateau.presidente, perimetre=Perimetre.de(plateau.presidente))


def texte(reference: Any) -> str:
    octets = lire_document(Document.objects.get(public_id=reference))
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(octets)).pages).split())


class TestDecisions:
    def test_applique_chaque_decision_et_laisse_les_autres_dans_la_file(self, plateau: Plateau) -> None:
        un, deux, trois = plateau.personnes(3)
        seance = plateau.ouverte([un, deux, trois])
        dossiers = plateau.dossiers(seance)
        plateau.statuer(dossiers[0], plateau.choix(referent=plateau.d.partenaire))
        ajourner_dossier(
            dossiers[1], acteur=plateau.presidente, perimetre=Perimetre.de(plateau.presidente), motif="Recueil manquant"
        )
        assert not DecisionOrientation.objects.exists(), "rien ne s'applique avant la clôture"
        seance = clore(plateau, seance)
        decision = DecisionOrientation.objects.get()
        assert (decision.personne, decision.origine) == (un, OrigineDecision.SEANCE)
        assert decision.decidee_par == plateau.presidente
        assert DesignationReferent.objects.get().agent == plateau.d.partenaire
        assert [d.etat for d in plateau.dossiers(seance)] == ["applique", "ajourne", "ajourne"]
        assert set(AttenteOrientation.objects.filter(sortie_le=None).values_list("personne", flat=True)) == {
            deux.pk, trois.pk,
        }  # fmt: skip
        assert seance.etat == EtatSeance.CLOSE
        assert Acte.objects.filter(code="instances.seance.close").count() == 1

    def test_un_dossier_deja_oriente_ne_defait_pas_les_autres(self, plateau: Plateau) -> None:
        un, deux = plateau.personnes(2)
        seance = plateau.ouverte([un, deux])
        for dossier in plateau.dossiers(seance):
            plateau.statuer(dossier)
        orienteur = plateau.d.orienteur
        orienter_personne(un, acteur=orienteur, perimetre=Perimetre.de(orienteur), choix=plateau.choix())
        clore(plateau, seance)
        premier, second = plateau.dossiers(seance)
        assert (premier.etat, second.etat) == (EtatDossierSeance.A_REVOIR, EtatDossierSeance.APPLIQUE)
        assert "déjà orientée" in premier.motif
        assert DecisionOrientation.objects.count() == 2

    def test_un_referent_devenu_complet_reste_a_revoir(self, plateau: Plateau) -> None:
        un, deux, autre = plateau.personnes(3)
        seance = plateau.ouverte([un, deux])
        self._charge_maximale(1)
        premier, second = plateau.dossiers(seance)
        plateau.statuer(premier, plateau.choix(referent=plateau.d.partenaire))
        plateau.statuer(second)
        orienteur = plateau.d.orienteur
        orienter_personne(
            autre, acteur=orienteur, perimetre=Perimetre.de(orienteur), choix=plateau.choix(plateau.d.partenaire)
        )
        clore(plateau, seance)
        premier, second = plateau.dossiers(seance)
        assert (premier.etat, second.etat) == (EtatDossierSeance.A_REVOIR, EtatDossierSeance.APPLIQUE)
        assert "charge maximale" in premier.motif
        assert not DecisionOrientation.objects.filter(personne=un).exists(), "ni décision, ni référent : tout ou rien"

    def test_la_charge_compte_les_dossiers_deja_examines_de_la_seance(self, plateau: Plateau) -> None:
        seance = plateau.ouverte(plateau.personnes(2))
        self._charge_maximale(1)
        premier, second = plateau.dossiers(seance)
        avec = plateau.choix(referent=plateau.d.partenaire)
        plateau.statuer(premier, avec)
        with pytest.raises(ChargeDepasseeError, match="dossiers de cette séance compris"):
            plateau.statuer(second, avec)
        plateau.statuer(premier, avec)
        plateau.statuer(second, avec, motif_depassement="Seul référent du canton")

    def _charge_maximale(self, nombre: int) -> None:
        Parametre.objects.filter(code="referent.charge_maximale").update(valeur=str(nombre))
        parametres.oublier()

    @pytest.fixture(autouse=True)
    def _parametres(self) -> Any:
        yield
        parametres.oublier()


class TestQuorum:
    def test_refuse_de_decider_sans_quorum(self, plateau: Plateau) -> None:
        seance = plateau.ouverte(plateau.personnes(1), presents=("slai", "plie", "ccas"))
        plateau.statuer(plateau.dossiers(seance)[0])
        with pytest.raises(TransitionRefuseeError, match="il en faut 1 de plus"):
            clore(plateau, seance)
        assert not DecisionOrientation.objects.exists()

    def test_un_suppleant_fait_le_quorum(self, plateau: Plateau) -> None:
        seance = plateau.ouverte(plateau.personnes(1), presents=("slai", "plie", "caf"))
        assert not quorum(seance).atteint
        noter_presence(
            seance, acteur=plateau.presidente, perimetre=Perimetre.de(plateau.presidente), membre=plateau.sieges["ccas"],
            etat=EtatPresence.REPRESENTE, represente_par=plateau.sieges["suppleant_ccas"],
        )  # fmt: skip
        assert quorum(seance).atteint

    def test_la_qualite_requise_manque(self, plateau: Plateau) -> None:
        seance = plateau.ouverte(plateau.personnes(1), presents=("slai", "plie", "caf", "ccas", "msa"))
        PresenceSeance.objects.filter(seance=seance, membre=plateau.sieges["slai"]).update(etat=EtatPresence.EXCUSE)
        assert "personne ne siège pour MDS" in quorum(seance).phrase
        assert not quorum(seance).atteint

    def test_un_retrait_qui_perd_le_quorum_laisse_le_dossier_a_revoir(self, plateau: Plateau) -> None:
        seance = plateau.ouverte(plateau.personnes(2))
        presidence = Perimetre.de(plateau.presidente)
        premier, second = plateau.dossiers(seance)
        retirer_membre(
            premier, acteur=plateau.presidente, perimetre=presidence, membre=plateau.sieges["ccas"], motif="Parenté"
        )
        plateau.statuer(premier)
        plateau.statuer(second)
        clore(plateau, seance)
        premier, second = plateau.dossiers(seance)
        assert premier.etat == EtatDossierSeance.A_REVOIR
        assert "qui se sont retirés" in premier.motif
        assert second.etat == EtatDossierSeance.APPLIQUE

    def test_leve_sans_decision(self, plateau: Plateau) -> None:
        seance = plateau.ouverte(plateau.personnes(2), presents=("slai",))
        plateau.statuer(plateau.dossiers(seance)[0])
        seance = lever_seance(
            seance, acteur=plateau.presidente, perimetre=Perimetre.de(plateau.presidente), motif="Quorum non atteint"
        )
        assert [d.etat for d in plateau.dossiers(seance)] == ["ajourne", "ajourne"]
        assert seance.quorum_atteint is False
        assert not DecisionOrientation.objects.exists()


class TestRefus:
    def test_refuse_de_clore_a_qui_ne_preside_pas(self, plateau: Plateau) -> None:
        seance = plateau.ouverte(plateau.personnes(1))
        with pytest.raises(DroitManquantError):
            clore_seance(seance, acteur=plateau.d.orienteur, perimetre=Perimetre.de(plateau.d.orienteur))

    def test_refuse_de_clore_deux_fois(self, plateau: Plateau) -> None:
        seance = clore(plateau, plateau.ouverte(plateau.personnes(1)))
        with pytest.raises(TransitionRefuseeError, match="procès-verbal est figé"):
            clore(plateau, seance)

    def test_refuse_une_personne_dans_deux_seances(self, plateau: Plateau) -> None:
        personnes = plateau.personnes(1)
        premiere = plateau.preparee(personnes)
        orienteur = plateau.d.orienteur
        seconde = planifier_seance(
            plateau.instance, acteur=orienteur, perimetre=Perimetre.de(orienteur), jour=dans(20), heure=premiere.heure,
            lieu="Salle des fêtes",
        )  # fmt: skip
        cles = AttenteOrientation.objects.values_list("public_id", flat=True)
        with pytest.raises(JalonError, match="elles le sont déjà"):
            inscrire_dossiers(seconde, acteur=orienteur, perimetre=Perimetre.de(orienteur), attentes=cles)
        dossier = plateau.dossiers(premiere)[0]
        with pytest.raises(IntegrityError, match="dossier_dans_une_seule_seance"), transaction.atomic():
            DossierSeance.objects.create(seance=seconde, personne=dossier.personne, theme=dossier.theme, rang=1)


class TestProcesVerbal:
    def test_dit_qui_etait_la_et_ce_qui_fut_decide(self, plateau: Plateau) -> None:
        un, deux = plateau.personnes(1, nom="WATTRELOS")[0], plateau.personnes(1, nom="VERIF")[0]
        seance = plateau.ouverte([un, deux])
        premier, second = plateau.dossiers(seance)
        plateau.statuer(premier, plateau.choix(referent=plateau.d.partenaire), avis="majoritaire")
        presidence = Perimetre.de(plateau.presidente)
        ajourner_dossier(second, acteur=plateau.presidente, perimetre=presidence, motif="Entendre la personne")
        seance = clore(plateau, seance)
        lu = texte(seance.pv)
        for attendu in (
            f"Procès-verbal de la séance n° {seance.numero}", "Quorum atteint : 4 membres présents ou représentés pour 4",
            "Paule Chef territoire", "Salle des fêtes", "Wattrelos", "12/04/1985", "Solidarité : CCAS",
            "motif : difficulté de logement", "À la majorité", "Entendre la personne",
        ):  # fmt: skip
            assert attendu in lu, attendu
        anonyme = texte(seance.pv_anonyme)
        for cache in ("Wattrelos", "Verif", "12/04/1985", "Entendre la personne", "Paul Referent", "Paule", ": CCAS"):
            assert cache not in anonyme, cache
        assert "Solidarité" in anonyme
        assert Acte.objects.get(code="instances.seance.close").donnees["pv_sha256"] == (
            Document.objects.get(public_id=seance.pv).sha256
        )
