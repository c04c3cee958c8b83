"""La liste des contrats, rangée par échéance ; les facettes sont des adresses, et la page ne lit que ses lignes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from dateutil.relativedelta import relativedelta
from django.db.models import Q, QuerySet
from django.http import FileResponse, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from jalon.agents.models import Affectation, Agent
from jalon.agents.perimetre import Perimetre
from jalon.contrats.enums import EtatContrat, a_terme, etat_affiche
from jalon.contrats.lots import DROIT as DROIT_IMPRIMER
from jalon.contrats.lots import derniers_lots
from jalon.contrats.models import Contrat, TypeContrat
from jalon.contrats.services import contrats_du_perimetre
from jalon.documents.lots import etat_reel, lots_vivants
from jalon.organismes.models import Territoire
from jalon.organismes.selectors import avec_descendants
from jalon.referentiels.parametres import nombre
from jalon.socle.exports import Cell, ExportFormat, export_table
from jalon.socle.textes import nom_propre
from jalon.traces.models import Lecture
from jalon.traces.services import noter_lecture
from jalon.web.contrats.forms import FiltresForm
from jalon.web.socle.acces import exige
from jalon.web.socle.pages import page_et_total

PAR_PAGE = 50
HORIZONS = (15, 30, 60, 90)
"""Jours avant l'échéance que la liste propose."""
RECENTS = (7, 30, 90)
"""Jours depuis la validation que la liste propose."""
GROUPES: dict[str, tuple[str, frozenset[str]]] = {
    "vivants": ("En vigueur", EtatContrat.vivants()),
    "preparation": ("En préparation", EtatContrat.en_preparation()),
    "a_signer": ("À signer", frozenset({EtatContrat.A_SIGNER, EtatContrat.SIGNE_PERSONNE})),
    "a_valider": ("À valider", EtatContrat.a_valider()),
    "finis": ("Finis", EtatContrat.finaux()),
}
TONS: dict[str, tuple[str, str]] = {
    EtatContrat.BROUILLON: ("gris", "pencil"),
    EtatContrat.A_SIGNER: ("ambre", "writing-sign"),
    EtatContrat.SIGNE_PERSONNE: ("ambre", "writing-sign"),
    EtatContrat.SIGNE: ("bleu", "file-check"),
    EtatContrat.RECU: ("bleu", "inbox"),
    EtatContrat.EN_LECTURE: ("bleu", "users-group"),
    EtatContrat.RENVOYE: ("rouge", "arrow-back-up"),
    EtatContrat.EN_VIGUEUR: ("vert", "circle-check"),
    EtatContrat.BILAN: ("vert", "checklist"),
    EtatContrat.ROMPU: ("rouge", "circle-x"),
}
RELATIONS = ("personne", "type", "territoire", "organisme", "referent")
COLONNES = (
    "id", "public_id", "etat", "periode", "ouvert_le", "signe_le", "recu_le", "referent_externe", "complexe",
    "reference_seule",
    "personne__public_id", "personne__nom", "personne__prenom", "type__libelle", "type__delai_validation",
    "territoire__libelle", "organisme__libelle", "referent__prenom", "referent__nom",
)  # fmt: skip


def badge(contrat: Any, jour: date) -> dict[str, str]:
    """Ton, dessin et mot de l'état d'un contrat, ou de ce qui en a été lu : `etat` et `periode`."""
    fin = contrat.periode.upper if contrat.periode is not None else None
    ton, icone = TONS.get(contrat.etat, ("gris", "archive"))
    if a_terme(contrat.etat, fin, jour):
        ton, icone = "ambre", "alert-triangle"
    return {"ton": ton, "icone": icone, "texte": etat_affiche(contrat.etat, fin, jour)}


@dataclass(frozen=True)
class Ligne:
    """Un contrat dans la liste."""

    contrat: Contrat
    jour: date

    @property
    def badge(self) -> dict[str, str]:
        return badge(self.contrat, self.jour)

    @property
    def a_imprimer(self) -> bool:
        """Encore en écriture dans Jalon : il peut être imprimé pour signature."""
        return self.contrat.etat == EtatContrat.BROUILLON and not self.contrat.reference_seule

    @property
    def fin(self) -> date | None:
        """Dernier jour du contrat."""
        periode = self.contrat.periode
        return periode.upper - timedelta(days=1) if periode is not None and periode.upper is not None else None

    @property
    def reste(self) -> int | None:
        """Jours jusqu'au dernier ; négatif une fois passé."""
        return (self.fin - self.jour).days if self.fin is not None else None

    @property
    def depuis(self) -> int:
        """Jours passés depuis le dernier ; zéro s'il n'est pas passé."""
        return max(0, -(self.reste or 0))

    @property
    def referent(self) -> str:
        return str(self.contrat.referent) if self.contrat.referent is not None else self.contrat.referent_externe

    @property
    def attente(self) -> int | None:
        """Jours depuis la signature, tant que le service n'a pas validé (R49)."""
        if self.contrat.etat not in EtatContrat.a_valider() or self.contrat.signe_le is None:
            return None
        return (self.jour - self.contrat.signe_le).days

    @property
    def en_retard(self) -> bool:
        return self.attente is not None and self.contrat.signe_le < seuil_validation(  # type: ignore[operator]
            self.contrat.type.delai_validation, self.jour
        )


def seuil_validation(parametre: str, jour: date) -> date:
    """Signé avant ce jour, un contrat aurait dû être validé (R49)."""
    return jour - relativedelta(months=int(nombre(parametre, jour)))


class Liste:
    """Ce que demande l'adresse : les facettes, la requête, la page."""

    def __init__(self, perimetre: Perimetre, demande: QueryDict) -> None:
        self.perimetre, self.jour = perimetre, timezone.localdate()
        formulaire = FiltresForm(demande)
        formulaire.is_valid()
        lus = formulaire.cleaned_data
        groupe = lus.get("etat") or ""
        self.etat = groupe if groupe in GROUPES or groupe in EtatContrat.values else ""
        self.type: TypeContrat | None = lus.get("type")
        self.referent: Agent | None = lus.get("referent")
        self.territoire: Territoire | None = lus.get("territoire")
        self.echeance: int | None = lus.get("echeance")
        self.valide_depuis: int | None = lus.get("valide_depuis")
        self.retard = bool(lus.get("retard"))
        self.cherche: str = lus.get("q") or ""
        self.numero_page = demande.get("page")

    def contrats(self) -> QuerySet[Contrat]:
        """Contrats voulus, le plus proche de sa fin d'abord ; ceux qui n'ont pas commencé viennent après."""
        liste = contrats_du_perimetre(self.perimetre)
        if self.etat:
            liste = liste.filter(etat__in=GROUPES[self.etat][1] if self.etat in GROUPES else {self.etat})
        if self.type is not None:
            liste = liste.filter(type=self.type)
        if self.referent is not None:
            liste = liste.filter(referent=self.referent)
        if self.territoire is not None:
            liste = liste.filter(territoire__in=avec_descendants([self.territoire.pk]))
        if self.echeance is not None:
            limite = self.jour + timedelta(days=self.echeance + 1)
            liste = liste.filter(etat__in=EtatContrat.vivants(), periode__endswith__lte=limite)
        if self.valide_depuis is not None:
            validation = self.jour - timedelta(days=self.valide_depuis)
            liste = liste.filter(etat__in=EtatContrat.vivants(), valide_le__gt=validation)
        if self.retard:
            liste = liste.filter(self._en_retard())
        if self.cherche:
            liste = liste.filter(self._nom())
        return liste.order_by("periode__endswith", "pk")

    def _en_retard(self) -> Q:
        """Validés trop tard, ou en vigueur après leur dernier jour."""
        depasse = Q(etat__in=EtatContrat.vivants(), periode__endswith__lte=self.jour)
        for parametre in sorted(set(TypeContrat.objects.order_by().values_list("delai_validation", flat=True))):
            depasse |= Q(
                type__delai_validation=parametre, etat__in=EtatContrat.a_valider(),
                signe_le__lt=seuil_validation(parametre, self.jour),
            )  # fmt: skip
        return depasse

    def _nom(self) -> Q:
        voulu = Q()
        for mot in self.cherche.split()[:4]:
            voulu &= Q(personne__nom__istartswith=mot) | Q(personne__prenom__istartswith=mot)
        return voulu

    def page(self) -> tuple[Any, list[Ligne]]:
        page, cles = page_et_total(self.contrats(), self.numero_page, PAR_PAGE)
        lus = contrats_du_perimetre(self.perimetre).filter(pk__in=cles).select_related(*RELATIONS).only(*COLONNES)
        par_cle = {contrat.pk: contrat for contrat in lus}
        return page, [Ligne(par_cle[cle], self.jour) for cle in cles]

    def adresse(self, **change: str) -> str:
        """Les facettes en place, sauf celles que l'on change."""
        actuelles = {
            "etat": self.etat, "type": self.type.code if self.type else "",
            "referent": str(self.referent.public_id) if self.referent else "",
            "territoire": self.territoire.code if self.territoire else "",
            "echeance": "" if self.echeance is None else str(self.echeance), "retard": "oui" if self.retard else "",
            "valide_depuis": "" if self.valide_depuis is None else str(self.valide_depuis), "q": self.cherche,
        }  # fmt: skip
        return "?" + urlencode({cle: valeur for cle, valeur in (actuelles | change).items() if valeur})

    @property
    def _vue(self) -> bool:
        """Une vue plus étroite que tous les contrats est demandée."""
        return bool(self.etat or self.retard) or self.echeance is not None or self.valide_depuis is not None

    @property
    def onglets(self) -> list[dict[str, Any]]:
        """Les vues toutes faites ; chacune remplace l'état, l'échéance et le retard."""
        nettes = {"etat": "", "echeance": "", "retard": "", "valide_depuis": ""}
        vues = [
            ("Tous", nettes, not self._vue),
            *(
                (texte, nettes | {"etat": code}, self.etat == code and self.echeance is None)
                for code, (texte, _) in GROUPES.items()
            ),
            *((f"Finissent dans {n} j", nettes | {"echeance": str(n)}, self.echeance == n) for n in HORIZONS[1:3]),
            ("En retard", nettes | {"retard": "oui"}, self.retard),
        ]
        return [{"texte": t, "url": self.adresse(**change), "courant": courant} for t, change, courant in vues]


@exige("contrats.consulter")
@require_safe
def contrats(request: HttpRequest) -> HttpResponse:
    """Les contrats du périmètre, par échéance."""
    liste = Liste(request.perimetre, request.GET)
    page, lignes = liste.page()
    imprime = liste.perimetre.peut(DROIT_IMPRIMER)
    contexte = {
        "liste": liste,
        "page": page,
        "lignes": lignes,
        "types": list(TypeContrat.objects.filter(actif=True).order_by("ordre", "pk")),
        "territoires": territoires_du_perimetre(liste),
        "etats": EtatContrat.choices,
        "referents": referents_du_perimetre(liste),
        "horizons": HORIZONS,
        "recents": RECENTS,
        "imprime": imprime,
        "a_imprimer": imprime and any(ligne.a_imprimer for ligne in lignes),
        "lots": _lots(request.user) if imprime else [],
        "formats": list(ExportFormat),
    }
    return render(request, "contrats/liste.html", contexte)


def _lots(agent: Agent) -> list[dict[str, Any]]:
    """Les derniers lots que l'agent a fait imprimer, et où ils en sont."""
    derniers = derniers_lots(agent)
    vivants = lots_vivants() if derniers else set()
    return [{"lot": lot, "etat": etat_reel(lot, vivants)} for lot in derniers]


def referents_du_perimetre(liste: Liste) -> list[Agent]:
    """Les agents qui écrivent des contrats dans les organismes du périmètre, et celui de la facette en place.

    Lus par leurs affectations : passer par les contrats ferait relire toutes les personnes du territoire.
    """
    ici = Q()
    if not liste.perimetre.tout:
        ici = Q(organisme__in=liste.perimetre.organismes) | Q(organisme__territoires__in=liste.perimetre.territoires)
    ecrivent = Affectation.objects.filter(
        ici, periode__contains=liste.jour, profil__droits__contains=["contrat.rediger"]
    )
    connus = Q(pk__in=ecrivent.order_by().values("agent"))
    if liste.referent is not None:
        connus |= Q(pk=liste.referent.pk)
    return list(Agent.objects.filter(connus).order_by("nom", "prenom", "pk"))


def territoires_du_perimetre(liste: Liste) -> list[Territoire]:
    tous = Territoire.objects.order_by("ordre", "pk")
    return list(tous if liste.perimetre.tout else tous.filter(pk__in=liste.perimetre.territoires))


ENTETES = (
    "Nom", "Prénom", "Contrat", "État", "Référent", "Organisme", "Territoire", "Commencé le", "Dernier jour",
    "Signé le", "Reçu le", "Jours sans validation",
)  # fmt: skip


@exige("contrats.consulter")
@require_safe
def exporter(request: HttpRequest) -> FileResponse:
    """Écrit les contrats des facettes ; l'extraction est notée, le NIR n'y est jamais."""
    liste = Liste(request.perimetre, request.GET)
    lus = liste.contrats().select_related(*RELATIONS).only(*COLONNES)
    voulu = request.GET.get("format", "")
    format = ExportFormat(voulu) if voulu in list(ExportFormat) else ExportFormat.XLSX
    lignes = [_cellules(Ligne(contrat, liste.jour)) for contrat in lus]
    fichier = export_table("contrats", format, ENTETES, lignes, day=liste.jour)
    noter_lecture(
        Lecture.Nature.EXPORT, agent=request.user, organisme=liste.perimetre.organisme_principal,
        nombre=fichier.rows, ecran="contrats",
    )  # fmt: skip
    return FileResponse(fichier.stream, as_attachment=True, filename=fichier.name, content_type=fichier.mime)


def _cellules(ligne: Ligne) -> list[Cell]:
    lu = ligne.contrat
    return [
        nom_propre(lu.personne.nom), nom_propre(lu.personne.prenom), lu.type.libelle, lu.etat_affiche,
        ligne.referent, lu.organisme.libelle, lu.territoire.libelle if lu.territoire else "",
        lu.periode.lower if lu.periode is not None else None, ligne.fin, lu.signe_le, lu.recu_le, ligne.attente,
    ]  # fmt: skip
