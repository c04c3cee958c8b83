"""Ce que le profil règle de l'instruction : test d'éligibilité, pièces, proposition de lieu (F017, F019)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from jalon.droits.demandes import ReglageInstruction, ResultatTest
from jalon.organismes.models import ObjetHabilitation, Organisme
from jalon.personnes.models import Public
from jalon.referentiels.profil import Profil
from jalon.referentiels.profil.instruction import Instruction, Piece, RegleAiguillage
from jalon.socle.errors import JalonError

OUI, NON, NE_SAIT_PAS = "oui", "non", "nsp"


@transaction.atomic
def installer_instruction(profil: Profil) -> None:
    """Pose le réglage et les publics du profil ; un public qu'il ne nomme plus reste lisible, sans plus servir."""
    donnees = profil.instruction
    ReglageInstruction.objects.update_or_create(unique=True, defaults={"contenu": donnees.model_dump(mode="json")})
    for rang, public in enumerate(donnees.publics):
        Public.objects.update_or_create(
            code=public.code, defaults={"libelle": public.libelle, "ordre": rang, "actif": True}
        )
    Public.objects.exclude(code__in=[p.code for p in donnees.publics]).update(actif=False)


def reglage() -> Instruction:
    """Réglage de cette installation. Lève `JalonError` avant `jalon init`."""
    contenu = ReglageInstruction.objects.order_by("pk").values_list("contenu", flat=True).first()
    if contenu is None:
        raise JalonError("L'instruction n'est pas réglée : relancez « jalon init » avec le profil du département.")
    return _lire(json.dumps(contenu, sort_keys=True))


@lru_cache(maxsize=2)
def _lire(contenu: str) -> Instruction:
    return Instruction.model_validate_json(contenu)


# --- Test d'éligibilité


def resultat_test(instruction: Instruction, reponses: Mapping[str, str]) -> str:
    """Résultat indicatif : une condition manquante que rien ne lève, un doute, ou rien ne s'oppose.

    Une question restée sans réponse laisse un doute ; un test où rien n'est répondu n'est pas fait.
    """
    if not any(reponses.get(q.code) for q in instruction.questions):
        return ResultatTest.NON_FAIT
    questions = {q.code: q for q in instruction.questions}

    def dit(code: str) -> bool | None:
        reponse = reponses.get(code, "")
        return None if reponse not in (OUI, NON) else (reponse == OUI) == questions[code].reponse_utile

    doute = False
    for question in instruction.questions:
        if question.attendu is None:
            continue
        favorable = dit(question.code)
        if favorable:
            continue
        leviers = [dit(code) for code in question.sauf]
        if any(leviers):
            continue
        if favorable is None or question.souple or None in leviers:
            doute = True
        else:
            return ResultatTest.DEFAVORABLE
    return ResultatTest.RESERVE if doute else ResultatTest.FAVORABLE


def instantane(instruction: Instruction, reponses: Mapping[str, str]) -> list[dict[str, Any]]:
    """Questions et réponses telles que posées ce jour-là : le profil peut changer, la demande les garde."""
    return [
        {"code": q.code, "texte": q.texte, "reponse": reponses[q.code]}
        for q in instruction.questions
        if reponses.get(q.code) in (OUI, NON, NE_SAIT_PAS)
    ]


def pieces_a_demander(instruction: Instruction, situations: Iterable[str]) -> list[Piece]:
    """Pièces demandées à tous, et celles qu'appellent les situations déclarées."""
    declarees = set(situations)
    return [p for p in instruction.pieces if not p.situations or declarees.intersection(p.situations)]


# --- Où déposer


def regle_aiguillage(instruction: Instruction, situations: Iterable[str]) -> RegleAiguillage:
    """R08 : la première règle qui convient. Elle incite, elle n'interdit jamais."""
    declarees = set(situations)
    return next(r for r in instruction.aiguillage if r.situation is None or r.situation in declarees)


def lieux_habilites(jour: date, territoire: int | None = None) -> QuerySet[Organisme]:
    """Organismes qui peuvent instruire ce jour-là (F006), sur ce territoire ou sur tout le département."""
    lieux = Organisme.objects.filter(
        habilitation__objet=ObjetHabilitation.INSTRUCTION, habilitation__periode__contains=jour, actif=True
    )
    if territoire is not None:
        lieux = lieux.filter(
            Q(territoires=territoire)
            | Q(territoires__territoire=territoire)
            | Q(territoires__territoire__territoire=territoire)
        )
    return lieux.select_related("type").distinct().order_by("libelle", "pk")


def lieux_proposes(
    instruction: Instruction, situations: Iterable[str], *, territoire: int | None, commune: str, jour: date
) -> list[Organisme]:
    """Lieux des catégories proposées, sur le territoire de la personne ; ceux de sa commune d'abord."""
    regle = regle_aiguillage(instruction, situations)
    categories = [categorie.value for categorie in regle.vers]
    de_la_commune = {site.organisme for site in instruction.sites if commune and commune in site.communes}
    lieux = [lieu for lieu in lieux_habilites(jour, territoire) if lieu.type.categorie in categories]
    return sorted(
        lieux,
        key=lambda lieu: (lieu.code not in de_la_commune, categories.index(lieu.type.categorie), lieu.libelle),
    )
