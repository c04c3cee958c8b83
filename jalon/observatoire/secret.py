"""Secret statistique : masquer les petits effectifs, et assez d'autres cases pour qu'on ne puisse pas les retrouver.

Une case masquée seule dans une somme se retrouve par soustraction. On masque donc d'autres cases, jusqu'à ce
qu'aucune somme publiée, ni aucune combinaison de sommes, ne détermine une case masquée (loi 51-711 ; B6).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import product

from jalon.observatoire.declarations import Modalite

Case = tuple[str, ...]
Equation = tuple[Case, tuple[Case, ...]]
"""Une case égale à la somme d'autres."""

_PREMIER = (1 << 61) - 1
"""Les combinaisons se cherchent modulo ce nombre premier : exact, à une chance infime près, et sans flottant."""


def equations(axes: Sequence[Sequence[Modalite]]) -> list[Equation]:
    """Toutes les sommes qu'un lecteur connaît : chaque total de chaque axe, à chaque place des autres axes."""
    trouvees: list[Equation] = []
    for rang, axe in enumerate(axes):
        autres = [[m.code for m in a] for i, a in enumerate(axes) if i != rang]
        for total in (m for m in axe if m.parties):
            for place in product(*autres):
                debut, fin = place[:rang], place[rang:]
                trouvees.append(((*debut, total.code, *fin), tuple((*debut, partie, *fin) for partie in total.parties)))
    return trouvees


def masquer(
    valeurs: Mapping[Case, int], sommes: Sequence[Equation], seuil: int, *, deja: Collection[Case] = ()
) -> frozenset[Case]:
    """Cases à masquer pour qu'aucun effectif de 1 à `seuil` − 1 ne se lise ni ne se calcule.

    `deja` : cases masquées ailleurs (marges communes à plusieurs tableaux), à masquer ici aussi. Un total ne se
    masque qu'en dernier recours : plusieurs tableaux le partagent.
    """
    masquees = {case for case, valeur in valeurs.items() if 0 < valeur < seuil} | set(deja)
    totaux = {total for total, _ in sommes}
    while True:
        _completer(valeurs, sommes, seuil, masquees, totaux)
        devinees = determinees(masquees, sommes)
        if not devinees:
            return frozenset(masquees)
        if not _masquer_une_de_plus(valeurs, sommes, min(devinees), masquees, totaux):
            return frozenset(masquees)


def _completer(
    valeurs: Mapping[Case, int], sommes: Sequence[Equation], seuil: int, masquees: set[Case], totaux: set[Case]
) -> None:
    """Dans chaque somme lisible, ce qui est masqué doit être au moins deux cases, et au moins `seuil` unités."""
    stable = False
    while not stable:
        stable = True
        for total, parties in sommes:
            cachees = [case for case in (total, *parties) if case in masquees]
            if not cachees:
                continue
            if total in masquees:
                suffit = len(cachees) >= 2
            else:
                suffit = len(cachees) >= 2 and sum(valeurs[case] for case in cachees) >= seuil
            if suffit:
                continue
            choix = _meilleure((total, *parties), valeurs, masquees, totaux)
            if choix is not None:
                masquees.add(choix)
                stable = False


def _meilleure(
    candidates: Sequence[Case], valeurs: Mapping[Case, int], masquees: set[Case], totaux: set[Case]
) -> Case | None:
    """La plus petite case non nulle qui n'est pas un total ; à défaut, un zéro, puis un total."""
    libres = [case for case in candidates if case not in masquees]
    return min(libres, key=lambda case: (case in totaux, valeurs[case] == 0, valeurs[case], case), default=None)


def _masquer_une_de_plus(
    valeurs: Mapping[Case, int], sommes: Sequence[Equation], devinee: Case, masquees: set[Case], totaux: set[Case]
) -> bool:
    voisines = [case for total, parties in sommes if devinee in (total, *parties) for case in (total, *parties)]
    choix = _meilleure(voisines, valeurs, masquees, totaux)
    if choix is None:
        return False
    masquees.add(choix)
    return True


def determinees(masquees: Collection[Case], sommes: Sequence[Equation]) -> frozenset[Case]:
    """Cases masquées que les sommes publiées suffisent à calculer, seules ou combinées."""
    reduites: dict[Case, dict[Case, int]] = {}
    for ligne in _lignes_inconnues(frozenset(masquees), sommes):
        _reduire(ligne, reduites)
    return frozenset(pivot for pivot, ligne in reduites.items() if len(ligne) == 1)


def _lignes_inconnues(masquees: frozenset[Case], sommes: Sequence[Equation]) -> Iterator[dict[Case, int]]:
    for total, parties in sommes:
        ligne = {case: 1 for case in parties if case in masquees}
        if total in masquees:
            ligne[total] = _PREMIER - 1
        if ligne:
            yield ligne


def _reduire(ligne: dict[Case, int], reduites: dict[Case, dict[Case, int]]) -> None:
    """Ajoute une équation au système, gardé sous forme échelonnée réduite."""
    for pivot in [case for case in ligne if case in reduites]:
        _soustraire(ligne, reduites[pivot], ligne[pivot])
    if not ligne:
        return
    pivot = min(ligne)
    inverse = pow(ligne[pivot], -1, _PREMIER)
    for case in ligne:
        ligne[case] = ligne[case] * inverse % _PREMIER
    for autre in reduites.values():
        if pivot in autre:
            _soustraire(autre, ligne, autre[pivot])
    reduites[pivot] = ligne


def _soustraire(cible: dict[Case, int], ligne: Mapping[Case, int], facteur: int) -> None:
    for case, coefficient in ligne.items():
        reste = (cible.get(case, 0) - facteur * coefficient) % _PREMIER
        if reste:
            cible[case] = reste
        else:
            cible.pop(case, None)
