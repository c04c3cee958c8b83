"""Ce que montre la salle d'une instance qui donne un avis : la procédure, la demande ou le contrat, et ses seules pièces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from jalon.agents.perimetre import Perimetre
from jalon.contrats.models import Contrat, LectureContrat
from jalon.documents.models import Document
from jalon.instances.acces import acceder_dossier_seance
from jalon.instances.avis import regles_proposables
from jalon.instances.models import (
    AvisDossier,
    AvisSeance,
    DossierSeance,
    EffetTheme,
    EtatDossierSeance,
    SensAvisDossier,
)
from jalon.manquements.models import (
    ConstatService,
    FaitManquement,
    Manquement,
    Observation,
    PieceManquement,
    RegleSanction,
)
from jalon.manquements.observations import observations_lisibles, pieces_lisibles
from jalon.socle.errors import HorsPerimetreError
from jalon.web.seances.contenu import Cadre, lire_cadre

PIECE_FERMEE = "Cette pièce n'est pas jointe à un dossier que vous lisez, ou la séance est close."


@dataclass(frozen=True)
class ObservationLue:
    """Une réponse de la personne, et les preuves qu'elle y joint."""

    observation: Observation
    pieces: Sequence[PieceManquement]


@dataclass(frozen=True)
class Procedure:
    """Ce que le thème ouvre d'une procédure : faits, contact, avertissement, réponses, torts du service."""

    manquement: Manquement
    faits: Sequence[FaitManquement]
    constats: Sequence[ConstatService]
    observations: Sequence[ObservationLue]
    reservees: int
    """Réponses qui touchent à la santé : qui n'en a pas le droit sait qu'elles existent, sans les lire."""
    pieces: Sequence[PieceManquement]
    montre: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class SalleAvis(Cadre):
    """Tout ce que l'écran d'un dossier soumis pour avis montre."""

    avis: AvisDossier
    procedure: Procedure | None
    lecture: LectureContrat | None
    contrat: Contrat | None
    regles: Sequence[RegleSanction]
    sens: Sequence[tuple[str, str]]
    votes: Sequence[tuple[str, str]]
    favorable: str
    a_examiner_avant: date | None
    opinions_dites: Sequence[tuple[str, int]]

    @property
    def en_retard(self) -> bool:
        """La séance se tient après le délai que le thème donne depuis la saisine."""
        return self.a_examiner_avant is not None and self.a_examiner_avant < self.seance.date


def lire_salle_avis(perimetre: Perimetre, dossier: DossierSeance, saisie: dict[str, str] | None = None) -> SalleAvis:
    """Lit le dossier, l'objet de l'avis et ce qui l'entoure ; les règles proposables ne sont lues que pour qui décide."""
    cadre = lire_cadre(perimetre, dossier)
    avis = (
        AvisDossier.objects.filter(dossier=dossier)
        .select_related(
            "manquement__motif", "manquement__contact", "manquement__regime_faits", "manquement__contrat__type",
            "manquement__organisme", "manquement__avertissement", "demande__decision__type",
            "demande__decision__organisme", "demande__type_souhaite", "demande__demandee_par", "contrat__type",
            "contrat__organisme", "contrat__document", "regle",
        )
        .get()
    )  # fmt: skip
    manquement, contrat = avis.manquement, avis.contrat
    depuis = manquement.saisi_le if manquement else avis.demande.demandee_le if avis.demande else None
    delai = dossier.theme.delai_jours
    reorientation = dossier.theme.effet == EffetTheme.REORIENTATION
    comptes: dict[str, int] = {}
    for _, opinion in cadre["notes"]:
        if opinion:
            comptes[opinion] = comptes.get(opinion, 0) + 1
    return SalleAvis(
        **cadre, avis=avis,
        procedure=_procedure(perimetre, dossier, manquement) if manquement else None,
        lecture=contrat.lectures.order_by("-pk").first() if contrat else None, contrat=contrat,
        regles=regles_proposables(dossier, manquement) if manquement and cadre["statue"] else [],
        sens=[choix for choix in SensAvisDossier.choices if not (reorientation and choix[0] == SensAvisDossier.PARTAGE)],
        votes=[choix for choix in AvisSeance.choices if not (reorientation and choix[0] == AvisSeance.PARTAGE)],
        favorable=_favorable(dossier.theme.effet),
        a_examiner_avant=depuis + timedelta(days=delai) if depuis and delai else None,
        opinions_dites=list(comptes.items()),
        saisie=saisie if saisie is not None else _saisie(dossier, avis),
    )  # fmt: skip


def _favorable(effet: str) -> str:
    """À quoi « favorable » est favorable : cela se lit avant de voter."""
    return {
        EffetTheme.MANQUEMENT.value: "à une sanction",
        EffetTheme.REORIENTATION.value: "au changement demandé",
        EffetTheme.CONTRAT_COMPLEXE.value: "au contrat tel qu’il est écrit",
    }[effet]


def _procedure(perimetre: Perimetre, dossier: DossierSeance, manquement: Manquement) -> Procedure:
    montre = frozenset(dossier.theme.pieces)
    observations: list[Observation] = []
    pieces: list[PieceManquement] = []
    reservees = 0
    if "observations" in montre:
        observations = list(observations_lisibles(manquement, perimetre).order_by("recue_le", "pk"))
        pieces = list(pieces_lisibles(manquement, perimetre).order_by("pk"))
        reservees = manquement.observations.count() - len(observations)
    return Procedure(
        manquement=manquement,
        faits=list(manquement.faits.order_by("date", "pk")) if "expose" in montre else [],
        constats=list(manquement.constats.order_by("pk")),
        observations=[ObservationLue(o, [p for p in pieces if p.observation_id == o.pk]) for o in observations],
        reservees=reservees,
        pieces=[p for p in pieces if p.observation_id is None],
        montre=montre,
    )


def piece_de_seance(perimetre: Perimetre, dossier: UUID, piece: UUID) -> tuple[DossierSeance, Document]:
    """La pièce d'un dossier, à qui lit ce dossier et tant qu'il le lit. `piece` : pièce jointe, ou lettre, ou contrat.

    Lève `DroitManquantError` ou `HorsPerimetreError`.
    """
    trouve = acceder_dossier_seance(perimetre, dossier)
    avis = (
        AvisDossier.objects.filter(dossier=trouve)
        .select_related("manquement__avertissement", "manquement__contrat__document", "contrat__document")
        .first()
    )
    ouverts: dict[UUID, Document] = {}
    montre = set(trouve.theme.pieces)
    if avis is not None and avis.manquement is not None:
        manquement = avis.manquement
        if "observations" in montre:
            ouverts |= {p.public_id: p.document for p in pieces_lisibles(manquement, perimetre).order_by("pk")}
        if "avertissement" in montre and manquement.avertissement is not None:
            ouverts[manquement.avertissement.public_id] = manquement.avertissement
        if "contrat" in montre and manquement.contrat is not None and manquement.contrat.document is not None:
            ouverts[manquement.contrat.document.public_id] = manquement.contrat.document
    if avis is not None and avis.contrat is not None and "contrat" in montre and avis.contrat.document is not None:
        ouverts[avis.contrat.document.public_id] = avis.contrat.document
    if piece not in ouverts:
        raise HorsPerimetreError(PIECE_FERMEE)
    return trouve, ouverts[piece]


def _saisie(dossier: DossierSeance, avis: AvisDossier) -> dict[str, str]:
    def nombre(valeur: int | None) -> str:
        return "" if valeur is None else str(valeur)

    return {
        "sens": avis.sens, "vote": dossier.avis or AvisSeance.UNANIME.value, "texte": avis.texte,
        "regle": avis.regle.code if avis.regle else "", "taux": nombre(avis.taux), "duree": nombre(avis.duree),
        "voix_pour": nombre(avis.voix_pour), "voix_contre": nombre(avis.voix_contre),
        "motif_ajournement": dossier.motif if dossier.etat == EtatDossierSeance.AJOURNE else "",
    }  # fmt: skip
