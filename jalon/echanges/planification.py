"""Ce que Jalon fait seul : surveiller les imports, et le travail de chaque nuit."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Final

from dateutil.relativedelta import relativedelta
from django.db import connection
from django.utils import timezone
from procrastinate.contrib.django import app

from jalon.accompagnements.services import proposer_fins
from jalon.echanges.imports import SANS_NOUVELLES, TACHE_IMPORT, marquer_interrompus, purger_depots
from jalon.referentiels.parametres import nombre
from jalon.traces.models import Lecture

CONSERVATION_LECTURES: Final = "conservation.journal_lectures"
TACHE_MENAGE: Final = "builtin:procrastinate.builtin_tasks.remove_old_jobs"
GARDE_TRAVAUX_HEURES: Final = 168


def surveiller() -> dict[str, int]:
    """Après un arrêt brutal : les imports morts se voient, les autres travaux abandonnés repartent."""
    return {"interrompus": marquer_interrompus(), "relances": relancer_travaux_abandonnes()}


def relancer_travaux_abandonnes() -> int:
    """Remet en file ce que tenait un exécuteur mort, sauf les imports : c'est à un agent de les reprendre."""
    with connection.cursor() as curseur:
        curseur.execute(
            "select j.id, j.task_name from procrastinate_jobs j "
            "left join procrastinate_workers w on w.id = j.worker_id "
            "where j.status = 'doing' and (w.id is null or w.last_heartbeat < %s) order by j.id",
            [timezone.now() - SANS_NOUVELLES],
        )
        abandonnes = list(curseur.fetchall())
        for cle, tache in abandonnes:
            if tache == TACHE_IMPORT:
                curseur.execute("select procrastinate_finish_job_v1(%s, 'failed', false)", [cle])
            else:
                curseur.execute("select procrastinate_retry_job_v2(%s, now(), null, null, null)", [cle])
    return sum(tache != TACHE_IMPORT for _cle, tache in abandonnes)


def travaux_du_jour(a_la_date: date) -> dict[str, int]:
    """Échéances atteintes, journal des lectures au-delà de sa durée de conservation, dépôts oubliés (F005, R27)."""
    bilan = proposer_fins(a_la_date=a_la_date)
    return {
        "fins_proposees": bilan.proposees,
        "lectures_effacees": purger_lectures(a_la_date),
        "depots_effaces": purger_depots(),
    }


def purger_lectures(a_la_date: date) -> int:
    """Efface les lectures plus vieilles que la durée fixée par le département. Réf. : CASF R. 262-107."""
    premier_jour = a_la_date - relativedelta(months=int(nombre(CONSERVATION_LECTURES, a_la_date)))
    limite = timezone.make_aware(datetime.combine(premier_jour, time.min))
    effacees, _ = Lecture.objects.filter(lu_le__lt=limite).delete()
    return effacees


def effacer_vieux_travaux() -> None:
    """Demande le ménage de la file : les travaux finis depuis une semaine n'y servent plus."""
    app.configure_task(TACHE_MENAGE, queueing_lock="menage").defer(
        max_hours=GARDE_TRAVAUX_HEURES, remove_failed=True, remove_cancelled=True, remove_aborted=True
    )
