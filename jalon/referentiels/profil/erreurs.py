"""Ce que le chargeur reproche à un profil : fichier, ligne, champ, et quoi faire."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class ErreurProfil:
    """Une faute d'un fichier du profil. `ligne` est 0 quand aucune ne convient (fichier absent)."""

    fichier: str
    ligne: int
    champ: str
    message: str

    def __str__(self) -> str:
        lieu = self.fichier
        if self.ligne:
            lieu += f", ligne {self.ligne}"
        if self.champ:
            lieu += f", champ {self.champ}"
        return f"{lieu} : {self.message}"


class ProfilInvalideError(Exception):
    """Le profil ne peut pas être chargé ; **toutes** les fautes trouvées sont dans `erreurs`."""

    def __init__(self, erreurs: list[ErreurProfil]) -> None:
        self.erreurs = sorted(set(erreurs))
        super().__init__("\n".join(str(erreur) for erreur in self.erreurs))


class ParametreSansValeurError(LookupError):
    """Le paramètre n'existe pas, ou n'a pas de valeur à la date demandée."""
