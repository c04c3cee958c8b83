"""Les contrats au-delà de leur délai, pour chaque niveau, et leur validation en nombre (R48, R49, F049, F054)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from jalon.agents.perimetre import Perimetre
from jalon.contrats.delais import (
    ParTerritoire,
    a_conclure,
    a_valider,
    du_referent,
    du_territoire,
    par_territoire,
)
from jalon.contrats.enums import EtatContrat
from jalon.contrats.models import Contrat
from jalon.contrats.validation import valider_en_nombre
from jalon.orientations.models import DecisionOrientation
from jalon.web.contrats.liste import badge
from jalon.web.contrats.redaction import page
from jalon.web.socle.acces import exige
from jalon.web.templatetags.jalon import accorde

PAR_PAGE = 50
PORTEES = (("tous", "Tout mon périmètre"), ("moi", "Les miens"))


@dataclass(frozen=True)
class LigneDelai:
    """Un contrat signé qui attend, ou une orientation sans contrat, avec les jours qui restent ou qui dépassent."""

    objet: Contrat | DecisionOrientation
    depuis: date
    echeance: date
    jour: date

    @property
    def jours(self) -> int:
        return (self.jour - self.depuis).days

    @property
    def total(self) -> int:
        return (self.echeance - self.depuis).days

    @property
    def retard(self) -> int:
        """Jours au-delà du délai ; négatif avant."""
        return (self.jour - self.echeance).days

    @property
    def badge(self) -> dict[str, str]:
        return badge(self.objet, self.jour) if isinstance(self.objet, Contrat) else {}

    @property
    def depuis_reception(self) -> int | None:
        recu = self.objet.recu_le if isinstance(self.objet, Contrat) else None
        return (self.jour - recu).days if recu is not None else None

    @property
    def peut_valider(self) -> bool:
        return isinstance(self.objet, Contrat) and self.objet.etat == EtatContrat.RECU


@require_safe
@exige("contrats.consulter")
def validation(request: HttpRequest) -> HttpResponse:
    """Contrats signés qui attendent leur validation ; d'abord ceux dont le délai est passé."""
    perimetre: Perimetre = request.perimetre
    jour = timezone.localdate()
    tous = request.GET.get("tous") == "oui"
    lignes = a_valider(perimetre) if tous else a_valider(perimetre).filter(echeance_le__lt=jour)
    if request.GET.get("qui") == "moi":
        lignes = lignes.filter(du_referent(perimetre, True))
    comptes = par_territoire(lignes)
    if request.GET.get("territoire"):
        lignes = lignes.filter(du_territoire(request.GET["territoire"]))
    lignes = lignes.select_related("personne", "type", "referent", "organisme", "personne__territoire").order_by(
        "echeance_le", "pk"
    )
    feuille = Paginator(lignes, PAR_PAGE).get_page(request.GET.get("page"))
    contexte = {
        "lignes": [LigneDelai(c, c.signe_le, c.echeance_le, jour) for c in feuille.object_list],
        "quoi": "valider",
        **_commun(request, feuille, comptes, tous),
    }
    return page(request, "circuit/delais", contexte)


@require_safe
@exige("contrats.consulter")
def conclusion(request: HttpRequest) -> HttpResponse:
    """Orientations reçues sans contrat conclu ; d'abord celles dont le délai est passé."""
    perimetre: Perimetre = request.perimetre
    jour = timezone.localdate()
    tous = request.GET.get("tous") == "oui"
    lignes = a_conclure(perimetre) if tous else a_conclure(perimetre).filter(echeance_le__lt=jour)
    if request.GET.get("qui") == "moi":
        lignes = lignes.filter(du_referent(perimetre, False))
    comptes = par_territoire(lignes)
    if request.GET.get("territoire"):
        lignes = lignes.filter(du_territoire(request.GET["territoire"]))
    lignes = lignes.select_related("personne", "type", "organisme", "referent", "personne__territoire").order_by(
        "echeance_le", "pk"
    )
    feuille = Paginator(lignes, PAR_PAGE).get_page(request.GET.get("page"))
    contexte = {
        "lignes": [LigneDelai(d, d.recue_le, d.echeance_le, jour) for d in feuille.object_list],
        "quoi": "conclure",
        **_commun(request, feuille, comptes, tous),
    }
    return page(request, "circuit/delais", contexte)


def _commun(request: HttpRequest, feuille: object, comptes: list[ParTerritoire], tous: bool) -> dict[str, object]:
    qui = "moi" if request.GET.get("qui") == "moi" else "tous"
    nom = request.resolver_match.url_name if request.resolver_match is not None else ""
    onglets = [
        {"texte": texte, "url": reverse(adresse), "courant": adresse == nom}
        for adresse, texte in (("contrats_delais", "À valider"), ("contrats_a_conclure", "À conclure"))
    ]
    return {
        "page": feuille,
        "territoires": [(t, _adresse(request.GET, territoire=t.code, page="")) for t in comptes],
        "territoire": request.GET.get("territoire", ""),
        "tous_territoires": _adresse(request.GET, territoire="", page=""),
        "tous": tous,
        "autre_duree": _adresse(request.GET, tous="" if tous else "oui", page=""),
        "portees": [(texte, _adresse(request.GET, qui=code, page=""), code == qui) for code, texte in PORTEES],
        "onglets": onglets,
        "retour": request.get_full_path(),
        "jour": timezone.localdate(),
    }


def _adresse(recherche: QueryDict, **changes: str) -> str:
    """La même page, ces filtres changés ; un filtre vide disparaît."""
    copie = recherche.copy()
    for nom, valeur in changes.items():
        copie.pop(nom, None)
        if valeur:
            copie[nom] = valeur
    return f"?{copie.urlencode()}"


@require_POST
@exige("contrat.valider")
def valider_lot(request: HttpRequest) -> HttpResponse:
    """Valide les contrats cochés, chacun pour lui-même, et dit ce qui est arrivé à chacun."""
    perimetre: Perimetre = request.perimetre
    choisis = []
    for brut in request.POST.getlist("contrat")[:500]:
        try:
            choisis.append(UUID(brut))
        except ValueError:
            continue
    contrats = list(
        a_valider(perimetre)
        .filter(public_id__in=choisis)
        .select_related("personne", "type")
        .order_by("echeance_le", "pk")
    )
    if not contrats:
        messages.warning(request, "Cochez au moins un contrat à valider.")
        return redirect("contrats_delais")
    resultats = valider_en_nombre(contrats, acteur=request.user, perimetre=perimetre)
    faits = [r for r in resultats if not r.refus]
    if faits:
        messages.success(request, f"{accorde(len(faits), 'contrat validé,contrats validés')}.")
    contexte = {"resultats": resultats, "faits": faits, "refus": [r for r in resultats if r.refus]}
    return page(request, "circuit/valides", contexte)
