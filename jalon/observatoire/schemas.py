"""Les colonnes d'un cliché : le contrat entre l'extraction, les fichiers Parquet et les déclarations."""

from __future__ import annotations

COLONNES: dict[str, dict[str, str]] = {
    "foyers": {
        "dossier": "string",
        "foyer": "string",
        "territoire": "string",
        "commune": "string",
        "payable": "boolean",
        "socle": "boolean",
        "activite": "boolean",
        "majore": "boolean",
        "cumul_integral": "boolean",
        "mois_dispositif": "int32",
        "mois_socle": "int32",
        "mois_activite": "int32",
        "personnes": "int32",
        "conjoint": "boolean",
        "enfants": "int32",
        "situation_connue": "boolean",
        "sexe_titulaire": "string",
        "age_titulaire": "int32",
    },
    "personnes": {
        "personne": "string",
        "dossier": "string",
        "territoire": "string",
        "role": "string",
        "sexe": "string",
        "age": "int32",
        "soumise": "boolean",
    },
    "attentes": {
        "personne": "string",
        "territoire": "string",
        "motif": "string",
        "jours": "int32",
        "en_retard": "boolean",
    },
}
IDENTIFIANTS = frozenset({"dossier", "foyer", "personne"})
"""Colonnes qui portent un pseudonyme."""
