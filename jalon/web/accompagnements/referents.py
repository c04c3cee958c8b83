"""Qui suit cette personne : référent, correspondant, autres suivis, histoire, et les actes qui en changent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from jalon.accompagnements.absences import remplacant_de
from jalon.accompagnements.charge import charges, charges_maximales
from jalon.accompagnements.lettres import ecrire_lettre, lettre_de
from jalon.accompagnements.models import (
    DesignationCorrespondant,
    DesignationReferent,
    MotifFinDesignation,
    MoyenInformation,
    NatureAccompagnement,
)
from jalon.accompagnements.navettes import (
    fiches_lisibles,
    noms_des_destinataires,
)
from jalon.accompagnements.passations import (
    RAISONS_DE_PASSER,
    dire_prevenue,
    organismes_possibles,
    orientation_actuelle,
    passer_le_relais,
    referent_actuel,
    referents_possibles,
)
from jalon.accompagnements.referents import ChargeDepasseeError, designer_correspondant
from jalon.accompagnements.suivis import (
    acceder_suivi,
    clore_suivi,
    organismes_du_territoire,
    ouvrir_suivi,
    peut_coordonner,
    suivis_de,
)
from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.documents.services import lire_document
from jalon.organismes.models import Organisme
from jalon.personnes.models import Personne
from jalon.personnes.selectors import acceder_personne, filtre_perimetre
from jalon.referentiels.parametres import mot
from jalon.socle.errors import DroitManquantError, HorsPerimetreError, JalonError
from jalon.traces.models import Lecture
from jalon.traces.services import noter_lecture
from jalon.web.accompagnements.forms import MotifForm, PrevenueForm, RelaisForm, SuiviForm, premiere_erreur
from jalon.web.socle.acces import exige


@require_safe
@exige("dossier.consulter")
def personne_referents(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Le référent, le correspondant, les autres suivis, les fiches navettes que l'agent peut lire, et l'histoire."""
    perimetre: Perimetre = request.perimetre
    personne = _ouvrir(request, public_id)
    jour = timezone.localdate()
    designations = list(
        DesignationReferent.objects.filter(personne=personne)
        .select_related("agent", "organisme", "designe_par")
        .order_by("-periode", "-pk")
    )
    actuelle = next((d for d in designations if not d.periode.isempty and d.periode.upper is None), None)
    correspondants = list(
        DesignationCorrespondant.objects.filter(personne=personne).select_related("agent").order_by("-periode", "-pk")
    )
    suivis = suivis_de(personne)
    fiches = list(
        fiches_lisibles(perimetre).filter(personne=personne).select_related("auteur").order_by("-ouverte_le", "-pk")
    )
    noms = noms_des_destinataires(fiches)
    contexte = {
        "personne": personne,
        "jour": jour,
        "actuelle": actuelle,
        "absence": remplacant_de(actuelle, jour) if actuelle is not None else None,
        "charge": _charge_de(actuelle, jour),
        "decision": orientation_actuelle(personne),
        "passees": [d for d in designations if d is not actuelle and not d.periode.isempty],
        "correspondant": next((c for c in correspondants if not c.periode.isempty and c.periode.upper is None), None),
        "correspondants_passes": [c for c in correspondants if not c.periode.isempty and c.periode.upper is not None],
        "suivis": [s for s in suivis if s.nature == NatureAccompagnement.SUIVI and jour in s.periode],
        "suivis_passes": [s for s in suivis if s.nature == NatureAccompagnement.SUIVI and jour not in s.periode],
        "fiches": [(fiche, noms[fiche.pk]) for fiche in fiches],
        "moyens": MoyenInformation.choices,
        "correspondants_possibles": _correspondants_possibles(perimetre, jour),
        "organismes": organismes_du_territoire(personne) if peut_coordonner(perimetre, personne, jour) else [],
    }
    return _sans_cache(render(request, "accompagnements/personne.html", contexte))


@require_http_methods(["GET", "HEAD", "POST"])
@exige("referent.designer")
def personne_relais(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Nommer un référent, ou passer le relais : un seul formulaire, un seul acte."""
    perimetre: Perimetre = request.perimetre
    personne = _ouvrir(request, public_id) if request.method != "POST" else acceder_personne(perimetre, public_id)
    jour = timezone.localdate()
    organismes = organismes_possibles(personne, jour)
    agents = referents_possibles(organismes, jour)
    actuelle = referent_actuel(personne)
    saisie = request.POST if request.method == "POST" else request.GET
    depasse = bloque = ""
    if request.method == "POST":
        formulaire = RelaisForm(request.POST, organismes, agents)
        if formulaire.is_valid():
            try:
                nouvelle = _passer(request, personne, formulaire)
            except (HorsPerimetreError, DroitManquantError):
                raise
            except ChargeDepasseeError as refus:
                depasse, bloque = ("", str(refus)) if refus.bloquant else (str(refus), "")
            except JalonError as refus:
                messages.error(request, str(refus))
            else:
                messages.success(request, _dire_relais(nouvelle, actuelle))
                return redirect("personne_referents", public_id=personne.public_id)
        else:
            messages.error(request, premiere_erreur(formulaire))
    contexte = {
        "personne": personne,
        "actuelle": actuelle,
        "decision": orientation_actuelle(personne),
        "suivis": [s for s in suivis_de(personne) if jour in s.periode],
        "choix": _choix(organismes, agents, jour),
        "raisons": [(m.value, m.label) for m in MotifFinDesignation if m in RAISONS_DE_PASSER],
        "saisie": {
            nom: saisie.get(nom, "")
            for nom in (
                "cible", "nom_externe", "contact_externe", "motif_fin", "note", "garder_suivi", "choisi",
                "motif_depassement",
            )
        },
        "depasse": depasse,
        "bloque": bloque,
    }  # fmt: skip
    return _sans_cache(render(request, "accompagnements/relais.html", contexte))


def _choix(
    organismes: list[Organisme], agents: dict[int, list[Agent]], jour: date
) -> list[tuple[str, list[tuple[str, str]]]]:
    """Pour chaque organisme, ses référents et leur charge, puis le professionnel qui n'est pas dans Jalon."""
    tous = {agent.pk for siens in agents.values() for agent in siens}
    totales, maximales = charges(tous, jour), charges_maximales(tous, jour)
    rendus = []
    for organisme in organismes:
        options = []
        for agent in agents[organisme.pk]:
            charge, maximum = totales.get(agent.pk, 0), maximales[agent.pk]
            atteinte = " (limite atteinte)" if charge >= maximum else ""
            options.append((f"{organisme.public_id}:{agent.public_id}", f"{agent} : {charge} sur {maximum}{atteinte}"))
        options.append((f"{organisme.public_id}:", f"{organisme.libelle} : un professionnel hors de Jalon"))
        rendus.append((organisme.libelle, options))
    return rendus


def _passer(request: HttpRequest, personne: Personne, formulaire: RelaisForm) -> DesignationReferent:
    lus = formulaire.cleaned_data
    organisme, agent = lus["cible"]
    attendue = (
        DesignationReferent.objects.filter(personne=personne, public_id=lus["attendue"]).first()
        if lus["attendue"]
        else None
    )
    return passer_le_relais(
        personne, acteur=request.user, perimetre=request.perimetre, organisme=organisme, agent=agent,
        nom_externe=lus["nom_externe"] if agent is None else "", contact_externe=lus["contact_externe"],
        attendue=attendue, motif_fin=lus["motif_fin"] or MotifFinDesignation.PASSATION, note=lus["note"],
        garder_suivi=lus["garder_suivi"], choisi_par_la_personne=lus["choisi"], depassement=formulaire.depassement,
    )  # fmt: skip


def _dire_relais(nouvelle: DesignationReferent, avant: DesignationReferent | None) -> str:
    referent = mot("referent").singulier
    debut = f"{nouvelle.nom} est le {referent} de cette personne."
    avis = f" {avant.nom} en est averti." if avant is not None and avant.agent_id is not None else ""
    lettre = (
        " La lettre à la personne est prête."
        if nouvelle.lettre is not None
        else " La personne reste à prévenir : sa lettre n’a pas pu être écrite."
    )
    return debut + avis + lettre


@require_POST
@exige("dossier.consulter")
def designation_lettre_ecrire(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Écrit la lettre à la personne, si elle manque."""
    designation = _designation(request.perimetre, public_id)

    def acte() -> str:
        ecrire_lettre(designation, acteur=request.user, perimetre=request.perimetre)
        return "La lettre est prête : imprimez-la, puis dites que la personne est prévenue."

    return _tenter(request, designation.personne, acte)


@require_safe
@exige("dossier.consulter")
def designation_lettre(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """La lettre, telle qu'elle a été écrite ; l'ouvrir est une lecture du dossier."""
    designation = _designation(request.perimetre, public_id)
    document = lettre_de(designation)
    _noter(request, designation.personne)
    reponse = HttpResponse(lire_document(document), content_type=document.type_mime)
    reponse["Content-Disposition"] = 'inline; filename="nouveau-referent.pdf"'
    return _sans_cache(reponse)


@require_POST
@exige("suivi.ecrire")
def designation_prevenue(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """« La personne est prévenue », et comment."""
    designation = _designation(request.perimetre, public_id)
    formulaire = PrevenueForm(request.POST)

    def acte() -> str:
        _valide(formulaire)
        dire_prevenue(
            designation, acteur=request.user, perimetre=request.perimetre,
            moyen=MoyenInformation(formulaire.cleaned_data["moyen"]), le=formulaire.cleaned_data["le"],
        )  # fmt: skip
        return "C’est noté : la personne sait qui l’accompagne."

    return _tenter(request, designation.personne, acte)


@require_POST
@exige("referent.designer")
def personne_correspondant(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Nomme le correspondant."""
    personne = acceder_personne(request.perimetre, public_id)

    def acte() -> str:
        possibles = {str(a.public_id): a for a in _correspondants_possibles(request.perimetre, timezone.localdate())}
        agent = possibles.get(request.POST.get("agent", ""))
        if agent is None:
            raise JalonError(f"Choisissez le {mot('correspondant').singulier} dans la liste.")
        designer_correspondant(personne, acteur=request.user, perimetre=request.perimetre, agent=agent)
        return f"{agent} est le {mot('correspondant').singulier} de cette personne."

    return _tenter(request, personne, acte)


@require_POST
@exige("suivi.ecrire")
def suivi_ouvrir(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Ouvre le dossier à un organisme, pour un objet précis."""
    personne = acceder_personne(request.perimetre, public_id)
    formulaire = SuiviForm(request.POST)

    def acte() -> str:
        _valide(formulaire)
        possibles = {o.public_id: o for o in organismes_du_territoire(personne)}
        organisme = possibles.get(formulaire.cleaned_data["organisme"])
        if organisme is None:
            raise JalonError("Cet organisme ne sert pas le territoire de la personne : choisissez-en un autre.")
        ouvrir_suivi(
            personne, acteur=request.user, perimetre=request.perimetre, organisme=organisme,
            objet=formulaire.cleaned_data["objet"],
        )  # fmt: skip
        return f"{organisme} suit maintenant cette personne et peut ouvrir son dossier."

    return _tenter(request, personne, acte)


@require_POST
@exige("suivi.ecrire")
def suivi_clore(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Termine le suivi d'un autre organisme."""
    suivi = acceder_suivi(request.perimetre, public_id)
    formulaire = MotifForm(request.POST)

    def acte() -> str:
        _valide(formulaire)
        clore_suivi(suivi, acteur=request.user, perimetre=request.perimetre, motif=formulaire.cleaned_data["motif"])
        return f"Le suivi par {suivi.organisme} finit aujourd’hui."

    return _tenter(request, suivi.personne, acte)


# --- Communs


def _ouvrir(request: HttpRequest, public_id: UUID) -> Personne:
    personne = acceder_personne(request.perimetre, public_id)
    _noter(request, personne)
    return personne


def _noter(request: HttpRequest, personne: Personne) -> None:
    noter_lecture(
        Lecture.Nature.DOSSIER, agent=request.user, organisme=request.perimetre.organisme_principal,
        personne=personne.public_id, ecran="référents de la personne",
    )  # fmt: skip


def _sans_cache(reponse: HttpResponse) -> HttpResponse:
    reponse["Cache-Control"] = "no-store"
    return reponse


def _valide(formulaire: Any) -> None:
    if not formulaire.is_valid():
        raise JalonError(premiere_erreur(formulaire))


def _tenter(request: HttpRequest, personne: Personne, acte: Callable[[], str]) -> HttpResponse:
    try:
        messages.success(request, acte())
    except (HorsPerimetreError, DroitManquantError):
        raise
    except JalonError as refus:
        messages.error(request, str(refus))
    if not Personne.objects.filter(filtre_perimetre(request.perimetre), pk=personne.pk).exists():
        return redirect("portefeuille" if request.perimetre.peut("portefeuille.consulter") else "accueil")
    return redirect("personne_referents", public_id=personne.public_id)


def _designation(perimetre: Perimetre, public_id: UUID) -> DesignationReferent:
    designation = (
        DesignationReferent.objects.filter(filtre_perimetre(perimetre, "personne__"), public_id=public_id)
        .select_related("personne", "agent", "organisme")
        .first()
    )
    if designation is None:
        raise HorsPerimetreError("Cette désignation n’existe pas ou n’est pas dans votre périmètre.")
    return designation


def _correspondants_possibles(perimetre: Perimetre, jour: date) -> list[Agent]:
    """Agents du rôle de correspondant qui voient les territoires de qui nomme."""
    if not perimetre.peut("referent.designer"):
        return []
    agents = Agent.objects.filter(
        is_active=True,
        affectations__periode__contains=jour,
        affectations__profil__droits__contains=["reorientation.examiner"],
    )
    if not perimetre.tout:
        agents = agents.filter(affectations__territoire_id__in=perimetre.territoires)
    return list(agents.distinct().order_by("nom", "prenom", "pk"))


def _charge_de(designation: DesignationReferent | None, jour: date) -> tuple[int, int] | None:
    if designation is None or designation.agent_id is None:
        return None
    cle = designation.agent_id
    return charges([cle], jour).get(cle, 0), charges_maximales([cle], jour)[cle]
