"""Le journal des actes et celui des lectures."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from jalon.agents.services import desactiver_agent
from jalon.traces.models import Lecture
from jalon.traces.services import noter_lecture
from tests.distribution import Distribution
from tests.fabriques import PersonneFactory

pytestmark = pytest.mark.django_db


def test_montre_les_actes_du_plus_recent_au_plus_ancien(connecte: Any, distribution: Distribution) -> None:
    desactiver_agent(distribution.siege, acteur=distribution.administrateur)
    page = connecte("administrateur").get("/journal/")
    assert page.context["page"].object_list[0].code == "agents.agent.desactive"
    assert "Compte de Simone Siege fermé" in page.content.decode()


def test_se_filtre_par_agent_genre_et_date(connecte: Any, distribution: Distribution) -> None:
    desactiver_agent(distribution.siege, acteur=distribution.administrateur)
    admin = connecte("administrateur")
    qui = distribution.administrateur.public_id
    assert admin.get(f"/journal/?agent={qui}").context["page"].paginator.count == 1
    assert admin.get("/journal/?genre=personnes").context["page"].paginator.count == 0
    demain = (timezone.localdate() + timedelta(days=1)).isoformat()
    assert admin.get(f"/journal/?du={demain}").context["page"].paginator.count == 0
    assert admin.get("/journal/?du=pas-une-date").status_code == 200


def test_montre_les_dossiers_ouverts(connecte: Any, distribution: Distribution) -> None:
    personne = PersonneFactory()
    noter_lecture(Lecture.Nature.DOSSIER, agent=distribution.siege, personne=personne.public_id)
    page = connecte("administrateur").get("/journal/?onglet=lectures&genre=dossier")
    texte = page.content.decode()
    assert "Simone Siege" in texte
    assert f"/personnes/{personne.public_id}/" not in texte
    assert f"/personnes/{personne.public_id}/" in connecte("siege").get("/journal/?onglet=lectures").content.decode()


def test_qui_ne_voit_pas_tout_ne_lit_que_ses_lignes(connecte: Any, distribution: Distribution) -> None:
    profil = distribution.orienteur.affectations.get().profil
    profil.droits = [*profil.droits, "journal.consulter"]
    profil.save()
    for agent in (distribution.siege, distribution.orienteur):
        noter_lecture(Lecture.Nature.DOSSIER, agent=agent)
    page = connecte("orienteur").get("/journal/?onglet=lectures")
    assert {lecture.agent for lecture in page.context["page"].object_list} == {distribution.orienteur}


def test_autant_de_requetes_pour_une_ou_vingt_lignes(connecte: Any, distribution: Distribution) -> None:
    client = connecte("administrateur")
    noter_lecture(Lecture.Nature.DOSSIER, agent=distribution.siege)
    client.get("/journal/?onglet=lectures")
    with CaptureQueriesContext(connection) as peu:
        client.get("/journal/?onglet=lectures")
    for _ in range(20):
        noter_lecture(Lecture.Nature.DOSSIER, agent=distribution.siege)
    with CaptureQueriesContext(connection) as beaucoup:
        client.get("/journal/?onglet=lectures")
    assert len(peu) == len(beaucoup)
