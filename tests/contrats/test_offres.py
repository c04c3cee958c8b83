"""Offres raisonnables d'emploi : les mots de la personne, les refus comptés, et rien d'automatique (R52, F052)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from jalon.agents.perimetre import Perimetre
from jalon.contrats.models import Contrat, OffreEmploi
from jalon.contrats.offres import comptes, noter_offre, noter_reponse
from jalon.socle.errors import DroitManquantError, JalonError, TransitionRefuseeError
from tests.distribution import Distribution
from tests.fabriques import un_contrat

pytestmark = pytest.mark.django_db

LE = date(2026, 10, 5)


def qui(distribution: Distribution) -> dict[str, Any]:
    return {"acteur": distribution.partenaire, "perimetre": Perimetre.de(distribution.partenaire)}


@pytest.fixture
def contrat(distribution: Distribution) -> Contrat:
    return un_contrat(distribution, type="cer_professionnel")


def une_offre(distribution: Distribution, contrat: Contrat) -> OffreEmploi:
    return noter_offre(contrat, proposee_le=LE, poste="Aide à domicile", **qui(distribution))


def refuser(distribution: Distribution, contrat: Contrat, **champs: Any) -> OffreEmploi:
    return noter_reponse(
        une_offre(distribution, contrat),
        **{"acceptee": False, "reponse_le": LE, "motif_refus": "Trop loin sans voiture.", **qui(distribution)} | champs,
    )


def test_un_refus_legitime_ne_compte_pas(distribution: Distribution, contrat: Contrat) -> None:
    refuser(distribution, contrat)
    refuser(distribution, contrat, legitime=True)
    lus = comptes(contrat)
    assert (lus.proposees, lus.refus, lus.legitimes, lus.avertissement) == (2, 1, 1, "")


def test_au_nombre_admis_la_loi_est_dite_et_rien_ne_bouge(distribution: Distribution, contrat: Contrat) -> None:
    for _ in range(2):
        refuser(distribution, contrat)
    assert comptes(contrat).atteint
    assert "sans que rien ne soit automatique" in comptes(contrat).avertissement
    refuser(distribution, contrat)
    lus = comptes(contrat)
    assert (lus.refus, lus.depasse) == (3, True)
    assert "équipe pluridisciplinaire, qui entend la personne" in lus.avertissement
    contrat.refresh_from_db()
    assert contrat.etat == "en_vigueur"


def test_une_reponse_se_corrige(distribution: Distribution, contrat: Contrat) -> None:
    refusee = refuser(distribution, contrat)
    corrigee = noter_reponse(refusee, acceptee=True, reponse_le=LE, **qui(distribution))
    assert (corrigee.motif_refus, comptes(contrat).refus) == ("", 0)


@pytest.mark.parametrize(
    ("champs", "phrase"),
    [
        ({"motif_refus": " "}, "avec ses mots"),
        ({"reponse_le": date(2026, 10, 4)}, "ne peut pas la précéder"),
        ({"reponse_le": date(2126, 1, 1)}, "ne se note pas d'avance"),
    ],
)
def test_refuse_une_reponse_boiteuse(
    distribution: Distribution, contrat: Contrat, champs: dict[str, Any], phrase: str
) -> None:
    with pytest.raises(JalonError, match=phrase):
        refuser(distribution, contrat, **champs)


def test_refuse_une_offre_la_ou_elles_ne_se_comptent_pas(distribution: Distribution) -> None:
    with pytest.raises(JalonError, match="ne compte pas les offres"):
        une_offre(distribution, un_contrat(distribution, type="cer_solidarite"))


def test_refuse_une_offre_hors_du_contrat(distribution: Distribution, contrat: Contrat) -> None:
    with pytest.raises(JalonError, match="proposée avant"):
        noter_offre(contrat, proposee_le=date(2026, 5, 1), poste="Aide", **qui(distribution))
    Contrat.objects.filter(pk=contrat.pk).update(etat="termine", clos_le=LE)
    with pytest.raises(TransitionRefuseeError, match="pendant un contrat en vigueur"):
        une_offre(distribution, contrat)


def test_refuse_sans_le_droit_d_ecrire(distribution: Distribution, contrat: Contrat) -> None:
    perimetre = Perimetre.de(distribution.operateur)
    with pytest.raises(DroitManquantError):
        noter_offre(contrat, proposee_le=LE, poste="Aide", acteur=distribution.operateur, perimetre=perimetre)


def test_l_avertissement_parait_a_l_ecran(distribution: Distribution, connecte: Any, contrat: Contrat) -> None:
    refuser(distribution, contrat)
    offre = une_offre(distribution, contrat)
    page = connecte("partenaire").post(
        f"/offres-emploi/{offre.public_id}/reponse/",
        {"reponse": "refusee", "reponse_le": "2026-10-06", "motif_refus": "Les horaires de nuit."}, follow=True,
    )  # fmt: skip
    assert page.status_code == 200
    assert "c’est le nombre que la loi admet" in page.content.decode().replace("&#x27;", "’")
    assert "Les horaires de nuit." in page.content.decode()


def test_refuse_un_refus_sans_motif_a_l_ecran(distribution: Distribution, connecte: Any, contrat: Contrat) -> None:
    offre = une_offre(distribution, contrat)
    page = connecte("partenaire").post(
        f"/offres-emploi/{offre.public_id}/reponse/", {"reponse": "refusee", "reponse_le": "2026-10-06"}, follow=True
    )
    assert "avec ses mots" in page.content.decode()
    offre.refresh_from_db()
    assert offre.acceptee is None
