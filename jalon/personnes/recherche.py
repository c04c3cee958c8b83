"""Recherche d'une personne dans une seule case : nom, matricule, numéro de demande, date de naissance."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from django.db import connection
from django.db.models import Q, QuerySet
from django.utils import timezone

from jalon.agents.perimetre import Perimetre
from jalon.personnes.identite import lire_nir
from jalon.personnes.models import Personne
from jalon.personnes.selectors import personnes_du_perimetre
from jalon.socle.errors import JalonError
from jalon.socle.textes import normaliser

LIMITE = 25
NOTE_EXACTE = 1.5
"""Note d'une personne dont chaque mot cherché est un mot entier de son nom."""
CANDIDATES = 500
"""Personnes d'un nom parmi lesquelles chercher une date de naissance."""

_NIR = re.compile(
    r"(?<!\d)[1278](?:[ .\-]?\d){4}[ .\-]?(?:\d[ .\-]?\d|2[ .\-]?[AB])(?:[ .\-]?\d){6}(?:(?:[ .\-]?\d){2})?(?!\d)",
    re.IGNORECASE,
)
_DATE_SEPAREE = re.compile(r"(?<!\d)(\d{1,2})[/.\-](\d{1,2})[/.\-](\d{4})(?!\d)")
_DATE_ISO = re.compile(r"(?<!\d)(\d{4})-(\d{2})-(\d{2})(?!\d)")
_DATE_COLLEE = re.compile(r"(?<!\d)(\d{2})(\d{2})(\d{4})(?!\d)")
_NUMERO = re.compile(r"(?<![0-9a-zA-Z])\d{5,}(?![0-9a-zA-Z])")
_MATRICULE_COMPLETE = re.compile(r"\d{7}0{8}")


@dataclass(frozen=True, slots=True)
class Requete:
    """Ce que l'agent a écrit, compris."""

    noms: str = ""
    naissance: date | None = None
    numeros: tuple[str, ...] = ()
    contient_nir: bool = False

    @property
    def vide(self) -> bool:
        return not (self.noms or self.naissance or self.numeros or self.contient_nir)

    @property
    def trop_courte(self) -> bool:
        """Une seule lettre ressemble à la moitié de la base."""
        return not self.naissance and not self.numeros and all(len(mot) < 2 for mot in self.noms.split())


@dataclass(frozen=True, slots=True)
class Trouvailles:
    """Clés des personnes, la plus ressemblante d'abord ; `exacte` s'il n'y en a qu'une, sans aucun doute."""

    cles: tuple[int, ...]
    exacte: bool = False
    complete: bool = True


def lire_requete(texte: str) -> Requete:
    """Comprend ce qui a été tapé. Un NIR n'est jamais gardé : l'appelant refuse de le chercher par l'adresse."""
    if _cherche_nir(texte):
        return Requete(contient_nir=True)
    naissance: date | None = None
    for forme, ordre in ((_DATE_ISO, (1, 2, 3)), (_DATE_SEPAREE, (3, 2, 1)), (_DATE_COLLEE, (3, 2, 1))):
        trouve = forme.search(texte)
        if trouve and (naissance := _jour(*(int(trouve.group(rang)) for rang in ordre))):
            texte = texte[: trouve.start()] + " " + texte[trouve.end() :]
            break
    numeros = tuple(_NUMERO.findall(texte))
    return Requete(noms=normaliser(_NUMERO.sub(" ", texte)), naissance=naissance, numeros=numeros)


def _cherche_nir(texte: str) -> bool:
    for trouve in _NIR.finditer(texte):
        chiffres = re.sub(r"[ .\-]", "", trouve.group())
        if _MATRICULE_COMPLETE.fullmatch(chiffres):
            continue  # Sept chiffres complétés de huit zéros : un matricule de la CAF.
        mois = int(chiffres[3:5])
        if 1 <= mois <= 12 or 20 <= mois <= 42 or mois >= 50:
            return True
    return False


def _jour(annee: int, mois: int, jour: int) -> date | None:
    try:
        lue = date(annee, mois, jour)
    except ValueError:
        return None
    return lue if date(1900, 1, 1) <= lue <= timezone.localdate() else None


def chercher(perimetre: Perimetre, requete: Requete, limite: int = LIMITE) -> Trouvailles:
    """Personnes du périmètre qui répondent à tout ce que dit la requête."""
    if requete.vide or requete.contient_nir or requete.trop_courte:
        return Trouvailles(())
    if requete.numeros or not requete.noms:
        personnes = _par_numero_ou_naissance(perimetre, requete)
        cles = list(personnes.order_by("nom", "prenom", "pk").values_list("pk", flat=True)[: limite + 1])
        return _trouvailles([(cle, NOTE_EXACTE) for cle in cles], limite)
    notees = _par_nom(requete.noms, CANDIDATES if requete.naissance else limite + 1)
    if requete.naissance:
        nees = set(
            personnes_du_perimetre(perimetre)
            .filter(pk__in=[cle for cle, _ in notees], date_naissance=requete.naissance)
            .order_by()
            .values_list("pk", flat=True)
        )
        notees = [(cle, NOTE_EXACTE) for cle, _ in notees if cle in nees]
    return _trouvailles(notees, limite)


def chercher_nir(perimetre: Perimetre, texte: str, limite: int = LIMITE) -> Trouvailles:
    """Personnes de ce numéro, retrouvées par son index aveugle : le numéro n'est comparé à rien d'écrit en clair.

    Cherche aussi les dossiers MSA, dont le matricule est un NIR. Lève `JalonError` si ce n'est pas un NIR.
    """
    try:
        nir = lire_nir(re.sub(r"[.\-]", "", texte))
    except ValueError as erreur:
        raise JalonError(
            f"Ce n'est pas un numéro de sécurité sociale : {erreur}. Corrigez-le et recommencez."
        ) from None
    if nir is None:
        raise JalonError("Écrivez un numéro de sécurité sociale de 13 ou 15 caractères.")
    cles = list(
        personnes_du_perimetre(perimetre)
        .filter(
            Q(nir_empreinte=nir.empreinte)
            | Q(pk__in=_rattachees(rattachements__foyer__dossiers__matricule_empreinte=nir.empreinte))
        )
        .order_by("nom", "prenom", "pk")
        .values_list("pk", flat=True)[: limite + 1]
    )
    return _trouvailles([(cle, NOTE_EXACTE) for cle in cles], limite)


def _par_nom(noms: str, limite: int) -> list[tuple[int, float]]:
    """La fonction SQL filtre elle-même selon le périmètre posé dans la transaction."""
    with connection.cursor() as curseur:
        curseur.execute("select personne, score from rechercher_personnes(%s, %s)", [noms, limite])
        return [(cle, score) for cle, score in curseur.fetchall()]


def _par_numero_ou_naissance(perimetre: Perimetre, requete: Requete) -> QuerySet[Personne]:
    personnes = personnes_du_perimetre(perimetre)
    if requete.naissance:
        personnes = personnes.filter(date_naissance=requete.naissance)
    for numero in requete.numeros:
        formes = {numero, numero.zfill(7), numero[:7] if _MATRICULE_COMPLETE.fullmatch(numero) else numero}
        personnes = personnes.filter(
            pk__in=_rattachees(
                Q(rattachements__foyer__dossiers__matricule__in=formes)
                | Q(rattachements__foyer__dossiers__numero_demande__in={numero, numero.zfill(11)}),
            )
        )
    for mot in requete.noms.split():
        personnes = personnes.filter(cle_recherche__contains=mot)
    return personnes


def _rattachees(*conditions: Q, **champs: bytes) -> QuerySet[Personne, int]:
    return Personne.objects.filter(*conditions, **champs).order_by().values_list("pk", flat=True)


def _trouvailles(notees: list[tuple[int, float]], limite: int) -> Trouvailles:
    exactes = [cle for cle, note in notees if note >= NOTE_EXACTE - 0.001]
    return Trouvailles(
        cles=tuple(cle for cle, _ in notees[:limite]),
        exacte=len(notees) == 1 and len(exactes) == 1,
        complete=len(notees) <= limite,
    )
