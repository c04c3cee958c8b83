"""Changer le texte d'un courrier : publié, il ne bouge plus ; à deux, personne n'écrase l'autre sans le voir."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.db import IntegrityError, ProgrammingError, transaction

from jalon.agents.perimetre import Perimetre
from jalon.documents.models import ModeleCourrier, VersionModele
from jalon.documents.services import (
    TexteRefuseError,
    VersionDepasseeError,
    installer_courriers,
    publier_version,
    restaurer_version,
)
from jalon.referentiels.profil import charger_profil
from jalon.socle.errors import DroitManquantError, TransitionRefuseeError
from jalon.traces.models import Acte
from tests.distribution import Distribution

pytestmark = pytest.mark.django_db


@pytest.fixture
def modele() -> ModeleCourrier:
    return ModeleCourrier.objects.get(code="passation_referent")


@pytest.fixture
def publier(modele: ModeleCourrier, distribution: Distribution) -> Any:
    def _publier(corps: str, *, numero_lu: int = 1, objet: str = "votre référent") -> VersionModele:
        agent = distribution.siege
        return publier_version(
            modele, acteur=agent, perimetre=Perimetre.de(agent), objet=objet, corps=corps, numero_lu=numero_lu
        )

    return _publier


CORPS = "{nouveau_referent} vous suit dès le {date_effet}."


def test_publie_une_version_de_plus(publier: Any, modele: ModeleCourrier) -> None:
    version = publier(CORPS + "  \r\n")
    assert (version.numero, version.corps) == (2, CORPS)
    assert Acte.objects.get(code="documents.courrier.publie").objet == modele.public_id


def test_un_texte_publie_ne_change_plus(modele: ModeleCourrier) -> None:
    with pytest.raises(ProgrammingError, match="Cannot update rows from documents_versionmodele"), transaction.atomic():
        modele.versions.update(corps="autre")


def test_la_base_refuse_deux_fois_le_meme_numero(modele: ModeleCourrier) -> None:
    with pytest.raises(IntegrityError, match="version_modele_numero_unique"), transaction.atomic():
        VersionModele.objects.create(modele=modele, numero=1, corps="x")


def test_refuse_d_ecraser_le_texte_d_un_collegue(publier: Any) -> None:
    publier(CORPS)
    with pytest.raises(VersionDepasseeError, match="Une version 2 de ce courrier a été publiée") as refus:
        publier(CORPS + " Bonne suite.")
    assert refus.value.derniere.corps == CORPS


def test_refuse_un_texte_identique(publier: Any) -> None:
    publier(CORPS)
    with pytest.raises(TransitionRefuseeError, match="rien n'a été publié"):
        publier(CORPS, numero_lu=2)


@pytest.mark.parametrize(
    ("corps", "faute"),
    [
        ("{nouveau_referent} {date_effet} {inconnu}", "ligne 1 : « {inconnu} »"),
        ("{nouveau_referent} {date_effet}\n😀", "ligne 2 : la police des lettres ne connaît pas « 😀 »"),
        ("{nouveau_referent} {date_effet}\u202e", "ligne 1 : la police des lettres ne connaît pas"),
    ],
)
def test_refuse_un_texte_faux(publier: Any, corps: str, faute: str) -> None:
    with pytest.raises(TexteRefuseError) as refus:
        publier(corps)
    assert any(f.startswith(faute) for f in refus.value.fautes)


def test_refuse_a_qui_n_en_a_pas_le_droit(modele: ModeleCourrier, distribution: Distribution) -> None:
    agent = distribution.orienteur
    with pytest.raises(DroitManquantError):
        publier_version(modele, acteur=agent, perimetre=Perimetre.de(agent), objet="", corps=CORPS, numero_lu=1)


def test_revient_a_un_ancien_texte_en_une_version_de_plus(
    publier: Any, modele: ModeleCourrier, distribution: Distribution
) -> None:
    origine = modele.versions.get(numero=1)
    publier(CORPS)
    agent = distribution.siege
    rendue = restaurer_version(origine, acteur=agent, perimetre=Perimetre.de(agent), numero_lu=2)
    assert (rendue.numero, rendue.corps, rendue.note) == (3, origine.corps, "Retour au texte n° 1")


def test_reinstaller_le_profil_ne_change_rien() -> None:
    assert installer_courriers(charger_profil(settings.PROFILS / "pas-de-calais")) == 0


def test_le_profil_ne_remplace_jamais_le_texte_du_departement(publier: Any, modele: ModeleCourrier) -> None:
    publier(CORPS)
    installer_courriers(charger_profil(settings.PROFILS / "loiret"))
    assert modele.versions.order_by("-numero")[0].corps == CORPS


def test_un_texte_jamais_touche_suit_le_profil(modele: ModeleCourrier) -> None:
    signature = ModeleCourrier.objects.get(code="signature")
    installer_courriers(charger_profil(settings.PROFILS / "loiret"))
    assert [v.numero for v in signature.versions.order_by("numero")] == [1, 2]
    assert signature.versions.get(numero=2).du_profil
