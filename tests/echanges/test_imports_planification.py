"""Ce que Jalon fait seul : surveillance des travaux, travail de chaque nuit."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from dateutil.relativedelta import relativedelta
from django.db import connection
from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from jalon.echanges import planification
from jalon.referentiels.parametres import nombre
from jalon.traces.models import Lecture
from jalon.traces.services import noter_lecture
from tests.distribution import Distribution

pytestmark = pytest.mark.django_db


def prendre(tache: str, *, vu_il_y_a: timedelta) -> int:
    """Un travail pris par un exécuteur qui a donné des nouvelles il y a ce temps-là."""
    cle = int(app.configure_task(tache).defer(identifiant="x"))
    with connection.cursor() as curseur:
        curseur.execute(
            "insert into procrastinate_workers (last_heartbeat) values (now() - %s) returning id", [vu_il_y_a]
        )
        curseur.execute(
            "update procrastinate_jobs set status = 'doing', worker_id = %s where id = %s", [curseur.fetchone()[0], cle]
        )
    return cle


def etat(cle: int) -> str:
    return str(ProcrastinateJob.objects.get(pk=cle).status)


def test_relance_un_travail_abandonne_sauf_un_import() -> None:
    cliche = prendre("observatoire.prendre_cliche", vu_il_y_a=timedelta(minutes=5))
    import_ = prendre("echanges.importer", vu_il_y_a=timedelta(minutes=5))
    assert planification.surveiller() == {"interrompus": 0, "relances": 1}
    assert (etat(cliche), etat(import_)) == ("todo", "failed")


def test_ne_relance_pas_un_travail_dont_l_executeur_donne_des_nouvelles() -> None:
    cliche = prendre("observatoire.prendre_cliche", vu_il_y_a=timedelta(seconds=20))
    assert planification.relancer_travaux_abandonnes() == 0
    assert etat(cliche) == "doing"


def test_purge_les_lectures_au_dela_de_leur_conservation(distribution: Distribution, depots: Path) -> None:
    jour = timezone.localdate()
    mois = int(nombre("conservation.journal_lectures", jour))
    for _ in range(2):
        noter_lecture("dossier", agent=distribution.siege)
    vieille, gardee = Lecture.objects.order_by("id")
    Lecture.objects.filter(pk=vieille.pk).update(lu_le=timezone.now() - relativedelta(months=mois) - timedelta(days=1))
    Lecture.objects.filter(pk=gardee.pk).update(lu_le=timezone.now() - relativedelta(months=mois) + timedelta(days=1))
    assert planification.travaux_du_jour(jour)["lectures_effacees"] == 1
    assert list(Lecture.objects.order_by("id")) == [gardee]


def test_propose_les_fins_chaque_nuit(monkeypatch: pytest.MonkeyPatch, depots: Path) -> None:
    vus: list[date] = []
    vrai = planification.proposer_fins

    def noter(*, a_la_date: date) -> object:
        vus.append(a_la_date)
        return vrai(a_la_date=a_la_date)

    monkeypatch.setattr(planification, "proposer_fins", noter)
    planification.travaux_du_jour(date(2026, 11, 22))
    assert vus == [date(2026, 11, 22)]


def test_les_travaux_reguliers_sont_declares() -> None:
    reguliers = {tache.name: tache for tache in app.tasks.values()}
    assert {"echanges.surveiller", "echanges.travaux_du_jour", planification.TACHE_MENAGE} <= reguliers.keys()
    crons = {periode.task.name: periode.cron for periode in app.periodic_registry.periodic_tasks.values()}
    assert crons["echanges.surveiller"] == "* * * * *"
    assert crons["echanges.travaux_du_jour"] == "15 2 * * *"


def test_le_menage_de_la_file_est_demande_une_fois() -> None:
    planification.effacer_vieux_travaux()
    assert ProcrastinateJob.objects.filter(task_name=planification.TACHE_MENAGE, queue_name="builtin").count() == 1
