"""Réorientations : les demander, les porter, rendre un avis, décider ; toutes en une liste."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from jalon.orientations.models import AvisReorientation, DemandeReorientation, EtatReorientation
from jalon.orientations.reorientations import (
    EST_EN_COURS,
    acceder_demande,
    alternances,
    demande_en_cours,
    demander_reorientation,
    demandes,
    refuser_demande,
    rendre_avis,
    retirer_demande,
    transmettre_demande,
)
from jalon.orientations.selectors import territoires_de_la_file
from jalon.orientations.workflows import actes_permis
from jalon.personnes.selectors import acceder_personne
from jalon.referentiels.parametres import mot
from jalon.socle.errors import DroitManquantError, HorsPerimetreError, JalonError
from jalon.traces.models import Lecture
from jalon.traces.services import noter_lecture
from jalon.web.orientations.actes import exiger_l_un, tenter
from jalon.web.orientations.decision import EcranDecision
from jalon.web.orientations.forms import premiere_erreur
from jalon.web.socle.acces import exige
from jalon.web.socle.pages import CompteConnu

PAR_PAGE = 50
LISENT = ("reorientation.demander", "reorientation.examiner")
SENS = {
    "": "Tous les sens",
    "vers_social": "Vers le social",
    "vers_pro": "Vers le professionnel",
    "meme": "Même sphère",
}
ETATS = {"": "En cours", **{str(v): str(t) for v, t in EtatReorientation.choices}, "toutes": "Toutes"}


@require_GET
def liste(request: HttpRequest) -> HttpResponse:
    """Les demandes du périmètre, les plus anciennes d'abord : ce sont elles qui attendent."""
    exiger_l_un(request.perimetre, *LISENT)
    perimetre, jour = request.perimetre, timezone.localdate()
    choix = _filtres(request.GET, [t.code for t in territoires_de_la_file(perimetre)])
    toutes = demandes(perimetre)
    if choix["territoire"]:
        toutes = toutes.filter(personne__territoire__code=choix["territoire"])
    if choix["sens"]:
        toutes = toutes.filter(sens=choix["sens"])
    nombres = {"toutes": 0, **dict.fromkeys(EtatReorientation.values, 0)}
    for etat, nombre in toutes.order_by().values_list("etat").annotate(nombre=Count("pk")):
        nombres[etat] = nombre
        nombres["toutes"] += nombre
    nombres[""] = sum(nombres[etat] for etat in ("demandee", "transmise", "avis_rendu"))
    conditions = {"": EST_EN_COURS, "toutes": Q()}
    retenues = toutes.filter(conditions.get(choix["etat"], Q(etat=choix["etat"]))).order_by("demandee_le", "pk")
    page = Paginator(CompteConnu(nombres[choix["etat"]]), PAR_PAGE).get_page(request.GET.get("page"))
    debut = (page.number - 1) * PAR_PAGE
    lignes = list(
        retenues.select_related(
            "personne__territoire", "decision__type", "type_souhaite", "demandee_par", "correspondant"
        )[debut : debut + PAR_PAGE]
    )
    comptees = alternances([ligne.personne_id for ligne in lignes], jour)
    contexte = {
        "page": page, "lignes": [(ligne, comptees[ligne.personne_id]) for ligne in lignes], "choix": choix,
        "total": nombres[choix["etat"]], "etats": [(code, texte, nombres[code]) for code, texte in ETATS.items()],
        "sens": SENS, "territoires": territoires_de_la_file(perimetre), "jour": jour,
    }  # fmt: skip
    return render(request, "orientations/reorientations.html", contexte)


def _filtres(parametres: QueryDict, territoires: list[str]) -> dict[str, str]:
    admis: dict[str, list[str]] = {"etat": list(ETATS), "sens": list(SENS), "territoire": ["", *territoires]}
    return {nom: valeur if (valeur := parametres.get(nom, "")) in codes else "" for nom, codes in admis.items()}


class DemandeForm(forms.Form):
    """Demande d'un référent ; les mots de la personne ont leur propre case."""

    argumentaire = forms.CharField(
        max_length=2_000, error_messages={"required": "Dites pourquoi changer : qui rendra l’avis ne la connaît pas."}
    )
    avis_personne = forms.CharField(max_length=2_000, required=False)

    def __init__(self, data: QueryDict | None, ecran: EcranDecision) -> None:
        super().__init__(data)
        self.fields["type"] = forms.ChoiceField(
            choices=[(t.code, t.libelle) for t in ecran.types],
            error_messages={"required": "Choisissez l’orientation souhaitée."},
        )
        for nom, codes in (
            ("motif", ecran.motifs), ("organisme", ecran.organismes), ("correspondant", ecran.correspondants),
        ):  # fmt: skip
            self.fields[nom] = forms.ChoiceField(choices=[(code, code) for code in codes], required=False)


@require_http_methods(["GET", "POST"])
@exige("reorientation.demander", "dossier.consulter")
def demander(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Demande que la personne change d'orientation."""
    perimetre = request.perimetre
    personne = acceder_personne(perimetre, public_id, droit="reorientation.demander")
    ouverte = demande_en_cours(personne)
    if ouverte is not None:
        messages.info(request, f"Une demande de {mot('reorientation').singulier} est déjà en cours : la voici.")
        return redirect("reorientation", ouverte.public_id)
    ecran = EcranDecision(personne, perimetre, timezone.localdate())
    formulaire = DemandeForm(request.POST if request.method == "POST" else None, ecran)
    if request.method == "POST" and formulaire.is_valid():
        lus = formulaire.cleaned_data
        try:
            demande = demander_reorientation(
                personne, acteur=request.user, perimetre=perimetre, argumentaire=lus["argumentaire"],
                avis_personne=lus["avis_personne"], type_souhaite=next(t for t in ecran.types if t.code == lus["type"]),
                motif=ecran.motifs.get(lus["motif"]), organisme_souhaite=ecran.organismes.get(lus["organisme"]),
                correspondant=ecran.correspondants.get(lus["correspondant"]) or ecran.correspondant,
            )  # fmt: skip
        except (HorsPerimetreError, DroitManquantError):
            raise
        except JalonError as refus:
            formulaire.add_error(None, str(refus))
        else:
            a_qui = f" {demande.correspondant} la recevra." if demande.correspondant else ""
            messages.success(request, f"La demande est faite.{a_qui} Un avis sera rendu, puis une décision.")
            return redirect("reorientation", demande.public_id)
    if request.method == "GET":
        _noter(request, personne.public_id)
    reponse = render(
        request, "orientations/reorientation_demander.html",
        {
            "personne": personne, "ecran": ecran, "formulaire": formulaire,
            "lus": {nom: str(formulaire[nom].value() or "") for nom in formulaire.fields},
        },
    )  # fmt: skip
    reponse["Cache-Control"] = "no-store"
    return reponse


def _noter(request: HttpRequest, personne: UUID) -> None:
    noter_lecture(
        Lecture.Nature.DOSSIER, agent=request.user, organisme=request.perimetre.organisme_principal, personne=personne,
        ecran="réorientation",
    )  # fmt: skip


@require_GET
@exige("dossier.consulter")
def demande(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Une demande, où elle en est, et ce que l'on peut y faire."""
    exiger_l_un(request.perimetre, *LISENT)
    ouverte = acceder_demande(request.perimetre, public_id)
    _noter(request, ouverte.personne.public_id)
    reponse = render(
        request, "orientations/reorientation.html",
        {
            "demande": ouverte, "personne": ouverte.personne, "permis": actes_permis(ouverte.etat),
            "alternance": alternances([ouverte.personne_id], timezone.localdate())[ouverte.personne_id],
            "avis_possibles": AvisReorientation.choices, "est_auteur": ouverte.demandee_par_id == request.user.pk,
        },
    )  # fmt: skip
    reponse["Cache-Control"] = "no-store"
    return reponse


class ActeForm(forms.Form):
    """Ce qu'un acte sur la demande veut lire : un texte, et pour l'avis son sens."""

    texte = forms.CharField(max_length=2_000, required=False)
    avis = forms.ChoiceField(choices=AvisReorientation.choices, required=False)


@require_POST
@exige("dossier.consulter")
def agir(request: HttpRequest, public_id: UUID, acte: str) -> HttpResponse:
    """Transmettre, rendre l'avis, refuser, retirer : l'adresse nomme l'acte, la table dit s'il est permis."""
    exiger_l_un(request.perimetre, *LISENT)
    ouverte = acceder_demande(request.perimetre, public_id)
    formulaire = ActeForm(request.POST)
    if not formulaire.is_valid():
        messages.error(request, premiere_erreur(formulaire))
        return redirect("reorientation", public_id)
    tenter(request, lambda: _accomplir(request, ouverte, acte, formulaire.cleaned_data))
    return redirect("reorientation", public_id)


def _accomplir(request: HttpRequest, ouverte: DemandeReorientation, acte: str, lus: dict[str, Any]) -> str:
    qui = {"acteur": request.user, "perimetre": request.perimetre}
    if acte == "transmettre":
        transmettre_demande(ouverte, **qui)
        return "La demande est transmise pour avis."
    if acte == "rendre_avis":
        rendre_avis(ouverte, avis=lus["avis"], texte=lus["texte"], **qui)
        return "L’avis est rendu. Il reste à décider."
    if acte == "refuser":
        refuser_demande(ouverte, motif=lus["texte"], **qui)
        return "La demande est refusée ; l’orientation en vigueur continue."
    if acte == "retirer":
        retirer_demande(ouverte, motif=lus["texte"], **qui)
        return "La demande est retirée."
    raise Http404(acte)
