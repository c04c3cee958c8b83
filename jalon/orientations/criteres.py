"""Les listes de critères : celle qu'on emploie, les brouillons, et comment une condition se juge (F032, F038).

Une condition est vraie, fausse, ou inconnue : un fait qui manque ne vaut jamais « non ».
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.utils import timezone
from pydantic import ValidationError

from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.orientations.faits import FAITS, Cle, Faits, Noms, Valeurs, cle, ecrire, nommer
from jalon.orientations.models import ListeCriteres, OrigineListe
from jalon.referentiels.models import Parametre
from jalon.referentiels.parametres import nombre
from jalon.referentiels.profil import Profil
from jalon.referentiels.profil.criteres import BORNES, FAITS_CONNUS, Condition, Critere, NatureFait
from jalon.referentiels.profil.criteres import ListeCriteres as ListeEcrite
from jalon.socle.errors import HorsPerimetreError, JalonError, TransitionRefuseeError
from jalon.traces.services import tracer

Jugement = bool | None
"""Vrai, faux, ou inconnu."""


# --- Juger


@dataclass(frozen=True)
class Test:
    """Un test prêt à juger : le fait qu'il lit et sa comparaison, seuils datés compris."""

    fait: Cle
    juge: Callable[[Any], bool]


def preparer_test(condition: Condition, jour: date) -> Test:
    """Un test, avec ses seuils au jour dit."""
    assert condition.fait is not None
    nature, comparaison = FAITS_CONNUS[condition.fait].nature, condition.comparaison
    if comparaison == "est":
        attendu = condition.est
        return Test(cle(condition), lambda valeur: valeur is attendu)
    if comparaison == "parmi":
        if nature is NatureFait.CODES:
            voulus = frozenset(condition.parmi or ())
            return Test(cle(condition), lambda valeur: not voulus.isdisjoint(valeur))
        if nature is NatureFait.NOMBRE:
            rangs = frozenset(int(v) for v in condition.parmi or ())
            return Test(cle(condition), lambda valeur: valeur in rangs)
        codes = frozenset(condition.parmi or ())
        return Test(cle(condition), lambda valeur: valeur in codes)
    seuil = valeur_de_borne(str(getattr(condition, comparaison)), jour)
    comparer: dict[str, Callable[[Any], bool]] = {
        "min": lambda valeur: valeur >= seuil,
        "max": lambda valeur: valeur <= seuil,
        "sous": lambda valeur: valeur < seuil,
        "au_dela": lambda valeur: valeur > seuil,
    }
    return Test(cle(condition), comparer[comparaison])


def valeur_de_borne(borne: str, jour: date) -> Decimal | int:
    """Un nombre écrit, ou celui du paramètre daté que la borne nomme."""
    texte = Decimal(borne) if borne[:1].isdigit() or borne[:1] == "-" else nombre(borne, jour)
    return int(texte) if texte == texte.to_integral_value() else texte


def juger(condition: Condition | None, faits: Faits, jour: date) -> list[Jugement]:
    """Le jugement d'une condition pour chaque personne de `faits`, dans leur ordre."""
    if condition is None:
        return [True] * len(faits.ids)
    if condition.fait is not None:
        test = preparer_test(condition, jour)
        return _juger_test(faits.ids, faits.valeurs[test.fait], test.juge)
    colonnes = [juger(partie, faits, jour) for partie in condition.parties]
    reunir = tous_vrais if condition.tous is not None else un_vrai
    return [reunir(ligne) for ligne in zip(*colonnes, strict=True)]


def _juger_test(ids: list[int], valeurs: Valeurs, juge: Callable[[Any], bool]) -> list[Jugement]:
    """Les mêmes valeurs reviennent des milliers de fois : chacune n'est jugée qu'une fois."""
    memoire: dict[Any, Jugement] = {None: None}
    lire = valeurs.get
    rendus: list[Jugement] = []
    for personne in ids:
        valeur = lire(personne)
        try:
            rendus.append(memoire[valeur])
        except KeyError:
            memoire[valeur] = jugement = juge(valeur)
            rendus.append(jugement)
    return rendus


def tous_vrais(jugements: Iterable[Jugement]) -> Jugement:
    """Faux dès qu'un est faux ; sinon inconnu dès qu'un l'est."""
    inconnu = False
    for jugement in jugements:
        if jugement is False:
            return False
        inconnu |= jugement is None
    return None if inconnu else True


def un_vrai(jugements: Iterable[Jugement]) -> Jugement:
    """Vrai dès qu'un est vrai ; sinon inconnu dès qu'un l'est."""
    inconnu = False
    for jugement in jugements:
        if jugement is True:
            return True
        inconnu |= jugement is None
    return None if inconnu else False


def faits_lus(criteres: Iterable[Critere]) -> set[Cle]:
    """Tous les faits qu'il faut lire pour ces critères."""
    return {cle(test) for critere in criteres if critere.si is not None for test in critere.si.tests()}


# --- Dire


def decrire(condition: Condition | None, noms: Noms, jour: date) -> str:
    """La condition en toutes lettres : « Âge : moins de 26 ans, et Déjà accompagnée par : mission locale »."""
    if condition is None:
        return "toujours vrai"
    if condition.fait is None:
        joint = ", et " if condition.tous is not None else ", ou "
        return joint.join(
            f"({decrire(partie, noms, jour)})" if partie.fait is None else decrire(partie, noms, jour)
            for partie in condition.parties
        )
    return f"{nommer(condition.fait, condition.precision, noms)} : {_comparaison(condition, noms, jour)}"


def _comparaison(condition: Condition, noms: Noms, jour: date) -> str:
    fait, precision = str(condition.fait), condition.precision
    nature = FAITS_CONNUS[fait].nature
    if condition.comparaison == "est":
        return "oui" if condition.est else "non"
    if condition.comparaison == "parmi":
        if nature is NatureFait.NOMBRE:
            mots = [ecrire(fait, precision, int(v), noms) for v in condition.parmi or ()]
        else:
            mots = [FAITS[fait].valeurs.get(v, v) for v in condition.parmi or ()]
        return " ou ".join(f"« {mot_} »" for mot_ in mots)
    borne = str(getattr(condition, condition.comparaison))
    texte = ecrire(fait, precision, valeur_de_borne(borne, jour), noms) if fait != "echelon" else borne
    return {"min": "au moins", "max": "au plus", "sous": "moins de", "au_dela": "plus de"}[condition.comparaison] + (
        f" {texte}"
    )


# --- Les listes


def lire_liste(liste: ListeCriteres) -> ListeEcrite:
    """Les critères d'une liste enregistrée. Lève `JalonError` si elle ne se lit plus."""
    try:
        return ListeEcrite.model_validate(liste.contenu)
    except ValidationError as erreur:
        raise JalonError(
            f"La liste de critères « {liste.libelle} » ne se lit plus : {_premiere_faute(erreur)}. Revoyez le profil, "
            "ou choisissez une autre liste."
        ) from erreur


def _premiere_faute(erreur: ValidationError) -> str:
    faute = erreur.errors(include_url=False)[0]
    return str(faute.get("ctx", {}).get("error", faute["msg"]))


def liste_en_vigueur() -> ListeCriteres:
    """La liste employée pour les avis. Lève `JalonError` s'il n'y en a pas."""
    liste = ListeCriteres.objects.filter(active=True).first()
    if liste is None:
        raise JalonError(
            "Aucune liste de critères n'est installée : complétez criteres.yaml du profil, puis relancez « jalon init »."
        )
    return liste


def listes() -> list[ListeCriteres]:
    """Listes que l'on peut simuler : l'employée, celles du profil, puis les brouillons récents."""
    return list(
        ListeCriteres.objects.filter(retiree_le=None)
        .select_related("auteur", "issue_de")
        .order_by("-active", "-origine", "-modifiee_le", "id")
    )


def acceder_liste(public_id: UUID) -> ListeCriteres:
    """Une liste que l'on peut simuler. Lève `HorsPerimetreError` si elle n'existe pas ou plus."""
    liste = ListeCriteres.objects.filter(public_id=public_id, retiree_le=None).select_related("auteur").first()
    if liste is None:
        raise HorsPerimetreError("Cette liste de critères n'existe pas, ou n'est plus gardée.")
    return liste


@dataclass(frozen=True)
class Retouche:
    """Ce que l'on change à un critère : sa place, s'il joue, ses seuils (chemin du test → valeur)."""

    rang: int
    actif: bool
    seuils: Mapping[str, str]


def seuils(condition: Condition | None, chemin: str = "") -> Iterator[tuple[str, Condition, str]]:
    """Chemin, test et borne de chaque seuil que l'on peut retoucher."""
    if condition is None:
        return
    if condition.fait is not None and condition.comparaison in BORNES:
        yield f"{chemin}{condition.comparaison}", condition, str(getattr(condition, condition.comparaison))
    for rang, partie in enumerate(condition.parties):
        yield from seuils(partie, f"{chemin}{rang}.")


@transaction.atomic
def enregistrer_brouillon(
    depart: ListeCriteres, *, acteur: Agent, perimetre: Perimetre, libelle: str, retouches: Mapping[str, Retouche]
) -> ListeCriteres:
    """Garde une variante d'une liste, pour la simuler ; elle ne sert à aucun avis tant qu'on ne l'applique pas.

    Un brouillon que l'on retouche soi-même est mis à jour ; celui d'un autre, ou une liste du profil, donne un
    nouveau brouillon. Lève `JalonError` si la variante ne tient pas debout.
    """
    perimetre.exiger("orientation.simuler")
    if not libelle.strip():
        raise JalonError("Donnez un nom à cette variante : vous la retrouverez sous ce nom.")
    ecrite = lire_liste(depart)
    criteres = []
    for critere in ecrite.criteres:
        retouche = retouches.get(critere.code)
        contenu = critere.model_dump(mode="json", exclude_none=True)
        if retouche is not None:
            contenu["actif"] = retouche.actif
            for chemin, valeur in retouche.seuils.items():
                _changer_seuil(contenu["si"], chemin, valeur)
        criteres.append((retouche.rang if retouche else 0, contenu))
    criteres.sort(key=lambda paire: paire[0])
    reprend = depart.origine == OrigineListe.BROUILLON and depart.auteur_id == acteur.pk and not depart.active
    code = depart.code if reprend else f"brouillon_{uuid4().hex[:10]}"
    contenu = {
        "code": code, "libelle": libelle.strip()[:120], "du": ecrite.du.isoformat(), "active": False,
        "criteres": [contenu for _, contenu in criteres],
    }  # fmt: skip
    try:
        ListeEcrite.model_validate(contenu)
    except ValidationError as erreur:
        raise JalonError(f"Cette variante ne tient pas : {_premiere_faute(erreur)}.") from erreur
    if not any(contenu["actif"] for _, contenu in criteres):
        raise JalonError("Gardez au moins un critère : sans critère, il n'y a pas d'avis.")
    liste, _ = ListeCriteres.objects.update_or_create(
        code=code,
        defaults={
            "libelle": libelle.strip()[:120], "origine": OrigineListe.BROUILLON, "contenu": contenu,
            "issue_de": depart.issue_de if reprend else depart, "auteur": acteur,
        },
    )  # fmt: skip
    return liste


def _changer_seuil(condition: dict[str, Any], chemin: str, valeur: str) -> None:
    *pas, borne = chemin.split(".")
    for rang in pas:
        condition = (condition.get("tous") or condition["un_de"])[int(rang)]
    condition[borne] = valeur.strip().replace(",", ".")


@transaction.atomic
def appliquer_liste(liste: ListeCriteres, *, acteur: Agent, perimetre: Perimetre, motif: str) -> ListeCriteres:
    """Emploie désormais cette liste pour les avis. Les avis déjà montrés gardent la leur. Réf. : F032.

    Qui simule n'applique pas : il faut le droit de régler les paramètres du département.
    """
    perimetre.exiger("parametres.gerer")
    if not motif.strip():
        raise JalonError("Dites pourquoi changer de liste : les équipes liront ce motif.")
    connues = {
        ligne.pk: ligne
        for ligne in ListeCriteres.objects.select_for_update(of=("self",)).filter(retiree_le=None).order_by("pk")
    }
    nouvelle = connues.get(liste.pk)
    if nouvelle is None:
        raise TransitionRefuseeError("Cette liste n'est plus gardée : choisissez-en une autre.")
    if nouvelle.active:
        raise TransitionRefuseeError(f"« {nouvelle.libelle} » est déjà la liste employée.")
    lire_liste(nouvelle)
    ancienne = next((ligne for ligne in connues.values() if ligne.active), None)
    if ancienne is not None:
        ancienne.active = False
        ancienne.save(update_fields=["active"])
    nouvelle.active = True
    nouvelle.save(update_fields=["active"])
    tracer(
        "orientations.liste_criteres.appliquee", nouvelle, acteur=acteur, organisme=perimetre.organisme_principal,
        de=ancienne.code[:40] if ancienne else "", vers=nouvelle.code[:40], motif=motif.strip(),
        resume=f"Liste de critères employée : {nouvelle.libelle}"[:300],
    )  # fmt: skip
    return nouvelle


@transaction.atomic
def retirer_brouillon(liste: ListeCriteres, *, acteur: Agent, perimetre: Perimetre) -> ListeCriteres:
    """Ne propose plus ce brouillon ; les avis et les simulations passés le nomment encore."""
    perimetre.exiger("orientation.simuler")
    liste = ListeCriteres.objects.select_for_update(of=("self",)).get(pk=liste.pk)
    if liste.origine != OrigineListe.BROUILLON or liste.active:
        raise TransitionRefuseeError("Seul un brouillon qui n'est pas employé peut être retiré.")
    if liste.auteur_id != acteur.pk:
        raise TransitionRefuseeError("Ce brouillon est celui d'un collègue : demandez-lui de le retirer.")
    liste.retiree_le = timezone.localdate()
    liste.save(update_fields=["retiree_le"])
    return liste


@transaction.atomic
def installer_criteres(profil: Profil) -> None:
    """Pose les listes du profil. Un brouillon appliqué par un agent reste la liste employée."""
    donnees = profil.criteres
    choisie = ListeCriteres.objects.filter(active=True, origine=OrigineListe.BROUILLON).exists()
    ListeCriteres.objects.filter(origine=OrigineListe.PROFIL).update(active=False)
    for ecrite in donnees.listes:
        ListeCriteres.objects.update_or_create(
            code=ecrite.code,
            defaults={
                "libelle": ecrite.libelle, "origine": OrigineListe.PROFIL,
                "contenu": ecrite.model_dump(mode="json", exclude_none=True),
                "active": ecrite.active and not choisie, "retiree_le": None,
            },
        )  # fmt: skip
    ListeCriteres.objects.filter(origine=OrigineListe.PROFIL).exclude(
        code__in=[ecrite.code for ecrite in donnees.listes]
    ).update(retiree_le=timezone.localdate())


def parametres_employes(ecrite: ListeEcrite) -> dict[str, str]:
    """Code → libellé des paramètres datés dont les seuils de cette liste dépendent."""
    codes = {borne for critere in ecrite.criteres for _, _, borne in seuils(critere.si)}
    lignes = Parametre.objects.filter(code__in=codes).order_by("code", "-periode").distinct("code")
    return dict(lignes.values_list("code", "libelle"))
