"""Ce que montre la salle : le dossier et ses seules pièces, les choix possibles, l'avancement. Nombre fixe de lectures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.utils import timezone

from jalon.accompagnements.charge import charges, charges_maximales
from jalon.agents.models import Affectation, Agent
from jalon.agents.perimetre import Perimetre
from jalon.diagnostics.selectors import Evaluation, evaluation_precedente
from jalon.droits.models import Situation
from jalon.instances.acces import conduit, dossiers_ouverts, siege_de
from jalon.instances.composition import membres_en_cours
from jalon.instances.models import (
    ChoixOrientation,
    DeportMembre,
    DossierSeance,
    EtatDossierSeance,
    MembreInstance,
    NotePartenaire,
)
from jalon.instances.ordre_du_jour import lit_les_notes, opinions_possibles
from jalon.instances.quorum import Quorum, calculer_quorum, presences, qualites_du_type
from jalon.instances.selectors import Avancement, avancement, lire_ordre_du_jour
from jalon.instances.workflows import DOSSIER, SEANCE
from jalon.organismes.models import CategorieOrganisme
from jalon.orientations.models import MotifOrientation, Parcours, TypeOrientation
from jalon.orientations.structures import Structure, lire_offre
from jalon.personnes.identite import age_revolu
from jalon.personnes.models import Adresse, Personne, Rattachement

EN_COURS = {"periode__endswith": None, "periode__isempty": False}
PORTEFEUILLE, SUIVI = "portefeuille.consulter", "suivi.ecrire"


@dataclass(frozen=True)
class Famille:
    """Le foyer de la personne, en quelques faits."""

    membres: Sequence[Rattachement]
    situation: Situation | None
    commune: str


@dataclass(frozen=True)
class TypePossible:
    """Un type d'orientation, sa touche, et les structures qui recevraient cette personne."""

    type: TypeOrientation
    touche: int
    structures: Sequence[Structure]
    motifs: Sequence[MotifOrientation]


@dataclass(frozen=True)
class ReferentPossible:
    agent: Agent
    organismes: str
    charge: int
    maximum: int

    @property
    def plein(self) -> bool:
        return self.charge >= self.maximum


@dataclass(frozen=True, kw_only=True)
class Cadre:
    """Ce que l'écran d'un dossier en séance montre, quelle que soit l'instance."""

    dossier: DossierSeance
    dossiers: Sequence[DossierSeance]
    avancement: Avancement
    minutes: int
    precedent: DossierSeance | None
    suivant: DossierSeance | None
    famille: Famille
    evaluation: Evaluation
    quorum: Quorum
    notes: Sequence[tuple[NotePartenaire, str]]
    lit_notes: bool
    deports: Sequence[DeportMembre]
    siege: MembreInstance | None
    ma_note: NotePartenaire | None
    opinions: dict[str, str]
    membres: Sequence[MembreInstance]
    conduit: bool
    presidence_retiree: bool
    statue: bool
    note: bool
    saisie: dict[str, str]

    @property
    def seance(self) -> Any:
        return self.dossier.seance

    @property
    def personne(self) -> Personne:
        return self.dossier.personne


@dataclass(frozen=True, kw_only=True)
class Salle(Cadre):
    """Tout ce que l'écran d'un dossier d'orientation montre."""

    choix: ChoixOrientation
    types: Sequence[TypePossible]
    parcours: Sequence[Parcours]
    referents: Sequence[ReferentPossible]
    correspondants: Sequence[Agent]


def lire_salle(perimetre: Perimetre, dossier: DossierSeance, saisie: dict[str, str] | None = None) -> Salle:
    """Lit le dossier et ce qui l'entoure. Les réglages de la décision ne sont lus que pour qui décide."""
    choix = (
        ChoixOrientation.objects.filter(dossier=dossier)
        .select_related(
            "type", "organisme", "motif", "parcours", "referent", "correspondant", "proposition__type",
            "proposition__motif", "attente", "demande__decision__type", "demande__decision__organisme",
            "demande__type_souhaite", "demande__demandee_par",
        )
        .get()
    )  # fmt: skip
    cadre = lire_cadre(perimetre, dossier)
    possibles = _possibles(dossier, timezone.localdate()) if cadre["statue"] else ([], [], [], [])
    types, parcours, referents, correspondants = possibles
    return Salle(
        **cadre, choix=choix, types=types, parcours=parcours, referents=referents, correspondants=correspondants,
        saisie=saisie if saisie is not None else _saisie(dossier, choix),
    )  # fmt: skip


def lire_cadre(perimetre: Perimetre, dossier: DossierSeance) -> dict[str, Any]:
    """Ce que montre tout dossier de séance, sauf la saisie."""
    seance = dossier.seance
    dossiers = lire_ordre_du_jour(dossiers_ouverts(perimetre, seance))
    rang = next((i for i, d in enumerate(dossiers) if d.pk == dossier.pk), None)
    dirige = conduit(perimetre, seance)
    siege, opinions = siege_de(perimetre, seance.instance), opinions_possibles(seance)
    lues = list(
        NotePartenaire.objects.filter(dossier=dossier)
        .select_related("membre__agent", "membre__qualite")
        .order_by("membre__qualite__ordre", "pk")
    ) if lit_les_notes(perimetre, seance) else []  # fmt: skip
    deports = list(
        DeportMembre.objects.filter(dossier=dossier).select_related("membre__agent", "membre__qualite").order_by("pk")
    )
    return {
        "dossier": dossier, "dossiers": dossiers, "avancement": avancement(dossiers),
        "minutes": int((timezone.now() - seance.ouverte_le).total_seconds() // 60) if seance.ouverte_le else 0,
        "precedent": dossiers[rang - 1] if rang else None,
        "suivant": dossiers[rang + 1] if rang is not None and rang + 1 < len(dossiers) else None,
        "famille": _famille(dossier.personne), "evaluation": _pieces(dossier),
        "quorum": calculer_quorum(
            seance, presences(seance), qualites_du_type(seance), {d.membre_id for d in deports}
        ),
        "notes": [(note, opinions.get(note.opinion, "")) for note in lues],
        "lit_notes": lit_les_notes(perimetre, seance), "deports": deports, "siege": siege,
        "ma_note": next((n for n in lues if siege is not None and n.membre_id == siege.pk), None),
        "opinions": opinions,
        "membres": membres_en_cours(seance.instance, seance.date) if dirige else [siege] if siege else [],
        "conduit": dirige,
        "presidence_retiree": any(d.membre_id == seance.president_id for d in deports),
        "statue": dirige and seance.etat in SEANCE["statuer"] and dossier.etat in DOSSIER["statuer"],
        "note": siege is not None and seance.etat in SEANCE["noter"] and dossier.etat in DOSSIER["noter"],
    }  # fmt: skip


def _pieces(dossier: DossierSeance) -> Evaluation:
    """Les seules pièces que le thème demande."""
    lue = evaluation_precedente(dossier.personne)
    if "recueil" not in dossier.theme.pieces:
        lue = replace(lue, recueil=None, contraintes=())
    if "grille" not in dossier.theme.pieces:
        lue = replace(lue, passation=None, freins=())
    return lue


def _saisie(dossier: DossierSeance, choix: ChoixOrientation) -> dict[str, str]:
    """Ce que le formulaire montre à l'ouverture : le choix déjà retenu, ou rien. L'avis calculé n'est pas un choix."""

    def cle(objet: Any, champ: str) -> str:
        return str(getattr(objet, champ)) if objet is not None else ""

    return {
        "type": cle(choix.type, "code"), "organisme": cle(choix.organisme, "public_id"),
        "motif": cle(choix.motif, "code"), "parcours": cle(choix.parcours, "code"),
        "referent": cle(choix.referent, "public_id"), "correspondant": cle(choix.correspondant, "public_id"),
        "precision": "" if choix.maintien else choix.precision, "avis": dossier.avis or "unanime",
        "motif_ecart": choix.motif_ecart, "motif_depassement": choix.motif_depassement,
        "motif_ajournement": dossier.motif if dossier.etat == EtatDossierSeance.AJOURNE else "",
        "motif_maintien": choix.precision if choix.maintien else "",
    }  # fmt: skip


def _famille(personne: Personne) -> Famille:
    foyers = Rattachement.objects.filter(personne=personne, **EN_COURS).order_by().values("foyer_id")
    membres = list(
        Rattachement.objects.filter(foyer_id__in=foyers, **EN_COURS)
        .exclude(personne=personne)
        .select_related("personne")
        .order_by("role", "personne__date_naissance", "pk")
    )
    situation = (
        Situation.objects.filter(dossier__foyer_id__in=foyers, **EN_COURS)
        .order_by("-dossier__date_demande", "-pk")
        .first()
    )
    adresse = Adresse.objects.filter(foyer_id__in=foyers, **EN_COURS).order_by("rang", "pk").first()
    return Famille(membres, situation, adresse.nom_commune if adresse is not None else "")


def _possibles(
    dossier: DossierSeance, jour: date
) -> tuple[list[TypePossible], list[Parcours], list[ReferentPossible], list[Agent]]:
    """Types et structures qui recevraient cette personne, parcours, référents de ces structures, correspondants."""
    personne, offre = dossier.personne, lire_offre(jour)
    age = age_revolu(personne.date_naissance, jour)
    motifs = list(MotifOrientation.objects.filter(actif=True).order_by("ordre", "pk"))
    types = [
        TypePossible(
            type_orientation, touche, offre.possibles(personne.territoire_id, age, type_orientation.pk),
            [m for m in motifs if type_orientation.sphere in m.spheres],
        )
        for touche, type_orientation in enumerate(TypeOrientation.objects.filter(actif=True).order_by("ordre", "pk"), 1)
    ]  # fmt: skip
    organismes = {s.organisme.pk for possible in types for s in possible.structures}
    parcours = list(Parcours.objects.filter(actif=True).order_by("ordre", "pk"))
    return types, parcours, _referents(organismes, jour), _correspondants(dossier, jour)


def _referents(organismes: set[int], jour: date) -> list[ReferentPossible]:
    tenues: dict[int, tuple[Agent, list[str]]] = {}
    for affectation in (
        Affectation.objects.filter(
            organisme__in=organismes, periode__contains=jour, agent__is_active=True,
            profil__droits__contains=[PORTEFEUILLE],
        )
        .select_related("agent", "organisme")
        .order_by("agent__nom", "agent__prenom", "pk")
    ):  # fmt: skip
        tenues.setdefault(affectation.agent_id, (affectation.agent, []))[1].append(str(affectation.organisme.public_id))
    comptes, maximums = charges(tenues, jour), charges_maximales(tenues, jour)
    return [
        ReferentPossible(agent, " ".join(sorted(set(ou))), comptes.get(cle, 0), maximums[cle])
        for cle, (agent, ou) in tenues.items()
    ]


def _correspondants(dossier: DossierSeance, jour: date) -> list[Agent]:
    """Agents du département qui suivent des personnes de ce territoire (L262-30)."""
    return list(
        Agent.objects.filter(
            is_active=True, affectations__periode__contains=jour,
            affectations__profil__droits__contains=[SUIVI],
            affectations__organisme__type__categorie=CategorieOrganisme.DEPARTEMENT,
            affectations__territoire_id=dossier.seance.instance.territoire_id,
        )
        .distinct()
        .order_by("nom", "prenom", "pk")
    )  # fmt: skip
