"""Tableaux de bord : la population du dispositif, en graphiques et en tables, à toute date connue."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from jalon.observatoire.declarations import Tableau
from jalon.observatoire.moteur import Resultat
from jalon.observatoire.tasks import demander_cliche
from jalon.personnes.models import Personne
from jalon.socle.exports import Cell, ExportFormat, export_table
from jalon.web.pilotage.demande import Demande, code_connu, lire_demande
from jalon.web.pilotage.dossiers import dossiers_de_la_case
from jalon.web.pilotage.presentation import carte, tuiles
from jalon.web.socle.acces import exige

AFFICHES = ("T05", "T09", "T06", "T07", "T08", "FILE")
"""Deux à deux, de hauteurs voisines."""
PAR_PAGE = 50
RELIRE_APRES = 4
"""Secondes avant que la page d'attente ne se relise."""


def _pas_prete(request: HttpRequest, demande: Demande | None) -> HttpResponse | None:
    """La page à rendre quand il n'y a rien à montrer encore ; met au besoin la préparation en file."""
    if demande is None:
        return render(request, "pilotage/sans_flux.html")
    if demande.permis is not None and not demande.permis:
        return render(request, "pilotage/sans_territoire.html")
    if demande.cliche is None:
        demander_cliche(demande.a_la_date)
        reponse = render(request, "pilotage/preparation.html", {"demande": demande}, status=202)
        reponse["Refresh"] = str(RELIRE_APRES)
        return reponse
    return None


def _a_jour(demande: Demande) -> bool:
    """Faux, et la mise à jour part en file, si un flux tardif a changé ce qu'on savait à cette date."""
    if demande.cliche is None or demande.cliche.est_a_jour():
        return True
    demander_cliche(demande.a_la_date)
    return False


@exige("tableaux.consulter")
@require_safe
def tableaux(request: HttpRequest) -> HttpResponse:
    """Vue d'ensemble : quatre chiffres, puis chaque tableau avec son graphique."""
    demande = lire_demande(request)
    if (attente := _pas_prete(request, demande)) or demande is None:
        return attente or render(request, "pilotage/sans_flux.html")
    resultats = {code: demande.calculer(code) for code in AFFICHES}
    return render(
        request,
        "pilotage/tableaux.html",
        {
            "demande": demande,
            "a_jour": _a_jour(demande),
            "resume": resultats["T05"],
            "tuiles": tuiles(demande, resultats),
            "cartes": [carte(demande, resultats[code]) for code in AFFICHES],
            "autre_vue": demande.requete(vue="" if demande.vue_tableaux else "tableaux"),
            "publier": demande.requete(publication="" if demande.publication_demandee else "oui"),
        },
    )


@exige("tableaux.consulter")
@require_safe
def tableau(request: HttpRequest, code: str) -> HttpResponse:
    """Un tableau : pour le lieu choisi, puis une ligne par territoire."""
    code = code_connu(code)
    demande = lire_demande(request)
    if (attente := _pas_prete(request, demande)) or demande is None:
        return attente or render(request, "pilotage/sans_flux.html")
    resultat = demande.calculer(code)
    ventile = demande.calculer(code, ventiler=True) if not demande.territoire else None
    return render(
        request,
        "pilotage/tableau.html",
        {
            "demande": demande,
            "a_jour": _a_jour(demande),
            "resume": resultat,
            "carte": carte(demande, resultat),
            "ventilee": carte(demande, ventile) if ventile else None,
            "formats": [(f.upper(), _export(demande, code, f)) for f in ExportFormat],
            "formats_ventiles": [
                (f.upper(), _export(demande, code, f, ventilation="territoire")) for f in ExportFormat
            ],
            "retour": reverse("tableaux") + demande.requete(colonne="", ventilation=""),
            "publier": demande.requete(publication="" if demande.publication_demandee else "oui"),
        },
    )


def _export(demande: Demande, code: str, format: str, **changes: str) -> str:
    return reverse("tableau_export", args=[code.lower(), format]) + demande.requete(vue="", **changes)


@exige("tableaux.consulter")
@require_safe
def tableau_export(request: HttpRequest, code: str, format: str) -> HttpResponse:
    """Le tableau affiché, en fichier."""
    code = code_connu(code)
    if format not in list(ExportFormat):
        raise Http404
    demande = lire_demande(request)
    if (attente := _pas_prete(request, demande)) or demande is None:
        return attente or render(request, "pilotage/sans_flux.html")
    resultat = demande.calculer(code, ventiler=demande.par_territoire)
    fichier = export_table(
        f"tableau-{code.lower()}{'-territoires' if demande.par_territoire else ''}",
        ExportFormat(format),
        [resultat.intitule_lignes, *_entetes(resultat)],
        _rangees(resultat),
        day=demande.a_la_date,
    )
    entete = {"Content-Disposition": f'attachment; filename="{fichier.name}"'}
    return HttpResponse(fichier.stream, content_type=fichier.mime, headers=entete)


def _entetes(resultat: Resultat) -> list[str]:
    return [texte for colonne in resultat.colonnes for texte in (colonne.libelle, f"{colonne.libelle} (%)")]


def _rangees(resultat: Resultat) -> list[list[Cell]]:
    """Les cases et leurs parts, puis ce qu'il faut savoir pour les citer."""
    rangees: list[list[Cell]] = []
    for ligne in resultat.lignes:
        rangee: list[Cell] = [ligne.libelle]
        for colonne in resultat.colonnes:
            valeur = resultat.valeur(ligne.code, colonne.code)
            rangee += ["s" if valeur is None else valeur, resultat.pourcentage(ligne.code, colonne.code)]
        rangees.append(rangee)
    tableau = resultat.tableau
    notes = [
        f"{tableau.code} · {tableau.titre}",
        f"{resultat.lieu}, situation au {resultat.a_la_date:%d/%m/%Y}, {resultat.edition}",
        tableau.definition,
        f"{tableau.source} Flux du {resultat.flux_le:%d/%m/%Y}.",
    ]
    if resultat.masque:
        notes.append(f"s : secret statistique, seuil de {resultat.seuil}.")
    rangees.append([])
    for note in notes:
        seule: list[Cell] = [note]
        rangees.append(seule)
    return rangees


@exige("tableaux.consulter", "dossier.consulter")
@require_safe
def tableau_dossiers(request: HttpRequest, code: str) -> HttpResponse:
    """Les dossiers derrière un chiffre, dans le périmètre de l'agent."""
    code = code_connu(code)
    demande = lire_demande(request)
    if (attente := _pas_prete(request, demande)) or demande is None:
        return attente or render(request, "pilotage/sans_flux.html")
    resultat = demande.calculer(code)
    ligne, colonne = _case(resultat.tableau, request.GET.get("ligne", ""), request.GET.get("colonne", ""))
    selection = dossiers_de_la_case(demande, resultat.tableau, ligne, colonne)
    page = Paginator(selection.personnes, PAR_PAGE).get_page(request.GET.get("page"))
    par_cle = Personne.objects.select_related("territoire").in_bulk(list(page.object_list))
    contexte: dict[str, Any] = {
        "demande": demande,
        "resultat": resultat,
        "ligne": resultat.tableau.ligne(ligne),
        "colonne": resultat.tableau.colonne(colonne),
        "selection": selection,
        "page": page,
        "personnes": [par_cle[cle] for cle in page.object_list if cle in par_cle],
        "etapes": [
            ("Tableaux de bord", reverse("tableaux") + demande.requete(colonne="")),
            (resultat.tableau.titre, reverse("tableau", args=[code.lower()]) + demande.requete(colonne="")),
        ],
    }
    return render(request, "pilotage/dossiers.html", contexte)


def _case(tableau: Tableau, ligne: str, colonne: str) -> tuple[str, str]:
    """La case demandée ; une ligne ou une colonne inconnue est une page absente."""
    if ligne not in {m.code for m in tableau.lignes} or colonne not in {m.code for m in tableau.colonnes}:
        raise Http404
    return ligne, colonne
