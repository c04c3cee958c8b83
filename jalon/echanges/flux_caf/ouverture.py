"""Du fichier reçu aux octets du XML : nu, gzip ou zip, reconnu à ses premiers octets et non à son nom.

Rien n'est jamais déplié d'un bloc ni écrit sur le disque : les tailles annoncées par une archive
peuvent mentir, seule compte la quantité réellement lue.
"""

import errno
import gzip
import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Protocol

from jalon.echanges.flux_caf.erreurs import FluxRefuseError

TAILLE_LECTURE = 256 * 1024
REPERTOIRE_ZIP_MAX = 4 * 1024 * 1024  # le sommaire d'une archive d'un seul membre tient en quelques octets
MEMBRES_EXAMINES_MAX = 50

DEMANDER_A_NOUVEAU = "téléchargez-le ou demandez-le à nouveau à l'organisme, puis recommencez."

AUTRES_ARCHIVES = {
    b"7z\xbc\xaf\x27\x1c": "7z",
    b"Rar!": "rar",
    b"BZh": "bzip2",
    b"\xfd7zXZ\x00": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
}
COMPRESSIONS_LUES = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def tronque(quoi: str = "Le fichier") -> FluxRefuseError:
    return FluxRefuseError(
        "tronque",
        f"{quoi} est incomplet : il s'arrête avant sa fin, sans doute à cause d'un transfert interrompu ; "
        f"{DEMANDER_A_NOUVEAU}",
    )


def _illisible(detail: str) -> FluxRefuseError:
    return FluxRefuseError("archive_illisible", f"L'archive ne peut pas être dépliée ({detail}) ; {DEMANDER_A_NOUVEAU}")


class Lisible(Protocol):
    def read(self, taille: int, /) -> bytes: ...


class _FichierPlafonne(io.FileIO):
    """Refuse une lecture démesurée : `zipfile` lit le sommaire de l'archive d'un bloc, à la taille annoncée."""

    def read(self, taille: int | None = -1, /) -> bytes:
        if taille is not None and taille > REPERTOIRE_ZIP_MAX:
            raise _illisible("son sommaire est démesuré")
        return super().read(-1 if taille is None else taille) or b""


def _a_l_air_de_xml(debut: bytes) -> bool:
    if debut.startswith((b"\xff\xfe", b"\xfe\xff", b"<\x00", b"\x00<")):
        return True
    return debut.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<")


def _est_accessoire(nom: str) -> bool:
    """Ce que macOS et Windows ajoutent d'eux-mêmes dans une archive."""
    dernier = nom.rsplit("/", 1)[-1]
    return nom.startswith("__MACOSX/") or dernier.startswith("._") or dernier in (".DS_Store", "Thumbs.db")


def _choisir_membre(archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    membres = [m for m in archive.infolist() if not m.is_dir() and not _est_accessoire(m.filename)]
    if any(m.filename in ("[Content_Types].xml", "mimetype") for m in membres):
        raise FluxRefuseError(
            "pas_un_flux",
            "Ce fichier est un document bureautique (tableur ou texte), pas un flux de la CAF ou de la MSA ; "
            "déposez le fichier XML reçu de l'organisme, tel quel ou dans une archive.",
        )
    if not membres:
        raise FluxRefuseError(
            "archive_vide", "L'archive ne contient aucun fichier ; déposez une archive qui contient le flux."
        )
    if any(m.flag_bits & 0x1 for m in membres):
        raise FluxRefuseError(
            "archive_illisible",
            "L'archive est protégée par un mot de passe, Jalon ne peut donc pas l'ouvrir ; "
            "dépliez-la sur votre poste et déposez le fichier qu'elle contient.",
        )
    if any(m.compress_type not in COMPRESSIONS_LUES for m in membres):
        # bzip2 et lzma se déplient d'un bloc dans la bibliothèque standard : une bombe y passerait.
        raise _illisible("mode de compression non pris en charge : utilisez un zip ordinaire")
    if 1 < len(membres) <= MEMBRES_EXAMINES_MAX:  # un bordereau peut accompagner le flux
        ressemblants = []
        for membre in membres:
            with archive.open(membre) as flux:
                if _a_l_air_de_xml(flux.read(256)):
                    ressemblants.append(membre)
        membres = ressemblants or membres
    if len(membres) > 1:
        raise FluxRefuseError(
            "archive_multiple",
            f"L'archive contient {len(membres)} fichiers et Jalon ne sait pas lequel importer ; "
            "déposez une archive par flux, ou les fichiers un par un.",
        )
    return membres[0]


@contextmanager
def _erreurs_d_archive() -> Iterator[None]:
    try:
        yield
    except EOFError as erreur:
        raise tronque("L'archive") from erreur
    except zlib.error as erreur:
        raise _illisible("contenu abîmé") from erreur
    except (zipfile.BadZipFile, gzip.BadGzipFile) as erreur:
        raise _illisible("contenu abîmé ou incomplet") from erreur
    except NotImplementedError as erreur:
        raise _illisible("variante du format zip non prise en charge") from erreur
    except (RuntimeError, ValueError, struct.error) as erreur:
        raise _illisible("contenu abîmé") from erreur
    except OSError as erreur:
        if erreur.errno != errno.EINVAL:  # une vraie panne de disque n'est pas la faute du fichier
            raise
        raise _illisible("contenu abîmé") from erreur  # position absurde dans le sommaire d'un zip


@contextmanager
def _ouvrir_zip(brut: IO[bytes]) -> Iterator[IO[bytes]]:
    with _erreurs_d_archive():
        try:
            archive = zipfile.ZipFile(brut)
        except zipfile.BadZipFile as erreur:
            # Le sommaire d'un zip est à la fin : un début de zip sans sommaire est un transfert coupé.
            raise tronque("L'archive") from erreur
        with archive:
            membre = archive.open(_choisir_membre(archive))
    with archive, membre:
        yield membre


@contextmanager
def _ouvrir_contenant(chemin: Path) -> Iterator[Lisible]:
    try:
        brut = _FichierPlafonne(chemin, "rb")
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as erreur:
        raise FluxRefuseError(
            "introuvable", f"Le fichier « {chemin.name} » n'existe pas à cet endroit ; vérifiez le chemin indiqué."
        ) from erreur
    except PermissionError as erreur:
        raise FluxRefuseError(
            "introuvable",
            f"Jalon n'a pas le droit de lire le fichier « {chemin.name} » ; donnez-lui ce droit, puis recommencez.",
        ) from erreur
    with brut:
        debut = brut.read(8)
        brut.seek(0)
        if not debut:
            raise FluxRefuseError("vide", f"Le fichier est vide ; {DEMANDER_A_NOUVEAU}")
        for signature, nom in AUTRES_ARCHIVES.items():
            if debut.startswith(signature):
                raise _illisible(f"format {nom}, alors que Jalon lit le XML nu, gzip et zip")
        if debut.startswith(b"\x1f\x8b"):
            with gzip.GzipFile(fileobj=brut, mode="rb") as flux:
                yield flux
        elif debut.startswith((b"PK\x03\x04", b"PK\x05\x06")):
            with _ouvrir_zip(brut) as membre:
                yield membre
        else:
            yield brut


def lire_octets(chemin: Path, taille_max: int) -> Iterator[bytes]:
    """Les octets du XML, par morceaux ; refus dès que `taille_max` est franchie."""
    total = 0
    with _ouvrir_contenant(chemin) as flux:
        while True:
            with _erreurs_d_archive():
                morceau = flux.read(TAILLE_LECTURE)
            if not morceau:
                break
            total += len(morceau)
            if total > taille_max:
                raise FluxRefuseError(
                    "trop_gros",
                    f"Le fichier déplié dépasse la limite de {taille_max // 1_000_000} Mo ; vérifiez qu'il s'agit "
                    "du bon fichier ou faites relever la limite par l'administrateur de Jalon.",
                )
            yield morceau
    if total == 0:
        raise FluxRefuseError("vide", f"Le fichier est vide une fois déplié ; {DEMANDER_A_NOUVEAU}")
