"""Ce que dit la lettre d'une décision d'orientation, et sa copie à l'organisme (D11, R33, F039)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, Final

from django.db.models import QuerySet

from jalon.agents.models import Agent
from jalon.documents.composition import Bloc, Composeur, Lettre, Valeur, liste, tableau
from jalon.documents.ecriture import date_en_lettres, mois_en_lettres
from jalon.documents.models import VersionModele
from jalon.organismes.models import CategorieOrganisme, Organisme
from jalon.orientations.models import DecisionOrientation
from jalon.personnes.adresses import AdressePostale
from jalon.personnes.models import Personne, Sexe
from jalon.referentiels.parametres import ParametreAbsentError, mot, nombre
from jalon.socle.errors import JalonError
from jalon.socle.textes import nom_propre

NOTIFICATION: Final = "notification_orientation"
NOTIFICATION_EMPLOI: Final = "notification_orientation_france_travail"
COPIE: Final = "copie_notification"
EN_MAIN_PROPRE: Final = "(remise en main propre)"


class AdresseInsuffisanteError(JalonError):
    """La lettre n'arriverait pas."""


@dataclass(frozen=True)
class Redigee:
    """La lettre d'une décision, et la décision elle-même."""

    decision: DecisionOrientation
    lettre: Lettre
    destinataire: tuple[str, ...]

    @property
    def charge(self) -> dict[str, Any]:
        return self.lettre.charge


@dataclass(frozen=True)
class Copie:
    """La lettre qui dit à un organisme qui lui est confié, et les décisions dont elle parle."""

    organisme: Organisme
    decisions: tuple[int, ...]
    lettre: Lettre

    @property
    def charge(self) -> dict[str, Any]:
        return self.lettre.charge


def pour_lettre(decisions: QuerySet[DecisionOrientation]) -> QuerySet[DecisionOrientation]:
    """Le plan de lecture d'une lettre : en quatre requêtes pour autant de décisions qu'on veut."""
    return decisions.select_related(
        "personne", "type", "organisme__type", "referent", "correspondant", "dossier"
    ).prefetch_related("designations__agent", "personne__designations_correspondant__agent")


class Redaction:
    """Rédige les lettres d'un jour, avec les textes en vigueur lus une seule fois."""

    def __init__(self, jour: date) -> None:
        self.jour = jour
        self.composeur = Composeur()
        self._mentions: dict[tuple[str, ...], tuple[list[Bloc], list[Bloc]]] = {}

    @cached_property
    def papier(self) -> dict[str, Any]:
        return self.composeur.papier

    def texte(self, decision: DecisionOrientation) -> VersionModele:
        """Le texte propre à ce type s'il y en a un, celui du service public de l'emploi, ou le texte commun."""
        codes = [f"{NOTIFICATION}_{decision.type.code}"]
        if decision.organisme.type.categorie == CategorieOrganisme.FRANCE_TRAVAIL:
            codes.append(NOTIFICATION_EMPLOI)
        return self.composeur.version(*codes, NOTIFICATION)

    def rediger(
        self, decision: DecisionOrientation, adresse: AdressePostale, *, en_main_propre: bool = False, bandeau: str = ""
    ) -> Redigee:
        """Lève `AdresseInsuffisanteError`, ou `CourrierIncompletError` s'il manque l'un des cinq éléments."""
        if adresse.defaut and not en_main_propre:
            raise AdresseInsuffisanteError(
                f"La lettre n'arriverait pas : {adresse.defaut}. Complétez les coordonnées de la personne, "
                "ou produisez la lettre pour la lui remettre en main propre."
            )
        lignes = (EN_MAIN_PROPRE,) if adresse.defaut else adresse.lignes
        destinataire = (_destinataire(decision.personne), *lignes)
        references = [("Décision", str(decision.public_id)[:8].upper())]
        if decision.dossier is not None:
            references.append(("Dossier", decision.dossier.numero_demande))
        lettre = self.composeur.lettre(
            self.texte(decision), self.valeurs(decision), jour=self.jour, destinataire=destinataire,
            references=references, bandeau=bandeau,
        )  # fmt: skip
        return Redigee(decision, lettre, destinataire)

    def valeurs(self, decision: DecisionOrientation) -> dict[str, Valeur]:
        """Une valeur par champ ; un délai qui n'est pas en vigueur manque, et la lettre sera refusée."""
        contrat = mot(decision.type.contrat).singulier
        delai = _mois(decision.type.delai_contrat, decision.decidee_le)
        recours = _mois("recours.delai", self.jour)
        nom_referent, joindre_referent = referent_de(decision)
        correspondant = correspondant_de(decision)
        sanctions, voies_recours = self._mentions_de(contrat, delai, recours)
        return {
            "civilite": civilite(decision.personne),
            "nom_complet": nom_complet(decision.personne),
            "type_orientation": decision.type.libelle,
            "type_contrat": contrat,
            "delai_contrat": delai,
            "date_decision": date_en_lettres(decision.decidee_le),
            "organisme": decision.organisme.libelle,
            "coordonnees_organisme": _joindre(decision.organisme.telephone, decision.organisme.courriel),
            "referent": nom_referent,
            "coordonnees_referent": joindre_referent,
            "correspondant": str(correspondant) if correspondant else "",
            "coordonnees_correspondant": joindre_agent(correspondant),
            "sanctions": sanctions,
            "voies_recours": voies_recours,
        }

    def _mentions_de(self, contrat: str, delai: str, recours: str) -> tuple[list[Bloc], list[Bloc]]:
        """Sanctions et recours, les mêmes pour toutes les lettres d'un même contrat ; vides si un délai manque."""
        if not (delai and recours):
            return [], []
        cle = (contrat, delai, recours)
        if cle not in self._mentions:
            valeurs = {"type_contrat": contrat, "delai_contrat": delai, "delai_recours": recours}
            self._mentions[cle] = (
                self.composeur.mention("mention_sanctions", valeurs), self.composeur.mention("mention_recours", valeurs),
            )  # fmt: skip
        return self._mentions[cle]

    def copie(self, organisme: Organisme, decisions: Sequence[DecisionOrientation]) -> Copie:
        """La lettre à l'organisme : qui lui est confié, sous quel délai, et qui appeler au département (R33)."""
        rangees, correspondants = [], dict[int, Agent]()
        for decision in decisions:
            correspondant = correspondant_de(decision)
            if correspondant is not None:
                correspondants[correspondant.pk] = correspondant
            personne = decision.personne
            delai = _mois(decision.type.delai_contrat, decision.decidee_le)
            rangees.append(
                [
                    nom_complet(personne), f"{personne.date_naissance:%d/%m/%Y}", decision.type.libelle,
                    f"{mot(decision.type.contrat).singulier}, sous {delai}", referent_de(decision)[0] or "à nommer",
                    str(correspondant) if correspondant else "voir ci-dessous",
                ]
            )  # fmt: skip
        entetes = [
            "Personne", "Naissance", _capitale("type_orientation"), "Contrat et délai", _capitale("referent"),
            _capitale("correspondant"),
        ]  # fmt: skip
        joignables = [
            f"{agent} : {joindre_agent(agent)}"
            for agent in sorted(correspondants.values(), key=lambda a: (a.nom, a.pk))
        ]
        valeurs: dict[str, Valeur] = {
            "organisme": organisme.libelle,
            "personnes": tableau(entetes, rangees),
            "correspondants": liste(joignables or ["Le service qui vous écrit, à l’adresse en haut de cette lettre."]),
        }
        lettre = self.composeur.lettre(
            self.composeur.version(COPIE), valeurs, jour=self.jour, destinataire=[organisme.libelle]
        )
        return Copie(organisme, tuple(decision.pk for decision in decisions), lettre)


def _mois(code: str, jour: date) -> str:
    try:
        return mois_en_lettres(int(nombre(code, jour)))
    except ParametreAbsentError:
        return ""


def _capitale(cle: str) -> str:
    libelle = mot(cle)
    texte = libelle.court or libelle.singulier
    return texte[:1].upper() + texte[1:]


def civilite(personne: Personne) -> str:
    """« Madame », « Monsieur », ou les deux quand on ne sait pas."""
    if personne.civilite in ("MME", "MR"):
        return "Madame" if personne.civilite == "MME" else "Monsieur"
    return {Sexe.FEMME.value: "Madame", Sexe.HOMME.value: "Monsieur"}.get(personne.sexe, "Madame, Monsieur")


def nom_complet(personne: Personne) -> str:
    return f"{nom_propre(personne.prenom)} {nom_propre(personne.nom)}"


def _destinataire(personne: Personne) -> str:
    """Première ligne de l'adresse : « Madame Élodie LEFÈVRE »."""
    titre = civilite(personne)
    nom = f"{nom_propre(personne.prenom)} {personne.nom.upper()}"
    return nom if "," in titre else f"{titre} {nom}"


def referent_de(decision: DecisionOrientation) -> tuple[str, str]:
    """Nom du référent et comment le joindre : celui qui est nommé aujourd'hui, sinon celui de la décision."""
    en_cours = [d for d in decision.designations.all() if not d.periode.isempty and d.periode.upper is None]
    if en_cours:
        designation = max(en_cours, key=lambda d: d.pk)
        if designation.agent is None:
            return designation.nom_externe, designation.contact_externe
        return str(designation.agent), joindre_agent(designation.agent)
    return (str(decision.referent), joindre_agent(decision.referent)) if decision.referent else ("", "")


def correspondant_de(decision: DecisionOrientation) -> Agent | None:
    """Le correspondant nommé aujourd'hui pour la personne, sinon celui de la décision."""
    for designation in decision.personne.designations_correspondant.all():
        if not designation.periode.isempty and designation.periode.upper is None:
            agent: Agent = designation.agent
            return agent
    return decision.correspondant


def joindre_agent(agent: Agent | None) -> str:
    return _joindre(agent.telephone, agent.email) if agent is not None else ""


def _joindre(telephone: str, courriel: str) -> str:
    return " ou ".join(filter(None, (telephone, courriel)))
