"""Tableau de bord des contrats : qui en a un, validé en combien de jours, pour combien de temps (I01, I02, I13, I21)."""

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

from jalon.contrats.models import Contrat, TypeContrat
from jalon.observatoire.contrats import SOURCE, champ_de
from jalon.observatoire.contrats_faits import Champ
from jalon.observatoire.contrats_mesures import JOURS_DE_VALIDATION
from jalon.observatoire.contrats_tableau import (
    CASES,
    DEFINITION,
    ENSEMBLE,
    SANS_TERRITOIRE,
    TITRE,
    Ligne,
    TableauContrats,
    personnes_derriere,
    tableau,
)
from jalon.observatoire.graphiques import MASQUE, Dessin, Part, ecrire_nombre, en_svg
from jalon.organismes.models import Organisme
from jalon.personnes.models import Personne
from jalon.personnes.selectors import filtre_perimetre
from jalon.referentiels.models import Parametre
from jalon.referentiels.parametres import nombre
from jalon.socle.exports import Cell, ExportFormat, export_table
from jalon.web.pilotage.demande import DemandeBornee, lire_bornes, lire_date
from jalon.web.socle.acces import exige
from jalon.web.templatetags.jalon import nombre as en_lettres
from jalon.web.templatetags.jalon import pourcent

PAR_PAGE = 50
OBJECTIF = "objectif.contractualisation"
LIBELLES = {
    "soumises": "Personnes soumises", "soumises_avec": "Avec un contrat ou un projet", "soumises_sans": "Sans contrat",
    "sociales": "Orientées vers la sphère sociale", "sociales_avec": "Orientées vers la sphère sociale, avec un contrat",
    "sociales_sans": "Orientées vers la sphère sociale, sans contrat", "valides": "Dont un contrat a été validé",
    "valides_30": f"Dont le contrat a été validé en {JOURS_DE_VALIDATION} jours au plus",
    "suites": "Qui ont eu un contrat", "ecarts": "Qui ont eu deux contrats à la suite",
}  # fmt: skip


@dataclass(frozen=True)
class DemandeContrats(DemandeBornee):
    """Date, période des délais, service et type demandés, bornés à ce que l'agent voit."""

    jour: date
    du: date | None
    service: str
    type: str
    sans_territoire: bool
    """Les seules personnes qu'aucun territoire ne compte."""

    def requete(self, **changes: str) -> str:
        valeurs = {
            "au": self.jour.isoformat(),
            "du": self.du.isoformat() if self.du else "",
            "territoire": self.territoire,
            "service": self.service,
            "type": self.type,
            "publication": "oui" if self.publication_demandee else "",
            **changes,
        }
        return "?" + urlencode({cle: valeur for cle, valeur in valeurs.items() if valeur})

    @property
    def champ(self) -> Champ:
        lu = champ_de(
            self.jour, self.territoire or None, du=self.du, service=self.service, type=self.type, permis=self.permis
        )
        return replace(lu, feuilles=frozenset({SANS_TERRITOIRE})) if self.sans_territoire else lu

    def calculer(self) -> TableauContrats:
        seuil = int(nombre("observatoire.seuil_secret", self.jour)) if self.publication else 0
        return tableau(self.champ, seuil=seuil)

    def porte(self, territoire: str, case: str) -> str:
        """Adresse de la liste d'un nombre ; vide à qui ne lit que des nombres publiables."""
        if self.publication:
            return ""
        changes = {"compte": case, "territoire": self.territoire if territoire == ENSEMBLE else territoire}
        if territoire == SANS_TERRITOIRE:
            changes["sans_territoire"] = "oui"
        return reverse("tableau_contrats_dossiers") + self.requete(**changes)


def _lire(request: HttpRequest) -> DemandeContrats:
    """La demande de cette page ; un territoire hors du périmètre, un service ou un type inconnus sont une page absente."""
    aujourdhui = timezone.localdate()
    demande = DemandeContrats(
        **lire_bornes(request),
        jour=min(lire_date(request, "au") or aujourdhui, aujourdhui),
        du=lire_date(request, "du"),
        service=request.GET.get("service", ""),
        type=request.GET.get("type", ""),
        sans_territoire=request.GET.get("sans_territoire") == "oui",
    )
    permis = demande.permis
    if permis is not None and (
        demande.sans_territoire or (demande.territoire and not demande.carte.sous(demande.territoire) <= permis)
    ):
        raise Http404
    if demande.service and not Organisme.objects.filter(code=demande.service).exists():
        raise Http404
    if demande.type and not TypeContrat.objects.filter(code=demande.type).exists():
        raise Http404
    return demande


@exige("tableaux.consulter")
@require_safe
def tableau_contrats(request: HttpRequest) -> HttpResponse:
    demande = _lire(request)
    resultat = demande.calculer()
    lignes = [_ligne(demande, ligne) for ligne in (*resultat.lignes, resultat.total)]
    contexte = {
        "demande": demande, "resultat": resultat, "lignes": lignes[:-1], "ensemble": lignes[-1],
        "tuiles": [] if demande.publication else _tuiles(demande, resultat.total),
        "svg": mark_safe(en_svg(_dessin(resultat))) if resultat.total.effectifs["soumises"] else "",
        "objectif": Parametre.objects.filter(code=OBJECTIF, periode__contains=demande.jour).first(),
        "services": Organisme.objects.filter(pk__in=Contrat.objects.order_by().values("organisme")).order_by("libelle"),
        "types": TypeContrat.objects.order_by("ordre", "pk"), "libelles": LIBELLES, "masque": MASQUE,
        "titre": TITRE, "definition": DEFINITION, "source": SOURCE, "jours": JOURS_DE_VALIDATION,
        "publier": demande.requete(publication="" if demande.publication_demandee else "oui"),
        "formats": [(f.upper(), reverse("tableau_contrats_export", args=[f]) + demande.requete()) for f in ExportFormat],
    }  # fmt: skip
    return render(request, "pilotage/contrats.html", contexte)


def _ligne(demande: DemandeContrats, ligne: Ligne) -> dict[str, Any]:
    def case(code: str, part: Decimal | None = None) -> dict[str, Any]:
        effectif = ligne.effectifs[code]
        return {
            "texte": ecrire_nombre(effectif), "part": part, "url": demande.porte(ligne.code, code) if effectif else "",
        }  # fmt: skip

    def mesure(valeur: Decimal | None, base: str) -> str:
        return MASQUE if ligne.effectifs[base] is None else _jours(valeur)

    return {
        "libelle": ligne.libelle,
        "taux": [
            case("soumises"), case("soumises_avec", ligne.taux("soumises")), case("soumises_sans"),
            case("sociales"), case("sociales_avec", ligne.taux("sociales")), case("sociales_sans"),
        ],
        "delais": [case("valides"), case("valides_30", ligne.part_30)],
        "delai": mesure(ligne.delai, "valides"), "suites": case("suites"), "duree": mesure(ligne.duree, "suites"),
        "ecarts": case("ecarts"), "ecart": mesure(ligne.ecart, "ecarts"),
    }  # fmt: skip


def _jours(mesure: Decimal | None) -> str:
    """« 26,5 j » ; un tiret sans base."""
    return "–" if mesure is None else f"{en_lettres(mesure, 0 if mesure == int(mesure) else 1)}\u00a0j"


def _tuiles(demande: DemandeContrats, total: Ligne) -> list[dict[str, str]]:
    def part(valeur: Decimal | None) -> str:
        return "–" if valeur is None else pourcent(valeur, 1)

    def sur(avec: str, base: str) -> str:
        return f"{ecrire_nombre(total.effectifs[avec])} sur {ecrire_nombre(total.effectifs[base])}"

    tuiles = [
        ("Sphère sociale : avec un contrat", part(total.taux("sociales")), sur("sociales_avec", "sociales"), "sociales_avec"),
        ("Toutes sphères : avec un contrat", part(total.taux("soumises")), sur("soumises_avec", "soumises"), "soumises_avec"),
        ("De la signature à la validation", _jours(total.delai), "médiane", "valides"),
        (f"Validés en {JOURS_DE_VALIDATION} jours au plus", part(total.part_30), sur("valides_30", "valides"), "valides_30"),
        ("Durée d’un contrat", _jours(total.duree), "médiane", "suites"),
        ("Entre deux contrats", _jours(total.ecart), "médiane", "ecarts"),
    ]  # fmt: skip
    return [
        {
            "libelle": libelle, "valeur": valeur, "detail": detail,
            "url": demande.porte(ENSEMBLE, case) if total.effectifs[case] else "",
        }
        for libelle, valeur, detail, case in tuiles
    ]  # fmt: skip


def _dessin(resultat: TableauContrats) -> Dessin:
    parts = tuple(
        Part(ligne.libelle, LIBELLES[case], ligne.effectifs[case])
        for ligne in resultat.lignes
        for case in ("soumises_avec", "soumises_sans")
    )
    etiquettes = []
    for ligne in resultat.lignes:
        taux = ligne.taux("soumises")
        etiquettes.append(
            (ligne.libelle, MASQUE if taux is None and ligne.effectifs["soumises"] else pourcent(taux, 1))
        )
    return Dessin(TITRE, parts, tuple(etiquettes))


@exige("tableaux.consulter")
@require_safe
def tableau_contrats_export(request: HttpRequest, format: str) -> HttpResponse:
    if format not in list(ExportFormat):
        raise Http404
    demande = _lire(request)
    resultat = demande.calculer()

    def ecrit(valeur: int | Decimal | None) -> Cell:
        return MASQUE if valeur is None else valeur

    rangees: list[list[Cell]] = [
        [
            ligne.libelle, *(ecrit(ligne.effectifs[case]) for case in CASES), ligne.taux("soumises"),
            ligne.taux("sociales"), ligne.delai, ligne.duree, ligne.ecart,
        ]
        for ligne in (*resultat.lignes, resultat.total)
    ]  # fmt: skip
    for note in (TITRE, DEFINITION, SOURCE):
        seule: list[Cell] = [note]
        rangees.append(seule)
    entetes = [
        "Territoire", *(LIBELLES[case] for case in CASES), "Avec un contrat (%)", "Sphère sociale, avec un contrat (%)",
        "Validation (jours, médiane)", "Durée (jours, médiane)", "Entre deux contrats (jours, médiane)",
    ]  # fmt: skip
    fichier = export_table("contrats-par-territoire", ExportFormat(format), entetes, rangees, day=demande.jour)
    return HttpResponse(
        fichier.stream, content_type=fichier.mime,
        headers={"Content-Disposition": f'attachment; filename="{fichier.name}"'},
    )  # fmt: skip


@exige("tableaux.consulter", "dossier.consulter")
@require_safe
def tableau_contrats_dossiers(request: HttpRequest) -> HttpResponse:
    """Les personnes derrière un nombre du tableau, dans le périmètre de l'agent."""
    demande = _lire(request)
    case = request.GET.get("compte", "soumises_avec")
    if case not in CASES:
        raise Http404
    visibles = Personne.objects.filter(
        filtre_perimetre(request.perimetre), pk__in=personnes_derriere(demande.champ, case).order_by().values("pk")
    )
    page = Paginator(visibles.select_related("territoire").order_by("nom", "prenom", "pk"), PAR_PAGE).get_page(
        request.GET.get("page")
    )
    contexte = {"demande": demande, "case": LIBELLES[case], "page": page, "titre": TITRE}
    return render(request, "pilotage/contrats_dossiers.html", contexte)
