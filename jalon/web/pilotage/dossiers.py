"""Les dossiers derrière un chiffre : la sélection du cliché, retrouvée parmi ce que l'agent a le droit de voir.

Le cliché ne porte que des pseudonymes. On refait ceux des dossiers du périmètre : ce qui ne tombe pas juste reste
inconnu, et la sécurité par ligne tient la seconde muraille.
"""

from __future__ import annotations

from dataclasses import dataclass

from jalon.observatoire.declarations import Tableau
from jalon.observatoire.moteur import portee, unites_de_la_case
from jalon.observatoire.pseudonymes import pseudonyme
from jalon.personnes.models import Rattachement, RolePersonne
from jalon.personnes.selectors import filtre_perimetre, personnes_du_perimetre
from jalon.web.pilotage.demande import Demande


@dataclass(frozen=True)
class Selection:
    """Clés des personnes visibles, dans l'ordre des noms, et ce que compte la case."""

    personnes: list[int]
    comptes: int
    """Dossiers ou personnes comptés dans le cliché, visibles ou non."""
    ce_sont_des_personnes: bool

    @property
    def hors_de_vue(self) -> int:
        return max(0, self.comptes - len(self.personnes))


def dossiers_de_la_case(demande: Demande, tableau: Tableau, ligne: str, colonne: str) -> Selection:
    """Personnes comptées, ou titulaires des dossiers comptés, que l'agent voit aujourd'hui."""
    if demande.cliche is None:
        return Selection([], 0, ce_sont_des_personnes=False)
    feuilles = portee(demande.territoire or None, demande.permis, demande.carte).feuilles
    unites = unites_de_la_case(demande.cliche, tableau, ligne, colonne, feuilles)
    if unites.personnes:
        visibles = (
            personnes_du_perimetre(demande.perimetre).order_by("nom", "prenom", "pk").values_list("pk", "public_id")
        )
        retenues = [cle for cle, public_id in visibles if pseudonyme(public_id) in unites.personnes]
        return Selection(retenues, len(unites.personnes), ce_sont_des_personnes=True)
    titulaires = (
        Rattachement.objects.filter(
            filtre_perimetre(demande.perimetre, "personne__"),
            role=RolePersonne.DEMANDEUR,
            periode__contains=demande.a_la_date,
            foyer__dossiers__isnull=False,
        )
        .order_by("personne__nom", "personne__prenom", "personne_id", "foyer__dossiers__pk")
        .values_list("personne_id", "foyer__dossiers__public_id")
    )
    retenus = [cle for cle, public_id in titulaires if pseudonyme(public_id) in unites.dossiers]
    return Selection(retenus, len(unites.dossiers), ce_sont_des_personnes=False)
