"""Ce que disent les papiers d'une séance : sans les noms, levée sans décision, annulée."""

from __future__ import annotations

import io
from datetime import time, timedelta
from typing import Any

import pytest
from django.utils import timezone
from pypdf import PdfReader

from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.documents.models import Document, Envoi
from jalon.documents.services import lire_document
from jalon.instances.avis import Proposition, statuer_avis
from jalon.instances.cloture import clore_seance, lever_seance
from jalon.instances.composition import terminer_mandat
from jalon.instances.models import AvisDossier, ChoixOrientation, PointSeance, Seance
from jalon.instances.papiers import calendrier_ics
from jalon.instances.points import decider_point
from jalon.instances.seances import annuler_seance, ouvrir_seance
from jalon.instances.selectors import decisions_a_suivre
from jalon.organismes.models import Organisme
from tests.distribution import Distribution
from tests.instances.plateau import Plateau
from tests.instances.plateau_avis import PlateauAvis
from tests.instances.test_points_generaux import Pacte

pytestmark = pytest.mark.django_db
MOTIF = "Alarme incendie, salle évacuée"


@pytest.fixture
def ep(distribution: Distribution) -> PlateauAvis:
    return PlateauAvis(distribution)


@pytest.fixture
def pacte(distribution: Distribution) -> Pacte:
    return Pacte(distribution)


def qui(agent: Agent) -> dict[str, Any]:
    return {"acteur": agent, "perimetre": Perimetre.de(agent)}


def texte(reference: Any) -> str:
    octets = lire_document(Document.objects.get(public_id=reference))
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(octets)).pages).split())


class TestSansLesNoms:
    def test_de_chaque_membre_la_qualite_sans_heure_ni_nom(self, ep: PlateauAvis) -> None:
        """Nommer qui représente les bénéficiaires dirait que cette personne reçoit le RSA."""
        seance = ep.convoquee([ep.procedure()])
        [dossier] = ep.dossiers(seance)
        Seance.objects.filter(pk=seance.pk).update(motif_urgence="Madame Verif perd son logement")
        type(dossier).objects.filter(pk=dossier.pk).update(passage_a=time(9, 20))
        seance = self._tenue(ep, seance)
        lu, anonyme = texte(seance.pv), texte(seance.pv_anonyme)
        for nom in ("Membre representant", "Paule", str(ep.secretaire), "9 h 20", "Madame Verif", "Convoquée pour"):
            assert nom in lu, nom
            assert nom not in anonyme, nom
        assert "Représentant des bénéficiaires du RSA Présent" in anonyme
        assert "Présidée par" in anonyme
        assert "Convoquée en urgence Oui" in anonyme
        assert "Non entendue" in anonyme

    def _tenue(self, ep: PlateauAvis, seance: Seance) -> Seance:
        presents = [ep.sieges[code].pk for code in ("presidence", "membre", "caf", "representant")]
        seance = ouvrir_seance(seance, **qui(ep.presidente), president=ep.sieges["presidence"], presents=presents)
        return clore_seance(seance, **qui(ep.presidente))

    def test_de_chaque_decision_le_parcours_sans_la_structure(self, plateau: Plateau) -> None:
        seance = plateau.ouverte(plateau.personnes(1))
        plateau.statuer(plateau.dossiers(seance)[0])
        seance = clore_seance(seance, **qui(plateau.presidente))
        structure = str(Organisme.objects.filter(type__categorie="ccas").order_by("id")[0])
        assert f"Solidarité : {structure}" in texte(seance.pv)
        anonyme = texte(seance.pv_anonyme)
        assert "Solidarité" in anonyme
        assert structure not in anonyme


class TestLevee:
    def test_une_decision_saisie_n_a_pas_ete_prise(self, pacte: Pacte) -> None:
        seance = pacte.preparee()
        point = pacte.point(seance)
        seance = pacte.ouverte(seance)
        decider_point(
            point, **qui(pacte.presidente), decision="Ouvrir un atelier", responsable="Membre un",
            echeance=timezone.localdate() + timedelta(days=30),
        )  # fmt: skip
        seance = lever_seance(seance, **qui(pacte.presidente), motif=MOTIF)
        lu, anonyme = texte(seance.pv), texte(seance.pv_anonyme)
        assert f"Levée sans décision {MOTIF}" in lu
        assert "Ouvrir un atelier" not in lu
        assert "Pas de décision" in lu
        assert "Levée sans décision" in anonyme
        assert MOTIF not in anonyme, "un motif libre peut parler de quelqu'un"
        assert decisions_a_suivre(pacte.instance) == []
        assert not PointSeance.objects.exclude(decision="").exists()

    def test_close_dans_les_regles_ne_parle_pas_de_levee(self, pacte: Pacte) -> None:
        seance = pacte.preparee()
        pacte.point(seance)
        seance = clore_seance(pacte.ouverte(seance), **qui(pacte.presidente))
        assert "Levée sans décision" not in texte(seance.pv)

    def test_un_avis_provisoire_s_efface(self, ep: PlateauAvis) -> None:
        seance = ep.ouverte([ep.procedure()])
        [dossier] = ep.dossiers(seance)
        propose = Proposition("defavorable", vote="unanime", texte="Reprendre contact")
        statuer_avis(dossier, **qui(ep.presidente), proposition=propose)
        lever_seance(seance, **qui(ep.presidente), motif=MOTIF)
        [dossier] = ep.dossiers(seance)
        avis = AvisDossier.objects.get(dossier=dossier)
        assert (dossier.etat, dossier.avis, dossier.motif) == ("ajourne", "", MOTIF)
        assert (avis.sens, avis.texte) == ("", "")

    def test_un_choix_provisoire_s_efface(self, plateau: Plateau) -> None:
        seance = plateau.ouverte(plateau.personnes(1))
        plateau.statuer(plateau.dossiers(seance)[0], plateau.choix(referent=plateau.d.partenaire))
        lever_seance(seance, **qui(plateau.presidente), motif=MOTIF)
        choix = ChoixOrientation.objects.get(dossier__seance=seance)
        assert (choix.type, choix.organisme, choix.referent) == (None, None, None)
        assert plateau.dossiers(seance)[0].avis == ""


class TestAnnulee:
    def test_l_agenda_de_chaque_membre_retire_le_rendez_vous(self, plateau: Plateau) -> None:
        """Même identifiant, un rang au-dessus, l'ordre de retirer : ce qu'attend un agenda (RFC 5546 § 3.2.5)."""
        services = plateau.d.orienteur.affectations.values("organisme")
        Organisme.objects.filter(pk__in=services).update(courriel="service@departement.example")
        seance = plateau.convoquee(plateau.personnes(1))
        invitation = deplie(lire_document(Envoi.objects.order_by("pk")[0].joint))
        convoques = set(Envoi.objects.values_list("destinataire", flat=True))
        dernier = Envoi.objects.order_by("pk").values_list("pk", flat=True).last()
        annuler_seance(seance, **qui(plateau.d.orienteur), motif="Neige")
        envois = list(Envoi.objects.filter(pk__gt=dernier).order_by("pk"))
        assert {envoi.destinataire for envoi in envois} == convoques
        assert all(envoi.joint is not None and envoi.joint.nom_fichier.endswith(".ics") for envoi in envois)
        annulation = deplie(lire_document(envois[0].joint))
        communs = {f"UID:{seance.public_id}@jalon", "ORGANIZER:mailto:service@departement.example"}
        assert communs | {"METHOD:PUBLISH", "SEQUENCE:0", "STATUS:CONFIRMED"} <= invitation
        assert communs | {"METHOD:CANCEL", "SEQUENCE:1", "STATUS:CANCELLED"} <= annulation

    def test_sans_courriel_de_service_pas_d_organisateur(self, plateau: Plateau) -> None:
        Organisme.objects.update(courriel="")
        assert "ORGANIZER" not in calendrier_ics(plateau.preparee([])).decode()

    def test_previent_aussi_un_membre_convoque_dont_le_mandat_a_pris_fin(self, plateau: Plateau) -> None:
        seance = plateau.convoquee(plateau.personnes(1))
        terminer_mandat(plateau.sieges["caf"], **qui(plateau.d.siege))
        annuler_seance(seance, **qui(plateau.d.orienteur), motif="Neige")
        annonces = Envoi.objects.filter(objet__endswith="annulée").order_by("pk").values_list("destinataire", flat=True)
        assert sorted(annonces).count("caf@partenaire.example") == 1
        assert len(set(annonces)) == len(annonces)


def deplie(octets: bytes) -> set[str]:
    return set(octets.decode().replace("\r\n ", "").split("\r\n"))
