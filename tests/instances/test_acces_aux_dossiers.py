"""Qui lit un dossier de séance, et quand : de la convocation à la clôture, pas un jour de plus."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import timezone

from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.instances.acces import acceder_dossier_seance
from jalon.instances.cloture import clore_seance
from jalon.instances.composition import nommer_membre, terminer_mandat
from jalon.instances.models import ChoixOrientation, DeportMembre, DossierSeance, NotePartenaire
from jalon.instances.ordre_du_jour import noter_dossier, retirer_dossier, retirer_membre
from jalon.instances.seances import annuler_seance, convoquer_membres
from jalon.socle.errors import DroitManquantError, HorsPerimetreError, JalonError
from jalon.socle.rls import web_role
from tests.instances.plateau import Plateau

pytestmark = pytest.mark.django_db


def lit(agent: Agent, dossier: DossierSeance) -> bool:
    try:
        acceder_dossier_seance(Perimetre.de(agent), dossier.public_id)
    except (HorsPerimetreError, DroitManquantError):
        return False
    return True


class TestMembre:
    def test_lit_de_la_convocation_a_la_cloture_pas_un_jour_de_plus(self, plateau: Plateau) -> None:
        seance = plateau.preparee(plateau.personnes(1))
        dossier = plateau.dossiers(seance)[0]
        orienteur = plateau.d.orienteur
        assert not lit(plateau.membre, dossier), "avant la convocation"
        convoquer_membres(seance, acteur=orienteur, perimetre=Perimetre.de(orienteur), motif_urgence="Retard")
        assert lit(plateau.membre, dossier), "convoqué"
        with patch("django.utils.timezone.localdate", return_value=timezone.localdate() + timedelta(days=1)):
            assert lit(plateau.membre, dossier), "le lendemain, séance non close"
        seance.refresh_from_db()
        seance.etat = "ouverte"
        seance.ouverte_le = timezone.now()
        seance.save()
        assert lit(plateau.membre, dossier), "ouverte"
        clore_seance(seance, acteur=plateau.presidente, perimetre=Perimetre.de(plateau.presidente))
        assert not lit(plateau.membre, dossier), "close"
        assert lit(orienteur, dossier), "qui tient l'instance lit encore"

    def test_refuse_a_qui_a_le_meme_role_sans_sieger(self, plateau: Plateau) -> None:
        dossier = plateau.dossiers(plateau.convoquee(plateau.personnes(1)))[0]
        assert lit(plateau.membre, dossier)
        assert not lit(plateau.autre_membre, dossier)

    def test_refuse_apres_la_fin_de_son_mandat(self, plateau: Plateau) -> None:
        dossier = plateau.dossiers(plateau.convoquee(plateau.personnes(1)))[0]
        siege = plateau.d.siege
        terminer_mandat(plateau.sieges["plie"], acteur=siege, perimetre=Perimetre.de(siege))
        assert not lit(plateau.membre, dossier)

    def test_refuse_un_dossier_retire_ou_une_seance_annulee(self, plateau: Plateau) -> None:
        seance = plateau.convoquee(plateau.personnes(2))
        premier, second = plateau.dossiers(seance)
        orienteur = Perimetre.de(plateau.d.orienteur)
        retirer_dossier(premier, acteur=plateau.d.orienteur, perimetre=orienteur, motif="")
        assert not lit(plateau.membre, premier)
        assert lit(plateau.membre, second)
        annuler_seance(seance, acteur=plateau.d.orienteur, perimetre=orienteur, motif="Neige")
        assert not lit(plateau.membre, second)

    def test_qui_se_retire_ne_lit_plus_le_dossier(self, plateau: Plateau) -> None:
        premier, second = plateau.dossiers(plateau.convoquee(plateau.personnes(2)))
        retirer_membre(
            premier, acteur=plateau.membre, perimetre=Perimetre.de(plateau.membre), membre=plateau.sieges["plie"],
            motif="Ma voisine",
        )  # fmt: skip
        assert not lit(plateau.membre, premier)
        assert lit(plateau.membre, second)

    def test_refuse_de_retirer_un_autre_que_soi(self, plateau: Plateau) -> None:
        dossier = plateau.dossiers(plateau.convoquee(plateau.personnes(1)))[0]
        with pytest.raises(DroitManquantError, match="pour soi-même"):
            retirer_membre(
                dossier, acteur=plateau.membre, perimetre=Perimetre.de(plateau.membre), membre=plateau.sieges["caf"],
                motif="Parenté",
            )  # fmt: skip

    def test_refuse_de_nommer_un_agent_d_un_autre_territoire(self, plateau: Plateau) -> None:
        loin = plateau.d.agent("Loin", "membre_equipe", territoire=plateau.d.autre_territoire)
        siege = plateau.d.siege
        with pytest.raises(JalonError, match="ne voit pas"):
            nommer_membre(
                plateau.instance,
                acteur=siege,
                perimetre=Perimetre.de(siege),
                qualite=plateau.qualite("plie"),
                agent=loin,
            )


class TestSecondeMuraille:
    def compter(self, agent: Agent) -> dict[Any, int]:
        with web_role(Perimetre.de(agent).reglages()):
            modeles = (DossierSeance, ChoixOrientation, DeportMembre, NotePartenaire)
            return {modele: modele.objects.count() for modele in modeles}

    @pytest.fixture
    def dossier(self, plateau: Plateau) -> DossierSeance:
        dossier = plateau.dossiers(plateau.ouverte(plateau.personnes(1)))[0]
        membre = Perimetre.de(plateau.membre)
        noter_dossier(dossier, acteur=plateau.membre, perimetre=membre, opinion="solidarite", texte="Connue du PLIE")
        retirer_membre(
            dossier, acteur=plateau.presidente, perimetre=Perimetre.de(plateau.presidente),
            membre=plateau.sieges["msa"], motif="Parenté",
        )  # fmt: skip
        return dossier

    def test_le_membre_voit_tout_du_dossier(self, plateau: Plateau, dossier: DossierSeance) -> None:
        assert set(self.compter(plateau.membre).values()) == {1}

    def test_l_etrangere_et_le_partenaire_ne_voient_rien(self, plateau: Plateau, dossier: DossierSeance) -> None:
        assert set(self.compter(plateau.d.etrangere).values()) == {0}
        assert set(self.compter(plateau.d.partenaire).values()) == {0}

    def test_les_notes_se_ferment_a_qui_ne_siege_pas_meme_au_siege(
        self, plateau: Plateau, dossier: DossierSeance
    ) -> None:
        assert self.compter(plateau.autre_membre)[NotePartenaire] == 0
        assert self.compter(plateau.d.siege)[NotePartenaire] == 0
        assert self.compter(plateau.d.siege)[DossierSeance] == 1
        assert self.compter(plateau.d.orienteur)[NotePartenaire] == 1, "secrétaire de la séance"

    def test_les_notes_se_ferment_a_la_cloture(self, plateau: Plateau, dossier: DossierSeance) -> None:
        clore_seance(dossier.seance, acteur=plateau.presidente, perimetre=Perimetre.de(plateau.presidente))
        assert self.compter(plateau.membre)[NotePartenaire] == 0

    def test_les_notes_se_ferment_a_la_fin_du_mandat(self, plateau: Plateau, dossier: DossierSeance) -> None:
        siege = plateau.sieges["plie"]
        siege.periode = DateRange(siege.periode.lower, timezone.localdate())
        siege.save()
        assert self.compter(plateau.membre)[NotePartenaire] == 0
