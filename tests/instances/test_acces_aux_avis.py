"""Qui lit une procédure en séance, et quand : de la convocation à la clôture, pas un jour de plus, ni s'il s'est retiré."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.utils import timezone

from jalon.agents.models import Agent, ProfilHabilitation
from jalon.agents.perimetre import Perimetre
from jalon.agents.services import affecter_agent
from jalon.instances.acces import acceder_dossier_seance
from jalon.instances.cloture import clore_seance
from jalon.instances.composition import nommer_membre
from jalon.instances.models import AvisDossier, DossierSeance
from jalon.instances.ordre_du_jour import retirer_membre
from jalon.instances.seances import convoquer_membres, ouvrir_seance
from jalon.manquements.models import Manquement
from jalon.personnes.selectors import acceder_personne
from jalon.socle.errors import DroitManquantError, HorsPerimetreError, JalonError
from jalon.socle.rls import web_role
from jalon.web.seances.contenu_avis import piece_de_seance
from tests.instances.plateau_avis import PlateauAvis

pytestmark = pytest.mark.django_db


@pytest.fixture
def ep(distribution: Any) -> PlateauAvis:
    return PlateauAvis(distribution)


def lit(agent: Agent, dossier: DossierSeance, procedure: Manquement) -> bool:
    """Il ouvre le dossier et la lettre qui y est jointe ; l'un ne va jamais sans l'autre."""
    assert procedure.avertissement is not None
    perimetre, ouverts = Perimetre.de(agent), []
    for ouvrir in (
        lambda: acceder_dossier_seance(perimetre, dossier.public_id),
        lambda: piece_de_seance(perimetre, dossier.public_id, procedure.avertissement.public_id),
    ):
        try:
            ouvrir()
        except (HorsPerimetreError, DroitManquantError):
            ouverts.append(False)
        else:
            ouverts.append(True)
    assert ouverts[0] == ouverts[1]
    return ouverts[0]


def test_le_membre_lit_de_la_convocation_a_la_cloture_pas_un_jour_de_plus(ep: PlateauAvis) -> None:
    procedure = ep.procedure()
    tenue_le = timezone.localdate() + timedelta(days=40)
    seance = ep.preparee([procedure], jour=tenue_le)
    [dossier] = ep.dossiers(seance)
    assert not lit(ep.membre, dossier, procedure), "la veille de la convocation"
    convoquer_membres(seance, acteur=ep.secretaire, perimetre=Perimetre.de(ep.secretaire))
    assert lit(ep.membre, dossier, procedure), "convoqué"
    with patch("django.utils.timezone.localdate", return_value=tenue_le):
        presidence = Perimetre.de(ep.presidente)
        ouvrir_seance(
            seance, acteur=ep.presidente, perimetre=presidence, president=ep.sieges["presidence"],
            presents=[ep.sieges[code].pk for code in ("presidence", "membre", "caf", "representant")],
        )  # fmt: skip
        assert lit(ep.membre, dossier, procedure), "le jour de la séance"
        clore_seance(seance, acteur=ep.presidente, perimetre=presidence)
        assert not lit(ep.membre, dossier, procedure), "close"
    with patch("django.utils.timezone.localdate", return_value=tenue_le + timedelta(days=1)):
        assert not lit(ep.membre, dossier, procedure), "le lendemain"
    assert lit(ep.secretaire, dossier, procedure), "qui tient l'instance lit encore"


def test_le_representant_des_usagers_siege_par_un_second_role_et_ne_voit_que_l_ordre_du_jour(ep: PlateauAvis) -> None:
    representant = ep.d.agent("Rachid", "representant_usagers")
    commun: dict[str, Any] = {"acteur": ep.d.siege, "perimetre": Perimetre.de(ep.d.siege), "du": date(2020, 1, 1)}
    with pytest.raises(JalonError, match="ne lui permet pas de siéger"):
        nommer_membre(ep.instance, qualite=ep.qualite("representant"), agent=representant, **commun)

    affecter_agent(
        representant, acteur=None, profil=ProfilHabilitation.objects.get(code="membre_equipe"),
        organisme=ep.d.organisme("departement"), territoire=ep.d.territoire,
    )  # fmt: skip
    nommer_membre(ep.instance, qualite=ep.qualite("representant"), agent=representant, **commun)

    a_l_ordre_du_jour, ailleurs = ep.procedure(), ep.procedure()
    [dossier] = ep.dossiers(ep.convoquee([a_l_ordre_du_jour]))
    assert lit(representant, dossier, a_l_ordre_du_jour)
    perimetre = Perimetre.de(representant)
    assert not perimetre.tout, "ses chiffres couvrent le département, pas les personnes qu'il voit"
    with pytest.raises(DroitManquantError):
        acceder_personne(perimetre, ailleurs.personne.public_id, droit="dossier.consulter")


def test_refuse_a_qui_ne_siege_pas(ep: PlateauAvis) -> None:
    procedure = ep.procedure()
    [dossier] = ep.dossiers(ep.convoquee([procedure]))
    assert lit(ep.membre, dossier, procedure)
    assert not lit(ep.autre_membre, dossier, procedure)


def test_refuse_a_qui_s_est_retire(ep: PlateauAvis) -> None:
    un, deux = ep.procedure(), ep.procedure()
    dossiers = {d.personne_id: d for d in ep.dossiers(ep.convoquee([un, deux]))}
    retirer_membre(
        dossiers[un.personne_id], acteur=ep.membre, perimetre=Perimetre.de(ep.membre), membre=ep.sieges["membre"],
        motif="Ma voisine",
    )  # fmt: skip
    assert not lit(ep.membre, dossiers[un.personne_id], un)
    assert lit(ep.membre, dossiers[deux.personne_id], deux)


def test_refuse_une_piece_d_un_autre_dossier_ou_que_le_theme_ne_montre_pas(ep: PlateauAvis) -> None:
    un, deux = ep.procedure(), ep.procedure()
    dossiers = {d.personne_id: d for d in ep.dossiers(ep.convoquee([un, deux]))}
    membre, dossier = Perimetre.de(ep.membre), dossiers[un.personne_id]
    assert deux.avertissement is not None
    assert un.avertissement is not None
    with pytest.raises(HorsPerimetreError):
        piece_de_seance(membre, dossier.public_id, deux.avertissement.public_id)
    dossier.theme.pieces = ["expose"]
    dossier.theme.save()
    with pytest.raises(HorsPerimetreError):
        piece_de_seance(membre, dossier.public_id, un.avertissement.public_id)


def test_la_base_ferme_l_avis_aux_autres_territoires(ep: PlateauAvis) -> None:
    ep.convoquee([ep.procedure()])

    def compter(agent: Agent) -> int:
        with web_role(Perimetre.de(agent).reglages()):
            return AvisDossier.objects.count()

    assert compter(ep.membre) == 1
    assert compter(ep.d.etrangere) == 0
    assert compter(ep.d.partenaire) == 0
