"""Le portefeuille d'un référent, prêt à l'affichage : chaque personne, sa prochaine étape, ce qui presse, ce qui dort."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from uuid import UUID

from dateutil.relativedelta import relativedelta
from django.db.models import Q
from django.utils import timezone

from jalon.accompagnements.absences import absents_remplaces_par
from jalon.accompagnements.models import AbsenceAgent, DesignationReferent
from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.contrats.enums import EtatContrat
from jalon.contrats.models import Contrat
from jalon.orientations.models import DecisionOrientation, NotificationOrientation, Sphere
from jalon.personnes.models import EtatTache, Personne, Tache
from jalon.personnes.selectors import filtre_perimetre
from jalon.referentiels.parametres import ParametreAbsentError, mot, nombre
from jalon.rendezvous.models import EtatRendezVous, RendezVous
from jalon.socle.exports import Cell
from jalon.socle.textes import nom_propre
from jalon.traces.models import Acte

ARRIVEE_RECENTE = timedelta(days=31)


@dataclass(frozen=True)
class Alerte:
    """Ce qui presse pour une personne."""

    code: str
    texte: str
    detail: str
    ton: str
    icone: str


@dataclass
class Ligne:
    """Une personne du portefeuille."""

    designation: DesignationReferent
    remplacement: AbsenceAgent | None
    decision: DecisionOrientation | None = None
    rendez_vous: datetime | None = None
    dernier_fait: date | None = None
    taches: list[Tache] = field(default_factory=list)
    alertes: list[Alerte] = field(default_factory=list)
    nouvelle: bool = False
    sans_contrat: bool = False
    """Aucun contrat ne couvre la personne ce jour, et aucun ne se prépare."""
    engagee: bool = False
    """Un contrat la couvre, ou attend seulement le service : le délai pour le conclure ne court plus."""

    @property
    def personne(self) -> Personne:
        return self.designation.personne

    @property
    def autres_alertes(self) -> str:
        """Ce qui presse aussi, en quelques mots."""
        return ", ".join(alerte.texte.lower() for alerte in self.alertes[1:])

    @property
    def codes(self) -> set[str]:
        codes = {alerte.code for alerte in self.alertes}
        if self.nouvelle:
            codes.add("nouvelles")
        if self.remplacement is not None:
            codes.add("remplacements")
        if self.rendez_vous is not None:
            codes.add("rendez_vous")
        if self.sans_contrat:
            codes.add("sans_contrat")
        return codes


def filtres() -> dict[str, str]:
    """Filtres de l'écran, dans l'ordre : ce qui presse d'abord."""
    notification = mot("notification_orientation").court or mot("notification_orientation").singulier
    return {
        "": "Toutes",
        "taches": "Tâches en retard",
        "prevenir": "À prévenir",
        "notification": f"{notification[:1].upper()}{notification[1:]} sans réception",
        "contrat": "Délai du contrat passé",
        "sans_contrat": "Sans contrat",
        "reexamen": "Orientation à réexaminer",
        "sommeil": "Dossiers qui dorment",
        "rendez_vous": "Rendez-vous à venir",
        "nouvelles": "Arrivées récentes",
        "remplacements": "En remplacement",
    }


class Portefeuille:
    """Tout le portefeuille d'un référent, lu en un nombre fixe de requêtes ; filtré et trié en mémoire.

    Un référent a de l'ordre de quatre-vingts personnes : les compter toutes coûte moins que de les recompter.
    """

    def __init__(
        self, agent: Agent, perimetre: Perimetre, *, filtre: str = "", tri: str = "", cherche: str = ""
    ) -> None:
        self.agent, self.perimetre = agent, perimetre
        self.jour = timezone.localdate()
        self.filtre = filtre if filtre in filtres() else ""
        self.tri = tri if tri in ("nom", "dernier") else ""
        self.cherche = cherche.strip()[:120]

    @property
    def peut_ecrire(self) -> bool:
        """L'agent qui regarde peut ouvrir un contrat."""
        return self.perimetre.peut("contrat.rediger")

    @cached_property
    def absences(self) -> list[AbsenceAgent]:
        return absents_remplaces_par(self.agent, self.jour)

    @cached_property
    def toutes(self) -> list[Ligne]:
        remplaces = {absence.agent_id: absence for absence in self.absences}
        designations = (
            DesignationReferent.objects.filter(
                Q(agent=self.agent) | Q(agent__in=list(remplaces)), filtre_perimetre(self.perimetre, "personne__"),
                periode__contains=self.jour, personne__fusionnee_dans=None,
            )
            .select_related("personne__territoire", "organisme", "agent")
            .order_by("personne__nom", "personne__prenom", "pk")
        )  # fmt: skip
        lignes = [
            Ligne(d, remplaces.get(d.agent_id or 0), nouvelle=d.periode.lower >= self.jour - ARRIVEE_RECENTE)
            for d in designations
        ]
        self._completer(lignes)
        return lignes

    def _completer(self, lignes: Sequence[Ligne]) -> None:
        cles = [ligne.personne.pk for ligne in lignes]
        decisions = {
            d.personne_id: d
            for d in DecisionOrientation.objects.filter(personne__in=cles, periode__contains=self.jour)
            .select_related("type", "parcours")
            .order_by("pk")
        }
        recues = dict(
            NotificationOrientation.objects.filter(
                decision__in=[d.pk for d in decisions.values()], recue_le__isnull=False
            )
            .order_by("decision_id", "-recue_le", "pk")
            .values_list("decision_id", "recue_le")
        )
        rendez_vous = dict(
            RendezVous.objects.filter(personne__in=cles, etat=EtatRendezVous.FIXE, debut__gte=timezone.now())
            .order_by("-debut", "pk")
            .values_list("personne_id", "debut")
        )
        taches: dict[int, list[Tache]] = {}
        for tache in Tache.objects.filter(personne__in=cles, etat=EtatTache.A_FAIRE).order_by("echeance", "pk"):
            taches.setdefault(tache.personne_id, []).append(tache)
        couvertes, engagees = self._contrats(cles)
        faits = self._derniers_faits([ligne.personne.public_id for ligne in lignes])
        for ligne in lignes:
            cle = ligne.personne.pk
            ligne.decision, ligne.rendez_vous = decisions.get(cle), rendez_vous.get(cle)
            ligne.taches = taches.get(cle, [])
            connus = [j for j in (faits.get(ligne.personne.public_id), ligne.designation.periode.lower) if j]
            ligne.dernier_fait = max(connus) if connus else None
            ligne.sans_contrat, ligne.engagee = cle not in couvertes, cle in engagees
            recue = recues.get(ligne.decision.pk) if ligne.decision is not None else None
            ligne.alertes = [a for regle in _REGLES if (a := regle(ligne, self.jour, recue)) is not None]

    def _contrats(self, personnes: Sequence[int]) -> tuple[set[int], set[int]]:
        """Celles qui ont un contrat, en cours ou en préparation ; celles qui n'ont plus à en conclure un."""
        en_cours = (
            Contrat.objects.filter(personne__in=personnes)
            .filter(Q(periode__contains=self.jour) | Q(etat__in=EtatContrat.en_preparation()))
            .order_by("pk")
            .values_list("personne_id", "etat")
        )
        engages = EtatContrat.a_valider() | EtatContrat.vivants() | EtatContrat.finaux()
        lus = list(en_cours)
        return {personne for personne, _ in lus}, {personne for personne, etat in lus if etat in engages}

    def _derniers_faits(self, personnes: Sequence[UUID]) -> dict[UUID, date]:
        derniers: dict[UUID, date] = {}
        voulues = set(personnes)
        actes = Acte.objects.filter(personnes__overlap=list(voulues)).order_by("accompli_le", "pk")
        for nommees, quand in actes.values_list("personnes", "accompli_le"):
            for personne in voulues.intersection(nommees):
                derniers[personne] = timezone.localdate(quand)
        return derniers

    @cached_property
    def onglets(self) -> list[dict[str, object]]:
        nombres = {code: sum(code in ligne.codes for ligne in self.toutes) for code in filtres()}
        nombres[""] = len(self.toutes)
        return [
            {
                "texte": texte, "url": f"?filtre={code}" if code else "?", "courant": code == self.filtre,
                "nombre": nombres[code],
            }
            for code, texte in filtres().items()
            if not code or nombres[code] or code == self.filtre
        ]  # fmt: skip

    @property
    def retenues(self) -> list[Ligne]:
        lignes = [ligne for ligne in self.toutes if not self.filtre or self.filtre in ligne.codes]
        if self.cherche:
            cherche = self.cherche.casefold()
            lignes = [
                ligne
                for ligne in lignes
                if cherche in f"{ligne.personne.prenom} {ligne.personne.nom} {ligne.personne.prenom}".casefold()
            ]
        if self.tri == "dernier":
            return sorted(lignes, key=lambda ligne: ligne.dernier_fait or date.min)
        if self.tri == "nom":
            return lignes
        return sorted(lignes, key=lambda ligne: (-len(ligne.alertes), ligne.dernier_fait or date.min))

    @property
    def requete(self) -> str:
        return f"filtre={self.filtre}" if self.filtre else ""


Regle = Callable[[Ligne, date, date | None], Alerte | None]


def _tache(ligne: Ligne, jour: date, recue: date | None) -> Alerte | None:
    retard = next((t for t in ligne.taches if t.echeance is not None and t.echeance < jour), None)
    if retard is None:
        return None
    return Alerte("taches", "Tâche en retard", retard.get_type_display(), "rouge", "alert-triangle")


def _prevenir(ligne: Ligne, jour: date, recue: date | None) -> Alerte | None:
    """Un relais se dit à la personne ; le référent nommé avec la décision, la notification le dit déjà."""
    designation, decision = ligne.designation, ligne.decision
    if designation.prevenue_le is not None:
        return None
    if decision is not None and designation.periode.lower <= decision.decidee_le:
        return None
    return Alerte(
        "prevenir", "À prévenir", f"La personne ne sait pas encore qui est son {mot('referent').singulier}", "ambre",
        "message-circle",
    )  # fmt: skip


def _notification(ligne: Ligne, jour: date, recue: date | None) -> Alerte | None:
    if ligne.decision is None or recue is not None:
        return None
    depuis = (jour - ligne.decision.decidee_le).days
    return Alerte(
        "notification", "Réception non connue", f"Décision du {ligne.decision.decidee_le:%d/%m/%Y}, il y a {depuis} j",
        "ambre", "mail",
    )  # fmt: skip


def _contrat(ligne: Ligne, jour: date, recue: date | None) -> Alerte | None:
    """Le délai part de la réception de la notification, à défaut de la décision (L262-35, L262-36, D5411-14-1)."""
    if ligne.decision is None or ligne.engagee:
        return None
    depart = recue or ligne.decision.decidee_le
    try:
        limite = depart + relativedelta(months=int(nombre(ligne.decision.type.delai_contrat, depart)))
    except ParametreAbsentError:
        return None
    if limite >= jour:
        return None
    contrat = mot(ligne.decision.type.contrat).singulier
    return Alerte("contrat", "Délai du contrat passé", f"{contrat} attendu le {limite:%d/%m/%Y}", "rouge", "file-text")


def _reexamen(ligne: Ligne, jour: date, recue: date | None) -> Alerte | None:
    """Une orientation sociale est réexaminée après six à douze mois (CASF L262-31)."""
    if ligne.decision is None or ligne.decision.type.sphere != Sphere.SOCIALE:
        return None
    depart = ligne.decision.decidee_le
    limite = depart + relativedelta(months=int(nombre("orientation.delai_reexamen", depart)))
    if limite > jour:
        return None
    return Alerte("reexamen", "Orientation à réexaminer", f"depuis le {limite:%d/%m/%Y}", "ambre", "refresh")


def _sommeil(ligne: Ligne, jour: date, recue: date | None) -> Alerte | None:
    if ligne.rendez_vous is not None or ligne.dernier_fait is None:
        return None
    depuis = (jour - ligne.dernier_fait).days
    if depuis <= int(nombre("referent.sommeil", jour)):
        return None
    return Alerte("sommeil", "Dossier qui dort", f"rien depuis {depuis} jours", "ambre", "moon")


_REGLES: tuple[Regle, ...] = (_tache, _prevenir, _notification, _contrat, _reexamen, _sommeil)

ENTETES = (
    "Nom", "Prénom", "Née ou né le", "Territoire", "Organisme", "Depuis le", "Orientation", "Prochain rendez-vous",
    "Dernier événement", "À faire", "En remplacement de",
)  # fmt: skip


def lignes_export(lignes: Sequence[Ligne]) -> list[list[Cell]]:
    """Lignes d'un export ; jamais de NIR."""
    return [
        [
            nom_propre(ligne.personne.nom), nom_propre(ligne.personne.prenom), ligne.personne.date_naissance,
            ligne.personne.territoire.libelle if ligne.personne.territoire else "", ligne.designation.organisme.libelle,
            ligne.designation.periode.lower, ligne.decision.type.libelle if ligne.decision else "",
            timezone.localtime(ligne.rendez_vous).replace(tzinfo=None) if ligne.rendez_vous else "", ligne.dernier_fait,
            " ; ".join(alerte.texte for alerte in ligne.alertes),
            str(ligne.remplacement.agent) if ligne.remplacement else "",
        ]
        for ligne in lignes
    ]  # fmt: skip
