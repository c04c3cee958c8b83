"""Décider d'une orientation à l'écran, passer à la personne suivante, se reprendre avant la lettre."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from jalon.accompagnements.annulations import annuler_orientation
from jalon.accompagnements.referents import ChargeDepasseeError, Depassement, orienter_personne
from jalon.orientations import selectors
from jalon.orientations.models import DecisionOrientation, OrigineDecision
from jalon.orientations.reorientations import acceder_demande
from jalon.personnes.models import Personne
from jalon.personnes.selectors import acceder_personne, filtre_perimetre
from jalon.referentiels.parametres import mot
from jalon.socle.errors import DroitManquantError, HorsPerimetreError, JalonError
from jalon.traces.models import Lecture
from jalon.traces.services import noter_lecture
from jalon.web.orientations.actes import tenter
from jalon.web.orientations.decision import EcranDecision, Place
from jalon.web.orientations.decision_forms import DecisionForm
from jalon.web.orientations.forms import MotifForm, premiere_erreur
from jalon.web.orientations.tables import EcranFile
from jalon.web.socle.acces import exige
from jalon.web.templatetags.jalon import nom_affiche


@require_http_methods(["GET", "POST"])
@exige("orientation.decider", "dossier.consulter")
def decider(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Les faits, l'avis marqué comme tel, et la décision : un seul écran."""
    perimetre = request.perimetre
    personne = acceder_personne(perimetre, public_id, droit="orientation.decider")
    envoyes = request.POST if request.method == "POST" else request.GET
    ecran = EcranDecision(personne, perimetre, timezone.localdate(), demande=_demande(request, envoyes, personne))
    place = Place.de(envoyes)
    charge: ChargeDepasseeError | None = None
    formulaire = DecisionForm(request.POST if request.method == "POST" else None, ecran)
    if request.method == "POST":
        if formulaire.is_valid():
            try:
                decision = _decider(request, personne, ecran, formulaire)
            except (HorsPerimetreError, DroitManquantError):
                raise
            except ChargeDepasseeError as refus:
                charge = refus
                formulaire.add_error(None, str(refus))
            except JalonError as refus:
                formulaire.add_error(None, str(refus))
            else:
                return redirect(_apres(request, decision, place))
    else:
        noter_lecture(
            Lecture.Nature.DOSSIER, agent=request.user, organisme=perimetre.organisme_principal,
            personne=personne.public_id, ecran="décision d’orientation",
        )  # fmt: skip
    avis = formulaire.valeur("proposition") or ecran.garder_l_avis()
    reponse = render(
        request,
        "orientations/decider.html",
        {
            "personne": personne, "ecran": ecran, "formulaire": formulaire, "place": place, "avis": avis,
            "charge": charge, "jour": ecran.jour,
            "lus": {nom: formulaire.valeur(nom) for nom in formulaire.fields},
        },
    )  # fmt: skip
    reponse["Cache-Control"] = "no-store"
    return reponse


def _demande(request: HttpRequest, envoyes: QueryDict, personne: Personne):  # type: ignore[no-untyped-def]
    """La demande de réorientation que cette décision accepterait, si l'adresse en nomme une."""
    if not envoyes.get("demande"):
        return None
    try:
        identifiant = UUID(envoyes["demande"])
    except ValueError:
        raise HorsPerimetreError("Cette demande n’existe pas : revenez à la liste des demandes.") from None
    demande = acceder_demande(request.perimetre, identifiant)
    if demande.personne_id != personne.pk:
        raise HorsPerimetreError("Cette demande n’est pas celle de cette personne : revenez à la liste des demandes.")
    return demande


def _decider(
    request: HttpRequest, personne: Personne, ecran: EcranDecision, formulaire: DecisionForm
) -> DecisionOrientation:
    lus = formulaire.cleaned_data
    return orienter_personne(
        personne, acteur=request.user, perimetre=request.perimetre, choix=ecran.choix(lus),
        origine=OrigineDecision.REORIENTATION if ecran.demande is not None else OrigineDecision.DIRECTE,
        depassement=Depassement(lus["depassement"], lus["motif_depassement"]), **ecran.decision(lus),
    )  # fmt: skip


def _apres(request: HttpRequest, decision: DecisionOrientation, place: Place) -> str:
    nom = nom_affiche(decision.personne)
    messages.success(
        request,
        f"C’est décidé : {nom}, « {decision.type.libelle} », {decision.organisme}. "
        f"Tant que la lettre n’est pas produite, la décision peut s’annuler depuis son dossier.",
    )
    if request.POST.get("apres") == "suivante" and place.apres_decision:
        return place.apres_decision
    return reverse("personne", args=[decision.personne.public_id])


@require_GET
@exige("orientation.decider", "file_orientation.consulter")
def suivante(request: HttpRequest) -> HttpResponse:
    """La personne de ce rang dans la file telle qu'elle est filtrée maintenant ; à la fin, la liste."""
    place = Place.de(request.GET)
    ecran = EcranFile(request.perimetre, QueryDict(place.file))
    rang = place.rang or 0
    trouvees = list(
        ecran.file.order_by(*selectors.TRIS[ecran.tri]).values_list("personne__public_id", flat=True)[rang : rang + 1]
    )
    if not trouvees:
        messages.info(request, "Vous êtes au bout de cette liste.")
        return redirect(place.liste)
    requete = QueryDict(mutable=True)
    requete.update({"file": place.file, "rang": str(rang)})
    return redirect(f"{reverse('orientation_decider', args=[trouvees[0]])}?{requete.urlencode()}")


@require_POST
@exige("orientation.decider")
def annuler(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Annule une décision que la personne n'a pas encore reçue."""
    decision = (
        DecisionOrientation.objects.filter(filtre_perimetre(request.perimetre, "personne__"), public_id=public_id)
        .select_related("personne")
        .first()
    )
    if decision is None:
        raise HorsPerimetreError("Cette décision n’existe pas, ou n’est pas dans votre périmètre.")
    retour = reverse("personne_orientations", args=[decision.personne.public_id])
    formulaire = MotifForm(request.POST)
    if not formulaire.is_valid():
        messages.error(request, premiere_erreur(formulaire))
        return redirect(retour)

    def acte() -> str:
        annulee = annuler_orientation(
            decision, acteur=request.user, perimetre=request.perimetre, motif=formulaire.cleaned_data["motif"]
        )
        suite = [f"La décision du {annulee.decidee_le:%d/%m/%Y} est annulée."]
        if annulee.attente is not None:
            suite.append(f"La personne attend de nouveau, avant le {annulee.attente.echeance:%d/%m/%Y} comme avant.")
        if annulee.referent_id is not None:
            suite.append(
                f"Qui avait été nommé {mot('referent').singulier} avec elle est libéré. Celui d’avant n’est pas rétabli : "
                "renommez-le s’il le faut."
            )
        return " ".join(suite)

    tenter(request, acte)
    return redirect(retour)
