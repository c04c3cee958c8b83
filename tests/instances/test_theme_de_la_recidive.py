"""La récidive : même nature de manquement, et une sanction que la personne connaît ([001] A I.2, F056)."""

from __future__ import annotations

import pytest

from jalon.manquements.models import DecisionSanction
from tests.distribution import Distribution
from tests.instances.plateau_avis import PlateauAvis
from tests.manquements.fabriques import il_y_a, une_personne_suivie
from tests.manquements.sanctions import regle, une_sanction

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("code", "etat", "levee", "theme"),
    [
        ("amende", "notifiee", "", "recidive"),
        ("premiere", "notifiee", "", "amende"),
        ("amende", "decidee", "", "amende"),
        ("amende", "notifiee", "erreur", "amende"),
    ],
    ids=["une fraude sanctionnée", "un autre manquement", "une décision pas encore notifiée", "levée pour erreur"],
)
def test_la_recidive_suit_une_sanction_de_meme_nature(
    distribution: Distribution, code: str, etat: str, levee: str, theme: str
) -> None:
    ep = PlateauAvis(distribution)
    personne = une_personne_suivie(distribution, depuis=il_y_a(900))
    avant = une_sanction(distribution, il_y_a(250), la_regle=regle("plein_emploi", code), personne=personne, etat=etat)
    if levee:
        DecisionSanction.objects.filter(pk=avant.pk).update(
            etat="levee", levee_le=il_y_a(240), levee_par=distribution.siege, motif_levee=levee
        )
    procedure = ep.procedure(personne=personne, motif="fraude", rendez_vous=False)

    [dossier] = ep.dossiers(ep.preparee([procedure]))

    assert dossier.theme.code == theme
