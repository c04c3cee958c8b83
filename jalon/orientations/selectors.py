"""La file d'orientation : qui attend, pourquoi, et combien de temps il reste au service (R26, F011)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from dateutil.relativedelta import relativedelta
from django.core.cache import cache
from django.db.models import Case, Count, Exists, IntegerField, OuterRef, Q, QuerySet, Value, When
from django.db.models.expressions import Combinable, CombinedExpression

from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.droits.models import DossierRsa, NatureDroit
from jalon.organismes.models import ObjetHabilitation, Organisme, Territoire
from jalon.orientations.models import AttenteOrientation, MotifEntree
from jalon.orientations.querysets import AttenteOrientationQuerySet
from jalon.personnes.models import Adresse, EtatTache, Tache, TypeTache
from jalon.referentiels.models import Commune
from jalon.referentiels.parametres import mot, nombre
from jalon.socle.errors import HorsPerimetreError
from jalon.socle.exports import Cell
from jalon.socle.textes import nom_propre

ALERTE = "orientation.alerte_avant_echeance"
NATURES_MAJOREES = ("RSI", "RCI")
SOUS_NATURES_MAJOREES = ("RSUN1", "RSBN1", "RCUN1", "RCBN1", "RSUD1", "RSBD1", "RCUD1", "RCBD1")
"""Natures du droit dont la nomenclature dit « majoré » (listes NATPF et SOUSNATPF)."""
REGIME_MSA = "MSA"


def attentes() -> AttenteOrientationQuerySet:
    return AttenteOrientationQuerySet(AttenteOrientation)


def file_orientation(perimetre: Perimetre) -> AttenteOrientationQuerySet:
    """Attentes en cours de l'agent."""
    return attentes().en_cours().du_perimetre(perimetre)


def acceder_attentes(
    perimetre: Perimetre, identifiants: Iterable[UUID], *, droit: str = "file_orientation.affecter"
) -> AttenteOrientationQuerySet:
    """Rend celles des attentes désignées qui sont dans le périmètre, sorties de la file comprises."""
    perimetre.exiger(droit)
    return attentes().du_perimetre(perimetre).filter(public_id__in=list(identifiants))


# --- Facettes


@dataclass(frozen=True)
class Contexte:
    """Ce dont dépend le sens d'une facette : le jour, l'alerte, et qui regarde."""

    jour: date
    alerte: int
    agent: int
    tout: bool = False
    portee: str = ""
    """Territoires et organismes de l'agent : deux périmètres ne partagent jamais leurs compteurs."""

    @classmethod
    def de(cls, perimetre: Perimetre, jour: date) -> Contexte:
        return cls(
            jour, int(nombre(ALERTE, jour)), perimetre.agent.pk if perimetre.agent else 0, perimetre.tout,
            f"{sorted(perimetre.territoires)} {sorted(perimetre.organismes)}",
        )  # fmt: skip

    @property
    def fin_alerte(self) -> date:
        return self.jour + timedelta(days=self.alerte)

    def ne_apres(self, ans: int) -> date:
        """Dernier jour de naissance de qui a déjà `ans` ans : après, on est plus jeune."""
        return self.jour - relativedelta(years=ans)


@dataclass(frozen=True)
class Choix:
    code: str
    libelle: str
    condition: Q


@dataclass(frozen=True)
class Facette:
    """Un filtre : ses choix s'excluent, le dernier sans condition ramasse le reste."""

    code: str
    libelle: str
    choix: tuple[Choix, ...]
    rang: Combinable
    base: int


def _recueil_a_faire(contexte: Contexte) -> Q:
    return _parmi(contexte, "personne_id", Tache.objects.filter(type=TypeTache.RECUEIL, etat=EtatTache.A_FAIRE))


def _majoree(contexte: Contexte) -> Q:
    majorees = NatureDroit.objects.filter(
        Q(nature__in=NATURES_MAJOREES) | Q(sous_nature__in=SOUS_NATURES_MAJOREES),
        periode__endswith=None, periode__isempty=False,
    )  # fmt: skip
    return _parmi(contexte, "dossier_id", majorees)


def _parmi(contexte: Contexte, colonne: str, lignes: QuerySet[Any]) -> Q:
    """« Cette attente a une telle ligne » : lue d'un coup pour le département, ligne par ligne pour un territoire.

    La sécurité par ligne rend la lecture d'un coup coûteuse à qui ne voit qu'une part du département.
    """
    if contexte.tout:
        return Q(**{f"{colonne}__in": lignes.order_by().values(colonne)})
    return Q(Exists(lignes.filter(**{colonne: OuterRef(colonne)})))


def facettes(contexte: Contexte, territoires: Sequence[Territoire]) -> list[Facette]:
    """Filtres de la file, dans l'ordre de l'écran."""
    n = "personne__date_naissance"
    recueil = mot("diagnostic").court or mot("diagnostic").singulier
    une = [
        _facette("motif", "Motif d’entrée", [(m.value, str(m.label), Q(motif=m.value)) for m in MotifEntree]),
        _facette("delai", "Délai", [
            ("depasse", "Dépassé", Q(echeance__lt=contexte.jour)),
            ("proche", f"Moins de {contexte.alerte} jours",
             Q(echeance__gte=contexte.jour, echeance__lt=contexte.fin_alerte)),
            ("autre", "Plus tard", Q(echeance__gte=contexte.fin_alerte)),
        ]),
        _facette("agent", "Agent chargé", [
            ("moi", "Moi", Q(agent_id=contexte.agent)),
            ("personne", "Personne", Q(agent_id=None)),
            ("autre", "Un autre agent", Q(agent_id__isnull=False) & ~Q(agent_id=contexte.agent)),
        ]),
        _facette("recueil", recueil[:1].upper() + recueil[1:], [
            ("a_faire", "À faire", _recueil_a_faire(contexte)),
            ("fait", "Fait ou non demandé", ~_recueil_a_faire(contexte)),
        ]),
        _facette("majore", "Majoration", [
            ("oui", "Majoré", _majoree(contexte)),
            ("non", "Non majoré", ~_majoree(contexte)),
        ]),
        _facette("age", "Âge", [
            ("moins_25", "Moins de 25 ans", Q(**{f"{n}__gt": contexte.ne_apres(25)})),
            ("25_29", "25 à 29 ans", Q(**{f"{n}__gt": contexte.ne_apres(30), f"{n}__lte": contexte.ne_apres(25)})),
            ("30_49", "30 à 49 ans", Q(**{f"{n}__gt": contexte.ne_apres(50), f"{n}__lte": contexte.ne_apres(30)})),
            ("50_plus", "50 ans et plus", Q(**{f"{n}__lte": contexte.ne_apres(50)})),
        ]),
    ]  # fmt: skip
    if len(territoires) > 1:
        choix = tuple(Choix(t.code, t.libelle, Q(territoire_id=t.pk)) for t in territoires)
        rang = _rang([(Q(territoire_id=t.pk), i) for i, t in enumerate(territoires)], len(territoires))
        libelle = mot("territoire").singulier
        une.insert(1, Facette("territoire", libelle[:1].upper() + libelle[1:], choix, rang, len(territoires) + 1))
    return une


def _facette(code: str, libelle: str, choix: Sequence[tuple[str, str, Q]]) -> Facette:
    *premiers, _ = choix
    rang = _rang([(condition, i) for i, (_, _, condition) in enumerate(premiers)], len(premiers))
    return Facette(code, libelle, tuple(Choix(*c) for c in choix), rang, len(choix))


def _rang(conditions: Sequence[tuple[Q, int]], reste: int) -> Combinable:
    return Case(
        *(When(condition, then=Value(i)) for condition, i in conditions),
        default=Value(reste), output_field=IntegerField(),
    )  # fmt: skip


Cube = Mapping[tuple[int, ...], int]


def compter(file: AttenteOrientationQuerySet, toutes: Sequence[Facette]) -> Cube:
    """Nombre d'attentes par combinaison de choix, en une lecture : tous les compteurs de l'écran s'en tirent.

    Une seule clé entière : PostgreSQL regroupe par hachage au lieu de trier la file entière sur sept colonnes.
    """
    cle: Combinable = Value(0, output_field=IntegerField())
    for facette in toutes:
        cle = CombinedExpression(
            CombinedExpression(cle, Combinable.MUL, Value(facette.base)), Combinable.ADD, facette.rang,
            output_field=IntegerField(),
        )  # fmt: skip
    cube: dict[tuple[int, ...], int] = {}
    for code, total in file.order_by().annotate(cle=cle).values_list("cle").annotate(total=Count("pk")):
        rangs: list[int] = []
        for facette in reversed(toutes):
            code, rang = divmod(code, facette.base)
            rangs.append(rang)
        cube[tuple(reversed(rangs))] = total
    return cube


def compteurs(
    cube: Cube, toutes: Sequence[Facette], retenus: Mapping[str, Sequence[str]]
) -> tuple[int, dict[str, list[int]]]:
    """Total de la file filtrée, et nombre derrière chaque choix si l'on changeait sa seule facette."""
    permis: list[set[int] | None] = []
    for facette in toutes:
        codes = set(retenus.get(facette.code, ()))
        permis.append({i for i, choix in enumerate(facette.choix) if choix.code in codes} if codes else None)
    total = 0
    nombres = {facette.code: [0] * facette.base for facette in toutes}
    for rangs, effectif in cube.items():
        hors = [i for i, rang in enumerate(rangs) if (p := permis[i]) is not None and rang not in p]
        if not hors:
            total += effectif
        for i in hors if hors else range(len(toutes)):
            if len(hors) <= 1:
                nombres[toutes[i].code][rangs[i]] += effectif
    return total, nombres


def condition(facette: Facette, codes: Iterable[str]) -> Q:
    """« L'un de ces choix » ; vide si aucun n'est retenu."""
    voulus = set(codes)
    ensemble = Q()
    for choix in facette.choix:
        if choix.code in voulus:
            ensemble |= Q(choix.condition)
    return ensemble


SEUIL_MEMOIRE = 2_000
DUREE_MEMOIRE = 30


def compter_avec_memoire(
    file: AttenteOrientationQuerySet, toutes: Sequence[Facette], contexte: Contexte, recherche: str
) -> Cube:
    """Comme `compter` ; une file très longue garde ses compteurs trente secondes.

    Le cube ne dépend pas des choix : passer d'un filtre à l'autre ne recompte rien.
    """
    cle = "file_orientation:" + sha256(f"{contexte}|{recherche}".encode()).hexdigest()
    garde: Cube | None = cache.get(cle)
    if garde is not None:
        return garde
    cube = compter(file, toutes)
    if sum(cube.values()) >= SEUIL_MEMOIRE:
        cache.set(cle, cube, DUREE_MEMOIRE)
    return cube


# --- Lignes

TRIS: dict[str, tuple[str, ...]] = {
    "echeance": ("echeance", "pk"),
    "-echeance": ("-echeance", "-pk"),
    "nom": ("personne__nom", "personne__prenom", "pk"),
    "-nom": ("-personne__nom", "-personne__prenom", "-pk"),
    "motif": ("motif", "echeance", "pk"),
    "-motif": ("-motif", "echeance", "pk"),
    "agent": ("agent__nom", "agent__prenom", "echeance", "pk"),
    "-agent": ("-agent__nom", "-agent__prenom", "echeance", "pk"),
}


def lire_page(file: AttenteOrientationQuerySet, tri: str, debut: int, fin: int) -> list[AttenteOrientation]:
    """Lit d'abord les clés de la page, par l'index du délai, puis ces seules lignes avec ce qu'elles montrent."""
    cles = list(file.order_by(*TRIS[tri]).values_list("pk", flat=True)[debut:fin])
    lignes = {ligne.pk: ligne for ligne in attentes().filter(pk__in=cles).pour_liste().order_by("pk")}
    return [lignes[cle] for cle in cles if cle in lignes]


@dataclass(frozen=True)
class LigneFile:
    """Une attente prête à l'affichage ou à l'export."""

    attente: AttenteOrientation
    commune: str
    msa: bool
    jours: int
    total: int
    retard: int


def completer(page: Sequence[AttenteOrientation], jour: date) -> list[LigneFile]:
    """Ajoute la commune et la caisse aux attentes d'une page, en trois lectures quel que soit leur nombre.

    La commune est lue à part : jointe, PostgreSQL la relirait en entier pour chaque adresse.
    """
    dossiers = {
        cle: (foyer, regime)
        for cle, foyer, regime in DossierRsa.objects.filter(pk__in={a.dossier_id for a in page})
        .order_by("pk")
        .values_list("pk", "foyer_id", "caisse_regime")
    }
    adresses: dict[int, tuple[str | None, str]] = {}
    en_cours = Adresse.objects.filter(
        foyer_id__in={foyer for foyer, _ in dossiers.values()}, periode__endswith=None, periode__isempty=False
    ).order_by("-rang", "pk")
    for foyer, officielle, recue in en_cours.values_list("foyer_id", "commune_id", "nom_commune"):
        adresses[foyer] = (officielle, recue)
    codes = {officielle for officielle, _ in adresses.values() if officielle}
    noms = dict(Commune.objects.filter(pk__in=codes).order_by("pk").values_list("pk", "nom"))
    communes = {foyer: noms.get(code or "", recue) for foyer, (code, recue) in adresses.items()}
    lignes = []
    for attente in page:
        foyer, regime = dossiers.get(attente.dossier_id, (0, ""))
        lignes.append(
            LigneFile(
                attente=attente,
                commune=communes.get(foyer, ""),
                msa=regime == REGIME_MSA,
                jours=max(0, (jour - attente.entree_le).days),
                total=(attente.echeance - attente.entree_le).days,
                retard=max(0, (jour - attente.echeance).days),
            )
        )
    return lignes


ENTETES_EXPORT = (
    "Nom", "Prénom", "Née ou né le", "Commune", "Territoire", "Caisse", "Motif d’entrée", "Entrée le",
    "À orienter avant le", "Jours de retard", "Service", "Agent chargé",
)  # fmt: skip
PAQUET_EXPORT = 2_000


def lignes_export(file: AttenteOrientationQuerySet, tri: str, jour: date) -> Iterator[list[Cell]]:
    """Lignes d'un export, lues par paquets ; jamais de NIR."""
    cles = list(file.order_by(*TRIS[tri]).values_list("pk", flat=True))
    for debut in range(0, len(cles), PAQUET_EXPORT):
        paquet = cles[debut : debut + PAQUET_EXPORT]
        attentes_lues = {a.pk: a for a in attentes().filter(pk__in=paquet).pour_liste().order_by("pk")}
        for ligne in completer([attentes_lues[cle] for cle in paquet if cle in attentes_lues], jour):
            attente, personne = ligne.attente, ligne.attente.personne
            yield [
                nom_propre(personne.nom), nom_propre(personne.prenom), personne.date_naissance, ligne.commune,
                attente.territoire.libelle if attente.territoire else "", "MSA" if ligne.msa else "CAF",
                attente.get_motif_display(), attente.entree_le, attente.echeance, ligne.retard,
                attente.service.libelle if attente.service else "", str(attente.agent) if attente.agent else "",
            ]  # fmt: skip


# --- À qui confier


def agents_affectables(perimetre: Perimetre, jour: date) -> list[Agent]:
    """Agents de mes services ou de mes territoires qui travaillent dans la file d'orientation."""
    portee = Q()
    if not perimetre.tout:
        portee = Q(affectations__organisme_id__in=perimetre.organismes) | Q(
            affectations__territoire_id__in=perimetre.territoires
        )
    return list(
        Agent.objects.filter(
            portee, is_active=True, affectations__periode__contains=jour,
            affectations__profil__droits__contains=["file_orientation.consulter"],
        )
        .distinct()
        .order_by("nom", "prenom", "pk")
    )  # fmt: skip


def services_affectables(perimetre: Perimetre, jour: date) -> list[Organisme]:
    """Services habilités à orienter ou instructeurs, sur mes territoires."""
    portee = Q() if perimetre.tout else Q(territoires__in=perimetre.territoires) | Q(pk__in=perimetre.organismes)
    habilites = Q(habilitation__objet=ObjetHabilitation.ORIENTATION, habilitation__periode__contains=jour)
    return list(
        Organisme.objects.filter(portee, habilites | Q(serviceinstructeur__isnull=False), actif=True)
        .distinct()
        .order_by("libelle", "pk")
    )


def territoires_de_la_file(perimetre: Perimetre) -> list[Territoire]:
    """Territoires que la facette propose : les feuilles du périmètre."""
    feuilles = Territoire.objects.feuilles()
    if not perimetre.tout:
        feuilles = feuilles.filter(pk__in=perimetre.territoires)
    return list(feuilles.order_by("ordre", "libelle", "pk"))


def choisir_agent(perimetre: Perimetre, identifiant: UUID, jour: date) -> Agent:
    for agent in agents_affectables(perimetre, jour):
        if agent.public_id == identifiant:
            return agent
    raise HorsPerimetreError("Cet agent ne travaille pas dans votre service ni sur votre territoire.")


def choisir_service(perimetre: Perimetre, identifiant: UUID, jour: date) -> Organisme:
    for service in services_affectables(perimetre, jour):
        if service.public_id == identifiant:
            return service
    raise HorsPerimetreError("Ce service n’oriente pas sur votre territoire.")
