"""Choisir qui inviter, convoquer, retirer."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from jalon.documents.models import Document
from jalon.documents.services import lire_document
from jalon.personnes.models import Personne
from jalon.personnes.recherche import chercher as chercher_noms
from jalon.personnes.recherche import lire_requete
from jalon.personnes.selectors import personnes_du_perimetre
from jalon.rendezvous import selectors
from jalon.rendezvous.convocations import BilanConvocations, convoquer_reunion, dernier_jour
from jalon.rendezvous.invitations import BilanInvitations, inviter_personnes, retirer_invitation
from jalon.rendezvous.mobilisation import a_inviter, anciens_a_inviter, entrants_a_inviter, remplir
from jalon.socle.errors import HorsPerimetreError
from jalon.web.orientations.actes import SansEffetError, tenter
from jalon.web.orientations.forms import premiere_erreur
from jalon.web.reunions.forms import ChoixPersonnesForm
from jalon.web.socle.acces import exige
from jalon.web.templatetags.jalon import nom_affiche

MONTREES = 100
"""La liste montre les places, et de quoi choisir un peu au-delà ; les suivantes viendront à la réunion d'après."""
NOMS_CITES = 3


@require_http_methods(["GET", "POST"])
@exige("reunions.gerer")
def inviter(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Qui doit être invité : la liste calculée, cochée à hauteur des places ; et la recherche d'un nom."""
    perimetre, jour = request.perimetre, timezone.localdate()
    reunion = selectors.acceder_reunion(perimetre, public_id, droit="reunions.gerer")
    if request.method == "POST":
        formulaire = ChoixPersonnesForm(request.POST)
        if not formulaire.is_valid():
            messages.error(request, premiere_erreur(formulaire))
            return redirect("reunion_inviter", reunion.public_id)
        reussi = tenter(
            request,
            lambda: _dire(
                inviter_personnes(
                    reunion, acteur=request.user, perimetre=perimetre, personnes=formulaire.cleaned_data["choisies"]
                )
            ),
        )
        return redirect("reunion" if reussi else "reunion_inviter", reunion.public_id)
    (ligne,) = selectors.avec_comptes([reunion], perimetre)
    proposees = a_inviter(perimetre, jour, territoire=reunion.territoire, limite=MONTREES)
    retenues = {a.personne.pk for a in remplir(proposees, ligne.restantes)}
    cherche = request.GET.get("q", "").strip()
    trouvees = chercher(request, cherche)
    contexte = {
        "reunion": reunion,
        "ligne": ligne,
        "proposees": [(a, a.retard(jour), a.personne.pk in retenues) for a in proposees],
        "nombre_retenues": len(retenues),
        "total_entrants": entrants_a_inviter(perimetre, [reunion.territoire_id]).count(),
        "total_anciens": anciens_a_inviter(perimetre, jour, [reunion.territoire_id]).count(),
        "cherche": cherche,
        "trouvees": trouvees,
        "limite": dernier_jour(reunion),
        "jour": jour,
    }
    return render(request, "reunions/inviter.html", contexte)


def chercher(request: HttpRequest, texte: str) -> list[Personne]:
    """Personnes du périmètre qui répondent à ce nom, la plus ressemblante d'abord."""
    cles = chercher_noms(request.perimetre, lire_requete(texte)).cles if texte else ()
    lues = {p.pk: p for p in personnes_du_perimetre(request.perimetre).filter(pk__in=cles).order_by("pk")}
    return [lues[cle] for cle in cles if cle in lues]


def _dire(bilan: BilanInvitations) -> str:
    faites = len(bilan.faites)
    s = "s" if faites > 1 else ""
    phrases = [f"{faites} personne{s} invitée{s}." if faites else "Personne n’a été invité."]
    for raison, noms in bilan.ecartees.items():
        cites = ", ".join(noms[:NOMS_CITES])
        suite = f" et {len(noms) - NOMS_CITES} de plus" if len(noms) > NOMS_CITES else ""
        phrases.append(f"Laissée{'s' if len(noms) > 1 else ''} de côté : {cites}{suite} ({raison}).")
    if not faites:
        raise SansEffetError(" ".join(phrases))
    return " ".join(phrases)


@require_POST
@exige("reunions.gerer")
def retirer(request: HttpRequest, public_id: UUID) -> HttpResponse:
    invitation = selectors.acceder_invitation(request.perimetre, public_id)

    def acte() -> str:
        retirer_invitation(invitation, acteur=request.user, perimetre=request.perimetre)
        return f"{nom_affiche(invitation.personne)} n’est plus attendue à cette réunion."

    tenter(request, acte)
    return redirect("reunion", invitation.reunion.public_id)


@require_POST
@exige("reunions.gerer")
def convoquer(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Produit les lettres, envoie les messages, ouvre les liens personnels."""
    reunion = selectors.acceder_reunion(request.perimetre, public_id, droit="reunions.gerer")

    def adresse(jeton: str) -> str:
        return request.build_absolute_uri(reverse("lien", args=[jeton]))

    tenter(
        request,
        lambda: _dire_envois(
            convoquer_reunion(reunion, acteur=request.user, perimetre=request.perimetre, adresse_du_lien=adresse)
        ),
    )
    return redirect("reunion", reunion.public_id)


def _dire_envois(bilan: BilanConvocations) -> str:
    s = "s" if bilan.faites > 1 else ""
    texte = f"{bilan.faites} convocation{s} : lettres à imprimer, {bilan.courriels} par courriel, {bilan.sms} par SMS."
    if bilan.sans_adresse:
        texte += (
            f" Sans adresse postale : {', '.join(bilan.sans_adresse[:NOMS_CITES])} ; remettez la lettre en main propre."
        )
    return texte


@require_GET
@exige("reunions.gerer")
def lettres(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Les lettres du dernier envoi, à la suite, pour l'imprimante ; elles ne s'ouvrent qu'à qui les a produites."""
    reunion = selectors.acceder_reunion(request.perimetre, public_id, droit="reunions.gerer")
    planche = Document.objects.filter(pk=reunion.planche_id).first()
    if planche is None:
        raise HorsPerimetreError("Ces lettres n’existent pas, ou c’est un collègue qui les a produites.")
    reponse = HttpResponse(lire_document(planche), content_type="application/pdf")
    reponse["Content-Disposition"] = f'inline; filename="{planche.nom_fichier}"'
    return reponse
