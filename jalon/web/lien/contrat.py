"""La part du contrat que la personne écrit par son lien, sans compte (R54, D04).

PostgreSQL n'ouvre à ces pages que ce contrat, ce qui en relève et la fiche que la personne a préparée ; son dossier, lui,
n'y est pas lisible.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from jalon.contrats import objectifs, redaction
from jalon.contrats.appuis import fiche_preparatoire
from jalon.contrats.enums import EtatContrat
from jalon.contrats.models import Contrat, Objectif
from jalon.contrats.objectifs import LONGUEUR_INTITULE, ajouter_objectif, modifier_objectif, retirer
from jalon.personnes.liens import LienPersonnel, UsageLien, empreinte, lire_lien, noter_usage
from jalon.socle.errors import HorsPerimetreError, JalonError
from jalon.socle.rls import Reglages, set_context
from jalon.web.contrats.redaction import champ_du_contrat
from jalon.web.contrats.saisie import Auteur, Page, composer_page, enregistrer_page, enregistrer_rubrique, lire_numero
from jalon.web.lien.limite import TropDeDemandesError, compter_demande

LONGUEUR_JETON = 128
INTROUVABLE = "Cette page n’est plus ouverte"


@dataclass(frozen=True)
class Visite:
    """Ce que le lien ouvre."""

    jeton: str
    lien: LienPersonnel
    contrat: Contrat

    @property
    def auteur(self) -> Auteur:
        return Auteur(lien=self.lien)

    @property
    def s_ecrit(self) -> bool:
        return self.contrat.etat in EtatContrat.ecrits()


Vue = Callable[..., HttpResponse]


def par_lien_contrat(vue: Vue | None = None, *, frappe: bool = False) -> Vue:
    """Ouvre la vue à qui a le jeton d'un contrat ; un lien fermé ou inconnu mène à une page qui dit qui appeler.

    Le jeton ne part nulle part : ni vers un autre site, ni dans un cache, ni dans un moteur de recherche.
    """
    if vue is None:
        return lambda donnee: par_lien_contrat(donnee, frappe=frappe)  # type: ignore[return-value]
    ouverte: Vue = vue

    @wraps(ouverte)
    def gardee(request: HttpRequest, jeton: str, **reste: object) -> HttpResponse:
        try:
            compter_demande(request, frappe=frappe)
            reponse = _ouvrir(request, jeton[:LONGUEUR_JETON], ouverte, reste)
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
    return vue(request, Visite(jeton, lien, contrat), **reste)


def _ferme(request: HttpRequest, titre: str, texte: str, statut: int) -> HttpResponse:
    if "json" in request.headers.get("Accept", "") and request.method == "POST":
        return JsonResponse({"message": f"{titre}. {texte}", "fini": True}, status=statut)
    contact = (
        "Appelez le service qui vous a écrit : son numéro est sur votre lettre. Il vous en donnera un autre."
        if statut != 429
        else ""
    )
    return render(request, "lien/ferme.html", {"titre": titre, "texte": texte, "contact": contact}, status=statut)


@require_http_methods(["GET", "HEAD", "POST"])
@par_lien_contrat
def ecrire(request: HttpRequest, visite: Visite) -> HttpResponse:
    """Ses mots, ce qu'elle avait préparé, ses objectifs. Rien n'est obligatoire."""
    page = _page(visite)
    statut = 200
    if request.method == "POST":
        try:
            enregistrer_page(visite.contrat, page, request.POST, visite.auteur)
        except JalonError as refus:
            messages.error(request, str(refus))
            return redirect("lien_contrat", visite.jeton)
        if not page.refusees:
            messages.success(request, "C’est gardé. Revenez quand vous voulez, par le même lien.")
            return redirect("lien_contrat", visite.jeton)
        messages.warning(request, "Une de vos réponses est à revoir : elle est marquée plus bas. Le reste est gardé.")
        statut = 409 if any(case.ecart for case in page.refusees) else 422
    return _afficher(request, visite, page, statut=statut)


def _page(visite: Visite) -> Page:
    sections = redaction.champs_de(visite.contrat)
    for ecrite in sections:
        ecrite.rubriques = [r for r in ecrite.rubriques if r.champ.par_la_personne]
    return composer_page([ecrite for ecrite in sections if ecrite.rubriques], {})


def _afficher(
    request: HttpRequest, visite: Visite, page: Page, *, brouillon: str = "", statut: int = 200
) -> HttpResponse:
    contrat = visite.contrat
    fiche, reponses = fiche_preparatoire(contrat, voit_sante=True)
    contexte = {
        "jeton": visite.jeton,
        "prenom": visite.lien.prenom,
        "contrat": contrat,
        "organisme": contrat.organisme,
        "jusqu_au": visite.lien.expire_le,
        "s_ecrit": visite.s_ecrit,
        "page": page,
        "reponses": reponses,
        "fiche": fiche,
        "objectifs": objectifs.plan(contrat),
        "brouillon": brouillon,
        "longueur": LONGUEUR_INTITULE,
    }
    return render(request, "lien/contrat.html", contexte, status=statut)


@require_POST
@par_lien_contrat(frappe=True)
def rubrique(request: HttpRequest, visite: Visite, code: str) -> JsonResponse:
    """Garde une rubrique pendant la frappe, si la personne peut l'écrire."""
    try:
        champ = champ_du_contrat(visite.contrat, code)
    except HorsPerimetreError as refus:
        return JsonResponse({"message": str(refus), "fini": True}, status=404)
    return enregistrer_rubrique(request, visite.contrat, champ, visite.auteur)


@require_POST
@par_lien_contrat
def objectif(request: HttpRequest, visite: Visite) -> HttpResponse:
    """Propose un objectif avec ses mots, le récrit, ou le retire tant que personne n'y travaille."""
    qui = {"acteur": None, "perimetre": None, "lien": visite.lien}
    intitule = request.POST.get("intitule", "")
    acte = request.POST.get("acte", "")
    try:
        with transaction.atomic():
            if acte == "ajouter":
                ajouter_objectif(visite.contrat, intitule=intitule, **qui)
                fait = "Votre objectif est ajouté. Votre référent le lira avec vous."
            else:
                cible = _le_sien(visite.contrat, request.POST.get("objet", ""))
                if acte == "retirer":
                    retirer(cible, **qui)
                    fait = "Votre objectif est retiré."
                else:
                    modifier_objectif(
                        cible, numero_lu=lire_numero(request.POST.get("numero")), intitule=intitule, **qui
                    )
                    fait = "Votre objectif est changé."
    except JalonError as refus:
        messages.error(request, str(refus))
        return _afficher(
            request, visite, _page(visite), brouillon=intitule if acte in ("ajouter", "modifier") else "", statut=409
        )
    messages.success(request, fait)
    return redirect(f"{reverse('lien_contrat', args=[visite.jeton])}#objectifs")


def _le_sien(contrat: Contrat, brut: str) -> Objectif:
    try:
        cle = UUID(brut)
    except ValueError:
        cle = None
    trouve = Objectif.objects.filter(contrat=contrat, public_id=cle).first() if cle is not None else None
    if trouve is None:
        raise JalonError("Cet objectif n’est plus dans votre contrat : rechargez la page.")
    return trouve
