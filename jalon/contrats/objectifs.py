"""Les objectifs d'un contrat, leurs étapes, les moyens de chaque étape : qui, pour quand, où cela en est (R47, R57, F050).

Le plan s'écrit avec le contrat ; une fois en vigueur, il ne fait plus qu'avancer : seuls les états changent. L'objectif
que la personne propose garde ses mots : un agent lui donne un thème, une date, des étapes, ou le laisse de côté.
"""

from __future__ import annotations

from datetime import date
from typing import Any, TypeVar

from django.db import models, transaction
from django.utils import timezone

from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.contrats.enums import EtatContrat, EtatObjectif, QuiFait
from jalon.contrats.models import Contrat, Etape, Moyen, Objectif, ThemeContrat
from jalon.contrats.redaction import concernees, exiger_ecriture
from jalon.personnes.liens import SansCompte
from jalon.socle.errors import JalonError, TransitionRefuseeError
from jalon.traces.services import tracer

LONGUEUR_INTITULE = 300
ELEMENTS_MAXIMUM = 30
"""Au-delà, ce n'est plus un plan que l'on suit à deux."""

Element = TypeVar("Element", Objectif, Etape, Moyen)
"""Ce qui s'ordonne, change d'état et se retire de la même façon."""


class ElementDepasseError(JalonError):
    """L'élément a changé depuis qu'il a été lu ; `actuel` porte ce qu'un autre y a mis."""

    def __init__(self, actuel: Objectif | Etape | Moyen) -> None:
        super().__init__(
            f"« {actuel.intitule} » a changé pendant que vous écriviez. Relisez ce qui y est maintenant, "
            "puis enregistrez de nouveau ce que vous vouliez."
        )
        self.actuel = actuel


def plan(contrat: Contrat) -> list[Objectif]:
    """Objectifs du contrat, avec leurs étapes et leurs moyens, dans l'ordre."""
    return list(
        contrat.objectifs.select_related("theme", "cree_par")
        .order_by("rang", "pk")
        .prefetch_related(
            models.Prefetch(
                "etapes",
                Etape.objects.order_by("rang", "pk").prefetch_related(
                    models.Prefetch("moyens", Moyen.objects.order_by("rang", "pk"))
                ),
            )
        )
    )


def themes_proposes() -> list[ThemeContrat]:
    return list(ThemeContrat.objects.filter(actif=True).order_by("ordre", "pk"))


# --- Ajouter


@transaction.atomic
def ajouter_objectif(
    contrat: Contrat,
    *,
    acteur: Agent | None,
    perimetre: Perimetre | None,
    intitule: str,
    theme: ThemeContrat | None = None,
    echeance: date | None = None,
    par_la_personne: bool = False,
    repris_de: Objectif | None = None,
    lien: SansCompte | None = None,
) -> Objectif:
    """Ajoute un objectif à la fin. Sans `acteur`, c'est la personne qui le propose, avec ses mots (R54).

    Lève `JalonError` (rien d'écrit, trop d'objectifs), `TransitionRefuseeError`, `DroitManquantError`.
    """
    tenu = exiger_ecriture(contrat, perimetre)
    objectif = Objectif.objects.create(
        contrat=tenu, intitule=_intitule(intitule, "l'objectif"), theme=theme, echeance=echeance,
        par_la_personne=par_la_personne or acteur is None, repris_de=repris_de, cree_par=acteur,
        rang=_rang_suivant(Objectif.objects.filter(contrat=tenu)),
    )  # fmt: skip
    _tracer("ajoute", tenu, objectif, acteur, perimetre, lien)
    return objectif


@transaction.atomic
def ajouter_etape(
    objectif: Objectif,
    *,
    acteur: Agent,
    perimetre: Perimetre,
    intitule: str,
    qui: str = QuiFait.PERSONNE,
    precision: str = "",
    echeance: date | None = None,
) -> Etape:
    """Ajoute une étape à la fin de l'objectif. Mêmes refus qu'`ajouter_objectif`."""
    tenu = exiger_ecriture(objectif.contrat, perimetre)
    etape = Etape.objects.create(
        objectif=objectif, intitule=_intitule(intitule, "l'étape"), qui=_qui(qui), precision=_precision(precision),
        echeance=echeance, rang=_rang_suivant(Etape.objects.filter(objectif=objectif)),
    )  # fmt: skip
    _tracer("etape_ajoutee", tenu, etape, acteur, perimetre, None)
    return etape


@transaction.atomic
def ajouter_moyen(
    etape: Etape,
    *,
    acteur: Agent,
    perimetre: Perimetre,
    intitule: str,
    qui: str = QuiFait.REFERENT,
    precision: str = "",
    echeance: date | None = None,
) -> Moyen:
    """Ajoute un moyen à l'étape. Mêmes refus qu'`ajouter_objectif`."""
    tenu = exiger_ecriture(etape.objectif.contrat, perimetre)
    moyen = Moyen.objects.create(
        etape=etape, intitule=_intitule(intitule, "le moyen"), qui=_qui(qui), precision=_precision(precision),
        echeance=echeance, rang=_rang_suivant(Moyen.objects.filter(etape=etape)),
    )  # fmt: skip
    _tracer("moyen_ajoute", tenu, moyen, acteur, perimetre, None)
    return moyen


# --- Modifier


@transaction.atomic
def modifier_objectif(
    objectif: Objectif,
    *,
    acteur: Agent | None,
    perimetre: Perimetre | None,
    numero_lu: int,
    intitule: str,
    theme: ThemeContrat | None = None,
    echeance: date | None = None,
    lien: SansCompte | None = None,
) -> Objectif:
    """Récrit un objectif. Lève `ElementDepasseError` s'il a changé, `JalonError` si ses mots sont ceux d'un autre."""
    tenu = exiger_ecriture(objectif.contrat, perimetre)
    relu = _relire(objectif, numero_lu)
    propre = _intitule(intitule, "l'objectif")
    if acteur is not None and relu.par_la_personne and relu.cree_par_id is None and propre != relu.intitule:
        raise JalonError(
            "La personne a écrit cet objectif : ses mots ne se changent pas à sa place. Ajoutez un objectif à côté, "
            "ou laissez celui-ci de côté avec elle."
        )
    if acteur is None and relu.cree_par_id is not None:
        raise JalonError("Cet objectif est écrit par votre référent : dites-lui ce que vous voulez y changer.")
    relu.intitule = propre
    if acteur is not None:
        relu.theme, relu.echeance = theme, echeance
    _enregistrer(relu)
    _tracer("modifie", tenu, relu, acteur, perimetre, lien)
    return relu


@transaction.atomic
def modifier_etape(
    etape: Etape,
    *,
    acteur: Agent,
    perimetre: Perimetre,
    numero_lu: int,
    intitule: str,
    qui: str,
    precision: str = "",
    echeance: date | None = None,
) -> Etape:
    """Récrit une étape. Lève `ElementDepasseError` si elle a changé."""
    tenu = exiger_ecriture(etape.objectif.contrat, perimetre)
    relue = _relire(etape, numero_lu)
    relue.intitule, relue.qui = _intitule(intitule, "l'étape"), _qui(qui)
    relue.precision, relue.echeance = _precision(precision), echeance
    _enregistrer(relue)
    _tracer("etape_modifiee", tenu, relue, acteur, perimetre, None)
    return relue


@transaction.atomic
def modifier_moyen(
    moyen: Moyen,
    *,
    acteur: Agent,
    perimetre: Perimetre,
    numero_lu: int,
    intitule: str,
    qui: str,
    precision: str = "",
    echeance: date | None = None,
) -> Moyen:
    """Récrit un moyen. Lève `ElementDepasseError` s'il a changé."""
    tenu = exiger_ecriture(moyen.etape.objectif.contrat, perimetre)
    relu = _relire(moyen, numero_lu)
    relu.intitule, relu.qui = _intitule(intitule, "le moyen"), _qui(qui)
    relu.precision, relu.echeance = _precision(precision), echeance
    _enregistrer(relu)
    _tracer("moyen_modifie", tenu, relu, acteur, perimetre, None)
    return relu


@transaction.atomic
def changer_etat(
    element: Element, *, acteur: Agent, perimetre: Perimetre, etat: str, le: date | None = None
) -> Element:
    """Dit où en est un objectif, une étape ou un moyen : pendant l'écriture, puis toute la vie du contrat.

    « Atteint » prend la date du fait, jamais à venir. Lève `TransitionRefuseeError` si le contrat ne vit plus.
    """
    perimetre.exiger("contrat.rediger")
    objectif = objectif_de(element)
    tenu = Contrat.objects.select_for_update(of=("self",)).get(pk=objectif.contrat_id)
    if tenu.etat not in EtatContrat.ecrits() | EtatContrat.vivants():
        raise TransitionRefuseeError(
            f"Ce contrat est « {EtatContrat(tenu.etat).label.lower()} » : on n'y note plus d'avancement."
        )
    if etat not in EtatObjectif.values:
        raise JalonError("Dites où cela en est : à commencer, en cours, atteint ou laissé de côté.")
    jour = le or timezone.localdate()
    if jour > timezone.localdate():
        raise JalonError("Ce qui est atteint l'est déjà : donnez un jour passé, ou aujourd'hui.")
    relu = type(element)._default_manager.select_for_update(of=("self",)).get(pk=element.pk)
    relu.etat = etat
    atteint_le = jour if etat == EtatObjectif.ATTEINT else None
    if isinstance(relu, Objectif):
        relu.atteint_le = atteint_le
    elif isinstance(relu, Etape):
        relu.faite_le = atteint_le
    _enregistrer(relu)
    _tracer("avance", tenu, relu, acteur, perimetre, None, vers=etat)
    return relu


@transaction.atomic
def deplacer(element: Element, *, acteur: Agent, perimetre: Perimetre, vers_le_haut: bool) -> Element:
    """Échange l'élément avec son voisin ; au bout de la liste, rien ne bouge. L'ordre n'entre pas au journal.

    Lève `TransitionRefuseeError`, `DroitManquantError`.
    """
    exiger_ecriture(objectif_de(element).contrat, perimetre)
    voisins = list(_fratrie(element).order_by("rang", "pk"))
    place = [voisin.pk for voisin in voisins].index(element.pk)
    autre = place - 1 if vers_le_haut else place + 1
    if 0 <= autre < len(voisins):
        voisins[place], voisins[autre] = voisins[autre], voisins[place]
        for rang, voisin in enumerate(voisins):
            voisin.rang = rang
        type(element)._default_manager.bulk_update(voisins, ["rang"])
    return type(element)._default_manager.get(pk=element.pk)


@transaction.atomic
def retirer(
    element: Element, *, acteur: Agent | None, perimetre: Perimetre | None, lien: SansCompte | None = None
) -> None:
    """Retire un objectif avec ses étapes, une étape avec ses moyens, ou un moyen.

    Lève `JalonError` : un agent ne retire pas l'objectif de la personne (il le laisse de côté) ; elle ne retire que
    le sien, tant qu'aucune étape n'en dépend. Lève aussi `TransitionRefuseeError`, `DroitManquantError`.
    """
    objectif = objectif_de(element)
    tenu = exiger_ecriture(objectif.contrat, perimetre)
    if isinstance(element, Objectif):
        a_elle = element.par_la_personne and element.cree_par_id is None
        if acteur is not None and a_elle:
            raise JalonError(
                "La personne a proposé cet objectif : il ne se retire pas. Laissez-le de côté avec elle, il reste lisible."
            )
        if acteur is None and (not a_elle or element.etapes.exists()):
            raise JalonError("Votre référent travaille déjà sur cet objectif : dites-lui que vous n'en voulez plus.")
    _tracer("retire", tenu, element, acteur, perimetre, lien)
    element.delete()


def objectif_de(element: Objectif | Etape | Moyen) -> Objectif:
    """L'objectif dont relève l'élément."""
    if isinstance(element, Moyen):
        return element.etape.objectif
    return element.objectif if isinstance(element, Etape) else element


# --- Communs


def _fratrie(element: Element) -> models.QuerySet[Any]:
    if isinstance(element, Objectif):
        return Objectif.objects.filter(contrat_id=element.contrat_id)
    if isinstance(element, Etape):
        return Etape.objects.filter(objectif_id=element.objectif_id)
    return Moyen.objects.filter(etape_id=element.etape_id)


def _rang_suivant(freres: models.QuerySet[Any]) -> int:
    nombre = freres.count()
    if nombre >= ELEMENTS_MAXIMUM:
        raise JalonError(
            f"Il y en a déjà {nombre} ici : un plan que l'on suit à deux en a moins. Retirez-en un d'abord."
        )
    dernier = freres.aggregate(dernier=models.Max("rang"))["dernier"]
    return 0 if dernier is None else int(dernier) + 1


def _relire(element: Element, numero_lu: int) -> Element:
    relu = type(element)._default_manager.select_for_update(of=("self",)).get(pk=element.pk)
    if relu.numero != numero_lu:
        raise ElementDepasseError(relu)
    return relu


def _enregistrer(element: Objectif | Etape | Moyen) -> None:
    element.numero += 1
    element.save()


def _intitule(texte: str, quoi: str) -> str:
    propre = " ".join(texte.replace("\x00", "").split())
    if not propre:
        raise JalonError(f"Écrivez {quoi} avec quelques mots : un verbe, et ce que l'on veut obtenir.")
    if len(propre) > LONGUEUR_INTITULE:
        raise JalonError(
            f"C'est trop long pour {quoi} ({len(propre)} signes, {LONGUEUR_INTITULE} au plus) : gardez l'essentiel."
        )
    return propre


def _qui(code: str) -> str:
    if code not in QuiFait.values:
        raise JalonError("Dites qui s'en charge : la personne, le référent, un organisme, ou ensemble.")
    return code


def _precision(texte: str) -> str:
    return " ".join(texte.replace("\x00", "").split())[:120]


RESUMES = {
    "ajoute": "Objectif ajouté", "modifie": "Objectif récrit", "retire": "Retiré du contrat",
    "etape_ajoutee": "Étape ajoutée", "etape_modifiee": "Étape récrite", "moyen_ajoute": "Moyen ajouté",
    "moyen_modifie": "Moyen récrit", "avance": "Avancement",
}  # fmt: skip
"""Ce que le journal dit de chaque changement du plan."""


def _tracer(
    verbe: str,
    contrat: Contrat,
    element: Objectif | Etape | Moyen,
    acteur: Agent | None,
    perimetre: Perimetre | None,
    lien: SansCompte | None,
    *,
    vers: str = "",
) -> None:
    tracer(
        f"contrats.objectif.{verbe}", objectif_de(element), acteur=acteur,
        organisme=perimetre.organisme_principal if perimetre is not None else "",
        personnes=concernees(contrat, lien), vers=vers,
        resume=f"{RESUMES[verbe]} : {element.intitule}{f' ({EtatObjectif(vers).label.lower()})' if vers else ''}"[:300],
    )  # fmt: skip
