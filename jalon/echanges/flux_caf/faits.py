"""Comparer ce qu'un flux dit d'un dossier à ce que la base en sait, et en tirer les périodes.

Un fait vaut de la date du flux qui l'apporte à celle du flux qui le dément. Un flux plus ancien que le
dernier connu complète l'histoire sans toucher à ce qui est plus récent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from jalon.echanges.flux_caf.lignes import Ligne

SANS_FIN: Final = ""


@dataclass(frozen=True, slots=True, eq=False)
class TableFaits:
    """Une table de faits : à quoi ses lignes tiennent, et ses colonnes dans l'ordre des lignes."""

    nom: str
    proprietaire: str
    colonnes: tuple[str, ...]


RATTACHEMENTS = TableFaits(
    "personnes_rattachement", "foyer_id",
    ("personne_id", "role", "role_pfa", "a_charge", "responsable", "date_debut", "date_fin", "demande_precedente",
     "parente"),
)  # fmt: skip
ADRESSES = TableFaits(
    "personnes_adresse", "foyer_id",
    ("rang", "type", "etat", "pays", "depuis", "complement_identite", "complement", "numero", "type_voie", "voie",
     "lieu_dit", "code_insee_recu", "code_postal", "nom_commune", "lignes_etranger", "commune_id", "territoire_id"),
)  # fmt: skip
SITUATIONS = TableFaits(
    "droits_situation", "dossier_id",
    ("etat", "caisse", "matricule", "date_demande", "situation_familiale", "situation_familiale_depuis",
     "regime_agricole", "origine", "date_origine", "sans_domicile_fixe", "nombre_charges", "foyer_soumis",
     "refus_motif", "refus_le", "cloture_motif", "cloture_le", "cloture_anterieure_motif", "cloture_anterieure_le",
     "cedant", "cedant_matricule", "arrive_le", "prenant", "parti_le"),
)  # fmt: skip
MONTANTS = TableFaits(
    "droits_montant", "dossier_id",
    ("debut", "fin", "revenu_minimum", "part_revenus", "part_locale", "revenu_garanti", "prestations_familiales",
     "forfait_logement", "ressources", "sanction_alimentaire", "reduction_hospitalisation", "reduction_departement",
     "cumul_integral", "abattements", "total"),
)  # fmt: skip
NATURES = TableFaits(
    "droits_naturedroit", "dossier_id",
    ("nature", "sous_nature", "debut", "fin", "montant_verse", "dernier_versement"),
)  # fmt: skip
SUSPENSIONS = TableFaits("droits_suspension", "dossier_id", ("cible", "motif", "debut", "groupe"))
SOUMISSIONS = TableFaits(
    "droits_soumission", "dossier_id", ("personne_id", "soumise", "entrante", "ressources", "abattements")
)
RESSOURCES = TableFaits(
    "droits_ressource", "dossier_id",
    ("personne_id", "trimestre_debut", "trimestre_fin", "nulles", "mois", "heures", "nature", "montant", "abattement"),
)  # fmt: skip
ACTIVITES = TableFaits(
    "droits_activite", "dossier_id",
    ("personne_id", "regime", "activite", "debut", "fin", "nature_contrat", "condition_eti"),
)  # fmt: skip
AVIS = TableFaits(
    "droits_avispresident", "dossier_id",
    ("personne_id", "type", "code", "avis", "debut", "fin", "date_evaluation", "montant", "commentaire"),
)  # fmt: skip
BLOCS = TableFaits("droits_blocrecu", "dossier_id", ("personne_id", "bloc", "contenu"))

TABLES: Final = (
    RATTACHEMENTS, ADRESSES, SITUATIONS, MONTANTS, NATURES, SUSPENSIONS, SOUMISSIONS, RESSOURCES, ACTIVITES, AVIS, BLOCS,
)  # fmt: skip


@dataclass(slots=True)
class FaitConnu:
    """Ligne de la base : son identifiant, sa période `[debut, fin)` (fin vide = en cours) et ses valeurs."""

    identifiant: int
    debut: str
    fin: str
    valeurs: Ligne


@dataclass(slots=True)
class Ecart:
    """Ce qu'il faut écrire pour qu'une table dise ce que dit le flux."""

    a_ouvrir: list[Ligne] = field(default_factory=list)
    a_fermer: list[int] = field(default_factory=list)
    a_inserer: list[tuple[Ligne, str, str]] = field(default_factory=list)
    a_redater: list[tuple[int, str, str]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.a_ouvrir or self.a_fermer or self.a_inserer or self.a_redater)


def comparer(connus: Sequence[FaitConnu], recus: list[Ligne]) -> Ecart:
    """Écart pour le flux le plus récent : ce qui n'est plus dit se ferme, ce qui est nouveau s'ouvre."""
    if not connus:
        return Ecart(a_ouvrir=recus)
    ecart = Ecart()
    attendus = Counter(recus)
    for connu in connus:
        if attendus[connu.valeurs] > 0:
            attendus[connu.valeurs] -= 1
        else:
            ecart.a_fermer.append(connu.identifiant)
    ecart.a_ouvrir = [fait for fait, nombre in attendus.items() for _ in range(nombre)]
    return ecart


def completer(connus: Sequence[FaitConnu], recus: list[Ligne], *, le: str, suivante: str) -> Ecart:
    """Écart pour un flux ancien, daté `le`, quand la réception suivante du dossier est datée `suivante`.

    `suivante` égale à `le` : un flux du même jour, émis plus tard, l'a déjà remplacé ; ses faits propres sont
    gardés avec une période vide. Rien de ce qui commence à `suivante` ou après n'est modifié, sauf pour dire
    qu'on le savait déjà plus tôt.
    """
    ecart = Ecart()
    attendus = Counter(recus)
    # Clos ce jour-là par le flux émis plus tard : le flux d'avant le disait encore, il n'apporte rien.
    clos = le if suivante == le else SANS_FIN
    valables = [c for c in connus if c.debut <= le and (c.fin in (SANS_FIN, clos) or c.fin > le)]
    suite = [c for c in connus if c.debut == suivante and c.debut > le]
    for connu in valables:
        if attendus[connu.valeurs] > 0:
            attendus[connu.valeurs] -= 1
        elif suivante > le:
            ecart.a_redater.append((connu.identifiant, connu.debut, le))
            if connu.fin == SANS_FIN or connu.fin > suivante:
                ecart.a_inserer.append((connu.valeurs, suivante, connu.fin))
    for fait, nombre in attendus.items():
        for _ in range(nombre):
            deja = next((c for c in suite if c.valeurs == fait), None)
            if deja is not None:
                suite.remove(deja)
                ecart.a_redater.append((deja.identifiant, le, deja.fin))
            else:
                ecart.a_inserer.append((fait, le, suivante))
    return ecart


def periode(debut: str, fin: str = SANS_FIN) -> str:
    """Écrit une période comme PostgreSQL la lit ; deux bornes égales donnent une période vide."""
    return "empty" if debut == fin else f"[{debut},{fin})"
