"""`courriers.yaml` : les lettres de ce département, la langue où elles s'écrivent, ce qu'elles peuvent citer.

La langue est pauvre à dessein : une ligne est un paragraphe, `## ` ouvre un sous-titre, `- ` une ligne de liste, et
`{champ}` cite une donnée de l'usage. Rien d'autre ne se met en forme : un texte ne peut rien commander à la machine
qui compose la lettre.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Final, Self

from pydantic import Field, StringConstraints, model_validator

from .base import CodeInterne, Intitule, Modele

TITRE: Final = "## "
PUCE: Final = "- "
_CHAMP: Final = re.compile(r"\{([a-z_]+)\}")
_ACCOLADE: Final = re.compile(r"[{}]")


class UsageCourrier(StrEnum):
    """À quoi sert un texte ; c'est l'usage qui dit ce qu'il peut citer et ce qu'il doit citer."""

    NOTIFICATION = "notification_orientation"
    COPIE = "copie_notification"
    CONVOCATION_REUNION = "convocation_reunion"
    ANNULATION_REUNION = "annulation_reunion"
    RELANCE_ABSENCE = "relance_absence"
    CONVOCATION_RENDEZ_VOUS = "convocation_rendez_vous"
    INVITATION_RENDEZ_VOUS = "invitation_rendez_vous"
    ANNULATION_RENDEZ_VOUS = "annulation_rendez_vous"
    REPORT_RENDEZ_VOUS = "report_rendez_vous"
    PASSATION = "passation_referent"
    AVERTISSEMENT_MANQUEMENT = "avertissement_manquement"
    AUDITION_MANQUEMENT = "audition_manquement"
    ANNULATION_AUDITION = "annulation_audition"
    CLASSEMENT_MANQUEMENT = "classement_manquement"
    DECISION_SANCTION = "decision_sanction"
    LEVEE_SANCTION = "levee_sanction"
    REPONSE_RECOURS = "reponse_recours"
    TRANSMISSION_PAYEUR = "transmission_payeur"
    ENTETE = "entete"
    SIGNATURE = "signature"
    MENTION = "mention"


class Presence(StrEnum):
    """`REQUIS` : le texte doit le citer. `FACULTATIF` : vide, la ligne qui le cite n'est pas imprimée."""

    REQUIS = "requis"
    LIBRE = "libre"
    FACULTATIF = "facultatif"


@dataclass(frozen=True)
class Champ:
    """Une donnée qu'un texte peut citer ; un bloc (plusieurs paragraphes, un tableau) est seul sur sa ligne."""

    code: str
    libelle: str
    exemple: str
    presence: Presence = Presence.LIBRE
    bloc: bool = False


_DEPARTEMENT = Champ("departement", "le nom du département", "")
_COMMUNS: Final = (
    Champ("civilite", "la civilité de la personne", "Madame"),
    Champ("nom_complet", "le prénom et le nom de la personne", "Camille Exemple"),
    _DEPARTEMENT,
    Champ("date_courrier", "la date de la lettre", "3 novembre 2026"),
)
_FACULTATIF, _REQUIS = Presence.FACULTATIF, Presence.REQUIS
_REFERENT: Final = (
    Champ("referent", "le nom du référent", "Dominique Modèle", _FACULTATIF),
    Champ("coordonnees_referent", "le téléphone ou le courriel du référent", "03 00 00 00 00", _FACULTATIF),
)
_LIEU: Final = (
    Champ("lieu", "le lieu", "Maison des services, salle 2"),
    Champ("adresse_lieu", "l'adresse du lieu", "12 rue de l'Exemple, 62000 Ville", _FACULTATIF),
    Champ("contact", "qui appeler", "le secrétariat, 03 00 00 00 00", _FACULTATIF),
)
_CONTRAT: Final = (
    Champ("type_orientation", "le type d'orientation", "Accompagnement social", _REQUIS),
    Champ("type_contrat", "le type de contrat", "contrat d'accompagnement", _REQUIS),
    Champ("delai_contrat", "le délai de réalisation du contrat", "deux mois", _REQUIS),
)
_PROCEDURE: Final = (
    *_COMMUNS,
    *_REFERENT,
    Champ("aide_referent", "le référent et comment le joindre", "Dominique Modèle, 03 00 00 00 00", _FACULTATIF),
    Champ("contact", "qui appeler", "le secrétariat, 03 00 00 00 00", _FACULTATIF),
)
_REPROCHE: Final = (
    Champ(
        "reproche", "ce qui est reproché", "Nous vous attendions à deux rendez-vous. Ils n'ont pas eu lieu.", _REQUIS
    ),
    Champ("faits", "les faits et leurs dates", "", _REQUIS, bloc=True),
)
_SUR_DECISION: Final = Champ("date_decision", "la date de la décision", "2 novembre 2026", _REQUIS)
_VOIES: Final = Champ("voies_recours", "les voies de recours", "", _REQUIS, bloc=True)
_ENTENDRE: Final = Champ("article_entendre", "l'article du droit d'être entendu", "L262-37", _REQUIS)
_RAISON: Final = (
    Champ("raison", "la raison, dite à la personne", "Vous nous avez donné vos raisons.", _REQUIS),
    Champ("precision", "une précision", "Le justificatif est arrivé le 2 novembre.", _FACULTATIF),
)

_RENDEZ_VOUS_PERDU: Final = (
    *_COMMUNS,
    Champ("date_rendez_vous", "la date du rendez-vous", "jeudi 12 novembre 2026", _REQUIS),
    Champ("heure_rendez_vous", "l'heure du rendez-vous", "14 h", _REQUIS),
    Champ("agent", "qui devait recevoir la personne", "Dominique Modèle", _REQUIS),
    Champ("motif", "la raison", "la personne qui vous reçoit est absente", _REQUIS),
    Champ("contact", "qui appeler", "le secrétariat, 03 00 00 00 00", _FACULTATIF),
)

CHAMPS: Final[dict[UsageCourrier, tuple[Champ, ...]]] = {
    UsageCourrier.NOTIFICATION: (
        *_COMMUNS,
        *_CONTRAT,
        Champ("sanctions", "les sanctions possibles", "", _REQUIS, bloc=True),
        Champ("voies_recours", "les voies de recours", "", _REQUIS, bloc=True),
        Champ("date_decision", "la date de la décision", "2 novembre 2026"),
        Champ("organisme", "l'organisme qui accompagne", "Centre communal d'action sociale de Ville"),
        Champ("coordonnees_organisme", "le téléphone ou le courriel de l'organisme", "03 00 00 00 01", _FACULTATIF),
        *_REFERENT,
        Champ("correspondant", "le nom du correspondant", "Claude Repère", _FACULTATIF),
        Champ("coordonnees_correspondant", "ses coordonnées", "03 00 00 00 02", _FACULTATIF),
    ),
    UsageCourrier.COPIE: (
        _DEPARTEMENT,
        Champ("date_courrier", "la date de la lettre", "3 novembre 2026"),
        Champ("organisme", "l'organisme destinataire", "Centre communal d'action sociale de Ville"),
        Champ("personnes", "le tableau des personnes orientées", "", _REQUIS, bloc=True),
        Champ("correspondants", "les correspondants et leurs coordonnées", "", _REQUIS, bloc=True),
    ),
    UsageCourrier.CONVOCATION_REUNION: (
        *_COMMUNS,
        Champ("date_reunion", "la date de la réunion", "lundi 9 novembre 2026", _REQUIS),
        Champ("heure_reunion", "l'heure de la réunion", "9 h 30", _REQUIS),
        *_LIEU,
        Champ("duree", "la durée prévue", "une heure et demie", _FACULTATIF),
        Champ("lien_questionnaire", "l'adresse de la fiche à remplir", "https://exemple.fr/fiche", _FACULTATIF),
    ),
    UsageCourrier.ANNULATION_REUNION: (
        *_COMMUNS,
        Champ("date_reunion", "la date de la réunion", "lundi 9 novembre 2026", _REQUIS),
        Champ("heure_reunion", "l'heure de la réunion", "9 h 30", _REQUIS),
        *_LIEU,
        Champ("motif", "la raison de l'annulation", "la salle est fermée", _REQUIS),
    ),
    UsageCourrier.RELANCE_ABSENCE: (
        *_COMMUNS,
        Champ("date_absence", "le jour de l'absence", "lundi 9 novembre 2026", _REQUIS),
        Champ("objet_absence", "ce à quoi la personne était attendue", "la réunion d'information"),
        Champ("date_limite", "la date avant laquelle répondre", "mardi 24 novembre 2026"),
        Champ("contact", "qui appeler", "le secrétariat, 03 00 00 00 00", _FACULTATIF),
    ),
    UsageCourrier.CONVOCATION_RENDEZ_VOUS: (
        *_COMMUNS,
        Champ("date_rendez_vous", "la date du rendez-vous", "jeudi 12 novembre 2026", _REQUIS),
        Champ("heure_rendez_vous", "l'heure du rendez-vous", "14 h", _REQUIS),
        Champ("objet_rendez_vous", "le but du rendez-vous", "faire connaissance et préparer votre projet", _REQUIS),
        Champ("agent", "qui reçoit la personne", "Dominique Modèle", _REQUIS),
        Champ("lieu", "le lieu, ou comment l'échange se fait", "Maison des services, salle 2", _REQUIS),
        Champ("duree", "la durée prévue", "45 minutes", _FACULTATIF),
        Champ("contact", "qui appeler", "le secrétariat, 03 00 00 00 00", _FACULTATIF),
        Champ("consequences_absence", "les conséquences d'une absence", "", _REQUIS, bloc=True),
    ),
    UsageCourrier.INVITATION_RENDEZ_VOUS: (
        *_COMMUNS,
        Champ("agent", "qui reçoit la personne", "Dominique Modèle", _REQUIS),
        Champ("objet_rendez_vous", "le but du rendez-vous", "faire le point ensemble", _REQUIS),
        Champ("date_limite", "le dernier jour proposé", "vendredi 27 novembre 2026", _REQUIS),
        Champ("lien_rendez_vous", "l'adresse de la page où choisir", "https://exemple.fr/lien", _REQUIS),
        Champ("contact", "qui appeler", "le secrétariat, 03 00 00 00 00", _FACULTATIF),
    ),
    UsageCourrier.ANNULATION_RENDEZ_VOUS: _RENDEZ_VOUS_PERDU,
    UsageCourrier.REPORT_RENDEZ_VOUS: (
        *_RENDEZ_VOUS_PERDU,
        Champ("nouvelle_date", "la nouvelle date", "jeudi 19 novembre 2026", _REQUIS),
        Champ("nouvelle_heure", "la nouvelle heure", "10 h", _REQUIS),
        Champ("nouveau_lieu", "le nouveau lieu, ou comment l'échange se fait", "Maison des services, salle 2", _REQUIS),
    ),
    UsageCourrier.PASSATION: (
        *_COMMUNS,
        Champ("nouveau_referent", "le nom du nouveau référent", "Dominique Modèle", _REQUIS),
        Champ("coordonnees_referent", "ses coordonnées", "03 00 00 00 00", _FACULTATIF),
        Champ("ancien_referent", "le nom de l'ancien référent", "Sacha Ancien", _FACULTATIF),
        Champ("organisme", "l'organisme qui accompagne", "Centre communal d'action sociale de Ville"),
        Champ("date_effet", "le premier jour du nouveau référent", "1er décembre 2026", _REQUIS),
    ),
    UsageCourrier.AVERTISSEMENT_MANQUEMENT: (
        *_PROCEDURE,
        *_REPROCHE,
        Champ("expose", "ce que dit le service", "Deux convocations ont été envoyées.", _FACULTATIF),
        Champ("contact_prealable", "la date et le moyen du contact", "12 octobre 2026 (par téléphone)", _REQUIS),
        Champ("article_motif", "l'article du motif", "L262-37, I 2°", _REQUIS),
        Champ("consequences", "ce qui peut suivre", "", _REQUIS, bloc=True),
        Champ("delai_observations", "le délai pour répondre", "un mois", _REQUIS),
        _ENTENDRE,
        Champ("lien_reponse", "l'adresse de la page où répondre", "https://exemple.fr/lien", _FACULTATIF),
    ),
    UsageCourrier.AUDITION_MANQUEMENT: (
        *_PROCEDURE,
        _REPROCHE[0],
        Champ("date_audition", "la date de l'audition", "jeudi 12 novembre 2026", _REQUIS),
        Champ("heure_audition", "l'heure de l'audition", "14 h", _REQUIS),
        Champ("lieu", "le lieu", "Maison des services, salle 2", _REQUIS),
        Champ("date_avertissement", "la date de l'avertissement", "2 octobre 2026", _FACULTATIF),
        _ENTENDRE,
    ),
    UsageCourrier.ANNULATION_AUDITION: (
        *_PROCEDURE,
        Champ("date_audition", "la date de l'audition", "jeudi 12 novembre 2026", _REQUIS),
        Champ("date_avertissement", "la date de l'avertissement", "2 octobre 2026", _FACULTATIF),
    ),
    UsageCourrier.CLASSEMENT_MANQUEMENT: (
        *_PROCEDURE,
        *_RAISON,
        Champ("date_avertissement", "la date de l'avertissement", "2 octobre 2026", _FACULTATIF),
    ),
    UsageCourrier.DECISION_SANCTION: (
        *_PROCEDURE,
        *_REPROCHE,
        _SUR_DECISION,
        Champ(
            "effet", "ce qui est décidé", "Du 1er au 31 décembre 2026, 30 % de votre allocation est retenu.", _REQUIS
        ),
        Champ("levee", "ce qui l'arrête", "Elle s'arrête dès que vous faites ce qui est demandé.", _FACULTATIF),
        Champ("motivation", "les raisons de la décision", "Aucune raison n'a été donnée.", _REQUIS),
        Champ("explications", "ce que la personne a pu dire", "Vous nous avez répondu le 20 octobre 2026.", _REQUIS),
        Champ("avis", "l'avis rendu", "favorable, à la majorité, le 28 octobre 2026.", _FACULTATIF),
        Champ("articles", "les articles appliqués", "L262-37, I 2° ; R262-68", _REQUIS),
        Champ("retour", "le délai où un retour demande un contrat", "douze mois", _FACULTATIF),
        _VOIES,
    ),
    UsageCourrier.LEVEE_SANCTION: (
        *_PROCEDURE,
        *_RAISON,
        _SUR_DECISION,
        Champ("issue", "ce que devient la décision", "prend fin"),
        Champ("effet", "ce qui change", "La retenue s'arrête à partir du 15 décembre 2026.", _REQUIS),
    ),
    UsageCourrier.REPONSE_RECOURS: (
        *_PROCEDURE,
        _SUR_DECISION,
        Champ("date_recours", "le jour où le recours est arrivé", "10 novembre 2026", _REQUIS),
        Champ("reponse", "la réponse", "Nous vous donnons raison : la décision est annulée.", _REQUIS),
        Champ("motivation", "ses raisons", "Le rendez-vous avait été annulé par le service.", _REQUIS),
        Champ("effet", "ce que cela change", "Ce qui a été retenu doit vous être versé.", _REQUIS),
        _VOIES,
    ),
    UsageCourrier.TRANSMISSION_PAYEUR: (
        _DEPARTEMENT,
        Champ("date_courrier", "la date de la lettre", "3 novembre 2026"),
        Champ("caisse", "la caisse destinataire", "caisse d'allocations familiales n° 621", _REQUIS),
        Champ("nombre", "le nombre de décisions", "douze décisions", _REQUIS),
        Champ("decisions", "le tableau des décisions", "", _REQUIS, bloc=True),
        Champ("contact", "qui appeler", "le secrétariat, 03 00 00 00 00", _REQUIS),
    ),
    UsageCourrier.ENTETE: (_DEPARTEMENT,),
    UsageCourrier.SIGNATURE: (_DEPARTEMENT,),
    UsageCourrier.MENTION: (
        _DEPARTEMENT,
        Champ("type_contrat", "le type de contrat", "contrat d'accompagnement"),
        Champ("delai_contrat", "le délai de réalisation du contrat", "deux mois"),
        Champ("delai_recours", "le délai pour contester", "deux mois"),
    ),
}

COURRIERS_REQUIS: Final[dict[str, UsageCourrier]] = {
    "notification_orientation": UsageCourrier.NOTIFICATION,
    "notification_orientation_france_travail": UsageCourrier.NOTIFICATION,
    "copie_notification": UsageCourrier.COPIE,
    "convocation_reunion": UsageCourrier.CONVOCATION_REUNION,
    "annulation_reunion": UsageCourrier.ANNULATION_REUNION,
    "relance_absence": UsageCourrier.RELANCE_ABSENCE,
    "convocation_rendez_vous": UsageCourrier.CONVOCATION_RENDEZ_VOUS,
    "invitation_rendez_vous": UsageCourrier.INVITATION_RENDEZ_VOUS,
    "annulation_rendez_vous": UsageCourrier.ANNULATION_RENDEZ_VOUS,
    "report_rendez_vous": UsageCourrier.REPORT_RENDEZ_VOUS,
    "passation_referent": UsageCourrier.PASSATION,
    "avertissement_manquement": UsageCourrier.AVERTISSEMENT_MANQUEMENT,
    "audition_manquement": UsageCourrier.AUDITION_MANQUEMENT,
    "annulation_audition": UsageCourrier.ANNULATION_AUDITION,
    "classement_manquement": UsageCourrier.CLASSEMENT_MANQUEMENT,
    "decision_sanction": UsageCourrier.DECISION_SANCTION,
    "levee_sanction": UsageCourrier.LEVEE_SANCTION,
    "reponse_recours": UsageCourrier.REPONSE_RECOURS,
    "transmission_payeur": UsageCourrier.TRANSMISSION_PAYEUR,
    "entete": UsageCourrier.ENTETE,
    "signature": UsageCourrier.SIGNATURE,
    "mention_sanctions": UsageCourrier.MENTION,
    "mention_recours": UsageCourrier.MENTION,
    "mention_absence": UsageCourrier.MENTION,
    "mention_juge": UsageCourrier.MENTION,
}
"""Textes que le code appelle par leur nom ; un profil peut en ajouter (une notification par type, par exemple)."""


@dataclass(frozen=True)
class Ligne:
    """Une ligne du texte : son rang (le premier est 1), sa forme (`p`, `titre`, `puce`, `bloc`), ce qu'elle cite."""

    rang: int
    genre: str
    texte: str
    champs: tuple[str, ...]


@lru_cache(maxsize=64)
def lire_corps(corps: str) -> tuple[Ligne, ...]:
    """Découpe un texte en lignes ; les lignes vides ne comptent que pour les rangs."""
    lignes = []
    for rang, brute in enumerate(corps.splitlines(), start=1):
        texte = brute.strip()
        if not texte:
            continue
        genre = "p"
        for marque, nom in ((TITRE, "titre"), (PUCE, "puce")):
            if texte.startswith(marque):
                genre, texte = nom, texte.removeprefix(marque).strip()
                break
        lignes.append(Ligne(rang, genre, texte, tuple(_CHAMP.findall(texte))))
    return tuple(lignes)


def remplacer(texte: str, valeurs: Mapping[str, str]) -> str:
    """Met les valeurs à la place des champs, en une seule passe : une valeur n'est jamais relue."""
    return _CHAMP.sub(lambda trouve: valeurs.get(trouve.group(1), ""), texte)


def controler_texte(usage: UsageCourrier, objet: str, corps: str) -> list[str]:
    """Fautes d'un texte, en phrases qui disent la ligne ; liste vide s'il est bon."""
    connus = {champ.code: champ for champ in CHAMPS[usage]}
    lignes = lire_corps(corps)
    fautes = [] if lignes else ["le texte est vide"]
    fautes += _controler_ligne("objet", objet, connus, seul=False)
    for ligne in lignes:
        fautes += _controler_ligne(f"ligne {ligne.rang}", ligne.texte, connus, seul=ligne.genre == "p")
    cites = {code for ligne in lignes for code in ligne.champs}
    fautes += [
        f"il manque {champ.libelle} : citer {{{champ.code}}}"
        for champ in CHAMPS[usage]
        if champ.presence is Presence.REQUIS and champ.code not in cites
    ]
    return fautes


def _controler_ligne(ou: str, texte: str, connus: Mapping[str, Champ], *, seul: bool) -> list[str]:
    fautes = []
    for code in _CHAMP.findall(texte):
        champ = connus.get(code)
        if champ is None:
            fautes.append(f"{ou} : « {{{code}}} » n'est pas un champ de ce courrier ; {_possibles(connus)}")
        elif champ.bloc and (not seul or texte != f"{{{code}}}"):
            fautes.append(f"{ou} : {{{code}}} remplit plusieurs lignes, il doit être seul sur la sienne")
    if _ACCOLADE.search(_CHAMP.sub("", texte)):
        fautes.append(f"{ou} : une accolade ne sert qu'à citer un champ, comme {{{next(iter(connus))}}}")
    return fautes


def _possibles(connus: Collection[str]) -> str:
    return "on peut citer " + ", ".join(f"{{{code}}}" for code in connus)


class Courrier(Modele):
    """Un texte du département : la première version, que le département pourra changer ensuite."""

    code: CodeInterne
    libelle: Intitule
    usage: UsageCourrier
    objet: Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)] = ""
    corps: Annotated[str, StringConstraints(min_length=1, max_length=20_000)]

    @model_validator(mode="after")
    def _texte_bon(self) -> Self:
        fautes = controler_texte(self.usage, self.objet, self.corps)
        if fautes:
            raise ValueError(f"« {self.code} » : {' ; '.join(fautes)}")
        return self


class Courriers(Modele):
    """Tout le fichier."""

    courriers: Annotated[tuple[Courrier, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _complet(self) -> Self:
        codes = [courrier.code for courrier in self.courriers]
        doubles = sorted({code for code in codes if codes.count(code) > 1})
        if doubles:
            raise ValueError(f"« {', '.join(doubles)} » est donné deux fois")
        usages = {courrier.code: courrier.usage for courrier in self.courriers}
        for code, usage in COURRIERS_REQUIS.items():
            if code not in usages:
                raise ValueError(f"le courrier « {code} » manque")
            if usages[code] is not usage:
                raise ValueError(f"« {code} » sert à {usage}, pas à {usages[code]}")
        return self
