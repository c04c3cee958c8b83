"""Les procédures du périmètre, rangées par moment ; chaque compteur ouvre sa liste, tout l'état est dans l'adresse."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Count, Exists, F, OuterRef, Prefetch, Q, QuerySet
from django.http import FileResponse, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from jalon.accompagnements.models import DesignationReferent
from jalon.agents.models import Affectation, Agent
from jalon.agents.perimetre import Perimetre
from jalon.manquements.models import EtatManquement, Manquement, MotifManquement, RecoursSanction
from jalon.manquements.rapprochement import rapprocher
from jalon.manquements.services import manquements_du_perimetre
from jalon.organismes.models import Territoire
from jalon.organismes.selectors import avec_descendants
from jalon.socle.exports import Cell, ExportFormat, export_table
from jalon.socle.textes import nom_propre
from jalon.traces.models import Lecture
from jalon.traces.services import noter_lecture
from jalon.web.manquements.vues import PAR_CODE, VUES, Vue, conditions
from jalon.web.socle.acces import exige
from jalon.web.socle.pages import page_et_total

PAR_PAGE = 50
BIENTOT = 7
"""Jours avant la fin d'un délai où la liste prévient."""
TONS: dict[str, tuple[str, str]] = {
    EtatManquement.PREPARE: ("gris", "pencil"),
    EtatManquement.SAISI: ("bleu", "inbox"),
    EtatManquement.AVERTI: ("bleu", "mail"),
    EtatManquement.AVIS_RENDU: ("ambre", "gavel"),
    EtatManquement.SANCTIONNE: ("rouge", "player-pause"),
    EtatManquement.CLASSE: ("vert", "circle-check"),
}
TONS_DECISION = {
    "decidee": ("ambre", "mail"),
    "notifiee": ("rouge", "player-pause"),
    "levee": ("vert", "lock-open"),
    "annulee": ("vert", "arrow-back-up"),
}


def badge(manquement: Manquement) -> dict[str, str]:
    """Ton, dessin et mot de l'état ; une sanction dit le sien."""
    ton, icone = TONS[manquement.etat]
    texte = manquement.get_etat_display()
    decision = getattr(manquement, "decision", None)
    if manquement.etat == EtatManquement.SANCTIONNE and decision is not None:
        ton, icone = TONS_DECISION[decision.etat]
        texte = f"{decision.get_nature_display()} : {decision.get_etat_display().lower()}"
    return {"ton": ton, "icone": icone, "texte": texte}


@dataclass(frozen=True)
class Ligne:
    """Une procédure dans la liste."""

    manquement: Manquement
    jour: date

    @property
    def badge(self) -> dict[str, str]:
        return badge(self.manquement)

    @property
    def reste(self) -> int | None:
        """Jours qui restent à la personne pour répondre ; `None` quand aucun délai ne court."""
        lu = self.manquement
        if lu.etat != EtatManquement.AVERTI or lu.observations_jusqu_au is None or lu.reponse_le is not None:
            return None
        reste = (lu.observations_jusqu_au - self.jour).days
        return reste if reste >= 0 else None

    @property
    def quand(self) -> tuple[str, bool]:
        """Le fait daté qui compte ici, et s'il presse."""
        lu = self.manquement
        decision = getattr(lu, "decision", None)
        if decision is not None and decision.recours_ouverts:
            echeance = decision.recours_ouverts[0].echeance
            return f"répondre au recours avant le {_court(echeance)}", echeance <= self.jour + timedelta(days=BIENTOT)
        if decision is not None:
            if decision.periode is not None and decision.etat in ("decidee", "notifiee"):
                return (
                    f"du {_court(decision.periode.lower)} au {_court(decision.periode.upper - timedelta(days=1))}",
                    False,
                )
            return f"décidée le {_court(decision.decidee_le)}", False
        if lu.etat == EtatManquement.CLASSE:
            return f"{lu.get_motif_classement_display().lower()}, le {_court(lu.clos_le)}", False
        if lu.etat == EtatManquement.AVERTI:
            return self._averti(lu)
        if lu.saisi_le is not None:
            return f"saisine du {_court(lu.saisi_le)}", False
        return f"commencée le {_court(lu.prepare_le)}", False

    def _averti(self, lu: Manquement) -> tuple[str, bool]:
        if lu.reponse_le is not None:
            return f"a répondu le {_court(lu.reponse_le)}", False
        if lu.observations_jusqu_au is None:
            return f"lettre du {_court(lu.averti_le)}, réception à noter", True
        if self.reste is None:
            return f"délai fini le {_court(lu.observations_jusqu_au)}", True
        jours = f"{self.reste} jour{'s' if self.reste > 1 else ''}" if self.reste else "dernier jour"
        return f"{jours}, jusqu’au {_court(lu.observations_jusqu_au)}", False

    @property
    def referents(self) -> str:
        return ", ".join(d.nom for d in self.manquement.personne.referents_du_jour)


def _court(jour: date | None) -> str:
    return f"{jour:%d/%m/%Y}" if jour is not None else ""


class Liste:
    """Ce que demande l'adresse : la liste toute faite, les filtres, la page."""

    def __init__(self, perimetre: Perimetre, demande: QueryDict) -> None:
        self.perimetre, self.jour = perimetre, timezone.localdate()
        self.vue: Vue | None = PAR_CODE.get(demande.get("vue", ""))
        self.territoire: Territoire | None = next(
            (t for t in self.territoires if t.code == demande.get("territoire")), None
        )
        self.motif: MotifManquement | None = next((m for m in self.motifs if m.code == demande.get("motif")), None)
        self.referent: Agent | None = _agent(demande.get("referent", ""))
        self.numero_page = demande.get("page")

    @cached_property
    def territoires(self) -> list[Territoire]:
        tous = Territoire.objects.order_by("ordre", "pk")
        return list(tous if self.perimetre.tout else tous.filter(pk__in=self.perimetre.territoires))

    @cached_property
    def motifs(self) -> list[MotifManquement]:
        return list(MotifManquement.objects.order_by("ordre", "pk"))

    @cached_property
    def referents(self) -> list[Agent]:
        """Qui peut saisir l'instance dans le périmètre, lus par leurs affectations."""
        ici = Q()
        if not self.perimetre.tout:
            ici = Q(organisme__in=self.perimetre.organismes) | Q(organisme__territoires__in=self.perimetre.territoires)
        saisissent = Affectation.objects.filter(
            ici, periode__contains=self.jour, profil__droits__contains=["manquement.saisir"]
        )
        connus = Q(pk__in=saisissent.order_by().values("agent"))
        if self.referent is not None:
            connus |= Q(pk=self.referent.pk)
        return list(Agent.objects.filter(connus).order_by("nom", "prenom", "pk"))

    def filtrees(self) -> QuerySet[Manquement]:
        """Les procédures des filtres, toutes vues confondues."""
        liste = manquements_du_perimetre(self.perimetre)
        if self.territoire is not None:
            liste = liste.filter(territoire__in=avec_descendants([self.territoire.pk]))
        if self.motif is not None:
            liste = liste.filter(motif=self.motif)
        if self.referent is not None:
            suivie = DesignationReferent.objects.filter(
                personne=OuterRef("personne"), agent=self.referent, periode__contains=self.jour
            )
            liste = liste.filter(Exists(suivie))
        return liste

    def voulues(self) -> QuerySet[Manquement]:
        """La vue demandée, ce qui presse d'abord."""
        retenue = conditions(self.jour)[self.vue.code] if self.vue is not None else Q()
        return (
            self.filtrees()
            .filter(retenue)
            .order_by(F("observations_jusqu_au").asc(nulls_last=True), "prepare_le", "pk")
        )

    @cached_property
    def nombres(self) -> dict[str, int]:
        """Toutes les vues, comptées en une requête."""
        comptes = {code: Count("pk", filter=condition) for code, condition in conditions(self.jour).items()}
        return self.filtrees().order_by().aggregate(**comptes)

    def page(self) -> tuple[Any, list[Ligne]]:
        page, cles = page_et_total(self.voulues(), self.numero_page, PAR_PAGE)
        par_cle = {lu.pk: lu for lu in lire(self.perimetre, self.jour).filter(pk__in=cles)}
        return page, [Ligne(par_cle[cle], self.jour) for cle in cles]

    def adresse(self, **change: str) -> str:
        actuelles = {
            "vue": self.vue.code if self.vue else "", "territoire": self.territoire.code if self.territoire else "",
            "motif": self.motif.code if self.motif else "",
            "referent": str(self.referent.public_id) if self.referent else "",
        }  # fmt: skip
        return "?" + urlencode({cle: valeur for cle, valeur in (actuelles | change).items() if valeur})

    @property
    def portes(self) -> list[dict[str, Any]]:
        """Chaque vue, son nombre, et l'adresse de sa liste."""
        return [
            {
                "vue": vue, "nombre": self.nombres[vue.code], "url": self.adresse(vue=vue.code),
                "courante": self.vue == vue,
            }
            for vue in VUES
        ]  # fmt: skip


def lire(perimetre: Perimetre, jour: date) -> QuerySet[Manquement]:
    """Les procédures avec tout ce que montre une ligne."""
    return (
        manquements_du_perimetre(perimetre)
        .select_related("personne", "motif", "territoire", "decision__regle__regime")
        .prefetch_related(
            Prefetch(
                "personne__designations_referent",
                DesignationReferent.objects.filter(periode__contains=jour).select_related("agent").order_by("pk"),
                to_attr="referents_du_jour",
            ),
            Prefetch(
                "decision__recours", RecoursSanction.objects.filter(issue="").order_by("echeance", "pk"),
                to_attr="recours_ouverts",
            ),
        )
    )  # fmt: skip


def _agent(brut: str) -> Agent | None:
    try:
        cle = UUID(brut)
    except ValueError:
        return None
    return Agent.objects.filter(public_id=cle).first()


@exige("manquements.consulter")
@require_safe
def manquements(request: HttpRequest) -> HttpResponse:
    """Les procédures du périmètre, et ce que chacune attend."""
    liste = Liste(request.perimetre, request.GET)
    page, lignes = liste.page()
    ecarts = None
    if liste.perimetre.peut("transmission.gerer") and liste.perimetre.tout:
        ecarts = sum(1 for ecart in rapprocher(perimetre=liste.perimetre) if ecart.a_traiter)
    contexte = {"liste": liste, "page": page, "lignes": lignes, "formats": list(ExportFormat), "ecarts": ecarts}
    return render(request, "manquements/liste.html", contexte)


ENTETES = (
    "Nom", "Prénom", "Motif", "État", "Référent", "Territoire", "Saisine du", "Avertie le", "Lettre reçue le",
    "Observations jusqu’au", "A répondu le", "Entendue le", "Close le", "Issue",
)  # fmt: skip


@exige("manquements.consulter")
@require_safe
def exporter(request: HttpRequest) -> FileResponse:
    """Écrit les procédures des filtres ; l'extraction est notée, le NIR n'y est jamais."""
    liste = Liste(request.perimetre, request.GET)
    cles = list(liste.voulues().values_list("pk", flat=True))
    lues = {lu.pk: lu for lu in lire(liste.perimetre, liste.jour).filter(pk__in=cles)}
    voulu = request.GET.get("format", "")
    format = ExportFormat(voulu) if voulu in list(ExportFormat) else ExportFormat.XLSX
    lignes = [_cellules(Ligne(lues[cle], liste.jour)) for cle in cles]
    fichier = export_table("manquements", format, ENTETES, lignes, day=liste.jour)
    noter_lecture(
        Lecture.Nature.EXPORT, agent=request.user, organisme=liste.perimetre.organisme_principal,
        nombre=fichier.rows, ecran="manquements",
    )  # fmt: skip
    return FileResponse(fichier.stream, as_attachment=True, filename=fichier.name, content_type=fichier.mime)


def _cellules(ligne: Ligne) -> list[Cell]:
    lu = ligne.manquement
    issue = lu.get_motif_classement_display() if lu.etat == EtatManquement.CLASSE else ""
    return [
        nom_propre(lu.personne.nom), nom_propre(lu.personne.prenom), lu.motif.libelle, ligne.badge["texte"],
        ligne.referents, lu.territoire.libelle if lu.territoire else "", lu.saisi_le, lu.averti_le, lu.averti_recu_le,
        lu.observations_jusqu_au, lu.reponse_le, lu.entendue_le, lu.clos_le, issue,
    ]  # fmt: skip
