"""Qui préside, qui part, qui se retire : ce qui fut examiné au complet le reste, et une voix par siège."""

from __future__ import annotations

import io
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from pypdf import PdfReader

from jalon.agents.perimetre import Perimetre
from jalon.documents.models import Document
from jalon.documents.services import lire_document
from jalon.instances.acces import lit_le_pv
from jalon.instances.cloture import clore_seance, defaut_de_quorum
from jalon.instances.composition import nommer_membre
from jalon.instances.models import (
    DeportMembre,
    EtatDossierSeance,
    EtatPresence,
    MembreInstance,
    NotePartenaire,
    PresenceSeance,
    Seance,
)
from jalon.instances.ordre_du_jour import annuler_retrait, noter_dossier, retirer_membre
from jalon.instances.points import decider_point
from jalon.instances.quorum import quorum
from jalon.instances.seances import noter_presence, passer_presidence
from jalon.socle.errors import DroitManquantError, JalonError, TransitionRefuseeError
from jalon.traces.models import Acte
from tests.distribution import Distribution
from tests.instances.plateau import Plateau
from tests.instances.plateau_avis import PlateauAvis
from tests.instances.test_points_generaux import Pacte
from tests.instances.test_rendre_un_avis import clore, statuer

pytestmark = pytest.mark.django_db


@pytest.fixture
def ep(distribution: Distribution) -> PlateauAvis:
    return PlateauAvis(distribution)


def qui(agent: Any) -> dict[str, Any]:
    return {"acteur": agent, "perimetre": Perimetre.de(agent)}


def suppleant(ep: PlateauAvis, code: str) -> MembreInstance:
    titulaire = ep.sieges[code]
    return nommer_membre(
        ep.instance, qualite=titulaire.qualite, nom_externe=f"Suppléance {code}", supplee=titulaire,
        acteur=ep.d.siege, perimetre=Perimetre.de(ep.d.siege), du=date(2020, 1, 1),
    )  # fmt: skip


def part(ep: PlateauAvis, seance: Seance, code: str, etat: str = EtatPresence.PARTI) -> PresenceSeance:
    return noter_presence(seance, **qui(ep.presidente), membre=ep.sieges[code], etat=etat)


def pv(seance: Seance, *, anonyme: bool = False) -> str:
    octets = lire_document(Document.objects.get(public_id=seance.pv_anonyme if anonyme else seance.pv))
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(octets)).pages).split())


class TestDeparts:
    def test_ce_qui_fut_examine_au_complet_s_applique(self, ep: PlateauAvis) -> None:
        seance = ep.ouverte([ep.procedure()])
        statuer(ep, ep.dossiers(seance)[0], voix_pour=1, voix_contre=3, vote="majoritaire")
        presence = part(ep, seance, "representant")
        assert presence.parti_le is not None
        assert not quorum(seance).atteint
        assert defaut_de_quorum(seance) == ""
        seance = clore(ep, seance)
        assert ep.dossiers(seance)[0].etat == EtatDossierSeance.APPLIQUE
        assert seance.quorum_atteint
        assert "puis parti à" in pv(seance)
        assert "Quorum atteint : 4 membres" in pv(seance)

    def test_ce_qui_le_fut_apres_un_depart_empeche_de_clore(self, plateau: Plateau) -> None:
        seance = plateau.ouverte(plateau.personnes(2))
        premier, second = plateau.dossiers(seance)
        plateau.statuer(premier)
        for code in ("plie", "ccas", "caf"):
            noter_presence(seance, **qui(plateau.presidente), membre=plateau.sieges[code], etat=EtatPresence.PARTI)
        plateau.statuer(second)
        with pytest.raises(TransitionRefuseeError, match=r"\(1 sur 2, après un départ\)"):
            clore_seance(seance, **qui(plateau.presidente))

    def test_note_absent_c_est_n_avoir_jamais_ete_la(self, ep: PlateauAvis) -> None:
        seance = ep.ouverte([ep.procedure()])
        statuer(ep, ep.dossiers(seance)[0])
        part(ep, seance, "representant", etat=EtatPresence.ABSENT)
        with pytest.raises(TransitionRefuseeError, match="Sans quorum, rien ne se décide"):
            clore(ep, seance)

    def test_qui_n_est_pas_la_ne_part_pas(self, ep: PlateauAvis) -> None:
        seance = ep.ouverte([ep.procedure()])
        with pytest.raises(JalonError, match="n'est pas en séance"):
            part(ep, seance, "pole_emploi")
        convoquee = Seance.objects.filter(pk=seance.pk)
        convoquee.update(etat="convoquee")
        with pytest.raises(JalonError, match="n'est pas en séance"):
            part(ep, convoquee.get(), "caf")

    def test_revenu_il_compte_de_nouveau(self, ep: PlateauAvis) -> None:
        seance = ep.ouverte([ep.procedure()])
        part(ep, seance, "representant")
        presence = part(ep, seance, "representant", etat=EtatPresence.PRESENT)
        assert presence.parti_le is None
        assert quorum(seance).atteint

    def test_un_suppleant_qui_part_reste_nomme_au_proces_verbal(self, ep: PlateauAvis) -> None:
        remplacant = suppleant(ep, "caf")
        seance = ep.ouverte([ep.procedure()])
        noter_presence(
            seance, **qui(ep.presidente), membre=ep.sieges["caf"], etat=EtatPresence.REPRESENTE,
            represente_par=remplacant,
        )  # fmt: skip
        part(ep, seance, "caf")
        assert "Représenté par Suppléance caf, puis parti à" in pv(clore(ep, seance))

    def test_un_depart_a_une_heure(self, ep: PlateauAvis) -> None:
        seance = ep.ouverte([ep.procedure()])
        presence = part(ep, seance, "caf")
        for change in ({"parti_le": None}, {"etat": "present"}):
            with pytest.raises(IntegrityError, match="presence_partie_a_une_heure"), transaction.atomic():
                PresenceSeance.objects.filter(pk=presence.pk).update(**change)

    def test_un_point_decide_au_complet_le_reste(self, distribution: Distribution) -> None:
        pacte = Pacte(distribution)
        seance = pacte.preparee()
        point = pacte.point(seance)
        seance = pacte.ouverte(seance)
        decider_point(point, **qui(pacte.presidente), decision="Ouvrir un atelier")
        president = seance.president
        assert president is not None
        for presence in PresenceSeance.objects.filter(seance=seance, etat="present").exclude(membre=president):
            noter_presence(seance, **qui(pacte.presidente), membre=presence.membre, etat=EtatPresence.PARTI)
        assert not quorum(seance).atteint, "il ne reste que la présidence"
        assert clore_seance(seance, **qui(pacte.presidente)).quorum_atteint


class TestPresidence:
    def test_la_presidence_ne_part_pas_sans_la_passer(self, ep: PlateauAvis) -> None:
        seance = ep.ouverte([ep.procedure()])
        for etat in (EtatPresence.PARTI, EtatPresence.ABSENT):
            with pytest.raises(TransitionRefuseeError, match="passez d'abord la présidence"):
                part(ep, seance, "presidence", etat=etat)

    def test_qui_se_retire_ne_preside_pas_ce_dossier(self, ep: PlateauAvis) -> None:
        """La suppléance tient le siège le temps du dossier ; la présidence le reprend pour le suivant."""
        remplacante = suppleant(ep, "presidence")
        seance = ep.ouverte([ep.procedure(), ep.procedure()])
        premier, second = ep.dossiers(seance)
        secretaire = qui(ep.secretaire)
        retirer_membre(premier, **secretaire, membre=ep.sieges["presidence"], motif="Parenté")

        def avis(dossier: Any) -> None:
            statuer(ep, dossier, acteur=ep.secretaire)

        with pytest.raises(TransitionRefuseeError, match="passez la présidence"):
            avis(premier)
        passer_presidence(seance, **secretaire, president=remplacante)
        assert quorum(seance).presents == 4, "un siège n'a qu'une voix"
        avis(premier)
        passer_presidence(seance, **secretaire, president=ep.sieges["presidence"])
        avis(second)
        seance = clore(ep, seance)
        assert [d.etat for d in ep.dossiers(seance)] == [EtatDossierSeance.APPLIQUE] * 2
        lu, anonyme = pv(seance), pv(seance, anonyme=True)
        assert f"Présidence, dossier n° {premier.rang} Suppléance presidence" in lu
        assert "Suppléance presidence" not in anonyme
        assert f"Présidence, dossier n° {premier.rang}" in anonyme
        assert Acte.objects.filter(code="instances.seance.presidence_passee").count() == 2

    def test_la_presidence_qui_se_retire_apres_l_examen_laisse_le_dossier_a_revoir(self, ep: PlateauAvis) -> None:
        autre = nommer_membre(
            ep.instance, qualite=ep.qualite("partenaire"), nom_externe="Autre membre", acteur=ep.d.siege,
            perimetre=Perimetre.de(ep.d.siege), du=date(2020, 1, 1),
        )  # fmt: skip
        seance = ep.ouverte([ep.procedure()])
        noter_presence(seance, **qui(ep.presidente), membre=autre, etat=EtatPresence.PRESENT)
        [dossier] = ep.dossiers(seance)
        statuer(ep, dossier)
        retirer_membre(dossier, **qui(ep.secretaire), membre=ep.sieges["presidence"], motif="Parenté")
        clore(ep, seance)
        [dossier] = ep.dossiers(seance)
        assert dossier.etat == EtatDossierSeance.A_REVOIR
        assert "présidait" in dossier.motif

    def test_refuse_qui_ne_preside_pas_ou_n_est_pas_la(self, ep: PlateauAvis) -> None:
        seance = ep.ouverte([ep.procedure()])
        for code, phrase in (("caf", "ne préside pas"), ("presidence", "préside déjà")):
            with pytest.raises(JalonError, match=phrase):
                passer_presidence(seance, **qui(ep.presidente), president=ep.sieges[code])
        with pytest.raises(DroitManquantError):
            passer_presidence(seance, **qui(ep.membre), president=ep.sieges["presidence"])


class TestRetraits:
    def test_un_retrait_note_par_erreur_se_defait(self, ep: PlateauAvis) -> None:
        seance = ep.ouverte([ep.procedure()])
        [dossier] = ep.dossiers(seance)
        retirer_membre(dossier, **qui(ep.presidente), membre=ep.sieges["caf"], motif="Parenté")
        with pytest.raises(JalonError, match="Dites pourquoi"):
            annuler_retrait(dossier, **qui(ep.presidente), membre=ep.sieges["caf"], motif=" ")
        annuler_retrait(dossier, **qui(ep.presidente), membre=ep.sieges["caf"], motif="Mauvais dossier")
        assert not DeportMembre.objects.exists()
        assert Acte.objects.get(code="instances.membre.retrait_annule").motif == "Mauvais dossier"
        with pytest.raises(TransitionRefuseeError, match="ne s'est pas retiré"):
            annuler_retrait(dossier, **qui(ep.presidente), membre=ep.sieges["caf"], motif="Encore")

    def test_refuse_pour_soi_apres_l_examen_ou_a_qui_ne_conduit_pas(self, ep: PlateauAvis) -> None:
        seance = ep.ouverte([ep.procedure(), ep.procedure()])
        premier, second = ep.dossiers(seance)
        siege = ep.sieges["presidence"]
        retirer_membre(premier, **qui(ep.presidente), membre=siege, motif="Parenté")
        with pytest.raises(DroitManquantError, match="par vous-même"):
            annuler_retrait(premier, **qui(ep.presidente), membre=siege, motif="Finalement non")
        with pytest.raises(DroitManquantError):
            annuler_retrait(premier, **qui(ep.membre), membre=siege, motif="Je le demande")
        retirer_membre(second, **qui(ep.presidente), membre=ep.sieges["pole_emploi"], motif="Parenté")
        statuer(ep, second)
        with pytest.raises(TransitionRefuseeError, match="n'est plus à examiner"):
            annuler_retrait(second, **qui(ep.presidente), membre=ep.sieges["pole_emploi"], motif="Erreur")

    def test_qui_s_est_retire_ne_lit_le_proces_verbal_que_sans_les_noms(self, ep: PlateauAvis) -> None:
        seance = ep.ouverte([ep.procedure()])
        assert lit_le_pv(Perimetre.de(ep.presidente), seance)
        retirer_membre(ep.dossiers(seance)[0], **qui(ep.secretaire), membre=ep.sieges["presidence"], motif="Parenté")
        assert not lit_le_pv(Perimetre.de(ep.presidente), seance)
        assert lit_le_pv(Perimetre.de(ep.secretaire), seance)
        assert not lit_le_pv(Perimetre.de(ep.membre), seance)


def test_titulaire_et_suppleant_n_ont_qu_une_note(ep: PlateauAvis) -> None:
    seconde = nommer_membre(
        ep.instance, qualite=ep.qualite("partenaire"), agent=ep.autre_membre, supplee=ep.sieges["membre"],
        acteur=ep.d.siege, perimetre=Perimetre.de(ep.d.siege), du=timezone.localdate() - timedelta(days=9),
    )  # fmt: skip
    seance = ep.convoquee([ep.procedure()])
    [dossier] = ep.dossiers(seance)
    noter_dossier(dossier, **qui(ep.membre), opinion="favorable")
    with pytest.raises(TransitionRefuseeError, match="a déjà donné une note pour ce siège"):
        noter_dossier(dossier, **qui(ep.autre_membre), opinion="defavorable")
    noter_dossier(dossier, **qui(ep.membre), opinion="defavorable")
    noter_dossier(dossier, **qui(ep.membre))
    noter_dossier(dossier, **qui(ep.autre_membre), opinion="defavorable")
    assert NotePartenaire.objects.get().membre == seconde
