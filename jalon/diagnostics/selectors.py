"""Lire les recueils et les grilles : le dernier, tous les derniers, l'évaluation qui précède une orientation (R40)."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db import connection
from django.db.models import Prefetch, QuerySet

from jalon.diagnostics.enums import Niveau
from jalon.diagnostics.models import (
    CONTRAINTES,
    BrouillonRecueil,
    Echelon,
    Frein,
    Grille,
    Item,
    Passation,
    Recueil,
    Reponse,
    VersionGrille,
    intitule,
)
from jalon.personnes.models import Personne
from jalon.socle.errors import HorsPerimetreError, JalonError

# --- Recueils


def recueils(personne: Personne) -> list[Recueil]:
    """Recueils d'une personne, du plus récent à l'original."""
    return list(
        Recueil.objects.filter(personne=personne)
        .select_related("auteur", "organisme", "repris_de__auteur", "repris_de__organisme")
        .order_by("-date_recueil", "-id")
    )


def dernier_recueil(personne: Personne) -> Recueil | None:
    """Le dernier recueil validé d'une personne, ou rien."""
    return derniers_recueils([personne.pk]).get(personne.pk)


def derniers_recueils(ids: Collection[int]) -> dict[int, Recueil]:
    """Dernier recueil validé de chaque personne, en une requête ; une personne sans recueil est absente."""
    lus = (
        Recueil.objects.filter(personne_id__in=ids)
        .select_related("auteur", "organisme")
        .order_by("personne_id", "-date_recueil", "-id")
        .distinct("personne_id")
    )
    return {recueil.personne_id: recueil for recueil in lus}


def acceder_recueil(personne: Personne, public_id: UUID) -> Recueil:
    """Un recueil de cette personne. Lève `HorsPerimetreError` s'il n'est pas à elle."""
    recueil = (
        Recueil.objects.filter(personne=personne, public_id=public_id).select_related("auteur", "organisme").first()
    )
    if recueil is None:
        raise HorsPerimetreError(
            "Ce recueil n'existe pas dans ce dossier : ouvrez-le depuis le dossier de la personne."
        )
    return recueil


def brouillons(personne: Personne) -> list[BrouillonRecueil]:
    """Pages en cours de saisie sur cette personne, la plus récente d'abord."""
    return list(
        BrouillonRecueil.objects.filter(personne=personne, ecarte_le=None)
        .select_related("auteur", "precedent__auteur", "repris_de__auteur", "repris_de__organisme")
        .order_by("-modifie_le", "-id")
    )


@dataclass(frozen=True)
class Contrainte:
    """Une contrainte déclarée : son domaine, son niveau, et si elle est forte."""

    code: str
    domaine: str
    niveau: str
    libelle_niveau: str

    @property
    def forte(self) -> bool:
        return self.niveau == Niveau.FORTE

    @property
    def libelle(self) -> str:
        """« Santé · forte »."""
        return f"{self.domaine[:1].upper()}{self.domaine[1:]} · {self.libelle_niveau.lower()}"


def contraintes(recueil: Recueil) -> list[Contrainte]:
    """Contraintes modérées et fortes, les fortes d'abord : un niveau, jamais un diagnostic."""
    declarees = [
        Contrainte(
            code=champ.removeprefix("contrainte_"),
            domaine=intitule(champ),
            niveau=getattr(recueil, champ),
            libelle_niveau=Niveau(getattr(recueil, champ)).label,
        )
        for champ in CONTRAINTES
        if getattr(recueil, champ) in (Niveau.MODEREE, Niveau.FORTE)
    ]
    return sorted(declarees, key=lambda contrainte: not contrainte.forte)


# --- Grilles


def grilles_actives() -> QuerySet[Grille]:
    """Grilles que le département emploie, la principale d'abord."""
    return Grille.objects.filter(active=True).order_by("rang", "id")


def grille_principale() -> Grille:
    """La grille que les écrans proposent. Lève `JalonError` si le profil n'en a pas."""
    grille = grilles_actives().first()
    if grille is None:
        raise JalonError(
            "Aucune grille n'est installée : complétez grilles.yaml du profil, puis relancez « jalon init »."
        )
    return grille


def grille_de_code(code: str | None) -> Grille:
    """La grille demandée, ou la principale. Lève `JalonError` en disant lesquelles existent."""
    if not code:
        return grille_principale()
    grilles = {grille.code: grille for grille in grilles_actives()}
    if code not in grilles:
        raise JalonError(f"La grille « {code} » n'existe pas ; grilles du département : {', '.join(grilles)}.")
    return grilles[code]


def _questions() -> Prefetch[str, QuerySet[Item], str]:
    return Prefetch(
        "items",
        Item.objects.order_by("rang").prefetch_related(Prefetch("echelons", Echelon.objects.order_by("rang"))),
    )


def version_en_vigueur(grille: Grille, jour: date) -> VersionGrille:
    """Version d'une grille à une date, ses questions et ses échelons lus.

    Une grille remplie avant la première version connue relève d'elle. Lève `JalonError` s'il n'y en a aucune.
    """
    versions = VersionGrille.objects.filter(grille=grille).select_related("grille").prefetch_related(_questions())
    version = versions.filter(du__lte=jour).order_by("-du").first() or versions.order_by("du").first()
    if version is None:
        raise JalonError(f"La grille « {grille} » n'a pas de version : relancez « jalon init ».")
    return version


def passations(personne: Personne, grille: Grille | None = None) -> list[Passation]:
    """Grilles remplies d'une personne, de la plus récente à la plus ancienne, réponses lues."""
    lues = (
        Passation.objects.filter(personne=personne)
        .select_related("version__grille", "saisie_par", "organisme")
        .prefetch_related(Prefetch("reponses", _reponses()))
        .order_by("-date_passation", "-id")
    )
    return list(lues.filter(version__grille=grille) if grille is not None else lues)


def _reponses() -> QuerySet[Reponse]:
    return Reponse.objects.select_related("item", "echelon").order_by("item__rang")


def derniere_passation(personne: Personne, grille: Grille | None = None) -> Passation | None:
    """La dernière grille remplie d'une personne (toutes grilles, ou une seule), réponses lues."""
    return dernieres_passations([personne.pk], grille).get(personne.pk)


def dernieres_passations(ids: Collection[int], grille: Grille | None = None) -> dict[int, Passation]:
    """Dernière grille remplie de chaque personne, réponses lues, en deux requêtes."""
    lues = Passation.objects.filter(personne_id__in=ids)
    if grille is not None:
        lues = lues.filter(version__grille=grille)
    lues = (
        lues.select_related("version__grille", "saisie_par", "organisme")
        .prefetch_related(Prefetch("reponses", _reponses()))
        .order_by("personne_id", "-date_passation", "-id")
        .distinct("personne_id")
    )
    return {passation.personne_id: passation for passation in lues if passation.personne_id is not None}


def acceder_passation(personne: Personne, public_id: UUID) -> Passation:
    """Une grille remplie de cette personne. Lève `HorsPerimetreError` si elle n'est pas à elle."""
    passation = (
        Passation.objects.filter(personne=personne, public_id=public_id)
        .select_related("version__grille", "saisie_par", "organisme")
        .prefetch_related(Prefetch("reponses", _reponses()))
        .first()
    )
    if passation is None:
        raise HorsPerimetreError(
            "Cette grille n'existe pas dans ce dossier : ouvrez-la depuis le dossier de la personne."
        )
    return passation


_DERNIERES = """
with derniere as (
  select distinct on (p.personne_id) p.personne_id, p.id
  from diagnostics_passation p
  join diagnostics_versiongrille v on v.id = p.version_id
  join diagnostics_grille g on g.id = v.grille_id
  where g.code = %s and p.personne_id = any(%s)
  order by p.personne_id, p.date_passation desc, p.id desc
)
select d.personne_id, jsonb_object_agg(i.code, e.rang)::text
from derniere d
join diagnostics_reponse r on r.passation_id = d.id
join diagnostics_item i on i.id = r.item_id
join diagnostics_echelon e on e.id = r.echelon_id
group by d.personne_id
"""


def dernieres_reponses(personnes_ids: Collection[int], grille_code: str) -> dict[int, dict[str, int]]:
    """{personne: {question: rang}} de la dernière grille de chacune, en une requête (60 000 personnes au besoin).

    Une personne sans grille, ou qui n'a répondu à rien, est absente ; une question sans réponse aussi.
    """
    with connection.cursor() as curseur:
        curseur.execute(_DERNIERES, [grille_code, list(personnes_ids)])
        return {personne: json.loads(rangs) for personne, rangs in curseur.fetchall()}


def freins(version: VersionGrille) -> list[Frein]:
    """Freins déclarés par une version, dans l'ordre du profil."""
    return list(Frein.objects.filter(version=version).select_related("item").order_by("rang"))


def freins_presents(passation: Passation) -> list[Frein]:
    """Freins qu'une grille remplie fait paraître (I27)."""
    return freins_de_plusieurs([passation])[passation.pk]


def freins_de_plusieurs(lues: Collection[Passation]) -> dict[int, list[Frein]]:
    """Freins de plusieurs grilles remplies, réponses déjà lues, en une requête."""
    par_version: dict[int, list[Frein]] = {}
    versions = {passation.version_id for passation in lues}
    for frein in Frein.objects.filter(version_id__in=versions).select_related("item").order_by("version_id", "rang"):
        par_version.setdefault(frein.version_id, []).append(frein)
    presents = {}
    for passation in lues:
        rangs = {reponse.item_id: reponse.echelon.rang for reponse in passation.reponses.all()}
        presents[passation.pk] = [
            frein for frein in par_version.get(passation.version_id, []) if rangs.get(frein.item_id) in frein.echelons
        ]
    return presents


# --- Évaluation précédente


@dataclass(frozen=True)
class Evaluation:
    """Ce que le dernier professionnel savait : son recueil et sa grille (R40, F036)."""

    recueil: Recueil | None
    contraintes: tuple[Contrainte, ...]
    passation: Passation | None
    freins: tuple[Frein, ...]

    def __bool__(self) -> bool:
        return self.recueil is not None or self.passation is not None


def evaluation_precedente(personne: Personne) -> Evaluation:
    """Dernier recueil et dernière grille d'une personne ; « fausse » si elle n'a ni l'un ni l'autre."""
    return evaluations_precedentes([personne.pk])[personne.pk]


def evaluations_precedentes(ids: Collection[int]) -> dict[int, Evaluation]:
    """Pour toute une séance : une évaluation par personne demandée, en quatre requêtes quel que soit leur nombre."""
    par_recueil, par_passation = derniers_recueils(ids), dernieres_passations(ids)
    par_freins = freins_de_plusieurs(par_passation.values())
    rendues = {}
    for cle in ids:
        recueil, passation = par_recueil.get(cle), par_passation.get(cle)
        rendues[cle] = Evaluation(
            recueil=recueil,
            contraintes=tuple(contraintes(recueil)) if recueil else (),
            passation=passation,
            freins=tuple(par_freins[passation.pk]) if passation else (),
        )
    return rendues
