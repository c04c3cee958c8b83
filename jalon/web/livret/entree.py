"""Entrer dans son livret : le code du papier, puis un code à usage unique."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from jalon.documents.models import Canal
from jalon.documents.passerelles import masquer
from jalon.passeport.acces import (
    AccesFermeError,
    empreinte_du_code,
    entrer,
    exiger_ouvert,
    quitter,
    trouver_acces,
)
from jalon.passeport.models import AccesPersonnel
from jalon.personnes.codes import GUICHET, CodeRefuseError, CodeUnique, SansMoyenError, UsageCode, envoyer_code
from jalon.personnes.coordonnees import Coordonnees
from jalon.referentiels.parametres import nombre
from jalon.socle.errors import JalonError
from jalon.socle.rls import Reglages, set_context
from jalon.web.lien.limite import compter_demande, exiger_adresse_ouverte, noter_code_faux
from jalon.web.livret.visite import (
    ATTENTE,
    TEMOIN,
    Visite,
    lire,
    lire_temoin,
    oublier_temoin,
    par_visite,
    porte,
    poser_temoin,
)

LARGESSE_ADRESSE = 4
"""Une adresse est souvent celle de tout un accueil : elle a droit à quatre fois plus d'échecs qu'un accès."""


@dataclass(frozen=True)
class Attendu:
    """Le code que la personne doit recevoir : par où, et où."""

    canal: str = ""
    ou: str = ""


@require_http_methods(["GET", "HEAD", "POST"])
@porte
def livret(request: HttpRequest) -> HttpResponse:
    """La seule chose à faire : écrire le code du papier."""
    compter_demande(request)
    if lire(request) is not None:
        return redirect("livret_accueil")
    if request.method != "POST":
        return render(request, "livret/entree.html", {"erreur": ""})
    exiger_adresse_ouverte(request, limite=_limite_adresse())
    empreinte = empreinte_du_code(request.POST.get("code", "")[:40])
    acces = _trouver(empreinte)
    if acces is None:
        noter_code_faux(request)
        erreur = "Ce code n’ouvre aucun livret. Relisez votre papier : trois groupes de quatre signes."
        return render(request, "livret/entree.html", {"erreur": erreur})
    _envoyer(request, acces)
    reponse = redirect("livret_code")
    poser_temoin(reponse, ATTENTE, empreinte)
    return reponse


@require_http_methods(["GET", "HEAD", "POST"])
@porte
def code(request: HttpRequest) -> HttpResponse:
    """Le code à usage unique, reçu à l'instant ou lu par un agent à l'accueil."""
    compter_demande(request)
    acces = _trouver(lire_temoin(request, ATTENTE, _secondes_d_attente()))
    if acces is None:
        messages.info(request, "Le temps est passé. Écrivez de nouveau le code de votre papier.")
        reponse: HttpResponse = redirect("livret")
        oublier_temoin(reponse, ATTENTE)
        return reponse
    erreur = ""
    if request.method == "POST" and "renvoyer" in request.POST:
        _envoyer(request, acces)
        return redirect("livret_code")
    if request.method == "POST":
        exiger_adresse_ouverte(request, limite=_limite_adresse())
        try:
            jeton = entrer(acces, request.POST.get("code", "")[:20])
        except (CodeRefuseError, AccesFermeError) as refus:
            noter_code_faux(request)
            erreur = str(refus)
        else:
            reponse = redirect("livret_accueil")
            poser_temoin(reponse, TEMOIN, jeton)
            oublier_temoin(reponse, ATTENTE)
            return reponse
    minutes = int(nombre("acces_personnel.duree_code", timezone.localdate()))
    return render(request, "livret/code.html", {"attendu": _attendu(acces), "erreur": erreur, "minutes": minutes})


@require_POST
@par_visite
def fermer(request: HttpRequest, visite: Visite) -> HttpResponse:
    """« Quitter » : la visite n'existe plus, même si le témoin a été copié."""
    quitter(visite.acces)
    messages.success(request, "Vous avez quitté votre livret. Personne ne peut y revenir sans vos codes.")
    reponse = redirect("livret")
    oublier_temoin(reponse, TEMOIN)
    return reponse


def _trouver(empreinte: str) -> AccesPersonnel | None:
    """L'accès de ce code ; la sécurité par ligne s'ouvre alors à sa personne."""
    if not empreinte:
        return None
    set_context(Reglages(lien=empreinte))
    acces = trouver_acces(empreinte)
    set_context(Reglages() if acces is None else Reglages(personne=acces.personne_id))
    return acces


def _envoyer(request: HttpRequest, acces: AccesPersonnel) -> None:
    """Envoie un code ; l'absence de moyen se dit sur la page du code, avec quoi faire."""
    try:
        exiger_ouvert(acces)
        envoyer_code(acces.personne_id, usage=UsageCode.LIVRET, objet=acces.public_id)
    except SansMoyenError:
        return
    except JalonError as refus:
        messages.info(request, str(refus))


def _attendu(acces: AccesPersonnel) -> Attendu:
    dernier = (
        CodeUnique.objects.filter(
            personne_id=acces.personne_id, usage=UsageCode.LIVRET, objet=acces.public_id, employe_le=None,
            expire_le__gt=timezone.now(),
        )
        .order_by("-created_at", "-pk")
        .first()
    )  # fmt: skip
    if dernier is None or dernier.canal == GUICHET:
        return Attendu(dernier.canal if dernier is not None else "")
    connues = Coordonnees.objects.filter(personne_id=acces.personne_id).first()
    if connues is None:
        return Attendu()
    ou = f"finit par {connues.telephone[-2:]}" if dernier.canal == Canal.SMS else masquer(connues.courriel)
    return Attendu(dernier.canal, ou)


def _limite_adresse() -> int:
    return LARGESSE_ADRESSE * int(nombre("acces_personnel.echecs_avant_blocage", timezone.localdate()))


def _secondes_d_attente() -> int:
    """Le temps de recevoir le code, deux fois, et de l'écrire."""
    return 2 * 60 * int(nombre("acces_personnel.duree_code", timezone.localdate()))
