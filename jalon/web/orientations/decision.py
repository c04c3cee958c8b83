"""Tout ce que montre l'écran où l'on décide : les faits, l'avis, les structures, les référents et leur charge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q
from django.http import QueryDict
from django.urls import reverse

from jalon.accompagnements.charge import charges, charges_maximales
from jalon.accompagnements.models import Accompagnement, DesignationCorrespondant, DesignationReferent
from jalon.accompagnements.passations import referents_possibles
from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.diagnostics.selectors import Evaluation, evaluation_precedente
from jalon.organismes.models import CategorieOrganisme, Organisme
from jalon.orientations.decisions import Choix
from jalon.orientations.models import (
    AttenteOrientation,
    DecisionOrientation,
    DemandeReorientation,
    MotifOrientation,
    Parcours,
    TypeOrientation,
)
from jalon.orientations.propositions import Proposition, enregistrer_proposition, proposer, proposition_montree
from jalon.orientations.reorientations import Alternance, alternance
from jalon.orientations.structures import Offre, Structure, lire_offre
from jalon.personnes.identite import age_revolu
from jalon.personnes.models import Personne
from jalon.referentiels.parametres import mot
from jalon.rendezvous.models import Invitation
from jalon.socle.errors import JalonError

EN_COURS = {"periode__endswith": None, "periode__isempty": False}


@dataclass(frozen=True)
class OptionReferent:
    """Un référent possible et sa charge : « 78 sur 80 »."""

    agent: Agent
    charge: int
    maximum: int

    @property
    def plein(self) -> bool:
        return self.charge >= self.maximum


@dataclass(frozen=True)
class GroupeReferents:
    organisme: Organisme
    options: Sequence[OptionReferent]


@dataclass(frozen=True)
class GroupeStructures:
    type: TypeOrientation
    options: Sequence[Structure]


class EcranDecision:
    """Une personne à orienter, un jour, par un agent."""

    def __init__(
        self, personne: Personne, perimetre: Perimetre, jour: date, *, demande: DemandeReorientation | None = None
    ) -> None:
        self.personne, self.perimetre, self.jour, self.demande = personne, perimetre, jour, demande

    # --- Les faits

    @cached_property
    def attente(self) -> AttenteOrientation | None:
        return (
            AttenteOrientation.objects.filter(personne=self.personne, sortie_le=None)
            .select_related("agent", "service")
            .first()
        )

    @cached_property
    def actuelle(self) -> DecisionOrientation | None:
        """L'orientation en vigueur."""
        return (
            DecisionOrientation.objects.filter(personne=self.personne, **EN_COURS)
            .select_related("type", "organisme", "motif", "decidee_par")
            .first()
        )

    @property
    def fermee(self) -> bool:
        """Déjà orientée, et rien ne demande d'en changer : il n'y a rien à décider ici."""
        return self.actuelle is not None and self.attente is None and self.demande is None

    @cached_property
    def evaluation(self) -> Evaluation:
        return evaluation_precedente(self.personne)

    @cached_property
    def invitation(self) -> Invitation | None:
        """La dernière réunion à laquelle la personne était attendue."""
        return (
            Invitation.objects.filter(personne=self.personne)
            .exclude(etat="annulee")
            .select_related("reunion")
            .order_by("-reunion__date", "-pk")
            .first()
        )

    @cached_property
    def suivis(self) -> list[Accompagnement]:
        return list(
            Accompagnement.objects.filter(personne=self.personne, **EN_COURS)
            .select_related("organisme__type", "agent")
            .order_by("periode", "pk")
        )

    @property
    def suivis_par(self) -> set[int]:
        return {suivi.organisme_id for suivi in self.suivis}

    @cached_property
    def designation(self) -> DesignationReferent | None:
        return (
            DesignationReferent.objects.filter(personne=self.personne, **EN_COURS)
            .select_related("agent", "organisme")
            .first()
        )

    @cached_property
    def alternance(self) -> Alternance:
        return alternance(self.personne, self.jour)

    # --- L'avis

    @cached_property
    def proposition(self) -> Proposition | None:
        """L'avis du jour ; rien si aucune liste de critères ne se lit, et l'écran le dit."""
        try:
            return proposer(self.personne, self.jour)
        except JalonError as erreur:
            self.sans_avis = str(erreur)
            return None

    sans_avis = ""

    def garder_l_avis(self) -> str:
        """Enregistre l'avis montré ; son identifiant part avec le formulaire."""
        return str(enregistrer_proposition(self.proposition).public_id) if self.proposition is not None else ""

    def s_ecarte(self, code_type: str) -> bool:
        proposition = self.proposition
        return proposition is not None and proposition.type is not None and proposition.type.code != code_type

    # --- Les choix

    @cached_property
    def types(self) -> list[TypeOrientation]:
        return list(TypeOrientation.objects.filter(actif=True).order_by("ordre", "pk"))

    @cached_property
    def motifs(self) -> dict[str, MotifOrientation]:
        return {m.code: m for m in MotifOrientation.objects.filter(actif=True).order_by("ordre", "pk")}

    @cached_property
    def parcours(self) -> dict[str, Parcours]:
        return {p.code: p for p in Parcours.objects.filter(actif=True).order_by("ordre", "pk")}

    @cached_property
    def offre(self) -> Offre:
        return lire_offre(self.jour)

    @cached_property
    def groupes(self) -> list[GroupeStructures]:
        """Par type, les structures du territoire et du public de la personne, et celles qui la suivent déjà."""
        age = age_revolu(self.personne.date_naissance, self.jour)
        groupes = []
        for type_orientation in self.types:
            options = self.offre.possibles(self.personne.territoire_id, age, type_orientation.pk)
            connues = {option.organisme.pk for option in options}
            ailleurs = [
                structure
                for structure in self.offre.par_type.get(type_orientation.pk, [])
                if structure.organisme.pk in self.suivis_par - connues and structure.recoit(age)
            ]
            groupes.append(GroupeStructures(type_orientation, [*ailleurs, *options]))
        return groupes

    @cached_property
    def organismes(self) -> dict[str, Organisme]:
        return {
            str(option.organisme.public_id): option.organisme for groupe in self.groupes for option in groupe.options
        }

    @cached_property
    def groupes_referents(self) -> list[GroupeReferents]:
        """Par organisme possible, qui peut être référent, avec sa charge entière (I18)."""
        organismes = list(self.organismes.values())
        par_organisme = referents_possibles(organismes, self.jour)
        cles = {agent.pk for agents in par_organisme.values() for agent in agents}
        tenues, maximales = charges(cles, self.jour), charges_maximales(cles, self.jour)
        return [
            GroupeReferents(
                organisme,
                [OptionReferent(a, tenues.get(a.pk, 0), maximales[a.pk]) for a in par_organisme[organisme.pk]],
            )
            for organisme in organismes
            if par_organisme[organisme.pk]
        ]

    @cached_property
    def agents(self) -> dict[str, Agent]:
        return {
            str(option.agent.public_id): option.agent for groupe in self.groupes_referents for option in groupe.options
        }

    @cached_property
    def correspondant(self) -> Agent | None:
        """Le correspondant d'aujourd'hui."""
        designation = (
            DesignationCorrespondant.objects.filter(personne=self.personne, **EN_COURS).select_related("agent").first()
        )
        return designation.agent if designation is not None else None

    @cached_property
    def correspondants(self) -> dict[str, Agent]:
        """Agents du département qui reçoivent les demandes de réorientation sur ce territoire (L262-30)."""
        lignee = self.offre.lignees.get(self.personne.territoire_id or 0, frozenset())
        agents = Agent.objects.filter(
            Q(affectations__territoire__in=lignee) | Q(affectations__organisme__territoires__in=lignee),
            is_active=True, affectations__periode__contains=self.jour,
            affectations__organisme__type__categorie=CategorieOrganisme.DEPARTEMENT,
            affectations__profil__droits__contains=["reorientation.examiner"],
        )  # fmt: skip
        retenus = list(agents.distinct().order_by("nom", "prenom", "pk"))
        if self.correspondant is not None and self.correspondant not in retenus:
            retenus.insert(0, self.correspondant)
        return {str(agent.public_id): agent for agent in retenus}

    # --- Le formulaire

    def initial(self) -> dict[str, Any]:
        """L'avis déjà rempli : le suivre ne demande plus que de décider."""
        depart: dict[str, Any] = {"attente": str(self.attente.public_id) if self.attente else ""}
        correspondant = self.correspondant
        depart["correspondant"] = str(correspondant.public_id) if correspondant else ""
        if self.demande is not None:
            demande = self.demande
            depart |= {"type": demande.type_souhaite.code, "motif": demande.motif.code if demande.motif else ""}
            if demande.organisme_souhaite is not None:
                depart["organisme"] = str(demande.organisme_souhaite.public_id)
            return depart
        proposition = self.proposition
        if proposition is None or proposition.type is None:
            return depart
        depart |= {
            "type": proposition.type.code,
            "motif": proposition.motif.code if proposition.motif else "",
            "parcours": proposition.parcours.code if proposition.parcours else "",
        }
        groupe = next((g for g in self.groupes if g.type == proposition.type), None)
        if groupe is not None and groupe.options:
            depart["organisme"] = str(groupe.options[0].organisme.public_id)
        if proposition.mois:
            depart["precision"] = f"Pour {proposition.mois} mois, le temps de réunir les éléments qui manquent."
        return depart

    def choix(self, lus: dict[str, Any]) -> Choix:
        """Le choix que le formulaire validé exprime ; le référent qui reste le même n'est pas nommé de nouveau."""
        organisme = self.organismes[lus["organisme"]]
        referent = self.agents.get(lus["referent"])
        tenue = self.designation
        if tenue is not None and tenue.agent == referent and tenue.organisme_id == organisme.pk:
            referent = None
        return Choix(
            type=next(t for t in self.types if t.code == lus["type"]), organisme=organisme,
            motif=self.motifs.get(lus["motif"]), precision=lus["precision"], parcours=self.parcours.get(lus["parcours"]),
            referent=referent, correspondant=self.correspondants.get(lus["correspondant"]),
        )  # fmt: skip

    def decision(self, lus: dict[str, Any]) -> dict[str, Any]:
        """Le reste de ce que l'acte demande : l'avis et l'attente que l'agent avait sous les yeux."""
        attente = lus["attente"]
        return {
            "proposition": proposition_montree(self.personne, lus["proposition"]) if lus["proposition"] else None,
            "motif_ecart": lus["motif_ecart"] if self.s_ecarte(lus["type"]) else "",
            "demande": self.demande,
            "attendue": AttenteOrientation.objects.filter(personne=self.personne, public_id=attente).first()
            if attente else None,
            "choisi_par_la_personne": lus["choisi"],
        }  # fmt: skip

    @property
    def titre(self) -> str:
        return mot("reorientation" if self.demande is not None else "orientation").singulier


@dataclass(frozen=True)
class Place:
    """La place de la personne dans la file d'où l'on vient : de quoi passer à la suivante sans revenir à la liste."""

    file: str = ""
    rang: int | None = None

    @classmethod
    def de(cls, parametres: QueryDict) -> Place:
        rang = parametres.get("rang", "")
        return cls(parametres.get("file", "")[:2_000], int(rang) if rang.isdigit() and len(rang) < 8 else None)

    def adresse(self, rang: int) -> str:
        return f"{reverse('orientation_suivante')}?{urlencode({'file': self.file, 'rang': max(0, rang)})}"

    @property
    def suivante(self) -> str:
        return self.adresse(self.rang + 1) if self.rang is not None else ""

    @property
    def precedente(self) -> str:
        return self.adresse(self.rang - 1) if self.rang else ""

    @property
    def apres_decision(self) -> str:
        """La personne décidée quitte la file : la suivante prend son rang."""
        return self.adresse(self.rang) if self.rang is not None else ""

    @property
    def liste(self) -> str:
        return f"{reverse('file_orientation')}{'?' if self.file else ''}{self.file}"
