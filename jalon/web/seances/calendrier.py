"""Les instances et leurs membres ; le calendrier des séances et le rythme qu'elles tiennent."""

from __future__ import annotations

from collections import Counter
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from jalon.instances.acces import (
    PREPARER,
    acceder_instance,
    exiger_une_porte,
    instances_du_perimetre,
    seances_du_perimetre,
    tient_instance,
)
from jalon.instances.composition import membres_en_cours, nommer_membre, terminer_mandat
from jalon.instances.models import EtatSeance, Instance, MembreInstance, NatureInstance, QualiteMembre
from jalon.instances.seances import planifier_seance
from jalon.instances.selectors import avec_nombres, decisions_a_suivre, rythmes
from jalon.socle.errors import HorsPerimetreError
from jalon.web.orientations.actes import tenter
from jalon.web.seances.forms import MembreForm, SeanceForm, agents_qui_siegent, premiere_erreur
from jalon.web.socle.acces import exige

PAR_PAGE = 30
A_VENIR = (EtatSeance.PREPAREE, EtatSeance.CONVOQUEE, EtatSeance.OUVERTE)


@require_GET
def seances(request: HttpRequest) -> HttpResponse:
    """Séances à venir, alertes du rythme, et séances passées."""
    exiger_une_porte(request.perimetre)
    jour = timezone.localdate()
    toutes = avec_nombres(seances_du_perimetre(request.perimetre))
    passees = toutes.exclude(etat__in=A_VENIR).order_by("-date", "-pk")
    contexte = {
        "a_venir": list(toutes.filter(etat__in=A_VENIR).order_by("date", "heure", "pk")),
        "page": Paginator(passees, PAR_PAGE).get_page(request.GET.get("page")),
        "rythmes": rythmes(_instances(request), jour),
        "jour": jour,
        "prepare": request.perimetre.peut(PREPARER),
    }
    return render(request, "seances/seances.html", contexte)


@require_GET
def instances(request: HttpRequest) -> HttpResponse:
    """Les instances du périmètre, leur composition et leur rythme."""
    exiger_une_porte(request.perimetre)
    jour, siennes = timezone.localdate(), _instances(request)
    tenus = MembreInstance.objects.filter(instance__in=siennes, supplee=None, periode__contains=jour)
    sieges: dict[int, set[int]] = {}
    nombres: Counter[int] = Counter()
    for cle, titre in tenus.order_by("pk").values_list("instance_id", "qualite_id"):
        sieges.setdefault(cle, set()).add(titre)
        nombres[cle] += 1
    attendues: dict[int, list[QualiteMembre]] = {}
    for qualite in QualiteMembre.objects.filter(
        type__in={i.type_id for i in siennes}, actif=True, minimum__gt=0
    ).order_by("ordre", "pk"):
        attendues.setdefault(qualite.type_id, []).append(qualite)
    lignes = [
        {
            "rythme": rythme,
            "nombre": nombres.get(rythme.instance.pk, 0),
            "vacants": [
                q
                for q in attendues.get(rythme.instance.type_id, [])
                if q.pk not in sieges.get(rythme.instance.pk, set())
            ],
        }
        for rythme in rythmes(siennes, jour)
    ]
    return render(request, "seances/instances.html", {"lignes": lignes, "jour": jour})


@require_GET
def instance(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Une instance : qui y siège, ses séances, et de quoi en planifier une."""
    trouvee = acceder_instance(request.perimetre, public_id)
    return _page(request, trouvee)


@require_POST
@exige(PREPARER)
def nommer(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Nomme un titulaire ou un suppléant."""
    trouvee = acceder_instance(request.perimetre, public_id, droit=PREPARER)
    membres = membres_en_cours(trouvee, timezone.localdate())
    formulaire = MembreForm(request.POST, instance=trouvee, agents=agents_qui_siegent(trouvee), membres=membres)
    if not formulaire.is_valid():
        messages.error(request, premiere_erreur(formulaire))
        return _page(request, trouvee, membre=formulaire, statut=422)

    def acte() -> str:
        membre = nommer_membre(trouvee, acteur=request.user, perimetre=request.perimetre, **formulaire.cleaned_data)
        return f"{membre.nom} siège désormais pour « {membre.qualite} »."

    if not tenter(request, acte):
        return _page(request, trouvee, membre=formulaire, statut=422)
    return redirect("instance", public_id=public_id)


@require_POST
@exige(PREPARER)
def terminer(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Met fin à un mandat."""
    membre = MembreInstance.objects.filter(public_id=public_id).select_related("instance").first()
    if membre is None:
        raise HorsPerimetreError("Ce membre n’existe pas : revenez à la liste des instances.")
    trouvee = acceder_instance(request.perimetre, membre.instance.public_id, droit=PREPARER)

    def acte() -> str:
        termine = terminer_mandat(membre, acteur=request.user, perimetre=request.perimetre)
        return f"{termine.nom} ne siège plus dans cette instance."

    tenter(request, acte)
    return redirect("instance", public_id=trouvee.public_id)


@require_POST
@exige(PREPARER)
def planifier(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Inscrit une séance au calendrier, et mène à sa préparation."""
    trouvee = acceder_instance(request.perimetre, public_id, droit=PREPARER)
    formulaire = SeanceForm(request.POST)
    if not formulaire.is_valid():
        messages.error(request, premiere_erreur(formulaire))
        return _page(request, trouvee, seance=formulaire, statut=422)
    lu = formulaire.cleaned_data
    faite = []

    def acte() -> str:
        faite.append(
            planifier_seance(
                trouvee, acteur=request.user, perimetre=request.perimetre, jour=lu["date"], heure=lu["heure"],
                lieu=lu["lieu"],
            )
        )  # fmt: skip
        return "La séance est au calendrier : remplissez son ordre du jour."

    if not tenter(request, acte):
        return _page(request, trouvee, seance=formulaire, statut=422)
    return redirect("seance", public_id=faite[0].public_id)


def _instances(request: HttpRequest) -> list[Instance]:
    return list(instances_du_perimetre(request.perimetre).order_by("type__ordre", "territoire__ordre", "pk"))


def _page(
    request: HttpRequest,
    trouvee: Instance,
    *,
    membre: MembreForm | None = None,
    seance: SeanceForm | None = None,
    statut: int = 200,
) -> HttpResponse:
    jour = timezone.localdate()
    membres = membres_en_cours(trouvee, jour)
    prepare = request.perimetre.peut(PREPARER) and tient_instance(request.perimetre, trouvee)
    qualites = QualiteMembre.objects.filter(type=trouvee.type_id, actif=True).order_by("ordre", "pk")
    contexte = {
        "instance": trouvee,
        "jour": jour,
        "prepare": prepare,
        "composition": [
            {
                "qualite": qualite,
                "titulaires": [m for m in membres if m.qualite_id == qualite.pk and m.supplee_id is None],
                "suppleants": [m for m in membres if m.qualite_id == qualite.pk and m.supplee_id is not None],
            }
            for qualite in qualites
        ],
        "rythme": rythmes([trouvee], jour)[0],
        "seances": list(
            avec_nombres(seances_du_perimetre(request.perimetre).filter(instance=trouvee)).order_by("-date", "-pk")[:12]
        ),
        "a_suivre": decisions_a_suivre(trouvee) if trouvee.type.nature == NatureInstance.GENERALE else [],
        "membre_form": None,
        "seance_form": None,
    }
    if prepare:
        contexte["membre_form"] = membre or MembreForm(
            instance=trouvee, agents=agents_qui_siegent(trouvee), membres=membres
        )
        contexte["seance_form"] = seance or SeanceForm(initial={"heure": "09:00"})
    return render(request, "seances/instance.html", contexte, status=statut)
