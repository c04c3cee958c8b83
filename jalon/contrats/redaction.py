"""Écrire les rubriques d'un contrat, à plusieurs, sans jamais effacer l'autre en silence (R47, R54, R58, F047, F048).

Qui écrit dit ce qu'il a lu : si la rubrique a changé entre-temps, son texte est refusé avec celui de l'autre en regard,
et c'est lui qui tranche. Ce qu'un autre auteur remplace est gardé ; les mots de la personne ne se remplacent qu'exprès.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from uuid import UUID

from django.db import transaction
from django.db.models import Prefetch
from django.utils import timezone

from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.contrats.enums import EtatContrat, TypeChamp
from jalon.contrats.models import (
    ChampContrat,
    ChoixChamp,
    Contrat,
    EcritureRemplacee,
    SectionContrat,
    ValeurChamp,
)
from jalon.personnes.liens import SansCompte
from jalon.socle.errors import JalonError, TransitionRefuseeError
from jalon.traces.services import tracer

LONGUEURS = {TypeChamp.TEXTE_COURT: 200, TypeChamp.TEXTE: 5_000}
NOMBRE_MAXIMUM = Decimal("99999999.99")
OUI_NON = {"oui": True, "non": False}


class SaisieIllisibleError(JalonError):
    """Ce qui est écrit n'a pas la forme de la rubrique."""


class EcritureDepasseeError(JalonError):
    """La rubrique a changé depuis qu'elle a été lue ; `actuelle` porte le texte de l'autre."""

    def __init__(self, message: str, actuelle: ValeurChamp) -> None:
        super().__init__(message)
        self.actuelle = actuelle


class MotsDeLaPersonneError(EcritureDepasseeError):
    """Un agent écrirait à la place de la personne sans l'avoir dit exprès (R54)."""


@dataclass(frozen=True)
class Saisie:
    """Ce que l'on écrit dans une rubrique, dans sa forme."""

    texte: str = ""
    nombre: Decimal | None = None
    date: date | None = None
    oui: bool | None = None
    choix: tuple[str, ...] = ()

    @property
    def vide(self) -> bool:
        return self == Saisie()


@dataclass
class Rubrique:
    """Une rubrique du contrat, ce qui y est écrit, et ce qui y fut remplacé."""

    champ: ChampContrat
    valeur: ValeurChamp | None = None
    remplacees: list[EcritureRemplacee] = field(default_factory=list)

    @property
    def numero(self) -> int:
        """À rendre avec l'écriture suivante ; zéro tant que rien n'est écrit."""
        return self.valeur.numero if self.valeur is not None else 0

    @property
    def ecrite(self) -> bool:
        return self.valeur is not None and not saisie_de(self.valeur).vide

    @property
    def texte(self) -> str:
        """Ce qui est écrit, comme on le lit."""
        return en_texte(self.champ, saisie_de(self.valeur)) if self.valeur is not None else ""


@dataclass
class SectionEcrite:
    section: SectionContrat
    rubriques: list[Rubrique]


def champs_de(contrat: Contrat) -> list[SectionEcrite]:
    """Sections et rubriques du contrat, dans l'ordre, avec ce qui y est écrit ; vide s'il s'écrit ailleurs."""
    if contrat.version_id is None:
        return []
    valeurs = {v.champ_id: v for v in ValeurChamp.objects.filter(contrat=contrat).select_related("ecrit_par")}
    remplacees: dict[int, list[EcritureRemplacee]] = {}
    for ancienne in (
        EcritureRemplacee.objects.filter(contrat=contrat).select_related("ecrit_par").order_by("champ_id", "-pk")
    ):
        remplacees.setdefault(ancienne.champ_id, []).append(ancienne)
    sections = (
        SectionContrat.objects.filter(version_id=contrat.version_id)
        .order_by("rang")
        .prefetch_related(
            Prefetch(
                "champs",
                ChampContrat.objects.order_by("rang").prefetch_related(
                    Prefetch("choix", ChoixChamp.objects.order_by("rang"))
                ),
            )
        )
    )
    return [
        SectionEcrite(s, [Rubrique(c, valeurs.get(c.pk), remplacees.get(c.pk, [])) for c in s.champs.all()])
        for s in sections
    ]


def manques(contrat: Contrat) -> list[str]:
    """Ce qui manque avant de proposer le contrat à la signature, en phrases ; vide : tout y est (R47, F050)."""
    if contrat.version_id is None:
        return []
    phrases = [
        f"Écrivez « {rubrique.champ.libelle} »."
        for section in champs_de(contrat)
        for rubrique in section.rubriques
        if rubrique.champ.obligatoire and not rubrique.ecrite
    ]
    objectifs = list(contrat.objectifs.order_by("rang", "pk").prefetch_related("etapes"))
    if not objectifs:
        phrases.append("Écrivez au moins un objectif.")
    phrases += [
        f"Donnez une première étape à l'objectif « {objectif.intitule} »."
        for objectif in objectifs
        if objectif.etat != "abandonne" and not objectif.etapes.all()
    ]
    return phrases


# --- Lire une saisie


def lire_saisie(champ: ChampContrat, brut: str | Sequence[str]) -> Saisie:
    """Ce qui vient d'un formulaire, dans la forme de la rubrique. Lève `SaisieIllisibleError` avec quoi écrire."""
    valeurs = [brut] if isinstance(brut, str) else list(brut)
    donnees = [valeur.replace("\x00", "").replace("\r\n", "\n").strip() for valeur in valeurs]
    donnees = [valeur for valeur in donnees if valeur]
    if not donnees:
        return Saisie()
    premiere = donnees[0]
    match champ.type:
        case TypeChamp.TEXTE | TypeChamp.TEXTE_COURT:
            longueur = LONGUEURS[TypeChamp(champ.type)]
            if len(premiere) > longueur:
                raise SaisieIllisibleError(
                    f"« {champ.libelle} » dépasse {longueur} signes ({len(premiere)}) : raccourcissez-le."
                )
            texte = " ".join(premiere.split()) if champ.type == TypeChamp.TEXTE_COURT else premiere
            return Saisie(texte=texte)
        case TypeChamp.NOMBRE | TypeChamp.MONTANT:
            return Saisie(nombre=_lire_nombre(champ, premiere))
        case TypeChamp.DATE:
            return Saisie(date=_lire_date(champ, premiere))
        case TypeChamp.OUI_NON:
            if premiere not in OUI_NON:
                raise SaisieIllisibleError(f"Répondez oui ou non à « {champ.libelle} ».")
            return Saisie(oui=OUI_NON[premiere])
        case _:
            return Saisie(choix=_lire_choix(champ, donnees))


def _lire_nombre(champ: ChampContrat, brut: str) -> Decimal:
    propre = "".join(brut.split()).replace("€", "").replace(",", ".")
    try:
        lu = Decimal(propre)
    except InvalidOperation:
        raise SaisieIllisibleError(
            f"« {champ.libelle} » attend un nombre, comme 1250,50 : « {brut[:40]} » n'en est pas un."
        ) from None
    if not lu.is_finite() or lu < 0 or lu > NOMBRE_MAXIMUM:
        raise SaisieIllisibleError(f"« {champ.libelle} » attend un nombre positif et plausible.")
    return lu.quantize(Decimal("0.01"))


def _lire_date(champ: ChampContrat, brut: str) -> date:
    try:
        if "/" in brut:
            jour, mois, annee = brut.split("/")
            return date(int(annee), int(mois), int(jour))
        return date.fromisoformat(brut)
    except ValueError:
        raise SaisieIllisibleError(f"« {champ.libelle} » attend une date, comme 31/12/2026.") from None


def _lire_choix(champ: ChampContrat, donnees: Sequence[str]) -> tuple[str, ...]:
    permis = [choix.code for choix in sorted(champ.choix.all(), key=lambda choix: choix.rang)]
    if set(donnees) - set(permis):
        raise SaisieIllisibleError(f"Choisissez une réponse proposée à « {champ.libelle} ».")
    retenus = tuple(code for code in permis if code in donnees)
    if champ.type == TypeChamp.CHOIX and len(retenus) > 1:
        raise SaisieIllisibleError(f"« {champ.libelle} » n'attend qu'une réponse.")
    return retenus


def saisie_de(valeur: ValeurChamp) -> Saisie:
    """Ce qui est écrit, dans la forme d'une saisie."""
    return Saisie(valeur.texte, valeur.nombre, valeur.date, valeur.oui, tuple(valeur.choix))


def en_texte(champ: ChampContrat, saisie: Saisie) -> str:
    """Une saisie comme on la lit : « 12/03/2027 », « 1 250,50 € », « CDI, CDD »."""
    if saisie.texte:
        return saisie.texte
    if saisie.nombre is not None:
        entier = saisie.nombre == saisie.nombre.to_integral_value() and champ.type == TypeChamp.NOMBRE
        nombre = f"{saisie.nombre:,.{0 if entier else 2}f}".replace(",", "\u202f").replace(".", ",")
        return f"{nombre}\u00a0€" if champ.type == TypeChamp.MONTANT else nombre
    if saisie.date is not None:
        return f"{saisie.date:%d/%m/%Y}"
    if saisie.oui is not None:
        return "Oui" if saisie.oui else "Non"
    if saisie.choix:
        libelles = {choix.code: choix.libelle for choix in champ.choix.all()}
        return ", ".join(libelles.get(code, code) for code in saisie.choix)
    return ""


def reunir(champ: ChampContrat, premiere: Saisie, seconde: Saisie) -> Saisie:
    """Les deux à la suite, quand la forme de la rubrique le permet ; sinon la seconde."""
    if champ.type in LONGUEURS and premiere.texte and seconde.texte:
        if seconde.texte in premiere.texte:
            return premiere
        liaison = "\n\n" if champ.type == TypeChamp.TEXTE else " ; "
        return Saisie(texte=f"{premiere.texte}{liaison}{seconde.texte}")
    if champ.type == TypeChamp.CHOIX_MULTIPLE:
        return Saisie(choix=premiere.choix + tuple(code for code in seconde.choix if code not in premiere.choix))
    return premiere if seconde.vide else seconde


# --- Écrire


def exiger_ecriture(contrat: Contrat, perimetre: Perimetre | None) -> Contrat:
    """Le contrat tenu jusqu'à la fin de l'acte, s'il s'écrit encore.

    Sans périmètre, c'est la personne, par son lien ou dans son livret. Lève `DroitManquantError`, `TransitionRefuseeError`.
    """
    if perimetre is not None:
        perimetre.exiger("contrat.rediger")
    tenu = Contrat.objects.select_for_update(of=("self",)).get(pk=contrat.pk)
    if tenu.etat not in EtatContrat.ecrits():
        raise TransitionRefuseeError(
            f"Ce contrat est « {EtatContrat(tenu.etat).label.lower()} » : son texte ne change plus. "
            "Reprenez l'écriture depuis la page du contrat si c'est encore permis."
        )
    return tenu


@transaction.atomic
def ecrire_champ(
    contrat: Contrat,
    champ: ChampContrat,
    valeur: Saisie | str | Sequence[str],
    *,
    acteur: Agent | None,
    perimetre: Perimetre | None,
    numero_lu: int,
    dit_par_la_personne: bool = False,
    malgre_la_personne: bool = False,
    lien: SansCompte | None = None,
) -> ValeurChamp:
    """Écrit une rubrique. Sans `acteur`, c'est la personne, par son lien, et seulement là où elle peut écrire (R54).

    Récrire la même chose n'est jamais refusé : un envoi répété après une coupure ne crée pas de désaccord. Lève
    `EcritureDepasseeError` (la rubrique a changé depuis `numero_lu`), `MotsDeLaPersonneError`, `SaisieIllisibleError`,
    `TransitionRefuseeError`, `DroitManquantError`, `JalonError`.
    """
    tenu = exiger_ecriture(contrat, perimetre)
    if champ.section.version_id != tenu.version_id:
        raise JalonError("Cette rubrique n'est pas de ce contrat : rechargez la page.")
    if acteur is None and not champ.par_la_personne:
        raise JalonError("Cette partie s'écrit avec votre référent : dites-lui ce que vous voulez y voir.")
    saisie = valeur if isinstance(valeur, Saisie) else lire_saisie(champ, valeur)
    mots = acteur is None or (dit_par_la_personne and champ.par_la_personne)
    actuelle = ValeurChamp.objects.filter(contrat=tenu, champ=champ).select_related("ecrit_par").first()
    if actuelle is None:
        if saisie.vide and numero_lu == 0:
            return ValeurChamp(contrat=tenu, champ=champ, numero=0, par_la_personne=mots, ecrit_par=acteur)
        _tracer_la_seance(tenu, acteur, perimetre, lien)
        return ValeurChamp.objects.create(
            contrat=tenu, champ=champ, ecrit_par=acteur, par_la_personne=mots, **_colonnes(saisie)
        )
    meme_auteur = actuelle.ecrit_par_id == (acteur.pk if acteur is not None else None)
    if saisie == saisie_de(actuelle) and (not meme_auteur or mots == actuelle.par_la_personne):
        return actuelle
    if numero_lu != actuelle.numero:
        raise EcritureDepasseeError(
            f"« {champ.libelle} » a changé pendant que vous écriviez. Votre texte n'est pas perdu : "
            "choisissez le vôtre, l'autre, ou les deux.",
            actuelle,
        )
    ecarte_ses_mots = (
        acteur is not None and actuelle.par_la_personne and not meme_auteur and not saisie_de(actuelle).vide
    )
    if ecarte_ses_mots and not malgre_la_personne:
        raise MotsDeLaPersonneError(
            f"« {champ.libelle} » est écrit par la personne. Gardez ses mots, ajoutez les vôtres à la suite, "
            "ou remplacez-les exprès : les siens resteront visibles.",
            actuelle,
        )
    _tracer_la_seance(tenu, acteur, perimetre, lien)
    if not meme_auteur and not saisie_de(actuelle).vide:
        EcritureRemplacee.objects.create(
            contrat=tenu, champ=champ, texte=en_texte(champ, saisie_de(actuelle)), numero=actuelle.numero,
            par_la_personne=actuelle.par_la_personne, ecrit_par=actuelle.ecrit_par, ecrit_le=actuelle.ecrit_le,
        )  # fmt: skip
    for colonne, contenu in _colonnes(saisie).items():
        setattr(actuelle, colonne, contenu)
    actuelle.numero += 1
    actuelle.ecrit_par, actuelle.par_la_personne = acteur, mots
    actuelle.save()
    return actuelle


def _colonnes(saisie: Saisie) -> dict[str, object]:
    return {
        "texte": saisie.texte, "nombre": saisie.nombre, "date": saisie.date, "oui": saisie.oui,
        "choix": list(saisie.choix),
    }  # fmt: skip


def _tracer_la_seance(
    contrat: Contrat, acteur: Agent | None, perimetre: Perimetre | None, lien: SansCompte | None
) -> None:
    """Une ligne au journal par auteur et par jour : la frappe n'est pas un acte, la séance d'écriture en est un."""
    if ValeurChamp.objects.filter(contrat=contrat, ecrit_par=acteur, ecrit_le__date=timezone.localdate()).exists():
        return
    tracer(
        "contrats.contrat.redige", contrat, acteur=acteur,
        organisme=perimetre.organisme_principal if perimetre is not None else "",
        personnes=concernees(contrat, lien), vers=contrat.etat,
        resume="Contrat écrit par un agent" if acteur is not None else "Contrat écrit par la personne",
    )  # fmt: skip


def concernees(contrat: Contrat, lien: SansCompte | None) -> list[UUID]:
    """De qui parle l'acte : le dossier que désigne son lien ou son livret, quand c'est la personne ; elle ne le lit pas."""
    return [lien.dossier if lien is not None else contrat.personne.public_id]
