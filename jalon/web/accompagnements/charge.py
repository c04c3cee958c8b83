"""La charge : par référent, par structure, par territoire ; absences, remplacements, transferts de portefeuille."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Sum
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from jalon.accompagnements.absences import (
    enregistrer_absence,
    peut_gerer_absence,
    remplacants_possibles,
    terminer_absence,
)
from jalon.accompagnements.charge import (
    ChargeReferent,
    acceder_referent,
    charges_organismes,
    lire_charges,
    poser_temps,
    referents_du_perimetre,
)
from jalon.accompagnements.models import AbsenceAgent, DesignationReferent, MotifAbsenceAgent, RegleTransfert
from jalon.accompagnements.referents import SANS_DEPASSEMENT
from jalon.accompagnements.transferts import (
    acceder_transfert,
    collegues_de,
    defaire_transfert,
    lignes_du_transfert,
    portefeuille_de,
    repartir,
    transferer_portefeuille,
)
from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.organismes.models import Territoire
from jalon.orientations.models import Accueil
from jalon.personnes.selectors import filtre_perimetre
from jalon.referentiels.parametres import mot, nombre, vrai
from jalon.socle.errors import DroitManquantError, HorsPerimetreError, JalonError
from jalon.web.accompagnements.forms import AbsenceForm, TempsForm, TransfertForm, premiere_erreur
from jalon.web.accompagnements.portefeuille import Portefeuille
from jalon.web.socle.acces import exige

PAR_PAGE = 50
FILTRES = ("", "depasse", "proche", "place", "absent")
PROCHE = 80
"""Part de la charge maximale, en pourcentage, au-delà de laquelle un référent est « proche de la limite »."""


@dataclass(frozen=True)
class Case:
    """Un territoire sur la carte : sa charge en couleur, en mots et en nombre."""

    code: str
    libelle: str
    personnes: int
    referents: int
    moyenne: int | None
    ton: str
    etat: str
    icone: str


@dataclass(frozen=True)
class Structure:
    """Charge d'un organisme : ses référents, leurs personnes, les places qu'il offre."""

    libelle: str
    referents: int
    charge: int
    maximum: int
    places: int | None
    depassent: int


@require_safe
@exige("charge.consulter")
def charge(request: HttpRequest) -> HttpResponse:
    """Combien chaque référent accompagne de personnes, qui dépasse, qui a de la place."""
    perimetre: Perimetre = request.perimetre
    jour = timezone.localdate()
    agents = list(referents_du_perimetre(perimetre, jour).order_by("nom", "prenom", "pk"))
    toutes = lire_charges(perimetre, agents, jour)
    par_territoire = _par_territoire(perimetre, jour)
    structure, territoire = request.GET.get("structure", ""), request.GET.get("territoire", "")
    retenues = [c for c in toutes if not structure or structure in c.organismes]
    if territoire:
        ici = {agent for code, agent in par_territoire if code == territoire}
        retenues = [c for c in retenues if c.agent.pk in ici]
    filtre = request.GET.get("filtre", "")
    filtre = filtre if filtre in FILTRES else ""
    textes = {
        "": "Tous", "depasse": "Au-dessus de la limite", "proche": "Proches de la limite", "place": "Ont de la place",
        "absent": "Absents",
    }  # fmt: skip
    suite = "".join(
        f"&{nom}={valeur}" for nom, valeur in (("structure", structure), ("territoire", territoire)) if valeur
    )
    cases = _cases(perimetre, toutes, par_territoire)
    contexte = {
        "jour": jour,
        "page": Paginator([c for c in retenues if filtre in _etats(c)], PAR_PAGE).get_page(request.GET.get("page")),
        "onglets": [
            {
                "texte": textes[code], "url": f"?filtre={code}{suite}", "courant": code == filtre,
                "nombre": sum(code in _etats(c) for c in retenues),
            }
            for code in FILTRES
        ],
        "structure": structure,
        "territoire": next((case.libelle for _, siens in cases for case in siens if case.code == territoire), ""),
        "personnes": sum(c.charge for c in toutes),
        "visibles": sum(c.visibles for c in toutes),
        "referents": len(toutes),
        "depassent": sum(c.depasse > 0 for c in toutes),
        "places_libres": sum(c.reste for c in toutes),
        "maximum": int(nombre("referent.charge_maximale", jour)),
        "bloquant": vrai("referent.depassement_bloquant", jour),
        "structures": _structures(perimetre, toutes, jour),
        "cases": cases,
    }  # fmt: skip
    return render(request, "accompagnements/charge.html", contexte)


def _etats(c: ChargeReferent) -> set[str]:
    etats = {""}
    if c.depasse:
        etats.add("depasse")
    elif c.charge * 100 >= c.maximum * PROCHE:
        etats.add("proche")
    if c.reste:
        etats.add("place")
    if c.absence is not None:
        etats.add("absent")
    return etats


def _par_territoire(perimetre: Perimetre, jour: date) -> dict[tuple[str, int], int]:
    """Personnes visibles par (territoire, référent)."""
    lues = (
        DesignationReferent.objects.filter(
            filtre_perimetre(perimetre, "personne__"), periode__contains=jour, agent__isnull=False,
            personne__territoire__isnull=False,
        )
        .order_by()
        .values("personne__territoire__code", "agent_id")
        .annotate(nombre=Count("personne", distinct=True))
        .values_list("personne__territoire__code", "agent_id", "nombre")
    )  # fmt: skip
    return {(code, agent): combien for code, agent, combien in lues}


def _cases(
    perimetre: Perimetre, toutes: list[ChargeReferent], comptes: dict[tuple[str, int], int]
) -> list[tuple[str, list[Case]]]:
    """Les territoires du périmètre, rangés comme dans l'arbre du profil."""
    par_agent = {c.agent.pk: c for c in toutes}
    territoires = list(Territoire.objects.select_related("parent").order_by("ordre", "libelle", "pk"))
    portants = {t.parent_id for t in territoires}
    groupes: dict[str, list[Case]] = {}
    for t in territoires:
        if t.pk in portants or not (perimetre.tout or t.pk in perimetre.territoires):
            continue
        siens = [agent for code, agent in comptes if code == t.code]
        connus = [par_agent[agent] for agent in siens if agent in par_agent]
        parts = [c.charge * 100 / c.maximum for c in connus]
        ton, etat, icone = _niveau(sum(parts) / len(parts) if parts else None)
        case = Case(
            t.code, t.libelle, sum(comptes[t.code, agent] for agent in siens), len(siens),
            round(sum(c.charge for c in connus) / len(connus)) if connus else None, ton, etat, icone,
        )  # fmt: skip
        groupes.setdefault(t.parent.libelle if t.parent is not None else "", []).append(case)
    return list(groupes.items())


def _niveau(part: float | None) -> tuple[str, str, str]:
    if part is None:
        return "gris", f"aucun {mot('referent').singulier}", "circle-off"
    if part > 100:
        return "rouge", "au-dessus de la limite", "alert-triangle"
    if part >= PROCHE:
        return "ambre", "proche de la limite", "alert-circle"
    return "vert", "sous la limite", "circle-check"


def _structures(perimetre: Perimetre, toutes: list[ChargeReferent], jour: date) -> list[Structure]:
    noms = sorted({libelle for c in toutes for libelle in c.organismes})
    places = dict(
        Accueil.objects.filter(organisme__libelle__in=noms, periode__contains=jour)
        .order_by()
        .values("organisme__libelle")
        .annotate(total=Sum("places"))
        .values_list("organisme__libelle", "total")
    )
    charges = charges_organismes(noms, jour)
    rendues = []
    for nom in noms:
        siens = [c for c in toutes if nom in c.organismes]
        rendues.append(
            Structure(
                nom, len(siens), charges.get(nom, 0), sum(c.maximum for c in siens), places.get(nom),
                sum(c.depasse > 0 for c in siens),
            )
        )  # fmt: skip
    return sorted(rendues, key=lambda s: (-s.charge, s.libelle))


@require_safe
@exige("charge.consulter")
def charge_agent(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Le portefeuille d'un référent, tel que son responsable le voit."""
    perimetre: Perimetre = request.perimetre
    agent = acceder_referent(perimetre, public_id, droit="charge.consulter")
    ecran = Portefeuille(agent, perimetre, filtre=request.GET.get("filtre", ""), tri=request.GET.get("tri", ""))
    (etat,) = lire_charges(perimetre, [agent], ecran.jour)
    contexte = {
        "agent": agent,
        "ecran": ecran,
        "etat": etat,
        "page": Paginator(ecran.retenues, PAR_PAGE).get_page(request.GET.get("page")),
        "absences": list(
            AbsenceAgent.objects.filter(agent=agent, periode__isempty=False)
            .select_related("remplacant")
            .order_by("-periode", "-pk")[:10]
        ),
    }
    return render(request, "accompagnements/charge_agent.html", contexte)


@require_POST
@exige("portefeuille.transferer")
def charge_temps(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Note la part du temps d'un référent."""
    agent = acceder_referent(request.perimetre, public_id, droit="portefeuille.transferer")
    formulaire = TempsForm(request.POST)
    try:
        if not formulaire.is_valid():
            raise JalonError(premiere_erreur(formulaire))
        poser_temps(agent, acteur=request.user, perimetre=request.perimetre, part=formulaire.cleaned_data["part"])
        messages.success(request, f"{agent} donne {formulaire.cleaned_data['part']} % de son temps : sa charge suit.")
    except (HorsPerimetreError, DroitManquantError):
        raise
    except JalonError as refus:
        messages.error(request, str(refus))
    return redirect("charge_agent", public_id=agent.public_id)


# --- Transferts


@require_GET
@exige("portefeuille.transferer", "referent.designer")
def transfert_preparer(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """À qui, selon quelle règle ; l'aperçu dit qui va à qui et la charge de chacun après, sans rien changer."""
    agent = acceder_referent(request.perimetre, public_id, droit="portefeuille.transferer")
    return _page_transfert(request, agent, request.GET)


@require_POST
@exige("portefeuille.transferer", "referent.designer")
def transfert_faire(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Fait ce que l'aperçu montrait, en un seul acte."""
    perimetre: Perimetre = request.perimetre
    agent = acceder_referent(perimetre, public_id, droit="portefeuille.transferer")
    designations = portefeuille_de(agent, perimetre, timezone.localdate())
    formulaire = TransfertForm(request.POST, collegues_de(agent, designations, timezone.localdate()))
    try:
        if not formulaire.is_valid():
            raise JalonError(premiere_erreur(formulaire))
        transfert = transferer_portefeuille(
            agent, acteur=request.user, perimetre=perimetre, vers=formulaire.vers, regle=formulaire.regle_choisie,
            motif=formulaire.cleaned_data["motif"], depassement=formulaire.depassement,
            attendues=formulaire.cleaned_data["attendues"],
        )  # fmt: skip
    except (HorsPerimetreError, DroitManquantError):
        raise
    except JalonError as refus:
        messages.error(request, str(refus))
        return _page_transfert(request, agent, request.POST)
    messages.success(request, "Le transfert est fait : chaque référent en est averti.")
    return redirect("transfert", public_id=transfert.public_id)


def _page_transfert(request: HttpRequest, agent: Agent, saisie: QueryDict) -> HttpResponse:
    jour = timezone.localdate()
    designations = portefeuille_de(agent, request.perimetre, jour)
    collegues = collegues_de(agent, designations, jour)
    charges = lire_charges(request.perimetre, collegues, jour)
    formulaire = TransfertForm(saisie, collegues)
    valide = formulaire.is_valid()
    repartition = None
    if valide and formulaire.vers and designations:
        repartition = repartir(
            designations, vers=formulaire.vers, regle=formulaire.regle_choisie,
            depassement=formulaire.depassement if formulaire.cleaned_data["confirme"] else SANS_DEPASSEMENT, jour=jour,
        )  # fmt: skip
    elif not valide:
        messages.error(request, premiere_erreur(formulaire))
    contexte: dict[str, Any] = {
        "agent": agent,
        "designations": designations,
        "charges": charges,
        "regles": RegleTransfert.choices,
        "repartition": repartition,
        "choisis": saisie.getlist("vers"),
        "saisie": {nom: saisie.get(nom, "") for nom in ("regle", "motif", "motif_depassement", "confirme")},
        "bloquant": vrai("referent.depassement_bloquant", jour),
    }
    return render(request, "accompagnements/transfert_preparer.html", contexte)


@require_safe
@exige("portefeuille.transferer")
def transfert(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Le résultat, personne par personne, et le bouton pour le défaire."""
    perimetre: Perimetre = request.perimetre
    fait = acceder_transfert(perimetre, public_id)
    lignes = lignes_du_transfert(fait, perimetre)
    contexte = {
        "transfert": fait,
        "page": Paginator(lignes, PAR_PAGE).get_page(request.GET.get("page")),
        "faites": sum(ligne.nouvelle_id is not None for ligne in lignes),
        "restent": sum(ligne.nouvelle_id is None for ligne in lignes),
        "rendues": sum(ligne.defaite for ligne in lignes),
    }
    return render(request, "accompagnements/transfert.html", contexte)


@require_POST
@exige("portefeuille.transferer")
def transfert_defaire(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Rend les personnes pour qui rien ne s'est passé depuis."""
    fait = acceder_transfert(request.perimetre, public_id)
    try:
        defaire_transfert(fait, acteur=request.user, perimetre=request.perimetre)
        messages.success(request, f"Les personnes sont rendues à {fait.de}.")
    except (HorsPerimetreError, DroitManquantError):
        raise
    except JalonError as refus:
        messages.error(request, str(refus))
    return redirect("transfert", public_id=fait.public_id)


# --- Absences


@require_http_methods(["GET", "HEAD", "POST"])
@exige("dossier.consulter")
def absences(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Les absences d'un référent : les siennes, ou celles de ceux que l'on encadre."""
    perimetre: Perimetre = request.perimetre
    agent = _referent_ou_soi(perimetre, public_id)
    jour = timezone.localdate()
    remplacants = remplacants_possibles(agent, jour)
    if request.method == "POST":
        formulaire = AbsenceForm(request.POST, remplacants)
        try:
            if not formulaire.is_valid():
                raise JalonError(premiere_erreur(formulaire))
            enregistrer_absence(agent, acteur=request.user, perimetre=perimetre, **formulaire.valeurs)
        except (HorsPerimetreError, DroitManquantError):
            raise
        except JalonError as refus:
            messages.error(request, str(refus))
        else:
            messages.success(request, f"L’absence de {agent} est notée.")
            return redirect("absences", public_id=agent.public_id)
    contexte = {
        "agent": agent,
        "soi": agent == request.user,
        "jour": jour,
        "absences": list(
            AbsenceAgent.objects.filter(agent=agent, periode__isempty=False)
            .select_related("remplacant")
            .order_by("-periode", "-pk")[:PAR_PAGE]
        ),
        "remplacants": remplacants,
        "motifs": MotifAbsenceAgent.choices,
        "saisie": {nom: request.POST.get(nom, "") for nom in ("du", "au", "motif", "remplacant")},
    }
    return render(request, "accompagnements/absences.html", contexte)


@require_POST
@exige("dossier.consulter")
def absence_terminer(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """« Le référent est revenu »."""
    absence = AbsenceAgent.objects.filter(public_id=public_id).select_related("agent").first()
    if absence is None:
        raise HorsPerimetreError("Cette absence n’existe pas.")
    agent = _referent_ou_soi(request.perimetre, absence.agent.public_id)
    try:
        terminer_absence(absence, acteur=request.user, perimetre=request.perimetre)
        messages.success(request, f"L’absence de {agent} est terminée.")
    except (HorsPerimetreError, DroitManquantError):
        raise
    except JalonError as refus:
        messages.error(request, str(refus))
    return redirect("absences", public_id=agent.public_id)


def _referent_ou_soi(perimetre: Perimetre, public_id: UUID) -> Agent:
    if perimetre.agent is not None and perimetre.agent.public_id == public_id:
        agent = perimetre.agent
    else:
        agent = acceder_referent(perimetre, public_id, droit="portefeuille.transferer")
    if not peut_gerer_absence(perimetre, agent):
        raise DroitManquantError("Vous notez vos propres absences ; votre responsable note celles des autres.")
    return agent
