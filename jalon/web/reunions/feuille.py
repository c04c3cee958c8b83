"""La feuille de présence : d'un doigt sur une tablette, ou un formulaire et un bouton."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from jalon.personnes.selectors import acceder_personne
from jalon.rendezvous import selectors
from jalon.rendezvous.models import EtatInvitation, Invitation, MotifAbsence
from jalon.rendezvous.presences import ajouter_presente, clore_feuille, noter_presence, rouvrir_feuille
from jalon.rendezvous.services import a_commence
from jalon.rendezvous.workflows import REUNION
from jalon.socle.errors import DroitManquantError, HorsPerimetreError, JalonError
from jalon.web.orientations.actes import tenter
from jalon.web.reunions.absences import motif_lisible
from jalon.web.reunions.forms import MotifForm, PresenceForm
from jalon.web.reunions.inviter import chercher
from jalon.web.socle.acces import exige
from jalon.web.socle.menu import url_ou_rien
from jalon.web.templatetags.jalon import nom_affiche

BOUTONS = (
    (EtatInvitation.PRESENTE, "Présente,Présent", "check"),
    (EtatInvitation.EXCUSEE, "Excusée,Excusé", "message-circle"),
    (EtatInvitation.ABSENTE, "Absente,Absent", "x"),
)


def motifs_montres() -> list[tuple[str, str]]:
    """Motifs d'absence à choisir : les noter est permis à tous, c'est les relire qui est réservé."""
    motifs = MotifAbsence.objects.filter(actif=True).order_by("ordre", "pk")
    return [(m.code, m.libelle) for m in motifs]


@require_http_methods(["GET", "POST"])
@exige("reunions.gerer")
def feuille(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Tous les noms, trois grands boutons chacun ; sans JavaScript, « Enregistrer » garde tout d'un coup."""
    reunion = selectors.acceder_reunion(request.perimetre, public_id, droit="reunions.gerer")
    if request.method == "POST":
        _enregistrer(request, reunion)
        return redirect("reunion_feuille", reunion.public_id)
    invitees = list(selectors.feuille(reunion, request.perimetre))
    cherche = request.GET.get("q", "").strip()
    (ligne,) = selectors.avec_comptes([reunion], request.perimetre)
    contexte = {
        "reunion": reunion,
        "ligne": ligne,
        "invitees": [(i, adresse_orientation(request, i.personne.public_id), motif_note(request, i)) for i in invitees],
        "boutons": BOUTONS,
        "motifs": motifs_montres(),
        "ouverte": reunion.etat in REUNION["noter_presence"],
        "commencee": a_commence(reunion),
        "a_noter": sum(i.etat in EtatInvitation.attendues() for i in invitees),
        "cherche": cherche,
        "trouvees": chercher(request, cherche),
    }
    return render(request, "reunions/feuille.html", contexte)


def motif_note(request: HttpRequest, invitation: Invitation) -> str:
    """Motif de l'absence annoncée, ou qu'il est réservé ; vide s'il n'y en a pas."""
    justificatif = getattr(invitation, "justificatif", None)
    return motif_lisible(justificatif, voit_sante=request.perimetre.voit_sante) if justificatif is not None else ""


def adresse_orientation(request: HttpRequest, personne: UUID) -> str:
    """Écran de décision de cette personne ; vide s'il n'existe pas ou si l'agent ne décide pas."""
    if not request.perimetre.peut("orientation.decider"):
        return ""
    try:
        return reverse("orientation_decider", args=[personne])
    except NoReverseMatch:
        return url_ou_rien("file_orientation")


def _enregistrer(request: HttpRequest, reunion: object) -> None:
    """Toutes les présences cochées, une à une : un refus ne perd pas les autres."""
    notees, refus = 0, []
    for invitation in selectors.feuille(reunion, request.perimetre):  # type: ignore[arg-type]
        prefixe = str(invitation.public_id)
        lu = PresenceForm({nom: request.POST.get(f"{nom}-{prefixe}", "") for nom in ("etat", "motif", "precision")})
        if not lu.is_valid() or lu.cleaned_data["etat"] == invitation.etat:
            continue
        try:
            with transaction.atomic():
                noter_presence(invitation, acteur=request.user, perimetre=request.perimetre, **lu.cleaned_data)
            notees += 1
        except (HorsPerimetreError, DroitManquantError):
            raise
        except JalonError as erreur:
            refus.append(f"{nom_affiche(invitation.personne)} : {erreur}")
    for phrase in refus:
        messages.error(request, phrase)
    if notees:
        messages.success(request, f"{notees} ligne{'s' if notees > 1 else ''} enregistrée{'s' if notees > 1 else ''}.")
    elif not refus:
        messages.warning(request, "Rien n’a changé : choisissez un état par personne, puis enregistrez.")


@require_POST
@exige("reunions.gerer")
def presence(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Un geste, une personne. Avec htmx, seule sa ligne revient."""
    invitation = selectors.acceder_invitation(request.perimetre, public_id)
    lu = PresenceForm(request.POST)
    refus = ""
    try:
        if not lu.is_valid():
            raise JalonError("Choisissez « présente », « excusée » ou « absente ».")
        with transaction.atomic():
            noter_presence(invitation, acteur=request.user, perimetre=request.perimetre, **lu.cleaned_data)
    except (HorsPerimetreError, DroitManquantError):
        raise
    except JalonError as erreur:
        refus = str(erreur)
    if not request.htmx:
        if refus:
            messages.error(request, refus)
        return redirect("reunion_feuille", invitation.reunion.public_id)
    a_jour = selectors.feuille(invitation.reunion, request.perimetre).get(pk=invitation.pk)
    contexte = {
        "invitation": a_jour, "boutons": BOUTONS, "motifs": motifs_montres(), "refus": refus, "ouverte": True,
        "orientation": adresse_orientation(request, a_jour.personne.public_id),
        "motif_note": motif_note(request, a_jour),
    }  # fmt: skip
    return render(request, "reunions/_presence.html", contexte)


@require_GET
@exige("reunions.gerer")
def imprimer(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """La feuille d'émargement, pour le papier."""
    reunion = selectors.acceder_reunion(request.perimetre, public_id, droit="reunions.gerer")
    contexte = {
        "reunion": reunion,
        "invitees": selectors.feuille(reunion, request.perimetre),
        "intervenants": reunion.intervenants.select_related("organisme").order_by("pk"),
        "lignes_vides": range(6),
    }
    return render(request, "reunions/emargement.html", contexte)


@require_POST
@exige("reunions.gerer")
def ajouter(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Une personne venue sans invitation."""
    reunion = selectors.acceder_reunion(request.perimetre, public_id, droit="reunions.gerer")
    try:
        cle = UUID(request.POST.get("personne", ""))
    except ValueError:
        messages.error(request, "Cherchez la personne par son nom, puis ajoutez-la.")
        return redirect("reunion_feuille", reunion.public_id)
    personne = acceder_personne(request.perimetre, cle, droit="reunions.gerer")

    def acte() -> str:
        ajouter_presente(reunion, acteur=request.user, perimetre=request.perimetre, personne=personne)
        return f"{nom_affiche(personne)} est notée présente."

    tenter(request, acte)
    return redirect("reunion_feuille", reunion.public_id)


@require_POST
@exige("reunions.gerer")
def clore(request: HttpRequest, public_id: UUID) -> HttpResponse:
    reunion = selectors.acceder_reunion(request.perimetre, public_id, droit="reunions.gerer")
    autres = request.POST.get("autres_absents") == "oui"

    def acte() -> str:
        clore_feuille(reunion, acteur=request.user, perimetre=request.perimetre, autres_absents=autres)
        return "Feuille close. Les absences sans motif ont ouvert une tâche : joindre chaque personne."

    reussi = tenter(request, acte)
    return redirect("reunion" if reussi else "reunion_feuille", reunion.public_id)


@require_POST
@exige("reunions.gerer")
def rouvrir(request: HttpRequest, public_id: UUID) -> HttpResponse:
    reunion = selectors.acceder_reunion(request.perimetre, public_id, droit="reunions.gerer")
    formulaire = MotifForm(request.POST)
    motif = formulaire.cleaned_data["motif"] if formulaire.is_valid() else ""

    def acte() -> str:
        rouvrir_feuille(reunion, acteur=request.user, perimetre=request.perimetre, motif=motif)
        return "Feuille rouverte : corrigez, puis refermez-la."

    tenter(request, acte)
    return redirect("reunion_feuille", reunion.public_id)
