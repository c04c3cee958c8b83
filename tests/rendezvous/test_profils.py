"""Les deux profils : leurs formes de réunion, leurs questions, leurs motifs sont des données."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone
from pydantic import ValidationError

from jalon.referentiels.profil import charger_profil
from jalon.referentiels.profil.reunions import MotifAbsence as MotifProfil
from jalon.referentiels.profil.reunions import Protocole
from jalon.rendezvous.installation import installer_reunions
from jalon.rendezvous.models import MotifAbsence, ProtocoleReunion, QuestionPreparatoire, TypeReunion
from jalon.rendezvous.questionnaires import questions_posees
from jalon.rendezvous.selectors import protocoles_en_vigueur
from tests.distribution import Distribution
from tests.rendezvous.aides import une_reunion

pytestmark = pytest.mark.django_db
PROFILS = Path(settings.PROFILS)


def test_installer_deux_fois_ne_change_rien() -> None:
    avant = [
        list(modele.objects.order_by("pk").values())
        for modele in (TypeReunion, ProtocoleReunion, QuestionPreparatoire, MotifAbsence)
    ]
    installer_reunions(charger_profil(PROFILS / "pas-de-calais"))
    apres = [
        list(modele.objects.order_by("pk").values())
        for modele in (TypeReunion, ProtocoleReunion, QuestionPreparatoire, MotifAbsence)
    ]
    assert avant == apres


def test_le_loiret_informe_aussi_une_personne_seule() -> None:
    installer_reunions(charger_profil(PROFILS / "loiret"))
    formes = [p.type.code for p in protocoles_en_vigueur(timezone.localdate())]
    assert formes == ["information_collective", "information_individuelle"]
    assert [q.code for q in questions_posees()] == ["attentes", "situation", "difficultes", "envies", "projet"]
    assert not MotifAbsence.objects.get(code="deces").actif


def test_un_protocole_suivi_ne_change_plus(distribution: Distribution) -> None:
    reunion = une_reunion(distribution)
    ProtocoleReunion.objects.filter(pk=reunion.protocole_id).update(format="Celui de ce jour-là")
    installer_reunions(charger_profil(PROFILS / "pas-de-calais"))
    reunion.protocole.refresh_from_db()
    assert reunion.protocole.format == "Celui de ce jour-là"


def test_refuse_un_motif_de_sante_a_document() -> None:
    with pytest.raises(ValidationError, match="ne peut exiger un document"):
        MotifProfil(code="sante", libelle="Santé", preuve_exigee=True, sante=True)


def test_refuse_un_deroule_qui_ne_fait_pas_la_duree() -> None:
    protocole = charger_profil(PROFILS / "loiret").reunions.types[0].protocole.model_dump(mode="json")
    with pytest.raises(ValidationError, match="les accorder"):
        Protocole.model_validate(protocole | {"duree": 90})
