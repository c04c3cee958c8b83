"""Les défauts qu'un import doit savoir nommer : quelques-uns de chaque, jamais plus.

Certains rendent le fichier invalide au regard du schéma : c'est le but, un fichier réel l'est parfois.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from random import Random

from . import noms
from .calendrier import premier_du_mois
from .foyers import construire_foyer, numero_demande
from .modeles import Foyer
from .mois_suivant import Plan
from .population import Population

DATE_IMPOSSIBLE = "2026-13-45"
MOTIF_INCONNU = "ZZ"
CODE_INCONNU = "ZZZ"

SUR_FOYER_CONNU = (
    "nir_cle_fausse",
    "personne_en_double",
    "code_inconnu",
    "commune_inconnue",
    "date_illisible",
    "matricule_illisible",
    "nom_absent",
)
SUR_FOYER_NOUVEAU = ("numero_de_demande_partage", "personne_douteuse")
TOTAL_FAUX = "total_annonce_faux"


def effectif_par_genre(taille: int) -> int:
    """Trois de chaque sur un fichier de travail, un seul sur un fichier d'essai."""
    return 3 if taille >= 1_000 else 1


def planifier_defauts(population: Population, plan: Plan) -> Counter[str]:
    """Ajoute les défauts au plan, sur des foyers que rien d'autre ne touche."""
    alea = Random(f"jalon-demo:{population.graine}:{population.taille}:defauts")
    ordre = list(population.payables)
    alea.shuffle(ordre)
    nombre = effectif_par_genre(population.taille)
    p = population
    criteres: dict[str, Callable[[int], bool]] = {
        "nir_cle_fausse": lambda i: not p.sans_nir[i],
        "personne_en_double": lambda i: p.enfants[i] > 0,
    }
    for genre in SUR_FOYER_CONNU:
        critere = criteres.get(genre)
        choisis = [i for i in ordre if plan.libre(i) and (critere is None or critere(i))][:nombre]
        plan.defauts.update(dict.fromkeys(choisis, genre))
    libres = iter([i for i in population.nouveaux if plan.libre(i)])
    for genre in SUR_FOYER_NOUVEAU:
        # L'état civil du donneur doit être certain : sans NIR, le rapprochement serait douteux des deux côtés.
        donneurs = [i for i in ordre if plan.libre(i) and not p.sans_nir[i] and p.tranche_age[i] != 8][:nombre]
        for donneur in donneurs:
            nouveau = next(libres)
            plan.defauts[nouveau] = genre
            plan.donneurs[nouveau] = donneur
            plan.intouchables.add(donneur)
    comptes = Counter(plan.defauts.values())
    comptes[TOTAL_FAUX] = 1
    return comptes


def abimer(foyer: Foyer, plan: Plan, population: Population, reference: date) -> None:
    """Applique au foyer le défaut que le plan lui destine."""
    genre = plan.defauts.get(foyer.indice)
    if genre is None:
        return
    rang = [i for i, g in plan.defauts.items() if g == genre].index(foyer.indice)
    demandeur = foyer.demandeur
    if genre == "nir_cle_fausse":
        cle = int(noms.cle_nir(demandeur.nir))
        demandeur.nir_ecrit = f"{demandeur.nir}{cle % 97 + 1:02d}"
    elif genre == "personne_en_double":
        foyer.personnes.append(replace(foyer.enfants[0]))
    elif genre == "code_inconnu":
        _poser_code_inconnu(foyer, rang, premier_du_mois(reference, 1))
    elif genre == "commune_inconnue":
        foyer.adresses[0].code_commune = f"{population.contexte.code_departement:0<2}999"[:5]
    elif genre == "date_illisible":
        if rang % 2 == 0:
            foyer.date_demande = DATE_IMPOSSIBLE
        else:
            demandeur.date_naissance_ecrite = DATE_IMPOSSIBLE
    elif genre == "matricule_illisible":
        foyer.matricule = f"{foyer.matricule[:2]}A{foyer.matricule[3:6]}B{foyer.matricule[7:]}"
    elif genre == "nom_absent":
        demandeur.nom = demandeur.nom_naissance = ""
    elif genre == "numero_de_demande_partage":
        foyer.numero_demande = numero_demande(population, plan.donneurs[foyer.indice])
    elif genre == "personne_douteuse":
        donneur = construire_foyer(population, plan.donneurs[foyer.indice], reference).demandeur
        demandeur.nom_naissance = donneur.nom_naissance
        demandeur.nom = donneur.nom
        demandeur.naissance = donneur.naissance
        demandeur.sexe, demandeur.civilite = donneur.sexe, donneur.civilite
        demandeur.prenom = noms.alterer_prenom(donneur.prenom)
        if rang % 2 == 0:
            demandeur.nir_ecrit = ""


def _poser_code_inconnu(foyer: Foyer, rang: int, mois: date) -> None:
    """Un code hors liste, tantôt de suspension, tantôt d'activité, tantôt de ressource ; l'état reste connu."""
    demandeur = foyer.demandeur
    if rang % 3 == 0:
        foyer.etat = "3"
        foyer.suspensions_droit = [(MOTIF_INCONNU, mois, "RSA")]
    elif rang % 3 == 1 and demandeur.activites:
        demandeur.activites[-1].code = CODE_INCONNU
    else:
        demandeur.creance = MOTIF_INCONNU
