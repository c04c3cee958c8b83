"""Territoires, communes et organismes : qui est où, et qui instruit."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from jalon.agents.models import Affectation
from jalon.agents.perimetre import Perimetre
from jalon.organismes.models import CommuneTerritoire, Organisme, Territoire
from jalon.personnes.selectors import personnes_du_perimetre
from jalon.web.socle.acces import exige
from jalon.web.socle.menu import url_ou_rien

COMMUNES_MAX = 50


@dataclass
class Noeud:
    """Un territoire, ce qui en dépend, et le nombre de personnes visibles, enfants compris."""

    territoire: Territoire
    instructeur: Organisme | None
    personnes: int | None = None
    enfants: list[Noeud] = field(default_factory=list)


@require_safe
@exige("territoires.consulter")
def arbre(request: HttpRequest) -> HttpResponse:
    """Arbre des territoires, et « de quel territoire est cette commune ? » : la question de l'accueil."""
    cherche = request.GET.get("q", "").strip()
    contexte = {
        "racines": _arbre(request.perimetre),
        "q": cherche,
        "communes": _chercher_communes(CommuneTerritoire.objects.all(), cherche) if cherche else None,
    }
    return render(request, "administration/territoires.html", contexte)


@require_safe
@exige("territoires.consulter")
def fiche(request: HttpRequest, code: str) -> HttpResponse:
    territoire = Territoire.objects.select_related("parent", "serviceinstructeur__organisme").filter(code=code).first()
    if territoire is None:
        raise Http404
    cherche = request.GET.get("q", "").strip()
    rattachees = CommuneTerritoire.objects.filter(Q(territoire=territoire) | Q(territoire__parent=territoire))
    contexte = {
        "territoire": territoire,
        "instructeur": _instructeur(territoire),
        "enfants": Territoire.objects.filter(parent=territoire),
        "organismes": Organisme.objects.filter(territoires=territoire).select_related("type"),
        "communes": _chercher_communes(rattachees, cherche),
        "communes_total": rattachees.count(),
        "q": cherche,
        "personnes": _nombres(request.perimetre).get(territoire.pk, 0) if _compte(request.perimetre) else None,
        "liste_url": url_ou_rien("file_orientation") if request.perimetre.peut("file_orientation.consulter") else "",
    }
    return render(request, "administration/territoire.html", contexte)


@require_safe
@exige("territoires.consulter")
def organisme(request: HttpRequest, public_id: UUID) -> HttpResponse:
    trouve = Organisme.objects.select_related("type").filter(public_id=public_id).first()
    if trouve is None:
        raise Http404
    agents = (
        Affectation.objects.filter(organisme=trouve, periode__contains=timezone.localdate(), agent__is_active=True)
        .select_related("agent", "profil", "territoire")
        .order_by("agent__nom", "agent__prenom", "id")
    )
    contexte = {
        "organisme": trouve,
        "territoires": trouve.territoires.all(),
        "instruit": Territoire.objects.filter(serviceinstructeur__organisme=trouve),
        "habilitations": trouve.habilitation_set.order_by("objet", "-periode", "id"),
        "agents": agents if request.perimetre.peut("agents.consulter") else None,
        "jour": timezone.localdate(),
    }
    return render(request, "administration/organisme.html", contexte)


def _compte(perimetre: Perimetre) -> bool:
    """Un effectif est un chiffre sur des personnes : il se montre à qui ouvre des dossiers ou des tableaux."""
    return perimetre.peut("dossier.consulter") or perimetre.peut("tableaux.consulter")


def _nombres(perimetre: Perimetre) -> dict[int, int]:
    """Personnes visibles par territoire, chaque territoire comptant ceux qui en dépendent ; une requête groupée."""
    propres = dict(
        personnes_du_perimetre(perimetre)
        .exclude(territoire=None)
        .order_by()
        .values("territoire_id")
        .annotate(nombre=Count("pk"))
        .values_list("territoire_id", "nombre")
    )
    parents = dict(Territoire.objects.order_by("id").values_list("id", "parent_id"))
    nombres = dict.fromkeys(parents, 0)
    for territoire, nombre in propres.items():
        courant: int | None = territoire
        while courant is not None:
            nombres[courant] += nombre
            courant = parents[courant]
    return nombres


def _arbre(perimetre: Perimetre) -> list[Noeud]:
    nombres = _nombres(perimetre) if _compte(perimetre) else {}
    territoires = list(
        Territoire.objects.select_related("serviceinstructeur__organisme").order_by("ordre", "libelle", "id")
    )
    noeuds = {t.pk: Noeud(t, _instructeur(t), nombres.get(t.pk)) for t in territoires}
    racines = []
    for territoire in territoires:
        parent = noeuds.get(territoire.parent_id) if territoire.parent_id else None
        (parent.enfants if parent else racines).append(noeuds[territoire.pk])
    return racines


def _instructeur(territoire: Territoire) -> Organisme | None:
    """Un territoire qui n'est pas une feuille n'a pas de service instructeur."""
    service = getattr(territoire, "serviceinstructeur", None)
    return service.organisme if service else None


def _chercher_communes(
    rattachees: QuerySet[CommuneTerritoire], cherche: str
) -> list[tuple[CommuneTerritoire, Organisme | None]]:
    """Communes et leur service instructeur : par nom (sans souci d'accents), code postal ou code INSEE, même ancien."""
    if cherche:
        rattachees = rattachees.filter(
            Q(commune__nom__unaccent__icontains=cherche)
            | Q(commune__code_insee=cherche)
            | Q(commune__codes_postaux__contains=[cherche[:5]])
            | Q(commune__anciens_codes__contains=[cherche[:5]])
        )
    trouvees = rattachees.select_related("commune", "territoire__serviceinstructeur__organisme").order_by(
        "commune__nom", "commune_id"
    )
    return [(rattachee, _instructeur(rattachee.territoire)) for rattachee in trouvees[:COMMUNES_MAX]]
