"""Mon compte : identité et rôles, connexions ouvertes, choix du second facteur."""

from __future__ import annotations

from typing import Any

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.sessions.models import Session
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from jalon.agents.sessions import fermer_sessions
from jalon.web.comptes.appareils import nommer_appareil
from jalon.web.comptes.second_facteur import a_un_second_facteur, doit_poser_un_second_facteur


@require_safe
def mon_compte(request: HttpRequest) -> HttpResponse:
    """Ce que Jalon sait de l'agent connecté ; seul un administrateur change ses rôles et son adresse."""
    contexte = {
        "agent": request.user,
        "affectations": request.perimetre.affectations,
        "second_facteur": a_un_second_facteur(request.user.pk),
        "exige": not settings.DEMONSTRATION,
    }
    return render(request, "comptes/mon_compte.html", contexte)


@require_http_methods(["GET", "HEAD", "POST"])
def sessions(request: HttpRequest) -> HttpResponse:
    """« Mes connexions » : les voir, en terminer une, ou toutes les autres."""
    if request.method != "POST":
        return render(request, "comptes/sessions.html", {"connexions": _connexions(request)})
    choix = request.POST.get("terminer", "")
    if choix == "autres":
        nombre = fermer_sessions(request.user, sauf=request.session.session_key)
        messages.success(request, f"{nombre} connexion{'s' if nombre > 1 else ''} terminée{'s' if nombre > 1 else ''}.")
        return redirect("sessions")
    if not choix.isdigit():
        return redirect("sessions")
    ouverte = UserSession.objects.filter(user=request.user, pk=int(choix)).first()
    if ouverte is None:
        messages.info(request, "Cette connexion est déjà terminée.")
    elif ouverte.session_key == request.session.session_key:
        return redirect("account_logout")
    else:
        ouverte.end()
        messages.success(request, "Connexion terminée.")
    return redirect("sessions")


def _connexions(request: HttpRequest) -> list[dict[str, Any]]:
    """Connexions encore vivantes, la présente d'abord ; deux requêtes, quel que soit leur nombre."""
    connues = list(UserSession.objects.filter(user=request.user).order_by("-last_seen_at", "-id"))
    vivantes = set(
        Session.objects.filter(
            session_key__in=[connexion.session_key for connexion in connues], expire_date__gt=timezone.now()
        ).values_list("session_key", flat=True)
    )
    lignes = [
        {
            "numero": connexion.pk,
            "appareil": nommer_appareil(connexion.user_agent),
            "adresse": connexion.ip,
            "depuis": connexion.created_at,
            "vue": connexion.last_seen_at,
            "presente": connexion.session_key == request.session.session_key,
        }
        for connexion in connues
        if connexion.session_key in vivantes
    ]
    return sorted(lignes, key=lambda ligne: not ligne["presente"])


@require_safe
def second_facteur(request: HttpRequest) -> HttpResponse:
    """Choix du second facteur ; c'est ici qu'arrive un agent qui doit en poser un."""
    if a_un_second_facteur(request.user.pk):
        return redirect("mfa_index")
    return render(request, "comptes/second_facteur.html", {"exige": doit_poser_un_second_facteur(request)})
