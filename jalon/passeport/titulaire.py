"""De qui est le livret : sa clé et l'identifiant de son dossier, sans lire la table des personnes."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from jalon.passeport.models import AccesPersonnel
from jalon.personnes.models import Personne
from jalon.socle.textes import nom_propre


@dataclass(frozen=True)
class Titulaire:
    """La personne dont on lit ou écrit le livret, qu'elle y soit entrée ou qu'un agent l'ouvre."""

    cle: int
    dossier: UUID
    prenom: str
    nom: str
    reunis: tuple[UUID, ...] = ()
    """Dossiers réunis dans le sien : les journaux et les documents d'avant les désignent encore."""

    @classmethod
    def de_acces(cls, acces: AccesPersonnel) -> Titulaire:
        return cls(acces.personne_id, acces.dossier, acces.prenom, acces.nom, tuple(acces.reunis))

    @classmethod
    def de_personne(cls, personne: Personne) -> Titulaire:
        return cls(
            personne.pk, personne.public_id, nom_propre(personne.prenom), nom_propre(personne.nom),
            tuple(dossiers_reunis(personne)),
        )  # fmt: skip

    @property
    def dossiers(self) -> list[UUID]:
        return [self.dossier, *self.reunis]

    @property
    def nom_complet(self) -> str:
        return f"{self.prenom} {self.nom}".strip()


def dossiers_reunis(personne: Personne) -> list[UUID]:
    return list(Personne.objects.filter(fusionnee_dans=personne).order_by("pk").values_list("public_id", flat=True))
