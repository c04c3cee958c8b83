"""Ce que tous les fichiers d'un profil partagent : formes des champs, et modèle figé."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints


def booleen_francais(valeur: object) -> object:
    """`oui` et `non` se lisent mieux que `true` et `false` ; les deux sont admis, rien d'autre."""
    if isinstance(valeur, str):
        return {"oui": True, "non": False, "true": True, "false": False}.get(valeur.lower(), valeur)
    return valeur


# Les longueurs sont celles des colonnes qui recevront ces textes : mieux vaut refuser ici, avec une ligne.
Intitule = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
Texte = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*$", max_length=60)]
CodeInterne = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]
CodeInsee = Annotated[str, StringConstraints(pattern=r"^[0-9][0-9AB][0-9]{3}$")]
CodeEpci = Annotated[str, StringConstraints(pattern=r"^[0-9]{9}$")]
CodeDepartement = Annotated[str, StringConstraints(pattern=r"^([0-9]{2,3}|2A|2B)$")]
Booleen = Annotated[bool, BeforeValidator(booleen_francais), Field(strict=True)]


class Modele(BaseModel):
    """Figé, et fermé : un champ inconnu est une faute de frappe."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def controler_organismes(self, organismes: Iterable[str]) -> list[str]:
        """Phrases d'erreur pour les organismes cités que le profil ne déclare pas ; aucun par défaut."""
        return []

    def controler_metier(self, metier: Mapping[str, Modele]) -> list[tuple[tuple[str | int, ...], str]]:
        """Fautes de référence aux autres fichiers métier du profil (chemin, phrase) ; aucune par défaut."""
        return []


def inconnu(valeur: str, connus: Iterable[str]) -> str:
    """Une référence sans cible : dire laquelle, et ce qui était possible."""
    return f"« {valeur} » n'existe pas ; les codes connus sont {', '.join(sorted(connus))}"
