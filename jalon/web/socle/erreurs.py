"""Pages d'erreur : ce qui s'est passé, pourquoi, et quoi faire ensuite."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from jalon.socle.errors import DroitManquantError, HorsPerimetreError, JalonError

INTROUVABLE = "L’adresse est peut-être incomplète, ou ce dossier n’est pas dans votre périmètre."
INTERDITE = "Votre rôle n’ouvre pas cette page."


def reponse_expliquee(request: HttpRequest, exception: Exception) -> HttpResponse | None:
    """Page d'une erreur attendue, `None` pour une panne (Django rend alors la page 500)."""
    match exception:
        case HorsPerimetreError():
            return _page(request, 404, str(exception))
        case Http404():
            return _page(request, 404, INTROUVABLE)
        case DroitManquantError():
            return _page(request, 403, str(exception))
        case PermissionDenied():
            return _page(request, 403, INTERDITE)
        case JalonError():
            return _page(request, 409, str(exception))
    return None


def _page(request: HttpRequest, statut: int, explication: str) -> HttpResponse:
    return render(request, f"erreurs/{statut}.html", {"explication": explication}, status=statut)


def requete_incorrecte(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "erreurs/400.html", status=400)


def acces_refuse(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, 403, INTERDITE)


def page_introuvable(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, 404, INTROUVABLE)


def panne(request: HttpRequest) -> HttpResponse:
    """La base est peut-être en cause : cette page ne l'interroge pas."""
    return render(request, "erreurs/500.html", status=500)
