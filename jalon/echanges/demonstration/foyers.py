"""Du plan compact au foyer complet : chaque foyer a sa propre graine, donc se refait à l'identique."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

from . import marges as m
from . import noms
from .calendrier import jour_du_mois, naissance_a, premier_du_mois
from .contexte import CommuneDemo
from .modeles import Adresse, Foyer, Personne
from .population import Population
from .ressources import etablir_droits

NAISSANCE_INCONNUE = date(1900, 1, 1)
"""Le schéma exige une date : celle-ci, invraisemblable, va avec TYPEDTNAI = O (jour et mois inconnus)."""

DEBUT_DU_RSA = date(2009, 6, 1)
_MOTIFS_SUSPENSION_DROIT = ("DA", "DB", "DC", "DE", "DL", "GF", "GR", "GC", "GJ", "GK")
_MOTIFS_SUSPENSION_VERSEMENT = ("06", "06", "06", "01", "05", "AB", "CV", "36", "CG")
MOTIFS_CLOTURE = ("RFD", "RFD", "ECH", "ECH", "PCG", "RAU", "RGD")


def alea_du_foyer(population: Population, i: int, usage: str = "") -> Random:
    """Un générateur propre au foyer et à l'usage : changer l'un ne déplace jamais l'autre."""
    return Random(f"{population.graine}:{i}:{usage}")


def numero_demande(population: Population, i: int) -> str:
    """Onze chiffres, uniques par foyer (permutation des dix derniers)."""
    return f"3{(i * 7_654_321_987 + population.graine * 104_729) % 10**10:010d}"


def _matricule(population: Population, i: int, fonorg: str, nir: str) -> str:
    """CAF : sept chiffres complétés de zéros ; MSA : le NIR du demandeur."""
    if fonorg == "MSA":
        return nir
    return f"{1_000_000 + (i * 7_321_879 + population.graine * 15_485_863) % 9_000_000:07d}00000000"


def construire_foyer(population: Population, i: int, reference: date) -> Foyer:
    """Refait le foyer `i` tel qu'au mois de `reference`."""
    alea = alea_du_foyer(population, i)
    fonorg, numorg, _ = population.contexte.caisses[population.caisse[i]]
    mois = population.mois_dispositif[i]
    entree = jour_du_mois(alea, premier_du_mois(reference, 1 - mois), reference)
    foyer = Foyer(
        indice=i,
        fonorg=fonorg,
        numorg=numorg,
        matricule="",
        numero_demande=numero_demande(population, i),
        date_demande=max(entree, DEBUT_DU_RSA).isoformat(),
        composante=population.composante[i],
        majore=bool(population.majore[i]),
        cumul=bool(population.cumul[i]),
        tranche_heures=population.heures[i],
        au_dessus_du_seuil=bool(population.au_dessus_du_seuil[i]),
        debut_socle=premier_du_mois(reference, 1 - max(1, population.mois_socle[i])),
        debut_activite=premier_du_mois(reference, 1 - max(1, population.mois_activite[i])),
        situation="",
        date_situation=entree,
        etat=str(population.etat[i]),
    )
    if entree < DEBUT_DU_RSA:
        # L'ancienneté publiée compte le RMI et l'API : ils se transmettent par la demande d'origine.
        foyer.demande_rmi = entree
        foyer.origine = "API" if foyer.majore else "RMI"
    _peupler(foyer, population, alea, reference, entree)
    foyer.matricule = _matricule(population, i, fonorg, foyer.demandeur.nir)
    _situer(foyer, population, alea, reference)
    territoire = population.contexte.territoires[population.territoire[i]]
    _loger(foyer, alea, territoire.communes[population.commune[i]], reference)
    _poser_etat(foyer, alea, reference)
    etablir_droits(foyer, population.contexte, alea, reference)
    _poser_rarete(foyer, alea, reference)
    return foyer


def nouvelle_personne(
    population: Population,
    alea: Random,
    *,
    serie: int,
    role: str,
    sexe: int,
    nom: str,
    naissance: date,
    entree: date,
    accents: bool,
) -> Personne:
    """Une personne sans NIR écrit : c'est l'appelant qui décide de l'inscrire."""
    territoire = alea.choice(population.contexte.territoires)
    ne_ici = alea.random() < 0.75
    lieu = alea.choice(territoire.communes).nom if ne_ici else alea.choice(noms.lexique("lieu", "autre"))
    ecrit = noms.graphie(nom, accents)
    prenom2 = noms.graphie(noms.prenom(alea, sexe), accents)[:15] if alea.random() < 0.35 else ""
    return Personne(
        role=role,
        sexe=sexe,
        nom=ecrit,
        nom_naissance=ecrit,
        prenom=noms.graphie(noms.prenom(alea, sexe), accents),
        prenom2=prenom2,
        naissance=naissance,
        lieu_naissance=noms.sans_accent(lieu)[:26],
        debut_rattachement=max(entree, naissance),
        nir=noms.nir_fictif(population.graine, serie, naissance if naissance != NAISSANCE_INCONNUE else None),
        civilite="MME" if sexe == 2 else "MR " if alea.random() < 0.7 else "MR",
    )


def ajouter_conjoint(
    foyer: Foyer, population: Population, alea: Random, reference: date, entree: date, age: int
) -> Personne:
    """Le conjoint, d'âge voisin, presque toujours de l'autre sexe."""
    demandeur = foyer.demandeur
    sexe = demandeur.sexe if alea.random() < 0.01 else 3 - demandeur.sexe
    conjoint = nouvelle_personne(
        population,
        alea,
        serie=foyer.indice * 4 + 1,
        role="CJT",
        sexe=sexe,
        nom=noms.nom_de_famille(alea),
        naissance=naissance_a(alea, reference, max(18, age + alea.randint(-6, 5))),
        entree=entree,
        accents=alea.random() < 0.1,
    )
    if alea.random() > 0.03:
        conjoint.nir_ecrit = noms.ecrire_nir(alea, conjoint.nir)
    foyer.personnes.insert(1, conjoint)
    return conjoint


def ajouter_enfant(foyer: Foyer, population: Population, alea: Random, naissance: date, *, rang: int) -> Personne:
    """Un enfant au nom du père s'il est là, sinon du demandeur ; sans NIR, sauf de rares aînés."""
    pere = next((p for p in foyer.personnes if p.adulte and p.sexe == 1), foyer.demandeur)
    freres = {p.prenom for p in foyer.enfants}
    while True:
        enfant = nouvelle_personne(
            population,
            alea,
            serie=foyer.indice * 4 + (2 if rang == 0 else 3),
            role="ENF",
            sexe=alea.randint(1, 2),
            nom=pere.nom_naissance,
            naissance=naissance,
            entree=date.fromisoformat(foyer.date_demande),
            accents=False,
        )
        if enfant.prenom not in freres:
            break
    enfant.nom = enfant.nom_naissance = pere.nom_naissance
    foyer.personnes.append(enfant)
    return enfant


def _peupler(foyer: Foyer, population: Population, alea: Random, reference: date, entree: date) -> None:
    """Demandeur, conjoint et enfants, d'âges compatibles."""
    i = foyer.indice
    type_foyer, tranche = population.type_foyer[i], population.tranche_age[i]
    bas, haut = m.BORNES_AGE[tranche]
    # On n'entre pas au dispositif avant la majorité ; être parent de deux enfants demande quelques années.
    age = alea.randint(min(haut, max(bas, 18 + -(-population.mois_dispositif[i] // 12))), haut)
    if population.enfants[i] and tranche == 0:
        age = max(age, 19)
    if type_foyer in (m.FEMME, m.FEMME_ENFANT):
        sexe = 2
    elif type_foyer in (m.HOMME, m.HOMME_ENFANT):
        sexe = 1
    else:
        sexe = 1 if alea.random() < 0.6 else 2
    inconnu = tranche == m.AGE_INCONNU
    demandeur = nouvelle_personne(
        population,
        alea,
        serie=i * 4,
        role="DEM",
        sexe=sexe,
        nom=noms.nom_de_famille(alea),
        naissance=NAISSANCE_INCONNUE if inconnu else naissance_a(alea, reference, age),
        entree=entree,
        accents=alea.random() < 0.1,
    )
    if inconnu:
        demandeur.qualite_naissance = "O"
    if not population.sans_nir[i]:
        demandeur.nir_ecrit = noms.ecrire_nir(alea, demandeur.nir)
    if alea.random() < 0.03:
        demandeur.demande_precedente = f"2{alea.randrange(10**10):010d}"
    foyer.personnes.append(demandeur)
    if population.en_couple(i):
        ajouter_conjoint(foyer, population, alea, reference, entree, age)
    plus_age = min(24, age - 17)
    plus_jeune = max(0, age - 48)
    for rang in range(population.enfants[i]):
        petit = foyer.majore and rang == 0 and plus_age > 0 and alea.random() < 0.75
        age_enfant = alea.randint(0, 2) if petit else alea.randint(min(plus_jeune, plus_age), max(0, plus_age))
        enfant = ajouter_enfant(foyer, population, alea, naissance_a(alea, reference, age_enfant), rang=rang)
        if rang == 0 and age_enfant >= 16 and alea.random() < 0.3:
            enfant.nir_ecrit = noms.ecrire_nir(alea, enfant.nir)
        if foyer.majore and rang == 0 and alea.random() < 0.25:
            enfant.asf = alea.choice(("PA", "TP", "OE", "NR"))
    if population.enceinte[i]:
        # Enceinte : la demandeuse, ou la conjointe quand le demandeur est un homme.
        mere = next((p for p in foyer.personnes if p.adulte and p.sexe == 2), None)
        if mere is not None:
            debut = reference - timedelta(days=alea.randint(95, 230))
            mere.grossesse = (debut, debut + timedelta(days=85))


def _situer(foyer: Foyer, population: Population, alea: Random, reference: date) -> None:
    """Situation familiale cohérente avec la composition ; laissée blanche quand elle est inconnue."""
    i = foyer.indice
    conjoint = foyer.conjoint
    age = (reference - foyer.demandeur.naissance).days // 365
    if population.type_foyer[i] == m.INCONNUE:
        foyer.situation = "   "
    elif conjoint is not None:
        foyer.situation = alea.choices(("MAR", "VIM", "PAC"), (50, 42, 8))[0]
        femme = next((p for p in (foyer.demandeur, conjoint) if p.sexe == 2), None)
        mari = next((p for p in (foyer.demandeur, conjoint) if p.sexe == 1), None)
        if foyer.situation == "MAR" and femme and mari and alea.random() < 0.7:
            femme.nom = mari.nom
    elif age < 25:
        foyer.situation = "CEL" if alea.random() < 0.85 else "ISO"
    else:
        poids = (38, 22, 16, 18, 3, 3) if age < 55 else (30, 38, 12, 8, 3, 9)
        foyer.situation = alea.choices(("CEL", "DIV", "SEF", "ISO", "SEL", "VEU"), poids)[0]
        if foyer.situation in ("SEF", "VEU") and foyer.demandeur.sexe == 2 and alea.random() < 0.6:
            foyer.demandeur.nom = noms.graphie(noms.nom_de_famille(alea), accents=False)
    recul = alea.randint(10, 500) if foyer.majore else int(alea.expovariate(1 / 2000)) + 30
    if foyer.majore and foyer.situation == "CEL":
        foyer.situation = "ISO"
    majorite = foyer.demandeur.naissance + timedelta(days=18 * 366)
    foyer.date_situation = max(reference - timedelta(days=recul), min(majorite, reference))


def nouvelle_adresse(alea: Random, commune: CommuneDemo, *, rang: int, emmenagement: date) -> Adresse:
    """Une adresse inventée dans une commune réelle."""
    complet = alea.random() < 0.18
    return Adresse(
        rang=rang,
        emmenagement=emmenagement,
        numero=str(alea.randint(1, 180)) + (alea.choice((" B", " T")) if alea.random() < 0.05 else ""),
        voie=alea.choice(noms.lexique("voie", "type")),
        nom_voie=alea.choice(noms.lexique("voie", "nom")),
        complement=alea.choice(noms.lexique("lieu", "complement")) if complet else "",
        lieu_dit="HAMEAU DU MARAIS" if alea.random() < 0.02 else "",
        commune=commune,
        code_postal=alea.choice(commune.codes_postaux),
        type_adresse="D" if alea.random() < 0.97 else "P",
    )


def _loger(foyer: Foyer, alea: Random, commune: CommuneDemo, reference: date) -> None:
    """Adresse actuelle et, pour certains, les précédentes ; les sans-domicile sont domiciliés au CCAS."""
    depuis = reference - timedelta(days=int(alea.expovariate(1 / 1500)) + 40)
    foyer.adresses.append(nouvelle_adresse(alea, commune, rang=1, emmenagement=depuis))
    tirage = alea.random()
    for rang in range(2, 4 if tirage < 0.05 else 3 if tirage < 0.25 else 2):
        depuis -= timedelta(days=alea.randint(120, 1500))
        foyer.adresses.append(nouvelle_adresse(alea, commune, rang=rang, emmenagement=depuis))
    if alea.random() < 0.008:
        foyer.sans_domicile = True
        actuelle = foyer.adresses[0]
        actuelle.complement, actuelle.type_adresse = "DOMICILIATION CCAS", "P"
        actuelle.numero, actuelle.voie, actuelle.nom_voie = "1", "PLACE", "DE LA MAIRIE"


def suspendre_droit(foyer: Foyer, alea: Random, depuis: date) -> None:
    """État 3 : le montant se calcule, mais l'existence du droit est en cause."""
    foyer.etat = "3"
    groupe = alea.choice(("RSA", "RSX", ""))
    foyer.suspensions_droit = [(alea.choice(_MOTIFS_SUSPENSION_DROIT), depuis, groupe)]


def suspendre_versement(foyer: Foyer, alea: Random, depuis: date) -> None:
    """État 4 : le montant ne se calcule pas, le plus souvent faute de déclaration trimestrielle."""
    foyer.etat = "4"
    foyer.suspensions_versement = [(alea.choice(_MOTIFS_SUSPENSION_VERSEMENT), depuis)]


def _poser_etat(foyer: Foyer, alea: Random, reference: date) -> None:
    """Les blocs de situation du dossier qui accompagnent chaque état autre que payable."""
    recent = premier_du_mois(reference, -alea.randint(0, 3))
    if foyer.etat == "3":
        suspendre_droit(foyer, alea, recent)
    elif foyer.etat == "4":
        suspendre_versement(foyer, alea, recent)
    elif foyer.etat == "1":
        foyer.refus = ("DSD", premier_du_mois(reference))
    elif foyer.etat == "5":
        foyer.fin_droit = (alea.choice(MOTIFS_CLOTURE), premier_du_mois(reference))
    elif foyer.etat == "6":
        foyer.fin_droit_anterieur = (alea.choice(MOTIFS_CLOTURE), premier_du_mois(reference, -alea.randint(1, 5)))


def _poser_rarete(foyer: Foyer, alea: Random, reference: date) -> None:
    """Les blocs peu fréquents, pour que l'import les rencontre tous."""
    mois = premier_du_mois(reference)
    if foyer.fonorg == "MSA" and alea.random() < 0.25:
        foyer.demandeur.benefice_agricole = alea.randint(100_000, 900_000)
    tirage = alea.random()
    if tirage < 0.005:
        foyer.condition = (alea.choice("DAR"), "CV", mois)
    elif tirage < 0.009:
        foyer.reduction = (alea.choice((10_000, 15_000, 20_000)), mois)
    elif tirage < 0.014:
        foyer.controle = mois
    elif tirage < 0.017:
        foyer.demandeur.derogation = alea.choice(("AGE", "ACT", "RES", "NAT"))
    elif tirage < 0.025 and foyer.enfants and foyer.conjoint is None:
        foyer.demandeur.creance = alea.choice(("PE", "DA", "SF", "AT"))
