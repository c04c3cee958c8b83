"""Lire la liste d'un partenaire : CSV ou classeur, en-têtes reconnus, valeurs nettoyées, jamais de NIR gardé."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final
from zipfile import BadZipFile

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from jalon.personnes.identite import lire_nir
from jalon.personnes.models import TypeNir
from jalon.referentiels.profil.campagnes import ChampListe
from jalon.socle.errors import JalonError
from jalon.socle.textes import normaliser

LIGNES_MAX: Final = 60_000
TAILLE_MAX: Final = 20 * 1024 * 1024
OBLIGATOIRES: Final = (ChampListe.NOM, ChampListe.PRENOM)
LIBELLES: Final[dict[ChampListe, str]] = {
    ChampListe.NOM: "Nom",
    ChampListe.NOM_NAISSANCE: "Nom de naissance",
    ChampListe.PRENOM: "Prénom",
    ChampListe.DATE_NAISSANCE: "Date de naissance",
    ChampListe.SEXE: "Sexe",
    ChampListe.CODE_POSTAL: "Code postal",
    ChampListe.NIR: "Numéro de sécurité sociale (seule son empreinte est gardée)",
    ChampListe.MATRICULE: "Matricule de la caisse",
    ChampListe.IDENTIFIANT_FRANCE_TRAVAIL: "Identifiant de l’opérateur de l’emploi",
    ChampListe.PROFESSIONNEL: "Professionnel qui suit la personne",
}
_LONGUEURS: Final = {
    ChampListe.MATRICULE: 30, ChampListe.IDENTIFIANT_FRANCE_TRAVAIL: 20, ChampListe.CODE_POSTAL: 10,
    ChampListe.PROFESSIONNEL: 120,
}  # fmt: skip


@dataclass(frozen=True)
class Liste:
    """Le fichier tel qu'il arrive : ses en-têtes, et ses lignes non vides avec leur numéro dans le fichier."""

    entetes: tuple[str, ...]
    lignes: tuple[tuple[int, tuple[Any, ...]], ...]


@dataclass(frozen=True)
class LigneLue:
    """Une ligne nettoyée ; ce qui n'a pas pu être lu est dit dans `reserves`."""

    numero: int
    valeurs: Mapping[str, Any]
    reserves: tuple[str, ...] = field(default=())


def lire_liste(nom: str, octets: bytes) -> Liste:
    """Lit un CSV (point-virgule, virgule ou tabulation) ou un classeur XLSX. Lève `JalonError`."""
    if len(octets) > TAILLE_MAX:
        raise JalonError("Ce fichier dépasse 20 Mo : partagez la liste en plusieurs fichiers.")
    toutes = list(_classeur(octets) if nom.lower().endswith((".xlsx", ".xlsm")) else _texte(octets))
    if not toutes:
        raise JalonError("Ce fichier est vide : déposez la liste avec sa ligne d'en-têtes.")
    (_, entetes), *reste = toutes
    noms = tuple(str(valeur or "").strip() for valeur in entetes)
    lignes = tuple((rang, valeurs) for rang, valeurs in reste if any(str(v or "").strip() for v in valeurs))
    if not lignes:
        raise JalonError("Ce fichier n'a que des en-têtes : aucune personne à rapprocher.")
    if len(lignes) > LIGNES_MAX:
        raise JalonError(f"Ce fichier a {len(lignes)} lignes, pour {LIGNES_MAX} au plus : partagez la liste.")
    return Liste(noms, lignes)


def _texte(octets: bytes) -> Iterator[tuple[int, tuple[Any, ...]]]:
    try:
        texte = octets.decode("utf-8-sig")
    except UnicodeDecodeError:
        texte = octets.decode("cp1252", errors="replace")
    if "\0" in texte:
        raise JalonError("Ce fichier n'est ni un CSV ni un classeur XLSX : enregistrez la liste dans l'un des deux.")
    premiere = texte.split("\n", 1)[0]
    separateur = max((";", "\t", ","), key=premiere.count)
    for rang, ligne in enumerate(csv.reader(io.StringIO(texte, newline=""), delimiter=separateur), start=1):
        yield rang, tuple(ligne)


def _classeur(octets: bytes) -> Iterator[tuple[int, tuple[Any, ...]]]:
    try:
        classeur = openpyxl.load_workbook(io.BytesIO(octets), read_only=True, data_only=True)
    except (InvalidFileException, BadZipFile, KeyError, OSError) as erreur:
        raise JalonError("Ce classeur ne s'ouvre pas : enregistrez-le de nouveau en XLSX, ou en CSV.") from erreur
    try:
        for rang, ligne in enumerate(classeur.worksheets[0].iter_rows(values_only=True), start=1):
            yield rang, tuple(ligne)
    finally:
        classeur.close()


def reconnaitre(entetes: Sequence[str], colonnes: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Rang de la colonne de chaque champ, d'après les en-têtes connus ; la première qui convient l'emporte."""
    places = {normaliser(entete): rang for rang, entete in reversed(list(enumerate(entetes))) if entete}
    reconnues: dict[str, int] = {}
    for champ, synonymes in colonnes.items():
        for synonyme in synonymes:
            rang = places.get(normaliser(synonyme))
            if rang is not None and rang not in reconnues.values():
                reconnues[champ] = rang
                break
    return reconnues


def manquantes(places: Mapping[str, int]) -> list[str]:
    """Libellés des champs sans lesquels rien ne peut être vérifié."""
    return [LIBELLES[champ] for champ in OBLIGATOIRES if champ not in places]


def lire_lignes(liste: Liste, places: Mapping[str, int]) -> list[LigneLue]:
    """Lignes nettoyées. Une valeur illisible est laissée vide et dite ; une ligne sans nom est laissée de côté."""
    lues = []
    for numero, brutes in liste.lignes:
        valeurs: dict[str, Any] = {}
        reserves = []
        for champ, rang in places.items():
            brute = brutes[rang] if rang < len(brutes) else ""
            try:
                valeurs[champ] = _valeur(ChampListe(champ), brute)
            except ValueError as erreur:
                reserves.append(f"{LIBELLES[ChampListe(champ)]} : {erreur}")
        if valeurs.get(ChampListe.NOM) and valeurs.get(ChampListe.PRENOM):
            lues.append(LigneLue(numero, valeurs, tuple(reserves)))
    return lues


def _valeur(champ: ChampListe, brute: Any) -> Any:
    if champ is ChampListe.DATE_NAISSANCE:
        return lire_date(brute)
    texte = " ".join(str(brute if brute is not None else "").split())
    if texte.endswith(".0") and texte[:-2].isdigit():
        texte = texte[:-2]  # un classeur rend parfois un nombre là où la liste a un code
    if champ is ChampListe.NIR:
        nir = lire_nir(texte)
        return nir.empreinte if nir is not None and nir.type == TypeNir.CERTAIN else None
    if champ is ChampListe.SEXE:
        return _sexe(texte)
    if champ is ChampListe.CODE_POSTAL and texte.isdigit() and len(texte) == 4:
        return f"0{texte}"
    return texte[: _LONGUEURS.get(champ, 80)]


def _sexe(texte: str) -> str:
    return {"h": "1", "m": "1", "1": "1", "f": "2", "2": "2"}.get(normaliser(texte)[:1].lower(), "")


def lire_date(brute: Any) -> date | None:
    """« 12/04/1985 », « 1985-04-12 », ou une date de classeur. Lève `ValueError`."""
    if isinstance(brute, datetime):
        return brute.date()
    if isinstance(brute, date):
        return brute
    texte = str(brute or "").strip()[:10]
    if not texte:
        return None
    for forme in ("%d/%m/%Y", "%Y-%m-%d", "%d-%m-%Y", "%d.%m.%Y"):
        try:
            lue = datetime.strptime(texte, forme).date()  # noqa: DTZ007 - une date de naissance n'a pas de fuseau
        except ValueError:
            continue
        if 1900 <= lue.year <= date.today().year:  # noqa: DTZ011 - borne d'un siècle, à un jour près
            return lue
    raise ValueError(f"« {texte} » n'est pas une date (écrire 12/04/1985)")
