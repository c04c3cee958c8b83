"""Lire les demandes d'allocation : la liste à compléter, la file par lieu, le détail derrière chaque chiffre."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db import models
from django.db.models import Case, Count, F, Q, Value, When
from django.db.models.functions import Least

from jalon.agents.perimetre import Perimetre
from jalon.droits.demandes import DemandeInstruction, EtatDemande
from jalon.organismes.models import Organisme, Territoire
from jalon.personnes.models import Personne
from jalon.personnes.selectors import filtre_perimetre
from jalon.socle.errors import HorsPerimetreError
from jalon.socle.textes import nom_propre

MANQUE_PIECES = Q(etat__in=[EtatDemande.DEPOSEE, EtatDemande.PIECES_ATTENDUES])


class DemandeQuerySet(models.QuerySet[DemandeInstruction]):
    """Lectures enchaînables des demandes."""

    def du_perimetre(self, perimetre: Perimetre) -> DemandeQuerySet:
        """Celles des personnes visibles, et celles que mon organisme a instruites, même refermées depuis."""
        if perimetre.agent is None:
            return self.none()
        if perimetre.tout:
            return self
        visibles = Personne.objects.filter(filtre_perimetre(perimetre)).order_by().values("pk")
        return self.filter(Q(organisme_id__in=perimetre.organismes) | Q(personne_id__in=visibles))

    def en_cours(self) -> DemandeQuerySet:
        return self.filter(close_le=None)

    def a_completer(self) -> DemandeQuerySet:
        """Complément dû : information ou données qui manquent, liquidée ou non (R05)."""
        return self.filter(complement_le=None).exclude(etat=EtatDemande.SANS_SUITE)

    def en_retard(self, jour: date) -> DemandeQuerySet:
        """Complément dû dont le délai est passé : le retard est imputable au service (F018)."""
        return self.a_completer().filter(echeance__lt=jour)

    def pour_liste(self) -> DemandeQuerySet:
        return self.select_related("organisme").order_by(
            Case(When(complement_le=None, then=Value(0)), default=Value(1)), "echeance", "pk"
        )


def demandes() -> DemandeQuerySet:
    return DemandeQuerySet(DemandeInstruction)


def acceder_demande(perimetre: Perimetre, public_id: UUID, *, droit: str = "instruction.saisir") -> DemandeInstruction:
    """Rend la demande si l'agent a ce droit et voit la personne."""
    perimetre.exiger(droit)
    demande = (
        demandes()
        .filter(
            public_id=public_id,
            personne_id__in=Personne.objects.filter(filtre_perimetre(perimetre)).order_by().values("pk"),
        )
        .select_related("personne__territoire", "organisme__type", "recue_par", "information_par", "donnees_par")
        .first()
    )
    if demande is None:
        raise HorsPerimetreError(
            "Cette demande n'existe pas, ou la personne n'est plus suivie par votre service. Revenez à la liste."
        )
    return demande


@dataclass(frozen=True, slots=True)
class Ligne:
    """Une demande et, si l'agent la voit encore, la personne."""

    demande: DemandeInstruction
    personne: Personne | None
    territoire: str
    jours: int
    total: int
    retard: int


def completer(lues: Sequence[DemandeInstruction], jour: date) -> list[Ligne]:
    """Ajoute aux demandes lues leur personne et leurs délais (une requête, quel que soit leur nombre)."""
    personnes = {
        p.pk: p
        for p in Personne.objects.filter(pk__in=[d.personne_id for d in lues])
        .select_related("territoire")
        .order_by("pk")
    }
    lignes = []
    for demande in lues:
        personne = personnes.get(demande.personne_id)
        fin = demande.complement_le or demande.close_le or jour
        if demande.complement_le is None and demande.etat == EtatDemande.LIQUIDEE:
            fin = jour
        lignes.append(
            Ligne(
                demande, personne, personne.territoire.libelle if personne and personne.territoire else "",
                max(0, (fin - demande.depot_le).days), (demande.echeance - demande.depot_le).days,
                max(0, (fin - demande.echeance).days),
            )
        )  # fmt: skip
    return lignes


# --- Filtres


@dataclass(frozen=True, slots=True)
class Filtre:
    """Ce que l'adresse de la liste demande ; une valeur inconnue est ignorée."""

    quoi: str = ""
    organisme: str = ""
    territoire: str = ""
    etat: str = ""


QUOI: dict[str, str] = {
    "": "À compléter",
    "retard": "En retard",
    "pieces": "Pièces attendues",
    "a_transmettre": "Instruites, à transmettre",
    "transmises": "Chez l'organisme payeur",
    "cours": "Toutes celles en cours",
    "closes": "Closes",
}
"""Vues de la liste, dans l'ordre de l'écran."""


def filtrer(lues: DemandeQuerySet, filtre: Filtre, jour: date) -> DemandeQuerySet:
    """Restreint la liste à une vue, à un lieu, à un territoire (et ceux qui en dépendent)."""
    lues = {
        "retard": lambda q: q.en_retard(jour),
        "pieces": lambda q: q.filter(MANQUE_PIECES),
        "a_transmettre": lambda q: q.filter(etat=EtatDemande.INSTRUITE),
        "transmises": lambda q: q.filter(etat=EtatDemande.TRANSMISE),
        "cours": lambda q: q.en_cours(),
        "closes": lambda q: q.filter(close_le__isnull=False),
    }.get(filtre.quoi, lambda q: q.a_completer())(lues)
    if filtre.organisme:
        lues = lues.filter(organisme__code=filtre.organisme)
    if filtre.territoire:
        lues = lues.filter(personne_id__in=personnes_du_territoire(filtre.territoire))
    return lues


def personnes_du_territoire(code: str) -> models.QuerySet[Personne, int]:
    """Personnes d'un territoire ou de ceux qui en dépendent (l'arbre a trois étages)."""
    ici = Territoire.objects.filter(Q(code=code) | Q(parent__code=code) | Q(parent__parent__code=code))
    return Personne.objects.filter(territoire__in=ici.order_by().values("pk")).order_by().values_list("pk", flat=True)


def comptes(perimetre: Perimetre, jour: date) -> dict[str, int]:
    """Nombre de demandes de chaque vue, en une requête."""
    a_completer = Q(complement_le=None) & ~Q(etat=EtatDemande.SANS_SUITE)
    lus = demandes().du_perimetre(perimetre).aggregate(
        tout=Count("pk", filter=a_completer),
        retard=Count("pk", filter=a_completer & Q(echeance__lt=jour)),
        pieces=Count("pk", filter=MANQUE_PIECES),
        a_transmettre=Count("pk", filter=Q(etat=EtatDemande.INSTRUITE)),
        transmises=Count("pk", filter=Q(etat=EtatDemande.TRANSMISE)),
        cours=Count("pk", filter=Q(close_le=None)),
        closes=Count("pk", filter=Q(close_le__isnull=False)),
    )  # fmt: skip
    return {"" if nom == "tout" else nom: nombre for nom, nombre in lus.items()}


@dataclass(frozen=True, slots=True)
class RetardLieu:
    """Demandes à compléter d'un lieu ou d'un territoire, et combien sont en retard."""

    code: str
    libelle: str
    a_completer: int
    retard: int
    jours: int
    """Retard de la plus ancienne."""


def retards_par_organisme(perimetre: Perimetre, jour: date) -> list[RetardLieu]:
    """F018 : chaque service voit les siens, chaque territoire ceux de ses services, le siège tous."""
    return _retards(perimetre, jour, "organisme__code", "organisme__libelle")


def retards_par_territoire(perimetre: Perimetre, jour: date) -> list[RetardLieu]:
    return _retards(perimetre, jour, "personne__territoire__code", "personne__territoire__libelle")


def _retards(perimetre: Perimetre, jour: date, code: str, libelle: str) -> list[RetardLieu]:
    lignes = (
        demandes().du_perimetre(perimetre).a_completer().order_by().values(code, libelle)
        .annotate(
            nombre=Count("pk"), retard=Count("pk", filter=Q(echeance__lt=jour)),
            plus_ancienne=Least(models.Min("echeance"), Value(jour)),
        )
        .order_by(F("retard").desc(), libelle)
    )  # fmt: skip
    return [
        RetardLieu(
            ligne[code] or "", ligne[libelle] or "Sans territoire", ligne["nombre"], ligne["retard"],
            (jour - ligne["plus_ancienne"]).days,
        )
        for ligne in lignes
    ]  # fmt: skip


# --- Détail


def demandes_de(personne: Personne) -> DemandeQuerySet:
    return demandes().filter(personne=personne).select_related("organisme").order_by("-depot_le", "-pk")


def organismes_de_la_liste(perimetre: Perimetre) -> list[Organisme]:
    """Lieux qui ont une demande dans le périmètre, pour la liste déroulante."""
    cles = demandes().du_perimetre(perimetre).order_by().values("organisme_id")
    return list(Organisme.objects.filter(pk__in=cles).order_by("libelle", "pk"))


ENTETES_EXPORT = (
    "Nom", "Prénom", "Déposée le", "Organisme", "Territoire", "État", "Information donnée le",
    "Données recueillies le", "Complément dû le", "Jours de retard",
)  # fmt: skip


def lignes_export(lignes: Iterable[Ligne]) -> Iterable[list[str | int | date | None]]:
    """Lignes d'une liste pour un tableur ; le NIR n'y est jamais."""
    for ligne in lignes:
        d, p = ligne.demande, ligne.personne
        yield [
            nom_propre(p.nom) if p else "Dossier refermé", nom_propre(p.prenom) if p else "", d.depot_le,
            d.organisme.libelle, ligne.territoire, d.get_etat_display(), d.information_le, d.donnees_le, d.echeance,
            ligne.retard,
        ]  # fmt: skip
