"""Les territoires de l'observatoire : les feuilles de l'arbre, et ce que couvre chaque niveau."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from jalon.observatoire.erreurs import TerritoireInconnuError
from jalon.organismes.models import Territoire


@dataclass(frozen=True)
class Arbre:
    """Codes et libellés des territoires, feuilles dans l'ordre du profil."""

    libelles: dict[str, str]
    feuilles: tuple[str, ...]
    parents: dict[str, str | None]
    codes: dict[int, str]

    def sous(self, code: str) -> frozenset[str]:
        """Feuilles couvertes par un territoire. Lève `TerritoireInconnuError` si le code n'existe pas."""
        if code not in self.libelles:
            connus = ", ".join(self.feuilles)
            raise TerritoireInconnuError(f"Le territoire « {code} » n'existe pas. Territoires connus : {connus}.")
        return frozenset(feuille for feuille in self.feuilles if code in self._lignee(feuille))

    def racine(self, code: str) -> bool:
        """Le territoire couvre tout le département."""
        return len(self.sous(code)) == len(self.feuilles)

    @property
    def departement(self) -> str:
        """Nom de tout le département : celui de la racine de l'arbre, s'il n'y en a qu'une."""
        racines = [code for code, parent in self.parents.items() if parent is None and code not in self.feuilles]
        return self.libelles[racines[0]] if len(racines) == 1 else "Département"

    def _lignee(self, code: str) -> set[str]:
        lignee, courant = set[str](), code
        while courant and courant not in lignee:
            lignee.add(courant)
            courant = self.parents[courant] or ""
        return lignee

    def feuilles_de(self, cles: Collection[int]) -> frozenset[str]:
        """Feuilles parmi ces clés primaires (celles du périmètre d'un agent)."""
        return frozenset(self.codes[cle] for cle in cles if cle in self.codes) & frozenset(self.feuilles)


def arbre() -> Arbre:
    ordonnes = Territoire.objects.order_by("ordre", "libelle", "id")
    lignes = list(ordonnes.values_list("id", "code", "libelle", "parent_id"))
    codes = {cle: code for cle, code, _, _ in lignes}
    parents = {code: codes.get(parent) if parent else None for _, code, _, parent in lignes}
    portants = set(parents.values())
    return Arbre(
        libelles={code: libelle for _, code, libelle, _ in lignes},
        feuilles=tuple(code for _, code, _, _ in lignes if code not in portants),
        parents=parents,
        codes=codes,
    )
