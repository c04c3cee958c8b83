"""Accomplir un acte depuis un écran : le résultat ou le refus devient un message."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest

from jalon.agents.perimetre import Perimetre
from jalon.socle.errors import DroitManquantError, HorsPerimetreError, JalonError


class SansEffetError(JalonError):
    """L'acte était permis mais n'a rien changé : on le dit sans le compter comme une réussite."""


def tenter(request: HttpRequest, acte: Callable[[], str]) -> bool:
    """Dit ce qui a été fait, ou pourquoi non. Ce qui est caché ou interdit garde sa page d'erreur."""
    try:
        messages.success(request, acte())
    except SansEffetError as constat:
        messages.warning(request, str(constat))
        return False
    except (HorsPerimetreError, DroitManquantError):
        raise
    except JalonError as refus:
        messages.error(request, str(refus))
        return False
    return True


def exiger_l_un(perimetre: Perimetre, *droits: str) -> None:
    """L'un de ces droits suffit : celui qui demande et celui qui examine lisent le même écran."""
    if not any(perimetre.peut(droit) for droit in droits):
        raise DroitManquantError(
            "Votre rôle ne permet pas d’ouvrir cet écran. Demandez à votre responsable qui le peut."
        )
