"""Ressources du trimestre et calcul du droit, cohérents avec la composante et la soumission imposées.

La formule est celle du RSA de 2009 (socle, pente de 62 %, forfait logement), simplifiée : la
démonstration n'a pas à recalculer le droit, seulement à présenter des montants qui se tiennent.
"""

from __future__ import annotations

from datetime import date
from random import Random

from . import marges as m
from .calendrier import dernier_du_mois, premier_du_mois
from .contexte import ContexteDemo
from .modeles import Activite, Detail, Foyer, Montants, Personne

_PENTE = 62
_TAUX_HORAIRE = 920
_ACTIVITES_SANS_EMPLOI = ("CHO", "ANP", "CNI", "SSA", "SSA", "SIN", "ANP", "CHO")


def forfaitaire(base: int, *, couple: bool, enfants: int, majore: bool) -> int:
    """Montant forfaitaire du foyer, en centimes (coefficients de l'article R. 262-1 du CASF)."""
    if majore:
        return round(base * (1.28412 + 0.42804 * enfants))
    coefficient = 1.5 if couple else 1.0
    for rang in range(1, enfants + 1):
        coefficient += 0.5 if rang == 1 and not couple else 0.4 if rang >= 3 else 0.3
    return round(base * coefficient)


def trimestre(foyer: Foyer, reference: date) -> tuple[date, date]:
    """Le trimestre de ressources en cours : un foyer sur trois déclare chaque mois."""
    # Le décalage dépend du mois absolu : le mois suivant, le même foyer avance dans son cycle.
    retard = (reference.year * 12 + reference.month + foyer.indice) % 3
    return premier_du_mois(reference, -retard - 3), dernier_du_mois(premier_du_mois(reference, -retard - 1))


def change_de_trimestre(indice: int, reference: date) -> bool:
    """Le foyer vient de déclarer : sa période de ressources n'est plus celle du mois précédent."""
    return (reference.year * 12 + reference.month + indice) % 3 == 0


def avancer_trimestre(foyer: Foyer) -> None:
    """Redéclare les mêmes ressources un trimestre plus tard : le cas ordinaire d'un mois sur trois."""
    for personne in foyer.personnes:
        personne.mois = [(premier_du_mois(jour, 3), heures, liste) for jour, heures, liste in personne.mois]


def _disponible(foyer: Foyer, base: int) -> tuple[int, int, int]:
    """Forfaitaire, forfait logement et prestations familiales du foyer."""
    couple, enfants = foyer.conjoint is not None, len(foyer.enfants)
    plafond = forfaitaire(base, couple=couple, enfants=enfants, majore=foyer.majore)
    taille = 1 + couple + enfants
    logement = base * (12 if taille == 1 else 24 if taille == 2 else 30) // 100
    familiales = 0 if enfants < 2 else min(12_300 + 15_800 * (enfants - 2), plafond // 2)
    return plafond, logement, familiales


def _revenus(foyer: Foyer, contexte: ContexteDemo, alea: Random) -> tuple[int, int, int | None]:
    """Revenu d'activité, autres ressources (centimes par mois), heures du dernier mois."""
    plafond, logement, familiales = _disponible(foyer, int(contexte.montant_forfaitaire * 100))
    dispo = plafond - logement - familiales
    seuil = int(contexte.seuil_activite * 100)
    heures = None
    if foyer.tranche_heures:
        heures = alea.randint(*m.BORNES_HEURES[foyer.tranche_heures - 1])
    if foyer.composante == m.ACTIVITE:
        activite = heures * _TAUX_HORAIRE if heures else int(dispo * alea.uniform(1.05, 2.1))
        if foyer.au_dessus_du_seuil:
            activite = max(activite, seuil + 500)
        return activite, max(0, dispo - activite * 7 // 10) if activite < dispo else 0, heures
    if foyer.composante == m.SOCLE_ET_ACTIVITE or foyer.cumul:
        if foyer.au_dessus_du_seuil:
            activite = max(seuil + alea.randint(500, 12_000), (heures or 0) * _TAUX_HORAIRE)
        else:
            haut = min(seuil * 96 // 100, max(dispo * 9 // 10, 6_000))
            activite = min(heures * _TAUX_HORAIRE, haut) if heures else alea.randint(5_000, haut)
        return activite, 0, heures
    autres = int(dispo * alea.uniform(0.05, 0.7)) if alea.random() < 0.25 else 0
    return 0, autres, None


def _nature_autre(foyer: Foyer, alea: Random) -> str:
    if foyer.enfants and foyer.conjoint is None and alea.random() < 0.5:
        return "026"
    return alea.choices(("010", "011", "021", "203", "026"), (70, 12, 8, 5, 5))[0]


def etablir_droits(foyer: Foyer, contexte: ContexteDemo, alea: Random, reference: date) -> None:
    """Tire les ressources de chacun, en déduit activités, soumission et montants."""
    activite, autres, heures = _revenus(foyer, contexte, alea)
    seuil = int(contexte.seuil_activite * 100)
    conjoint = foyer.conjoint
    travailleur = foyer.demandeur
    partage = foyer.composante == m.ACTIVITE and heures is None and conjoint and alea.random() < 0.4
    if partage and conjoint is not None:
        travailleur = conjoint
    debut, _ = trimestre(foyer, reference)
    independant = activite > 0 and heures is None and alea.random() < 0.06
    abattement = "N" if foyer.cumul and foyer.composante == m.SOCLE else ""
    for personne in (foyer.demandeur, conjoint):
        if personne is None:
            continue
        gagne = activite if personne is travailleur else 0
        recu = autres if personne is foyer.demandeur else 0
        nature = _nature_autre(foyer, alea) if recu else ""
        personne.mois = []
        for rang in range(3):
            details: list[Detail] = []
            if gagne:
                mensuel = gagne * alea.randint(970, 1030) // 1000
                # La moyenne ne doit pas franchir le seuil par le seul effet du hasard.
                mensuel = min(mensuel, seuil - 100) if gagne < seuil else max(mensuel, seuil)
                details.append(("030" if independant else "001", mensuel, abattement))
            if recu:
                details.append((nature, recu, ""))
            if details:
                dernier = heures if rang == 2 and personne is travailleur else None
                personne.mois.append((premier_du_mois(debut, rang), dernier, details))
        personne.ressources_nulles = not personne.mois
        if not personne.mois and alea.random() < 0.3:
            personne.mois = [(premier_du_mois(debut, rang), None, [("000", 0, "")]) for rang in range(3)]
        _donner_activite(personne, gagne, independant, nature, alea, debut)
        if independant and gagne and alea.random() < 0.2:
            personne.avis_eti = debut
    marquer_soumission(foyer)
    calculer_montants(foyer, contexte)


def _donner_activite(personne: Personne, gagne: int, independant: bool, nature: str, alea: Random, debut: date) -> None:
    """Le code d'activité suit les revenus ; une ancienne activité close accompagne parfois la nouvelle."""
    depuis = premier_du_mois(debut, -alea.randint(0, 40))
    if gagne:
        code = "ETI" if independant else alea.choices(("SAL", "TSA", "INT"), (92, 4, 4))[0]
    elif nature == "010":
        code = alea.choice(("CHO", "ASS", "ADA", "CNI"))
    elif nature in ("011", "021"):
        code = "MAL" if nature == "011" else "INV"
    elif personne.grossesse and alea.random() < 0.5:
        code = "SSA"
    else:
        code = alea.choice(_ACTIVITES_SANS_EMPLOI)
    anciennes = [a for a in personne.activites if a.fin is not None]
    if personne.activites and personne.activites[-1].fin is None:
        derniere = personne.activites[-1]
        if derniere.code == code:
            return
        depuis = max(debut, derniere.debut)
        anciennes.append(Activite(derniere.code, derniere.debut, depuis, derniere.regime))
    elif alea.random() < 0.12:
        avant = premier_du_mois(depuis, -alea.randint(3, 30))
        anciennes = [Activite("SAL" if code != "SAL" else "CHO", avant, depuis)]
    personne.activites = [*anciennes, Activite(code, depuis, None, "GE" if alea.random() < 0.95 else "AG")]
    inscrit = code in ("CHO", "ANP", "CNI", "ASS", "ADA")
    if inscrit and not personne.pole_emploi and alea.random() < 0.75:
        personne.pole_emploi = f"{alea.randrange(10_000_000):07d}{alea.choice('ABCDEFGHJKLMNPRSTVWXYZ')}"


def marquer_soumission(foyer: Foyer) -> None:
    """Soumis : tout adulte d'un foyer au socle, sauf le demandeur dont l'activité atteint le seuil."""
    ouvert = foyer.etat in "234" and foyer.composante != m.ACTIVITE
    for personne in foyer.personnes:
        if personne.adulte:
            depasse = foyer.au_dessus_du_seuil and personne is foyer.demandeur
            personne.soumis = ouvert and not depasse and personne.fin_rattachement is None


def calculer_montants(foyer: Foyer, contexte: ContexteDemo) -> None:
    """Le calcul du droit sur les ressources déjà tirées ; une composante ouverte paie toujours un peu."""
    plafond, logement, familiales = _disponible(foyer, int(contexte.montant_forfaitaire * 100))
    gagne = autres = neutralise = 0
    for personne in foyer.personnes:
        personne.retenu = personne.neutralise = 0
        for _, _, details in personne.mois:
            for nature, montant, abattement in details:
                if abattement:
                    personne.neutralise += montant
                elif nature in ("001", "030"):
                    gagne += montant
                    personne.retenu += montant
                else:
                    autres += montant
                    personne.retenu += montant
        personne.retenu //= 3
        personne.neutralise //= 3
        neutralise += personne.neutralise
    gagne //= 3
    autres //= 3
    reste = plafond - logement - familiales - gagne - autres
    pente = gagne * _PENTE // 100
    socle = max(1_000, reste) if foyer.composante != m.ACTIVITE else 0
    if foyer.composante == m.SOCLE:
        activite = 0
    elif foyer.composante == m.ACTIVITE:
        activite = max(1_500, reste + pente)
    else:
        activite = max(1_500, pente)
    foyer.montants = Montants(
        forfaitaire=plafond,
        pente=pente,
        garanti=plafond + pente,
        prestations_familiales=familiales,
        logement=logement,
        ressources=gagne + autres,
        cumul=(neutralise or gagne // 2) if foyer.cumul else 0,
        total=socle + activite,
        socle=socle,
        activite=activite,
    )
