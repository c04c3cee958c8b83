"""Tableau de bord des procédures : d'où viennent les saisines, ce qu'elles deviennent, et si c'est pareil partout (I23)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_safe

from jalon.manquements.models import Manquement
from jalon.observatoire.erreurs import TableauInconnuError
from jalon.observatoire.graphiques import MASQUE, Dessin, Part, ecrire_nombre, en_svg
from jalon.observatoire.manquements import (
    CASES,
    DEFINITION,
    ENSEMBLE,
    MOTIF,
    SANS_TERRITOIRE,
    SOURCE,
    TITRE,
    Champ,
    Ligne,
    TableauManquements,
    champ_de,
    motifs,
    procedures_derriere,
    tableau,
)
from jalon.personnes.selectors import filtre_perimetre
from jalon.referentiels.parametres import nombre
from jalon.socle.exports import Cell, ExportFormat, export_table
from jalon.web.manquements.liste import badge
from jalon.web.pilotage.demande import DemandeBornee, lire_bornes, lire_date
from jalon.web.socle.acces import exige
from jalon.web.templatetags.jalon import nombre as en_lettres
from jalon.web.templatetags.jalon import pourcent

PAR_PAGE = 50
VOIR = "manquements.consulter"
LIBELLES = {
    "saisines": "Saisines", "entendues": "Personnes entendues", "assistees": "Entendues et assistées",
    "avis_rendus": "Avis rendus ou réputés", "decidees": "Saisines décidées, sanctions annulées comprises",
    "avis_favorable": "Avis favorables à une sanction", "avis_defavorable": "Avis défavorables à une sanction",
    "avis_partage": "Avis partagés", "avis_repute": "Avis réputés rendus", "avis_absent": "Avis absents ou en retard",
    "sanctions": "Sanctions", "suspensions": "Réductions et suspensions", "suppressions": "Suppressions",
    "amendes": "Amendes", "levees": "Sanctions levées avant leur terme", "annulees": "Sanctions annulées",
    "annulees_service": "Annulées, le service était en cause",
    "classees": "Saisines classées sans sanction", "classees_service": "Classées, le service est en cause",
    "en_cours": "Saisines en cours",
}  # fmt: skip
SUITES = ("saisines", "sanctions", "annulees", "annulees_service", "classees", "classees_service", "en_cours")
AVIS = (
    "entendues", "assistees", "avis_favorable", "avis_defavorable", "avis_partage", "avis_repute", "avis_absent",
)  # fmt: skip
SANCTIONS = ("suspensions", "suppressions", "amendes", "levees")
BASES = {"assistees": "entendues", "annulees_service": "annulees", "classees_service": "classees"}
BASES |= dict.fromkeys(SANCTIONS, "sanctions")
"""Ce dont une case est la part ; sans mention, les saisines."""


@dataclass(frozen=True)
class DemandeManquements(DemandeBornee):
    """Date et période demandées, bornées à ce que l'agent voit."""

    jour: date
    du: date | None
    sans_territoire: bool
    """Les seules procédures qu'aucun territoire ne compte."""

    @property
    def publication(self) -> bool:
        """Qui ne lit pas les procédures ne lit que des nombres publiables : une sanction ne se devine pas."""
        return super().publication or not self.perimetre.peut(VOIR)

    def requete(self, **changes: str) -> str:
        valeurs = {
            "au": self.jour.isoformat(),
            "du": self.du.isoformat() if self.du else "",
            "territoire": self.territoire,
            "publication": "oui" if self.publication_demandee else "",
            **changes,
        }
        return "?" + urlencode({cle: valeur for cle, valeur in valeurs.items() if valeur})

    @property
    def champ(self) -> Champ:
        lu = champ_de(self.jour, self.territoire or None, du=self.du, permis=self.permis)
        return replace(lu, feuilles=frozenset({SANS_TERRITOIRE})) if self.sans_territoire else lu

    def calculer(self) -> TableauManquements:
        seuil = int(nombre("observatoire.seuil_secret", self.jour)) if self.publication else 0
        return tableau(self.champ, seuil=seuil)

    def porte(self, territoire: str, case: str) -> str:
        """Adresse de la liste d'un nombre ; vide à qui ne lit que des nombres publiables."""
        if self.publication:
            return ""
        changes = {"compte": case, "territoire": self.territoire if territoire == ENSEMBLE else territoire}
        if territoire == SANS_TERRITOIRE:
            changes["sans_territoire"] = "oui"
        return reverse("tableau_manquements_dossiers") + self.requete(**changes)


def _lire(request: HttpRequest) -> DemandeManquements:
    """La demande de cette page ; un territoire hors du périmètre est une page absente."""
    aujourdhui = timezone.localdate()
    demande = DemandeManquements(
        **lire_bornes(request), jour=min(lire_date(request, "au") or aujourdhui, aujourdhui),
        du=lire_date(request, "du"), sans_territoire=request.GET.get("sans_territoire") == "oui",
    )  # fmt: skip
    permis = demande.permis
    if permis is not None and (
        demande.sans_territoire or (demande.territoire and not demande.carte.sous(demande.territoire) <= permis)
    ):
        raise Http404
    return demande


@exige("tableaux.consulter")
@require_safe
def tableau_manquements(request: HttpRequest) -> HttpResponse:
    demande = _lire(request)
    resultat = demande.calculer()
    lignes = [_ligne(demande, ligne) for ligne in (*resultat.lignes, resultat.total)]
    contexte = {
        "demande": demande, "resultat": resultat, "lignes": lignes[:-1], "ensemble": lignes[-1],
        "tuiles": [] if demande.publication else _tuiles(demande, resultat.total),
        "svg": mark_safe(en_svg(_dessin(resultat))) if resultat.total.effectifs["saisines"] != 0 else "",
        "motifs": [
            {
                "libelle": libelle, "texte": ecrire_nombre(combien),
                "url": demande.porte(ENSEMBLE, MOTIF + code) if combien else "",
            }
            for code, libelle, combien in resultat.par_motif
            if combien != 0
        ],
        "libelles": LIBELLES, "masque": MASQUE, "titre": TITRE, "definition": DEFINITION, "source": SOURCE,
        "publier": demande.requete(publication="" if demande.publication_demandee else "oui"),
        "formats": [(f.upper(), reverse("tableau_manquements_export", args=[f]) + demande.requete()) for f in ExportFormat],
    }  # fmt: skip
    return render(request, "pilotage/manquements.html", contexte)


def _ligne(demande: DemandeManquements, ligne: Ligne) -> dict[str, Any]:
    def case(code: str) -> dict[str, Any]:
        effectif = ligne.effectifs[code]
        part = None if code == "saisines" else ligne.part(code, BASES.get(code, "saisines"))
        return {
            "texte": ecrire_nombre(effectif), "part": part, "url": demande.porte(ligne.code, code) if effectif else "",
        }  # fmt: skip

    def mesure(valeur: Decimal | None, unite: str, liste: str, *bases: str) -> dict[str, Any]:
        """Une mesure absente est masquée dès qu'il y avait de quoi la faire ; elle ouvre ce qu'elle résume."""
        masquee = demande.publication and any(ligne.effectifs[base] != 0 for base in bases)
        texte = _avec(valeur, unite) if valeur is not None else MASQUE if masquee else "–"
        ouvre = valeur is not None and ligne.effectifs[liste]
        return {"texte": texte, "part": None, "url": demande.porte(ligne.code, liste) if ouvre else ""}

    return {
        "libelle": ligne.libelle,
        "suites": [case(code) for code in SUITES], "avis": [case(code) for code in AVIS],
        "sanctions": [case(code) for code in SANCTIONS],
        "egalite": [
            case("saisines"), mesure(ligne.part("sanctions"), "", "sanctions", "sanctions", "saisines"),
            mesure(ligne.taux, "%", "sanctions", "suspensions", "suppressions"),
            mesure(ligne.duree, "mois", "sanctions", "suspensions", "suppressions"),
            mesure(ligne.delai_avis, "j", "avis_rendus", "avis_rendus"),
            mesure(ligne.delai_decision, "j", "decidees", "decidees"),
        ],
    }  # fmt: skip


def _avec(valeur: Decimal, unite: str) -> str:
    """« 26,5 j »."""
    ecrite = en_lettres(valeur, 0 if valeur == int(valeur) else 1)
    return f"{ecrite}\u00a0{unite}" if unite else ecrite


def _tuiles(demande: DemandeManquements, total: Ligne) -> list[dict[str, Any]]:
    def detail(case: str, base: str) -> str:
        part = total.part(case, base)
        return "–" if part is None else f"{pourcent(part, 1)} des {LIBELLES[base].lower()}"

    tuiles = [
        ("saisines", "dans la période"), ("entendues", detail("entendues", "saisines")),
        ("assistees", detail("assistees", "entendues")), ("avis_absent", detail("avis_absent", "saisines")),
        ("sanctions", detail("sanctions", "saisines")), ("classees_service", detail("classees_service", "classees")),
    ]  # fmt: skip
    return [
        {
            "libelle": LIBELLES[case], "valeur": total.effectifs[case], "detail": note,
            "url": demande.porte(ENSEMBLE, case) if total.effectifs[case] else "",
        }
        for case, note in tuiles
    ]  # fmt: skip


def _dessin(resultat: TableauManquements) -> Dessin:
    parts = tuple(
        Part(ligne.libelle, LIBELLES[case], ligne.effectifs[case])
        for ligne in resultat.lignes
        for case in ("sanctions", "annulees", "classees", "en_cours")
    )
    etiquettes = tuple((ligne.libelle, ecrire_nombre(ligne.effectifs["saisines"])) for ligne in resultat.lignes)
    return Dessin(TITRE, parts, etiquettes)


@exige("tableaux.consulter")
@require_safe
def tableau_manquements_export(request: HttpRequest, format: str) -> HttpResponse:
    if format not in list(ExportFormat):
        raise Http404
    demande = _lire(request)
    resultat = demande.calculer()

    def ecrit(valeur: int | None) -> Cell:
        return MASQUE if valeur is None else valeur

    rangees: list[list[Cell]] = [
        [
            ligne.libelle, *(ecrit(ligne.effectifs[case]) for case in CASES), ligne.part("sanctions"), ligne.taux,
            ligne.duree, ligne.delai_avis, ligne.delai_decision,
        ]
        for ligne in (*resultat.lignes, resultat.total)
    ]  # fmt: skip
    for note in (TITRE, DEFINITION, SOURCE):
        seule: list[Cell] = [note]
        rangees.append(seule)
    entetes = [
        "Territoire", *(LIBELLES[case] for case in CASES), "Sanctions pour 100 saisines", "Part retenue (%, médiane)",
        "Durée (mois, médiane)", "De la saisine à l'avis (jours, médiane)", "De la saisine à la décision (jours, médiane)",
    ]  # fmt: skip
    fichier = export_table("procedures-par-territoire", ExportFormat(format), entetes, rangees, day=demande.jour)
    return HttpResponse(
        fichier.stream, content_type=fichier.mime,
        headers={"Content-Disposition": f'attachment; filename="{fichier.name}"'},
    )  # fmt: skip


@exige("tableaux.consulter", "dossier.consulter", VOIR)
@require_safe
def tableau_manquements_dossiers(request: HttpRequest) -> HttpResponse:
    """Les procédures derrière un nombre du tableau, dans le périmètre de l'agent."""
    demande = _lire(request)
    case = request.GET.get("compte", "saisines")
    try:
        cles = procedures_derriere(demande.champ, case)
    except TableauInconnuError:
        raise Http404 from None
    visibles = Manquement.objects.filter(filtre_perimetre(request.perimetre, "personne__"), pk__in=cles)
    page = Paginator(
        visibles.select_related("personne", "motif", "territoire", "decision").order_by("-saisi_le", "-pk"), PAR_PAGE
    ).get_page(request.GET.get("page"))
    libelle = LIBELLES.get(case) or motifs()[case.removeprefix(MOTIF)]
    for manquement in page:
        manquement.badge = badge(manquement)
    contexte = {"demande": demande, "case": libelle, "page": page, "titre": TITRE, "liste": _liste(demande, case)}
    return render(request, "pilotage/manquements_dossiers.html", contexte)


def _liste(demande: DemandeManquements, case: str) -> str:
    """La liste de travail du même territoire et du même motif : elle dit le jour, le nombre du tableau dit la date."""
    motif = case.removeprefix(MOTIF) if case.startswith(MOTIF) else ""
    filtres = {"territoire": demande.territoire, "motif": motif}
    requete = urlencode({cle: valeur for cle, valeur in filtres.items() if valeur})
    return f"{reverse('manquements')}{'?' if requete else ''}{requete}"
