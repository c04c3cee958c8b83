"""« Qui a ouvert mon dossier » : quand, depuis quel service, avec quel rôle (F005, RGPD art. 15).

La personne a droit aux dates et aux raisons des consultations, non à l'identité de chaque agent qui a agi pour son
service (CJUE, 22 juin 2023, C-579/21). Le nom n'est donc écrit que pour ceux qu'elle connaît : ses référents et ses
correspondants, d'aujourd'hui et d'hier. Pour les autres, le service et le rôle suffisent à poser une question.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.utils import timezone

from jalon.accompagnements.models import DesignationCorrespondant, DesignationReferent
from jalon.agents.models import Affectation
from jalon.passeport.titulaire import Titulaire
from jalon.referentiels.parametres import mot
from jalon.traces.models import Lecture

LIGNES = 2_000
MONTREES = frozenset({Lecture.Nature.DOSSIER, Lecture.Nature.FOYER, Lecture.Nature.NIR})
QUOI = {
    Lecture.Nature.DOSSIER: "a ouvert votre dossier",
    Lecture.Nature.FOYER: "a ouvert le dossier de votre foyer",
    Lecture.Nature.NIR: "a affiché votre numéro de sécurité sociale",
}


@dataclass(frozen=True)
class Ouverture:
    """Les ouvertures d'un jour par un même professionnel, réunies."""

    le: date
    qui: str
    organisme: str
    quoi: str
    fois: int


def ouvertures(titulaire: Titulaire, limite: int | None = None) -> list[Ouverture]:
    """Un an d'ouvertures au plus, de la plus récente à la plus ancienne, en quatre requêtes."""
    lues = (
        Lecture.objects.filter(personne__in=titulaire.dossiers, nature__in=MONTREES)
        .order_by("-lu_le", "-pk")
        .values_list("lu_le", "agent_id", "organisme", "nature")[:LIGNES]
    )
    connus = _connus(titulaire)
    reunies: dict[tuple[date, int | None, str], list[str]] = {}
    for lu_le, agent, organisme, nature in lues:
        cle = (timezone.localtime(lu_le).date(), agent, organisme)
        if cle not in reunies and limite is not None and len(reunies) == limite:
            break
        reunies.setdefault(cle, []).append(nature)
    roles = _roles({agent for _, agent, _ in reunies if agent is not None and agent not in connus})
    rendues = []
    for (jour, auteur, organisme), natures in reunies.items():
        qui = connus.get(auteur or 0) or _role(roles, auteur, jour)
        pire = Lecture.Nature.NIR if Lecture.Nature.NIR in natures else Lecture.Nature(natures[0])
        rendues.append(Ouverture(jour, qui, organisme, QUOI[pire], len(natures)))
    return rendues


def _connus(titulaire: Titulaire) -> dict[int, str]:
    connus: dict[int, str] = {}
    for d in (
        DesignationReferent.objects.filter(personne_id=titulaire.cle, agent__isnull=False)
        .select_related("agent")
        .order_by("pk")
    ):
        if d.agent is not None:
            connus[d.agent.pk] = f"{d.agent}, {mot('referent').singulier}"
    for c in DesignationCorrespondant.objects.filter(personne_id=titulaire.cle).select_related("agent").order_by("pk"):
        connus.setdefault(c.agent.pk, f"{c.agent}, {mot('correspondant').singulier}")
    return connus


def _roles(agents: set[int]) -> dict[int, list[Affectation]]:
    roles: dict[int, list[Affectation]] = {}
    for affectation in Affectation.objects.filter(agent_id__in=agents).select_related("profil").order_by("pk"):
        roles.setdefault(affectation.agent_id, []).append(affectation)
    return roles


def _role(roles: dict[int, list[Affectation]], agent: int | None, jour: date) -> str:
    """Le rôle tenu ce jour-là ; à défaut le dernier connu."""
    tenus = roles.get(agent or 0, [])
    for affectation in tenus:
        periode = affectation.periode
        if (periode.lower is None or periode.lower <= jour) and (periode.upper is None or jour < periode.upper):
            return str(affectation.profil.libelle)
    return str(tenus[-1].profil.libelle) if tenus else "Un professionnel"
