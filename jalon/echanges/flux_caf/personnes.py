"""Reconnaître une personne du flux parmi celles que la base connaît.

Ordre : le NIR, puis l'état civil complet (nom de naissance, prénoms, date de naissance, sexe). Dans un même
dossier, une correction de la caisse (une date, un prénom) ne crée pas une seconde personne. Deux personnes
d'un même foyer ne sont jamais confondues. Ce qui reste douteux n'est pas tranché ici : un agent compare.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from jalon.echanges.flux_caf.extraction import PersonneRecue
from jalon.echanges.flux_caf.lignes import Ligne, en_ligne, en_lignes
from jalon.personnes.identite import cles_identite
from jalon.personnes.models import TypeNir

Ressemblance = Callable[["Candidate", "PersonneConnue"], bool]
NIR_FIABLES = frozenset({TypeNir.CERTAIN.value, TypeNir.ATTENTE.value})


@dataclass(slots=True)
class PersonneConnue:
    """Ce qu'il faut d'une personne pour la reconnaître et voir si son identité a changé."""

    identifiant: int
    etat_civil: Ligne
    nir_empreinte: bytes | None
    type_nir: str
    cle_nom: str
    cle_prenom: str
    cle_prenoms: str
    date_naissance: str
    sexe: str
    identite_depuis: str
    identifiant_france_travail: str
    territoire: int | None
    fusionnee_dans: int | None


@dataclass(slots=True)
class Candidate:
    """Une personne reçue : ses clés de comparaison, et ses faits prêts à écrire."""

    etat_civil: Ligne
    date_naissance: str
    sexe: str
    type_nir: str
    nir_chiffre: bytes | None
    nir_empreinte: bytes | None
    identifiant_france_travail: str
    cle_recherche: str
    cle_nom: str
    cle_prenom: str
    cle_prenoms: str
    rattachement: Ligne
    soumission: Ligne | None
    ressources: list[Ligne]
    activites: list[Ligne]
    avis: list[Ligne]
    blocs: list[Ligne]


def preparer(recue: PersonneRecue) -> Candidate:
    identite, nir = recue.identite, recue.nir
    cles = cles_identite(identite.nom, identite.nom_naissance, identite.prenom, identite.prenom2, identite.prenom3)
    return Candidate(
        etat_civil=en_ligne(identite.colonnes()),
        date_naissance=identite.date_naissance,
        sexe=identite.sexe,
        type_nir="" if nir is None else str(nir.type),
        nir_chiffre=None if nir is None else nir.chiffre,
        nir_empreinte=nir.empreinte if nir is not None and nir.type in NIR_FIABLES else None,
        identifiant_france_travail=recue.identifiant_france_travail,
        cle_recherche=cles["cle_recherche"],
        cle_nom=cles["cle_nom"],
        cle_prenom=cles["cle_prenom"],
        cle_prenoms=cles["cle_prenoms"],
        rattachement=en_ligne(recue.rattachement),
        soumission=None if recue.soumission is None else en_ligne(recue.soumission),
        ressources=en_lignes(recue.ressources),
        activites=en_lignes(recue.activites),
        avis=en_lignes(recue.avis),
        blocs=en_lignes(recue.blocs),
    )


def _communs(c: Candidate, p: PersonneConnue) -> int:
    """Combien, du nom de naissance, du prénom et de la date, sont les mêmes (0 à 3)."""
    return (c.cle_nom == p.cle_nom) + (c.cle_prenom == p.cle_prenom) + (c.date_naissance == p.date_naissance)


def _meme_nir(c: Candidate, p: PersonneConnue) -> bool:
    return c.nir_empreinte is not None and c.nir_empreinte == p.nir_empreinte


def _nir_contraires(c: Candidate, p: PersonneConnue) -> bool:
    """Deux NIR connus et différents ; un numéro d'attente remplacé par un NIR n'en est pas un."""
    if c.nir_empreinte is None or p.nir_empreinte is None or c.nir_empreinte == p.nir_empreinte:
        return False
    return not (p.type_nir == TypeNir.ATTENTE and c.type_nir == TypeNir.CERTAIN)


def _meme_etat_civil(c: Candidate, p: PersonneConnue) -> bool:
    return (
        c.cle_nom == p.cle_nom
        and c.date_naissance == p.date_naissance
        and c.sexe == p.sexe
        and c.cle_prenoms == p.cle_prenoms
    )


def _etat_civil_compatible(c: Candidate, p: PersonneConnue) -> bool:
    """Comme ci-dessus, les autres prénoms pouvant manquer d'un côté."""
    return (
        c.cle_nom == p.cle_nom
        and c.date_naissance == p.date_naissance
        and c.sexe == p.sexe
        and (c.cle_prenoms.startswith(p.cle_prenoms) or p.cle_prenoms.startswith(c.cle_prenoms))
    )


def _inversee(c: Candidate, p: PersonneConnue) -> bool:
    """Nom et prénom échangés à la saisie."""
    return (
        c.cle_nom == p.cle_prenom
        and c.cle_prenom == p.cle_nom
        and c.date_naissance == p.date_naissance
        and c.sexe == p.sexe
    )


def reconnaitre_dans_le_dossier(candidates: list[Candidate], membres: Iterable[PersonneConnue]) -> dict[int, int]:
    """Associe les personnes reçues (par leur rang) à celles que le dossier connaît déjà (par leur identifiant).

    Les liens les plus sûrs sont faits d'abord ; chaque personne connue n'est prise qu'une fois. Une personne
    issue d'une fusion figure plusieurs fois dans `membres`, sous chacune de ses identités.
    """
    libres = list(membres)
    liens: dict[int, int] = {}
    tours: tuple[Ressemblance, ...] = (
        lambda c, p: _meme_nir(c, p) and _communs(c, p) >= 2,
        lambda c, p: _meme_etat_civil(c, p),
        lambda c, p: _etat_civil_compatible(c, p) and not _nir_contraires(c, p),
        lambda c, p: _meme_nir(c, p) and c.sexe == p.sexe and _communs(c, p) >= 1,
        lambda c, p: (_communs(c, p) == 2 or _inversee(c, p)) and c.sexe == p.sexe and not _nir_contraires(c, p),
    )
    for meme in tours:
        for rang, candidate in enumerate(candidates):
            if rang in liens:
                continue
            trouves = {membre.identifiant for membre in libres if meme(candidate, membre)}
            if len(trouves) == 1:
                liens[rang] = trouves.pop()
                libres = [membre for membre in libres if membre.identifiant != liens[rang]]
    return liens


def reconnaitre_ailleurs(
    candidate: Candidate, connues: Iterable[PersonneConnue], prises: set[int], foyer: Iterable[Candidate]
) -> tuple[int | None, bool]:
    """Cherche une personne reçue hors de son dossier. Rend `(personne, vrai si le NIR est celui d'une autre)`.

    `prises` : les personnes déjà liées à une autre personne du même foyer ; `foyer` : toutes les personnes reçues
    avec elle. Sous le même NIR, une personne dont un autre membre du foyer a tout l'état civil est cet autre :
    c'est le NIR du conjoint qui a été recopié. Le NIR seul ne suffit pas : mère et fille ont le nom en commun.
    """
    libres = [personne for personne in connues if personne.identifiant not in prises]
    par_nir = [
        p for p in libres
        if _meme_nir(candidate, p)
        and (_meme_etat_civil(candidate, p) or not any(_meme_etat_civil(autre, p) for autre in foyer))
    ]  # fmt: skip
    for surs in (
        {p.identifiant for p in par_nir if _communs(candidate, p) >= 2},
        {p.identifiant for p in par_nir if candidate.date_naissance == p.date_naissance and candidate.sexe == p.sexe},
    ):
        if len(surs) == 1:
            return surs.pop(), False
    surs = {p.identifiant for p in libres if _meme_etat_civil(candidate, p) and not _nir_contraires(candidate, p)}
    if len(surs) == 1:
        return surs.pop(), False
    return None, bool(par_nir) or any(_meme_nir(candidate, p) for p in connues)
