"""Le plan du mois, la fiche d'une réunion, les chiffres de la présence."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from dateutil.relativedelta import relativedelta
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from jalon.documents.models import Document
from jalon.referentiels.parametres import mot
from jalon.rendezvous import selectors
from jalon.rendezvous.annulations import NATURE as ANNULATION
from jalon.rendezvous.annulations import BilanAnnulation, annuler_reunion, convoquees_a_prevenir
from jalon.rendezvous.chiffres import chiffres as calculer
from jalon.rendezvous.chiffres import entrants_de_la_periode, invitations_comptees
from jalon.rendezvous.convocations import dernier_jour
from jalon.rendezvous.mobilisation import Besoin, besoins
from jalon.rendezvous.models import EtatInvitation
from jalon.rendezvous.services import (
    a_commence,
    modifier_reunion,
    planifier_reunion,
    reconduire_mois,
)
from jalon.rendezvous.workflows import REUNION
from jalon.socle.errors import JalonError
from jalon.web.orientations.actes import SansEffetError, tenter
from jalon.web.reunions.forms import MotifForm, ReunionForm, protocole_demande
from jalon.web.reunions.inviter import NOMS_CITES
from jalon.web.socle.acces import exige
from jalon.web.templatetags.jalon import accorde, date_longue, mois_annee

PAR_PAGE = 50
CONSTATS = {
    "presentes": EtatInvitation.PRESENTE,
    "excusees": EtatInvitation.EXCUSEE,
    "absentes": EtatInvitation.ABSENTE,
}


def lire_mois(texte: str | None) -> date:
    """« 2026-11 » ; le mois courant si ce n'en est pas un."""
    try:
        return date.fromisoformat(f"{texte}-01")
    except ValueError:
        return timezone.localdate().replace(day=1)


@require_GET
@exige("reunions.consulter")
def plan(request: HttpRequest) -> HttpResponse:
    """Les réunions du mois, territoire par territoire, et ce qui manque."""
    perimetre, jour = request.perimetre, timezone.localdate()
    mois = lire_mois(request.GET.get("mois"))
    territoires = selectors.territoires_du_plan(perimetre)
    choisi = next((t for t in territoires if t.code == request.GET.get("territoire")), None)
    attendus = besoins(perimetre, jour)
    contexte = {
        "mois": mois,
        "precedent": mois - relativedelta(months=1),
        "suivant": mois + relativedelta(months=1),
        "jour": jour,
        "territoires": territoires,
        "choisi": choisi,
        "lignes": selectors.plan(perimetre, mois, territoire=choisi),
        "sans_reunion": [
            t for t in selectors.territoires_sans_reunion(perimetre, mois) if choisi is None or t == choisi
        ],
        "besoins": [
            (t, attendus.get(t.pk, Besoin())) for t in territoires if choisi is None or t == choisi
        ],
        "passe": mois < jour.replace(day=1),
        "absences": selectors.absences_sans_contact(perimetre).count(),
        "a_examiner": selectors.justificatifs_a_examiner(perimetre).count(),
    }  # fmt: skip
    return render(request, "reunions/plan.html", contexte)


@require_http_methods(["GET", "POST"])
@exige("reunions.gerer")
def planifier(request: HttpRequest) -> HttpResponse:
    """Inscrit une réunion au plan, sous le protocole de sa forme."""
    formes = selectors.protocoles_en_vigueur(timezone.localdate())
    protocole = protocole_demande(request.GET.get("forme", ""))
    if protocole is None:
        messages.error(request, "Aucune forme de réunion n’est décrite dans le profil : complétez reunions.yaml.")
        return redirect("reunions")
    formulaire = ReunionForm(request.POST or None, protocole=protocole, perimetre=request.perimetre)
    if request.method == "POST" and formulaire.is_valid():
        try:
            reunion = planifier_reunion(
                protocole, acteur=request.user, perimetre=request.perimetre,
                territoire=formulaire.cleaned_data["territoire"], seance=formulaire.seance,
                interventions=formulaire.interventions,
            )  # fmt: skip
        except JalonError as refus:
            formulaire.add_error(None, str(refus))
        else:
            messages.success(request, f"Réunion du {date_longue(reunion.date)} inscrite au plan.")
            return redirect("reunion", reunion.public_id)
    contexte = {"form": formulaire, "protocole": protocole, "formes": formes, "reunion": None}
    return render(request, "reunions/planifier.html", contexte)


@require_http_methods(["GET", "POST"])
@exige("reunions.gerer")
def modifier(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Change le jour, le lieu, les intervenants tant que rien n'est parti."""
    reunion = selectors.acceder_reunion(request.perimetre, public_id, droit="reunions.gerer")
    formulaire = ReunionForm(
        request.POST or None, protocole=reunion.protocole, perimetre=request.perimetre, reunion=reunion
    )
    if request.method == "POST" and formulaire.is_valid():
        try:
            modifier_reunion(
                reunion, acteur=request.user, perimetre=request.perimetre, seance=formulaire.seance,
                interventions=formulaire.interventions,
            )  # fmt: skip
        except JalonError as refus:
            formulaire.add_error(None, str(refus))
        else:
            messages.success(request, "Réunion modifiée.")
            return redirect("reunion", reunion.public_id)
    contexte = {"form": formulaire, "protocole": reunion.protocole, "formes": [], "reunion": reunion}
    return render(request, "reunions/planifier.html", contexte)


@require_POST
@exige("reunions.gerer")
def reconduire(request: HttpRequest) -> HttpResponse:
    """Recopie un mois vers le suivant."""
    mois = lire_mois(request.POST.get("mois"))
    suivant = mois + relativedelta(months=1)
    territoires = [t.pk for t in selectors.territoires_du_plan(request.perimetre)]

    def acte() -> str:
        creees = reconduire_mois(mois, acteur=request.user, perimetre=request.perimetre, territoires=territoires)
        if not creees:
            raise SansEffetError(
                f"Rien à reconduire : les réunions de {mois_annee(mois)} sont déjà au plan de {mois_annee(suivant)}, "
                "ou seraient dans le passé."
            )
        s = "s" if len(creees) > 1 else ""
        return f"{len(creees)} réunion{s} inscrite{s} en {mois_annee(suivant)}. Relisez les jours : un férié peut s’y cacher."

    tenter(request, acte)
    return redirect(f"{reverse('reunions')}?mois={suivant:%Y-%m}")


@require_GET
@exige("reunions.consulter")
def fiche(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """La réunion : où elle en est, qui y vient, ce qu'il reste à faire."""
    reunion = selectors.acceder_reunion(request.perimetre, public_id)
    jour = timezone.localdate()
    invitees = list(selectors.feuille(reunion, request.perimetre))
    (ligne,) = selectors.avec_comptes([reunion], request.perimetre)
    contexte = {
        "reunion": reunion,
        "ligne": ligne,
        "invitees": invitees,
        "intervenants": reunion.intervenants.select_related("organisme").order_by("pk"),
        "jour": jour,
        "limite": dernier_jour(reunion),
        "a_prevenir": convoquees_a_prevenir(reunion).count(),
        "lettres_annulation": Document.objects.filter(pk=reunion.planche_id, nature=ANNULATION).exists(),
        "peut": {acte for acte, etats in REUNION.items() if reunion.etat in etats},
        "commencee": a_commence(reunion),
        "a_convoquer": sum(i.etat == EtatInvitation.INVITEE for i in invitees),
        "questionnaires": sum(_rendu(i) for i in invitees),
        "entretiens": sum(i.entretien_le is not None for i in invitees),
    }
    return render(request, "reunions/fiche.html", contexte)


def _rendu(invitation: object) -> bool:
    questionnaire = getattr(invitation, "questionnaire", None)
    return questionnaire is not None and questionnaire.etat == "rendu"


@require_POST
@exige("reunions.gerer")
def annuler(request: HttpRequest, public_id: UUID) -> HttpResponse:
    reunion = selectors.acceder_reunion(request.perimetre, public_id, droit="reunions.gerer")
    formulaire = MotifForm(request.POST)
    motif = formulaire.cleaned_data["motif"] if formulaire.is_valid() else ""

    def acte() -> str:
        return _dire_annulation(annuler_reunion(reunion, acteur=request.user, perimetre=request.perimetre, motif=motif))

    tenter(request, acte)
    return redirect("reunion", reunion.public_id)


def _dire_annulation(bilan: BilanAnnulation) -> str:
    texte = "Réunion annulée ; chacun redevient à inviter."
    if bilan.prevenues:
        texte += (
            f" {accorde(bilan.prevenues, 'personne prévenue,personnes prévenues')} : lettres à imprimer, "
            f"{bilan.courriels} par courriel, {bilan.sms} par SMS."
        )
    if bilan.injoignables:
        noms, reste = ", ".join(bilan.injoignables[:NOMS_CITES]), len(bilan.injoignables) - NOMS_CITES
        suite = f" et {reste} de plus" if reste > 0 else ""
        texte += f" Ni adresse ni message possible pour {noms}{suite} : prévenez de vive voix."
    if bilan.a_prevenir:
        texte += (
            f" {accorde(bilan.a_prevenir, 'personne invitée,personnes invitées')} sans convocation : à prévenir "
            "de vive voix."
        )
    return texte


# --- Chiffres


def _periode(request: HttpRequest) -> tuple[date, date]:
    """Les douze derniers mois par défaut ; bornes en mois, la fin comprise."""
    jour = timezone.localdate()
    au = lire_mois(request.GET.get("au")) if request.GET.get("au") else jour.replace(day=1)
    du = lire_mois(request.GET.get("du")) if request.GET.get("du") else au - relativedelta(months=11)
    if du > au:
        du = au
    return du, au + relativedelta(months=1)


@require_GET
@exige("reunions.consulter")
def chiffres(request: HttpRequest) -> HttpResponse:
    """Part des personnes venues, par territoire (J2.2) ; chaque nombre ouvre sa liste."""
    du, fin = _periode(request)
    tableau = calculer(request.perimetre, du, fin)
    contexte = {
        "tableau": tableau, "du": du, "au": fin - relativedelta(months=1), "nom": mot("reunion_information"),
    }  # fmt: skip
    return render(request, "reunions/chiffres.html", contexte)


@require_GET
@exige("reunions.consulter")
def personnes_comptees(request: HttpRequest) -> HttpResponse:
    """La liste derrière un chiffre : venues, excusées, absentes, ou nouveaux entrants informés ou non."""
    du, fin = _periode(request)
    constat, code = request.GET.get("constat", ""), request.GET.get("territoire", "")
    territoire = next((t for t in selectors.territoires_du_plan(request.perimetre) if t.code == code), None)
    if constat in ("entrants", "entrants_presents"):
        entrants = entrants_de_la_periode(request.perimetre, du, fin).select_related("personne")
        if territoire is not None:
            entrants = entrants.filter(territoire=territoire)
        if constat == "entrants_presents":
            entrants = entrants.filter(informee=True)
        page = Paginator(entrants.order_by("entree_le", "pk"), PAR_PAGE).get_page(request.GET.get("page"))
        lignes = [(a.personne, a.entree_le, "Informée" if a.informee else "Pas encore informée") for a in page]
    else:
        comptees = invitations_comptees(request.perimetre, du, fin)
        if constat in CONSTATS:
            comptees = comptees.filter(etat=CONSTATS[constat])
        if territoire is not None:
            comptees = comptees.filter(reunion__territoire=territoire)
        page = Paginator(comptees, PAR_PAGE).get_page(request.GET.get("page"))
        lignes = [(i.personne, i.reunion.date, i.get_etat_display()) for i in page]
    contexte = {
        "page": page, "lignes": lignes, "du": du, "au": fin - relativedelta(months=1), "territoire": territoire,
        "titre": TITRES.get(constat, "Personnes attendues"),
    }  # fmt: skip
    return render(request, "reunions/comptees.html", contexte)


TITRES = {
    "presentes": "Personnes venues",
    "excusees": "Personnes excusées",
    "absentes": "Personnes absentes",
    "entrants": "Nouveaux entrants",
    "entrants_presents": "Nouveaux entrants informés",
}
