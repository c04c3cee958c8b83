"""La porte d'un contrat ouvert à la personne par un lien personnel : le jeton tient lieu de clé (R54, F048)."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse

from jalon.contrats.models import Contrat
from jalon.personnes.liens import UsageLien, empreinte, lire_lien, noter_usage
from jalon.socle.rls import Reglages, set_context
from jalon.web.contrats.saisie import Auteur
from jalon.web.lien.contrat import Adresses, Gabarits, Visite
from jalon.web.lien.limite import TropDeDemandesError, compter_demande

LONGUEUR_JETON = 128
INTROUVABLE = "Cette page n’est plus ouverte"
GABARITS = Gabarits(ecrire="lien/contrat.html", signer="lien/signature.html")
Vue = Callable[..., HttpResponse]


def par_lien_contrat(vue: Vue, *, frappe: bool = False) -> Vue:
    """Ouvre la vue à qui a le jeton d'un contrat ; un lien fermé ou inconnu mène à une page qui dit qui appeler.

    Le jeton ne part nulle part : ni vers un autre site, ni dans un cache, ni dans un moteur de recherche.
    """

    @wraps(vue)
    def gardee(request: HttpRequest, jeton: str, **reste: object) -> HttpResponse:
        try:
            compter_demande(request, frappe=frappe)
            reponse = _ouvrir(request, jeton[:LONGUEUR_JETON], vue, reste)
        except TropDeDemandesError as refus:
            reponse = _ferme(request, "Patientez un instant", str(refus), 429)
        # « no-referrer » ferait envoyer une origine nulle, que la garde contre les formulaires forgés refuse.
        reponse["Referrer-Policy"] = "same-origin"
        reponse["Cache-Control"] = "no-store"
        reponse["X-Robots-Tag"] = "noindex, nofollow"
        return reponse

    return login_not_required(gardee)


def _ouvrir(request: HttpRequest, jeton: str, vue: Vue, reste: dict[str, object]) -> HttpResponse:
    set_context(Reglages(lien=empreinte(jeton)))
    lien = lire_lien(jeton, usage=UsageLien.CONTRAT)
    contrat = None
    if lien is not None and lien.ouvert:
        contrat = Contrat.objects.filter(public_id=lien.objet).select_related("type", "organisme").first()
    if lien is None or contrat is None or contrat.version_id is None:
        texte = (
            "Ce lien n’est plus valable. Il dure quelques semaines, ou un lien plus récent l’a remplacé."
            if lien is not None
            else "Nous ne reconnaissons pas ce lien. Vérifiez qu’il est copié en entier."
        )
        return _ferme(request, INTROUVABLE, texte, 410 if lien is not None else 404)
    noter_usage(lien)
    visite = Visite(contrat, Auteur(lien=lien), lien.prenom, _adresses(jeton), GABARITS, lien.expire_le)
    return vue(request, visite, **reste)


def _adresses(jeton: str) -> Adresses:
    ecrire = reverse("lien_contrat", args=[jeton])
    return Adresses(
        ecrire=ecrire, rubriques=f"{ecrire}rubriques/", objectifs=reverse("lien_contrat_objectif", args=[jeton]),
        signer=reverse("lien_contrat_signer", args=[jeton]), code=reverse("lien_contrat_code", args=[jeton]),
        texte=reverse("lien_contrat_texte", args=[jeton]),
    )  # fmt: skip


def _ferme(request: HttpRequest, titre: str, texte: str, statut: int) -> HttpResponse:
    if "json" in request.headers.get("Accept", "") and request.method == "POST":
        return JsonResponse({"message": f"{titre}. {texte}", "fini": True}, status=statut)
    contact = (
        "Appelez le service qui vous a écrit : son numéro est sur votre lettre. Il vous en donnera un autre."
        if statut != 429
        else ""
    )
    return render(request, "lien/ferme.html", {"titre": titre, "texte": texte, "contact": contact}, status=statut)
