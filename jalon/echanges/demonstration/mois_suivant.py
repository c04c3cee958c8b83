"""Ce qui se passe en un mois : arrivées, départs, et environ un foyer sur vingt qui change.

Chaque foyer touché l'est par un seul changement : le résumé se recompte alors sans ambiguïté en
comparant les deux fichiers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from . import marges as m
from . import noms
from .calendrier import jour_du_mois, mois_apres, premier_du_mois
from .foyers import (
    MOTIFS_CLOTURE,
    ajouter_conjoint,
    ajouter_enfant,
    alea_du_foyer,
    construire_foyer,
    nouvelle_adresse,
    suspendre_droit,
    suspendre_versement,
)
from .modeles import Activite, Foyer
from .population import Population
from .ressources import (
    avancer_trimestre,
    calculer_montants,
    change_de_trimestre,
    etablir_droits,
    marquer_soumission,
)

PARTS = {
    "ressources_modifiees": 0.015,
    "passage_sous_le_seuil": 0.003,
    "passage_au_dessus_du_seuil": 0.003,
    "demenagement": 0.008,
    "demenagement_territoire": 0.002,
    "couple_forme": 0.0015,
    "couple_separe": 0.0015,
    "naissance": 0.003,
    "suspension_versement": 0.003,
    "suspension_droit": 0.002,
    "cloture": 0.005,
    "mutation_sortante": 0.0015,
    "absence_inexpliquee": 0.002,
    "changement_de_nom": 0.001,
    "nir_apparu": 0.001,
}
PARTS_ARRIVEES = {"mutation_entrante": 0.0015, "nouvelle_demande": 0.018, "nouvelle_demande_en_attente": 0.002}
ABSENCES = ("absence_inexpliquee", "absence_apres_cloture")
_AUTRES_CAISSES = ("591", "595", "801", "021", "751")


@dataclass
class Plan:
    """Qui change, et comment."""

    changements: dict[int, str] = field(default_factory=dict)
    defauts: dict[int, str] = field(default_factory=dict)
    donneurs: dict[int, int] = field(default_factory=dict)
    """Foyer nouveau → foyer dont il porte le numéro de demande ou l'état civil (défauts)."""
    intouchables: set[int] = field(default_factory=set)

    def libre(self, i: int) -> bool:
        """Le foyer n'est pas encore pris."""
        return i not in self.changements and i not in self.defauts and i not in self.intouchables

    def a_ecrire(self, population: Population) -> list[int]:
        """Les foyers présents au second fichier, dans l'ordre."""
        existants = range(population.taille + population.non_payables)
        restants = [i for i in existants if self.changements.get(i) not in ABSENCES]
        return restants + [i for i in population.nouveaux if not self.libre(i)]


def effectif(taille: int, part: float) -> int:
    """Au moins un de chaque genre, même sur un tout petit fichier."""
    return max(1, round(taille * part))


def planifier(population: Population, reference: date) -> Plan:
    """Tire les changements du mois qui suit `reference`, sans les défauts."""
    plan = Plan()
    alea = Random(f"jalon-demo:{population.graine}:{population.taille}:mois-suivant")
    suivant = mois_apres(reference)
    ordre = list(population.payables)
    alea.shuffle(ordre)
    # Les plus exigeants d'abord : ils ne trouveraient plus personne dans une petite population.
    for genre in sorted(PARTS, key=lambda g: (g not in _EXIGEANTS, g)):
        if genre == "demenagement_territoire" and len(population.contexte.territoires) < 2:
            continue
        critere = _criteres(population, reference, suivant)[genre]
        _prendre(plan.changements, ordre, plan, genre, effectif(population.taille, PARTS[genre]), critere)
    en_sus = list(population.en_sus)
    alea.shuffle(en_sus)
    suspendus = [i for i in en_sus if population.etat[i] in (3, 4)]
    for i in suspendus[: (len(suspendus) + 1) // 2]:
        plan.changements[i] = "suspension_levee"
    attentes = [i for i in en_sus if population.etat[i] == 0]
    for rang, i in enumerate(attentes):
        plan.changements[i] = "refus" if rang % 3 == 2 else "ouverture_apres_attente"
    for i in en_sus:
        if population.etat[i] in (1, 5, 6):
            plan.changements[i] = "absence_apres_cloture"
    nouveaux = iter(population.nouveaux)
    for genre, part in PARTS_ARRIVEES.items():
        for _ in range(effectif(population.taille, part)):
            plan.changements[next(nouveaux)] = genre
    return plan


_EXIGEANTS = ("nir_apparu", "changement_de_nom", "naissance", "couple_separe", "passage_sous_le_seuil")


def _prendre(
    cible: dict[int, str],
    ordre: Iterable[int],
    plan: Plan,
    genre: str,
    nombre: int,
    critere: Callable[[int], bool],
) -> None:
    restant = nombre
    for i in ordre:
        if restant == 0:
            return
        if plan.libre(i) and critere(i):
            cible[i] = genre
            restant -= 1


def _criteres(population: Population, reference: date, suivant: date) -> dict[str, Callable[[int], bool]]:
    """À quels foyers chaque changement peut arriver."""
    p = population

    def seul_au_socle(i: int) -> bool:
        connu = p.type_foyer[i] != m.INCONNUE and p.tranche_age[i] != m.AGE_INCONNU
        return p.composante[i] == m.SOCLE and not p.en_couple(i) and not p.cumul[i] and connu

    def femme_a_son_nom(i: int) -> bool:
        if not p.en_couple(i):
            return False
        foyer = construire_foyer(p, i, reference)
        noms_du_couple = {q.nom for q in foyer.personnes if q.adulte}
        sexes = {q.sexe for q in foyer.personnes if q.adulte}
        return foyer.situation != "MAR" and len(noms_du_couple) == 2 and len(sexes) == 2

    def tous(i: int) -> bool:
        return True

    criteres: dict[str, Callable[[int], bool]] = dict.fromkeys(PARTS, tous)
    criteres |= {
        "ressources_modifiees": lambda i: p.composante[i] != m.SOCLE and change_de_trimestre(i, suivant),
        "passage_sous_le_seuil": lambda i: p.composante[i] == m.ACTIVITE and change_de_trimestre(i, suivant),
        "passage_au_dessus_du_seuil": lambda i: seul_au_socle(i) and change_de_trimestre(i, suivant),
        "couple_forme": lambda i: seul_au_socle(i) and not p.majore[i] and p.tranche_age[i] > 0,
        "couple_separe": lambda i: p.composante[i] == m.SOCLE and p.en_couple(i) and not p.cumul[i],
        "naissance": lambda i: (
            p.type_foyer[i] in (m.FEMME_ENFANT, m.COUPLE_ENFANT)
            and p.tranche_age[i] <= 3
            and p.enfants[i] <= 5
            and not p.majore[i]
        ),
        "changement_de_nom": femme_a_son_nom,
        "nir_apparu": lambda i: bool(p.sans_nir[i]),
    }
    return criteres


def foyer_au_mois_suivant(population: Population, plan: Plan, i: int, reference: date) -> Foyer:
    """Refait le foyer du premier mois et lui applique ce que le plan a décidé."""
    suivant = mois_apres(reference)
    if i in population.nouveaux:
        foyer = construire_foyer(population, i, suivant)
        for personne in foyer.personnes:
            personne.entrant = personne.soumis
    else:
        foyer = construire_foyer(population, i, reference)
        if plan.libre(i):
            return foyer
        foyer.controle = None
        if change_de_trimestre(i, suivant):
            avancer_trimestre(foyer)
    genre = plan.changements.get(i)
    if genre is not None:
        _appliquer(foyer, genre, population, alea_du_foyer(population, i, "mois-suivant"), suivant)
    return foyer


def _appliquer(foyer: Foyer, genre: str, population: Population, alea: Random, mois: date) -> None:
    contexte = population.contexte
    debut = premier_du_mois(mois)
    if genre == "ressources_modifiees":
        _modifier_ressources(foyer, population, alea, mois)
    elif genre in ("passage_sous_le_seuil", "passage_au_dessus_du_seuil"):
        _franchir(foyer, population, alea, mois, vers_le_bas=genre == "passage_sous_le_seuil")
    elif genre in ("demenagement", "demenagement_territoire"):
        _demenager(foyer, population, alea, mois, ailleurs=genre == "demenagement_territoire")
    elif genre == "couple_forme":
        _former_couple(foyer, population, alea, mois)
    elif genre == "couple_separe":
        _separer_couple(foyer, alea, mois)
        calculer_montants(foyer, contexte)
    elif genre == "naissance":
        _naitre(foyer, population, alea, mois)
    elif genre == "suspension_versement":
        suspendre_versement(foyer, alea, debut)
    elif genre == "suspension_droit":
        suspendre_droit(foyer, alea, debut)
    elif genre == "suspension_levee":
        foyer.etat, foyer.suspensions_droit, foyer.suspensions_versement = "2", [], []
    elif genre == "cloture":
        foyer.etat, foyer.fin_droit = "5", (alea.choice(MOTIFS_CLOTURE), debut)
        marquer_soumission(foyer)
    elif genre == "mutation_sortante":
        foyer.etat, foyer.fin_droit = "5", ("MUT", debut)
        foyer.prenant = ("CAF", alea.choice(_AUTRES_CAISSES), debut)
        marquer_soumission(foyer)
    elif genre == "changement_de_nom":
        femme, mari = sorted((foyer.demandeur, foyer.personnes[1]), key=lambda p: -p.sexe)
        femme.nom = mari.nom
        foyer.situation, foyer.date_situation = "MAR", jour_du_mois(alea, debut, mois)
    elif genre == "nir_apparu":
        foyer.demandeur.nir_ecrit = noms.ecrire_nir(alea, foyer.demandeur.nir)
    elif genre == "mutation_entrante":
        _muter_vers_nous(foyer, alea, mois)
    elif genre == "ouverture_apres_attente":
        foyer.etat = "2"
        _faire_entrer(foyer)
    elif genre == "refus":
        foyer.etat, foyer.refus = "1", ("DSD", debut)
    elif genre == "nouvelle_demande_en_attente":
        foyer.etat = "0"
        _faire_entrer(foyer)


def _modifier_ressources(foyer: Foyer, population: Population, alea: Random, mois: date) -> None:
    """Retire les ressources jusqu'à un écart d'au moins dix euros : un changement annoncé doit se voir."""
    avant = foyer.montants.ressources
    for _ in range(20):
        etablir_droits(foyer, population.contexte, alea, mois)
        if abs(foyer.montants.ressources - avant) >= 1_000:
            return


def _faire_entrer(foyer: Foyer) -> None:
    """Recalcule la soumission et marque comme entrants ceux qui viennent d'y venir."""
    deja = {id(p) for p in foyer.personnes if p.soumis and not p.entrant}
    marquer_soumission(foyer)
    for personne in foyer.personnes:
        personne.entrant = personne.soumis and id(personne) not in deja


def _franchir(foyer: Foyer, population: Population, alea: Random, mois: date, *, vers_le_bas: bool) -> None:
    """Perte d'emploi ou reprise : la composante, la soumission et les revenus changent ensemble."""
    foyer.cumul, foyer.tranche_heures = False, 0
    debut = premier_du_mois(mois)
    if vers_le_bas:
        foyer.au_dessus_du_seuil = False
        foyer.composante = m.SOCLE if alea.random() < 0.6 else m.SOCLE_ET_ACTIVITE
        foyer.debut_socle = debut
    else:
        foyer.au_dessus_du_seuil = True
        foyer.composante = m.ACTIVITE
        foyer.debut_activite = debut
    etablir_droits(foyer, population.contexte, alea, mois)
    for personne in foyer.personnes:
        personne.entrant = vers_le_bas and personne.soumis


def _demenager(foyer: Foyer, population: Population, alea: Random, mois: date, *, ailleurs: bool) -> None:
    """La nouvelle adresse prend le rang 1 ; les anciennes reculent, la quatrième disparaît."""
    territoires = population.contexte.territoires
    actuel = population.territoire[foyer.indice]
    if ailleurs:
        autres: Sequence[int] = [k for k in range(len(territoires)) if k != actuel]
        actuel = alea.choice(autres)
    commune = alea.choices(territoires[actuel].communes, [c.population or 1 for c in territoires[actuel].communes])[0]
    # Plus tard que toute adresse connue : un rang 1 plus ancien que le rang 2 serait un défaut.
    arrivee = jour_du_mois(alea, premier_du_mois(mois), mois)
    for adresse in foyer.adresses:
        adresse.rang += 1
    nouvelle = nouvelle_adresse(alea, commune, rang=1, emmenagement=arrivee)
    foyer.adresses = [nouvelle, *foyer.adresses][:3]
    foyer.sans_domicile = False


def _former_couple(foyer: Foyer, population: Population, alea: Random, mois: date) -> None:
    arrivee = jour_du_mois(alea, premier_du_mois(mois), mois)
    age = (mois - foyer.demandeur.naissance).days // 365
    conjoint = ajouter_conjoint(foyer, population, alea, mois, arrivee, age)
    conjoint.ressources_nulles = True
    conjoint.activites = [Activite(alea.choice(("CHO", "ANP", "SSA")), premier_du_mois(arrivee, -6))]
    foyer.situation, foyer.date_situation = alea.choice(("VIM", "MAR", "PAC")), arrivee
    _faire_entrer(foyer)
    calculer_montants(foyer, population.contexte)


def _separer_couple(foyer: Foyer, alea: Random, mois: date) -> None:
    """Une fois sur deux le conjoint disparaît du fichier, l'autre fois il y figure avec une date de fin."""
    conjoint = foyer.personnes[1]
    depart = jour_du_mois(alea, premier_du_mois(mois), mois)
    if alea.random() < 0.5:
        conjoint.fin_rattachement, conjoint.a_charge, conjoint.entrant = depart, False, False
        conjoint.ressources_nulles, conjoint.mois = None, []
    else:
        foyer.personnes.remove(conjoint)
    foyer.situation = "SEF" if foyer.situation == "MAR" else "ISO"
    foyer.date_situation = depart
    marquer_soumission(foyer)


def _naitre(foyer: Foyer, population: Population, alea: Random, mois: date) -> None:
    naissance = jour_du_mois(alea, premier_du_mois(mois), mois)
    mere = next((p for p in foyer.personnes if p.adulte and p.sexe == 2), None)
    if mere is not None:
        mere.grossesse = (naissance - timedelta(days=273), naissance - timedelta(days=190))
    ajouter_enfant(foyer, population, alea, naissance, rang=len(foyer.enfants))
    calculer_montants(foyer, population.contexte)


def _muter_vers_nous(foyer: Foyer, alea: Random, mois: date) -> None:
    """Le droit n'est pas neuf, le département l'est : la demande est ancienne, personne n'est « entrant »."""
    debut = premier_du_mois(mois)
    foyer.cedant = ("CAF", alea.choice(_AUTRES_CAISSES), f"{alea.randrange(10**6, 10**7)}00000000", debut)
    foyer.date_demande = premier_du_mois(mois, -alea.randint(3, 40)).isoformat()
    for personne in foyer.personnes:
        personne.entrant = False


def compter(plan: Plan) -> Counter[str]:
    """Le nombre de foyers par genre de changement."""
    return Counter(plan.changements.values())
