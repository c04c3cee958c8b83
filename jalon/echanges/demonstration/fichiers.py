"""Les deux portes du paquet : le fichier du mois, puis celui du mois suivant."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from .calendrier import mois_apres
from .contexte import ContexteDemo, Progression, ResumeDemo
from .defauts import TOTAL_FAUX, abimer, planifier_defauts
from .ecriture import ecrire_fichier
from .foyers import construire_foyer
from .modeles import Foyer
from .mois_suivant import compter, foyer_au_mois_suivant, planifier
from .population import Population
from .ressources import change_de_trimestre, trimestre

_Bloc = tuple[Foyer, tuple[date, date], date]


def ecrire_mois_initial(
    chemin: Path,
    contexte: ContexteDemo,
    *,
    taille: int,
    graine: int,
    date_reference: date,
    progression: Progression | None = None,
) -> ResumeDemo:
    """Écrit un fichier VRSB0801 valide : `taille` foyers payables, plus 3 % qui ne le sont pas."""
    population = Population(contexte, taille=taille, graine=graine)
    nombre = population.taille + population.non_payables

    def foyers() -> Iterator[_Bloc]:
        for i in range(nombre):
            foyer = construire_foyer(population, i, date_reference)
            yield foyer, trimestre(foyer, date_reference), date_reference

    compteur = ecrire_fichier(
        chemin,
        foyers(),
        departement=contexte.code_departement,
        reference=date_reference,
        attendus=nombre,
        progression=progression,
    )
    return compteur.resume(Counter(), Counter())


def ecrire_mois_suivant(
    chemin: Path,
    contexte: ContexteDemo,
    *,
    taille: int,
    graine: int,
    date_reference: date,
    progression: Progression | None = None,
    defauts: bool = True,
) -> ResumeDemo:
    """Écrit le fichier du mois qui suit `date_reference` (celle du premier mois).

    Avec `defauts=False`, il reste valide au regard du schéma ; les changements sont les mêmes.
    """
    population = Population(contexte, taille=taille, graine=graine)
    suivant = mois_apres(date_reference)
    plan = planifier(population, date_reference)
    changements = compter(plan)
    comptes_defauts = planifier_defauts(population, plan) if defauts else Counter[str]()
    a_ecrire = plan.a_ecrire(population)
    changements["trimestre_avance"] = sum(
        1 for i in a_ecrire if i not in population.nouveaux and not plan.libre(i) and change_de_trimestre(i, suivant)
    )

    def foyers() -> Iterator[_Bloc]:
        for i in a_ecrire:
            foyer = foyer_au_mois_suivant(population, plan, i, date_reference)
            abimer(foyer, plan, population, date_reference)
            # Un foyer intact garde les mois du premier fichier : la caisse répète alors ce qu'elle a déjà dit.
            mois = date_reference if plan.libre(i) else suivant
            yield foyer, trimestre(foyer, mois), mois

    compteur = ecrire_fichier(
        chemin,
        foyers(),
        departement=contexte.code_departement,
        reference=suivant,
        attendus=len(a_ecrire),
        ecart_annonce=1 if comptes_defauts[TOTAL_FAUX] else 0,
        progression=progression,
    )
    return compteur.resume(changements, comptes_defauts)
