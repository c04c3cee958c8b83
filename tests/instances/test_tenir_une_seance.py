"""Planifier, inscrire, convoquer, ouvrir : ce que chaque acte fait et refuse."""

from __future__ import annotations

import io
from datetime import date, time
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from pypdf import PdfReader

from jalon.agents.perimetre import Perimetre
from jalon.documents.models import Document, Envoi
from jalon.documents.services import lire_document
from jalon.instances.cloture import clore_seance
from jalon.instances.composition import nommer_membre
from jalon.instances.models import (
    DossierSeance,
    EtatDossierSeance,
    EtatSeance,
    Instance,
    MembreInstance,
    TypeInstance,
)
from jalon.instances.ordre_du_jour import inscrire_dossiers, ranger_dossiers, remplir_ordre_du_jour, retirer_dossier
from jalon.instances.orientation import maintenir_orientation
from jalon.instances.papiers import calendrier_ics
from jalon.instances.seances import annuler_seance, convoquer_membres, ouvrir_seance, planifier_seance
from jalon.instances.selectors import rythmes
from jalon.organismes.models import Organisme
from jalon.orientations.models import (
    AttenteOrientation,
    DecisionOrientation,
    DemandeReorientation,
    EtatReorientation,
    OrigineDecision,
    TypeOrientation,
)
from jalon.personnes.fusion import reunir
from jalon.socle.errors import DroitManquantError, JalonError, TransitionRefuseeError
from tests.fabriques import une_allocataire
from tests.instances.plateau import Plateau, dans

pytestmark = pytest.mark.django_db


def planifier(plateau: Plateau, jour: date, **champs: Any) -> Any:
    orienteur = plateau.d.orienteur
    return planifier_seance(
        plateau.instance, acteur=orienteur, perimetre=Perimetre.de(orienteur), jour=jour, heure=time(9, 0),
        lieu="Mairie, salle 2", **champs,
    )  # fmt: skip


class TestPlanifier:
    def test_numerote_et_nomme_le_secretaire(self, plateau: Plateau) -> None:
        premiere, seconde = planifier(plateau, dans(10)), planifier(plateau, dans(25))
        assert (premiere.numero, seconde.numero) == (1, 2)
        assert premiere.secretaire == plateau.d.orienteur

    def test_refuse_deux_seances_le_meme_jour(self, plateau: Plateau) -> None:
        planifier(plateau, dans(10))
        with pytest.raises(JalonError, match="déjà une séance ce jour-là"):
            planifier(plateau, dans(10))

    def test_refuse_une_date_passee(self, plateau: Plateau) -> None:
        with pytest.raises(JalonError, match="passée"):
            planifier(plateau, dans(-1))

    def test_refuse_a_qui_ne_prepare_pas(self, plateau: Plateau) -> None:
        with pytest.raises(DroitManquantError):
            planifier_seance(
                plateau.instance, acteur=plateau.membre, perimetre=Perimetre.de(plateau.membre), jour=dans(10),
                heure=time(9, 0), lieu="Mairie",
            )  # fmt: skip

    def test_le_rythme_non_tenu_se_voit(self, plateau: Plateau) -> None:
        seance = plateau.ouverte(plateau.personnes(1))
        clore_seance(seance, acteur=plateau.presidente, perimetre=Perimetre.de(plateau.presidente))
        [rythme] = rythmes([plateau.instance], dans(15))
        assert not rythme.alerte
        [rythme] = rythmes([plateau.instance], dans(16))
        assert (rythme.alerte, rythme.retard) == (True, 1)
        planifier(plateau, dans(15))
        [rythme] = rythmes([plateau.instance], dans(15))
        assert not rythme.alerte


class TestComposer:
    def test_refuse_plus_de_membres_que_la_qualite_n_en_admet(self, plateau: Plateau) -> None:
        plateau.sieges  # noqa: B018
        siege = plateau.d.siege
        with pytest.raises(JalonError, match="le maximum"):
            nommer_membre(
                plateau.instance, acteur=siege, perimetre=Perimetre.de(siege), qualite=plateau.qualite("caf"),
                nom_externe="Une autre",
            )  # fmt: skip

    def test_la_base_refuse_qu_un_agent_siege_deux_fois(self, plateau: Plateau) -> None:
        membre = plateau.sieges["plie"]
        with pytest.raises(IntegrityError, match="membre_siege_une_fois"), transaction.atomic():
            MembreInstance.objects.create(
                instance=membre.instance, qualite=membre.qualite, agent=membre.agent, periode=membre.periode
            )


class TestInscrire:
    def test_remplit_par_ordre_d_echeance_jusqu_au_nombre_dit(self, plateau: Plateau) -> None:
        personnes = plateau.personnes(4)
        for rang, personne in enumerate(personnes):
            AttenteOrientation.objects.filter(personne=personne).update(echeance=date(2026, 12, 20 - rang))
        plateau.sieges  # noqa: B018
        seance = planifier(plateau, dans(20))
        orienteur = plateau.d.orienteur
        inscrits = remplir_ordre_du_jour(seance, acteur=orienteur, perimetre=Perimetre.de(orienteur), jusqua=3)
        assert [d.personne_id for d in inscrits] == [p.pk for p in reversed(personnes[1:])]
        with pytest.raises(JalonError, match="compte déjà 3 dossiers"):
            remplir_ordre_du_jour(seance, acteur=orienteur, perimetre=Perimetre.de(orienteur), jusqua=3)

    def test_ne_prend_que_le_territoire_de_l_instance(self, plateau: Plateau) -> None:
        ailleurs = une_allocataire(territoire=plateau.d.autre_territoire, en_attente=True)
        siege = plateau.d.siege
        seance = planifier(plateau, dans(20))
        cle = AttenteOrientation.objects.get(personne=ailleurs).public_id
        with pytest.raises(JalonError, match="Aucune de ces personnes"):
            inscrire_dossiers(seance, acteur=siege, perimetre=Perimetre.de(siege), attentes=[cle])

    def test_releve_les_pieces_et_l_avis(self, plateau: Plateau) -> None:
        dossier = plateau.dossiers(plateau.preparee(plateau.personnes(1)))[0]
        assert [(p["code"], p["reference"]) for p in dossier.pieces] == [("recueil", ""), ("grille", "")]
        assert dossier.choix.proposition is not None

    def test_range_et_retire(self, plateau: Plateau) -> None:
        seance = plateau.preparee([plateau.personnes(1, nom=nom)[0] for nom in ("ZOLA", "ADAM")])
        orienteur = Perimetre.de(plateau.d.orienteur)
        ranger_dossiers(seance, acteur=plateau.d.orienteur, perimetre=orienteur, ordre="nom")
        assert [d.personne.nom for d in plateau.dossiers(seance)] == ["ADAM", "ZOLA"]
        ranger_dossiers(
            seance,
            acteur=plateau.d.orienteur,
            perimetre=orienteur,
            dossier=plateau.dossiers(seance)[1].public_id,
            pas=-1,
        )
        assert [d.personne.nom for d in plateau.dossiers(seance)] == ["ZOLA", "ADAM"]
        retirer_dossier(plateau.dossiers(seance)[0], acteur=plateau.d.orienteur, perimetre=orienteur, motif="")
        assert [d.etat for d in plateau.dossiers(seance)] == [EtatDossierSeance.RETIRE, EtatDossierSeance.INSCRIT]


class TestConvoquer:
    def test_previent_chaque_membre_sans_nommer_personne(self, plateau: Plateau) -> None:
        personne = plateau.personnes(1, nom="WATTRELOS")[0]
        seance = plateau.convoquee([personne])
        envois = Envoi.objects.order_by("pk")
        assert {e.destinataire for e in envois} == {
            plateau.presidente.email, plateau.membre.email, "ccas@partenaire.example", "pole_emploi@partenaire.example",
            "caf@partenaire.example", "msa@partenaire.example",
        }  # fmt: skip
        octets = lire_document(Document.objects.get(public_id=seance.ordre_du_jour))
        lu = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(octets)).pages)
        assert "Première orientation" in lu
        assert "attrelos" not in lu.lower() + " ".join(e.texte + e.objet for e in envois).lower()

    def test_refuse_en_deca_du_delai_sans_dire_pourquoi(self, plateau: Plateau) -> None:
        seance = plateau.preparee(plateau.personnes(1))
        orienteur = Perimetre.de(plateau.d.orienteur)
        with pytest.raises(JalonError, match="dites pourquoi convoquer en urgence"):
            convoquer_membres(seance, acteur=plateau.d.orienteur, perimetre=orienteur)
        TypeInstance.objects.update(convocation_urgente=False)
        with pytest.raises(JalonError, match="changez la date"):
            convoquer_membres(seance, acteur=plateau.d.orienteur, perimetre=orienteur, motif_urgence="Retard")

    def test_refuse_un_ordre_du_jour_vide(self, plateau: Plateau) -> None:
        seance = plateau.preparee([])
        orienteur = Perimetre.de(plateau.d.orienteur)
        with pytest.raises(JalonError, match="ordre du jour est vide"):
            convoquer_membres(seance, acteur=plateau.d.orienteur, perimetre=orienteur, motif_urgence="Retard")

    def test_le_rendez_vous_d_agenda_suit_la_norme(self, plateau: Plateau) -> None:
        lu = calendrier_ics(planifier(plateau, date(2027, 1, 15))).decode()
        assert "DTSTART:20270115T080000Z" in lu
        assert "LOCATION:Mairie\\, salle 2" in lu
        assert all(len(ligne.encode()) <= 75 for ligne in lu.split("\r\n"))

    def test_annuler_rend_les_dossiers_et_previent(self, plateau: Plateau) -> None:
        seance = plateau.convoquee(plateau.personnes(1))
        avant = Envoi.objects.count()
        orienteur = Perimetre.de(plateau.d.orienteur)
        annuler_seance(seance, acteur=plateau.d.orienteur, perimetre=orienteur, motif="Neige")
        assert Envoi.objects.count() == 2 * avant
        assert plateau.dossiers(seance)[0].etat == EtatDossierSeance.RETIRE


class TestOuvrir:
    def ouvrir(self, plateau: Plateau, seance: Any, presents: list[str], preside: str = "slai") -> Any:
        return ouvrir_seance(
            seance, acteur=plateau.presidente, perimetre=Perimetre.de(plateau.presidente),
            president=plateau.sieges[preside], presents=[plateau.sieges[code].pk for code in presents],
        )  # fmt: skip

    def test_refuse_une_presidence_absente_ou_sans_qualite(self, plateau: Plateau) -> None:
        seance = plateau.convoquee(plateau.personnes(1))
        with pytest.raises(JalonError, match="n'est pas noté présent"):
            self.ouvrir(plateau, seance, ["caf"])
        with pytest.raises(JalonError, match="ne préside pas"):
            self.ouvrir(plateau, seance, ["caf"], preside="caf")
        assert self.ouvrir(plateau, seance, ["slai"]).etat == EtatSeance.OUVERTE

    def test_refuse_avant_le_jour_dit(self, plateau: Plateau) -> None:
        seance = plateau.convoquee(plateau.personnes(1))
        seance.date = dans(1)
        seance.save()
        with pytest.raises(TransitionRefuseeError, match="ne s'ouvre pas avant"):
            self.ouvrir(plateau, seance, ["slai"])

    def test_refuse_de_statuer_avant_l_ouverture(self, plateau: Plateau) -> None:
        dossier = plateau.dossiers(plateau.convoquee(plateau.personnes(1)))[0]
        with pytest.raises(TransitionRefuseeError, match="convoqués"):
            plateau.statuer(dossier)


class TestReorientation:
    @pytest.fixture
    def demande(self, plateau: Plateau) -> DemandeReorientation:
        personne = une_allocataire(territoire=plateau.d.territoire)
        choix = plateau.choix()
        decision = DecisionOrientation.objects.create(
            personne=personne, type=choix.type, organisme=choix.organisme, motif=choix.motif,
            territoire=plateau.d.territoire, origine=OrigineDecision.DIRECTE, decidee_le=dans(-200),
            periode=DateRange(dans(-200), None),
        )  # fmt: skip
        return DemandeReorientation.objects.create(
            personne=personne, decision=decision, type_souhaite=TypeOrientation.objects.get(code="pole_emploi"),
            argumentaire="Logement trouvé", demandee_par=plateau.d.partenaire, demandee_le=dans(-3),
        )  # fmt: skip

    def examiner(self, plateau: Plateau, demande: DemandeReorientation) -> DossierSeance:
        seance = plateau.preparee([])
        orienteur = plateau.d.orienteur
        perimetre = Perimetre.de(orienteur)
        inscrire_dossiers(seance, acteur=orienteur, perimetre=perimetre, demandes=[demande.public_id])
        convoquer_membres(seance, acteur=orienteur, perimetre=perimetre, motif_urgence="Retard")
        presents = [plateau.sieges[code].pk for code in ("slai", "plie", "ccas", "caf")]
        ouvrir_seance(
            seance, acteur=plateau.presidente, perimetre=Perimetre.de(plateau.presidente),
            president=plateau.sieges["slai"], presents=presents,
        )  # fmt: skip
        return plateau.dossiers(seance)[0]

    def clore(self, plateau: Plateau, dossier: DossierSeance) -> None:
        clore_seance(dossier.seance, acteur=plateau.presidente, perimetre=Perimetre.de(plateau.presidente))
        dossier.refresh_from_db()
        assert dossier.etat == EtatDossierSeance.APPLIQUE, dossier.motif

    def test_la_seance_rend_l_avis_et_reoriente(self, plateau: Plateau, demande: DemandeReorientation) -> None:
        dossier = self.examiner(plateau, demande)
        vers = plateau.choix(
            type=demande.type_souhaite, organisme=Organisme.objects.get(code="pole-emploi"), motif=None
        )
        plateau.statuer(dossier, vers)
        self.clore(plateau, dossier)
        demande.refresh_from_db()
        assert (demande.etat, demande.avis) == (EtatReorientation.ACCEPTEE, "favorable")
        assert demande.nouvelle_decision == dossier.choix.decision

    def test_la_seance_maintient_et_dit_pourquoi(self, plateau: Plateau, demande: DemandeReorientation) -> None:
        dossier = self.examiner(plateau, demande)
        presidence = Perimetre.de(plateau.presidente)
        with pytest.raises(JalonError, match="Dites pourquoi"):
            maintenir_orientation(dossier, acteur=plateau.presidente, perimetre=presidence, motif=" ")
        maintenir_orientation(dossier, acteur=plateau.presidente, perimetre=presidence, motif="Santé fragile")
        self.clore(plateau, dossier)
        demande.refresh_from_db()
        assert (demande.etat, demande.motif_refus) == (EtatReorientation.REFUSEE, "Santé fragile")

    def test_refuse_de_maintenir_qui_n_est_pas_oriente(self, plateau: Plateau) -> None:
        dossier = plateau.dossiers(plateau.ouverte(plateau.personnes(1)))[0]
        with pytest.raises(JalonError, match="pas d'orientation à maintenir"):
            maintenir_orientation(
                dossier, acteur=plateau.presidente, perimetre=Perimetre.de(plateau.presidente), motif="Pourquoi"
            )


def test_une_fusion_ne_garde_qu_une_place_a_l_ordre_du_jour(plateau: Plateau) -> None:
    un, deux = plateau.personnes(2)
    seance = plateau.preparee([un, deux])
    reunir(un, deux, jour=dans(0))
    etats = {d.etat: d for d in plateau.dossiers(seance)}
    assert set(etats) == {EtatDossierSeance.INSCRIT, EtatDossierSeance.RETIRE}
    assert {d.personne_id for d in etats.values()} == {un.pk}


def test_une_instance_par_territoire(plateau: Plateau) -> None:
    assert Instance.objects.filter(actif=True, type__code="equipe_orientation").count() == 9
