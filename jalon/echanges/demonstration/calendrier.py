"""Un peu d'arithmétique de mois, que la bibliothèque standard n'offre pas."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta
from random import Random


def premier_du_mois(jour: date, decalage: int = 0) -> date:
    """Le premier du mois de `jour`, décalé de tant de mois."""
    rang = jour.year * 12 + jour.month - 1 + decalage
    return date(rang // 12, rang % 12 + 1, 1)


def dernier_du_mois(jour: date) -> date:
    """Le dernier jour du mois de `jour`."""
    return jour.replace(day=monthrange(jour.year, jour.month)[1])


def mois_apres(jour: date, decalage: int = 1) -> date:
    """Le même quantième tant de mois après ; une fin de mois reste une fin de mois."""
    debut = premier_du_mois(jour, decalage)
    if jour == dernier_du_mois(jour):
        return dernier_du_mois(debut)
    return debut.replace(day=min(jour.day, monthrange(debut.year, debut.month)[1]))


def jour_du_mois(alea: Random, debut: date, limite: date) -> date:
    """Un jour du mois qui commence à `debut`, jamais après `limite`."""
    return min(debut.replace(day=alea.randint(1, 28)), max(debut, limite))


def naissance_a(alea: Random, reference: date, age: int) -> date:
    """Une date de naissance qui donne exactement cet âge révolu à la date de référence."""
    annee = reference.year - age
    plus_tard = reference.replace(year=annee, day=min(reference.day, 28))
    return plus_tard - timedelta(days=alea.randint(0, 360))
