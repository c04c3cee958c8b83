"""La visite de la personne dans son livret : son témoin à elle, jamais un compte d'agent.

PostgreSQL n'ouvre que ses lignes (`jalon.personne`). Le téléphone est souvent partagé : rien n'est gardé par le
navigateur, la visite est courte, et « Quitter » la ferme pour de bon.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from jalon.agents.perimetre import Perimetre
from jalon.passeport.acces import empreinte_de_visite, lire_visite, prolonger_visite
from jalon.passeport.models import AccesPersonnel
from jalon.passeport.titulaire import Titulaire
from jalon.socle.errors import HorsPerimetreError
from jalon.socle.rls import Reglages, set_context
from jalon.web.lien.limite import TropDeDemandesError

TEMOIN = "jalon_livret"
ATTENTE = "jalon_livret_attente"
SEL = "jalon.livret"
FINIE = "Votre visite est finie. C'est pour vous protéger. Entrez de nouveau votre code."
Vue = Callable[..., HttpResponse]


@dataclass(frozen=True)
class Visite:
    """L'accès par où la personne est entrée, et de qui est le livret."""

    acces: AccesPersonnel
    titulaire: Titulaire


def porte(vue: Vue) -> Vue:
    """Une page d'entrée, sans visite : discrète, et fermée un temps à qui insiste."""

    @wraps(vue)
    def gardee(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        request.perimetre = Perimetre.vide()  # type: ignore[attr-defined]
        set_context(Reglages())
        try:
            reponse = vue(request, *args, **kwargs)
        except TropDeDemandesError as refus:
            reponse = render(request, "livret/ferme.html", {"titre": "Patientez un peu", "texte": str(refus)})
            reponse.status_code = 429
        return discrete(reponse)

    return login_not_required(gardee)


def par_visite(vue: Vue) -> Vue:
    """Ouvre la vue à la personne entrée ; sans visite, mène à la page d'entrée."""

    @wraps(vue)
    def gardee(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        request.perimetre = Perimetre.vide()  # type: ignore[attr-defined]
        visite = lire(request)
        if visite is None and "json" in request.headers.get("Accept", ""):
            # La frappe se garde sans quitter la page : une page d'entrée en retour passerait pour un succès.
            return discrete(JsonResponse({"message": FINIE, "fini": True}, status=401))
        if visite is None:
            if lire_temoin(request, TEMOIN):
                messages.info(request, FINIE)
            reponse: HttpResponse = redirect("livret")
            oublier_temoin(reponse, TEMOIN)
            return discrete(reponse)
        try:
            return discrete(vue(request, visite, *args, **kwargs))
        except HorsPerimetreError as refus:
            reponse = render(
                request, "livret/introuvable.html",
                {"visite": visite, "texte": str(refus), "rubrique": ""}, status=404,
            )  # fmt: skip
            return discrete(reponse)

    return login_not_required(gardee)


def lire(request: HttpRequest) -> Visite | None:
    """La visite ouverte par le témoin ; la sécurité par ligne passe ensuite à la personne, et à elle seule."""
    jeton = lire_temoin(request, TEMOIN)
    empreinte = empreinte_de_visite(jeton) if jeton else ""
    set_context(Reglages(lien=empreinte))
    acces = lire_visite(empreinte)
    if acces is None:
        set_context(Reglages())
        return None
    set_context(Reglages(personne=acces.personne_id))
    prolonger_visite(acces)
    return Visite(acces, Titulaire.de_acces(acces))


def poser_temoin(reponse: HttpResponse, nom: str, valeur: str) -> None:
    """Signé, illisible aux scripts, propre au livret, perdu quand le navigateur se ferme."""
    reponse.set_signed_cookie(
        nom, valeur, salt=SEL, httponly=True, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE,
        path=reverse("livret"),
    )  # fmt: skip


def lire_temoin(request: HttpRequest, nom: str, duree: int | None = None) -> str:
    """Valeur du témoin, vide s'il manque, s'il est forgé, ou plus vieux que `duree` secondes."""
    return str(request.get_signed_cookie(nom, default="", salt=SEL, max_age=duree))


def oublier_temoin(reponse: HttpResponse, nom: str) -> None:
    reponse.delete_cookie(nom, path=reverse("livret"), samesite="Lax")


def discrete(reponse: HttpResponse) -> HttpResponse:
    """Ni cache, ni moteur de recherche, ni adresse laissée à un autre site."""
    # « no-referrer » ferait envoyer une origine nulle, que la garde contre les formulaires forgés refuse.
    reponse["Referrer-Policy"] = "same-origin"
    reponse["Cache-Control"] = "no-store"
    reponse["X-Robots-Tag"] = "noindex, nofollow"
    return reponse
