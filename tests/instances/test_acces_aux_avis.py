"""Qui lit une procédure en séance, et quand : de la convocation à la clôture, pas un jour de plus, ni s'il s'est retiré."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import timezone

from jalon.accompagnements.models import Accompagnement
from jalon.agents.models import Agent, ProfilHabilitation
from jalon.agents.perimetre import Perimetre
from jalon.agents.services import affecter_agent
from jalon.instances.acces import acceder_dossier_seance
from jalon.instances.cloture import clore_seance
from jalon.instances.composition import nommer_membre
from jalon.instances.models import AvisDossier, DossierSeance, Seance
from jalon.instances.ordre_du_jour import retirer_membre
from jalon.instances.seances import convoquer_membres, ouvrir_seance
from jalon.manquements.models import Manquement
from jalon.personnes.models import Personne, Rattachement
from jalon.personnes.selectors import acceder_personne
from jalon.socle.errors import DroitManquantError, HorsPerimetreError, JalonError
from jalon.socle.rls import web_role
from jalon.web.seances.contenu_avis import piece_de_seance
from tests.fabriques import FoyerFactory, PersonneFactory, une_allocataire
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


def test_un_referent_qui_siege_ne_voit_pas_pour_autant_tout_le_territoire(ep: PlateauAvis) -> None:
    """Son rôle de référent ouvre les personnes de sa structure ; celui de membre, l'ordre du jour et rien d'autre."""
    referent = ep.d.partenaire
    affecter_agent(
        referent, acteur=None, profil=ProfilHabilitation.objects.get(code="membre_equipe"),
        organisme=ep.d.organisme("departement"), territoire=ep.d.territoire,
    )  # fmt: skip
    nommer_membre(
        ep.instance, qualite=ep.qualite("partenaire"), agent=referent, acteur=ep.d.siege,
        perimetre=Perimetre.de(ep.d.siege), du=date(2020, 1, 1),
    )  # fmt: skip
    a_l_ordre_du_jour, ailleurs = ep.procedure(), une_allocataire(territoire=ep.d.territoire)
    Accompagnement.objects.filter(personne=a_l_ordre_du_jour.personne).delete()
    [dossier] = ep.dossiers(ep.convoquee([a_l_ordre_du_jour]))
    perimetre = Perimetre.de(referent)
    assert perimetre.peut("dossier.consulter")
    assert lit(referent, dossier, a_l_ordre_du_jour)
    for personne in (a_l_ordre_du_jour.personne, ailleurs):
        with pytest.raises(HorsPerimetreError):
            acceder_personne(perimetre, personne.public_id, droit="dossier.consulter")


def test_la_base_n_ouvre_au_membre_que_l_ordre_du_jour_et_le_referme(ep: PlateauAvis) -> None:
    """La seconde muraille dit la même règle que la première : de la convocation à la clôture, pas un jour de plus."""
    procedure, ailleurs = ep.procedure(), ep.procedure()
    conjointe, foyer = PersonneFactory(territoire=ep.d.territoire), FoyerFactory()
    for personne in (procedure.personne, conjointe):
        Rattachement.objects.filter(personne=personne).delete()
        Rattachement.objects.create(
            personne=personne, foyer=foyer, role="CJT" if personne == conjointe else "DEM",
            periode=DateRange(date(2024, 1, 1), None),
        )  # fmt: skip

    def vues() -> set[int]:
        with web_role(Perimetre.de(ep.membre).reglages()):
            assert DossierSeance.objects.count() == (1 if Personne.objects.exists() else 0)
            return set(Personne.objects.values_list("pk", flat=True))

    seance = ep.preparee([procedure], jour=timezone.localdate() + timedelta(days=40))
    assert vues() == set(), "avant la convocation"
    convoquer_membres(seance, acteur=ep.secretaire, perimetre=Perimetre.de(ep.secretaire))
    assert vues() == {procedure.personne_id, conjointe.pk}, "l'ordre du jour, et le foyer que la décision touche"
    assert ailleurs.personne_id not in vues()
    Seance.objects.filter(pk=seance.pk).update(date=timezone.localdate())
    seance = ouvrir_seance(
        Seance.objects.get(pk=seance.pk), acteur=ep.presidente, perimetre=Perimetre.de(ep.presidente),
        president=ep.sieges["presidence"],
        presents=[ep.sieges[code].pk for code in ("presidence", "membre", "caf", "representant")],
    )  # fmt: skip
    assert vues(), "le jour de la séance"
    clore_seance(seance, acteur=ep.presidente, perimetre=Perimetre.de(ep.presidente))
    assert vues() == set(), "close"


def test_la_base_ferme_le_dossier_dont_on_se_retire(ep: PlateauAvis) -> None:
    [dossier] = ep.dossiers(ep.convoquee([ep.procedure()]))
    retirer_membre(
        dossier, acteur=ep.membre, perimetre=Perimetre.de(ep.membre), membre=ep.sieges["membre"], motif="Voisins"
    )
    with web_role(Perimetre.de(ep.membre).reglages()):
        assert not Personne.objects.exists()


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
