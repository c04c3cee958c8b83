"""L'encodage d'après les octets : la déclaration des vrais fichiers se trompe trop souvent.

Règle : la marque d'ordre des octets (BOM) tranche ; sinon, ce qui se lit d'un bout à l'autre comme de
l'UTF-8 en est (un texte français sur un octet par caractère ne le fait pas par hasard) ; sinon c'est du
windows-1252, dont ISO-8859-1 n'est qu'une partie. La déclaration ne sert qu'à reconnaître ISO-8859-15
et à refuser un encodage inconnu. Tout se décide au fil de la lecture, sans garder le fichier.
"""

import codecs
import re
from collections.abc import Iterable, Iterator

from jalon.echanges.flux_caf.erreurs import FluxRefuseError

UTF8, UTF16_LE, UTF16_BE = "utf-8", "utf-16-le", "utf-16-be"
CP1252, LATIN9 = "windows-1252", "iso-8859-15"

_BOMS = ((b"\xff\xfe\x00\x00", ""), (b"\x00\x00\xfe\xff", ""), (b"\xef\xbb\xbf", UTF8),
         (b"\xff\xfe", UTF16_LE), (b"\xfe\xff", UTF16_BE))  # fmt: skip
_SUR_UN_OCTET = {"iso8859-1", "cp1252", "iso8859-15", "utf-8", "ascii"}
_DECLARATION = re.compile(rb"""^\s*<\?xml\s[^>]*?encoding\s*=\s*["']([A-Za-z][A-Za-z0-9._:-]{0,39})["']""")
_C1 = bytes(range(0x80, 0xA0))  # vides de sens en ISO-8859-*, porteurs de € et œ en windows-1252
_SANS_SENS = bytes([0x81, 0x8D, 0x8F, 0x90, 0x9D])  # sans caractère, même en windows-1252


def _refus(detail: str) -> FluxRefuseError:
    return FluxRefuseError(
        "encodage",
        f"Les caractères du fichier ne peuvent pas être lus sûrement : {detail} ; "
        "demandez à l'organisme de produire le flux à nouveau, en windows-1252 ou en UTF-8.",
    )


class DetecteurEncodage:
    """Reçoit les octets dans l'ordre, puis conclut."""

    def __init__(self) -> None:
        self._debut = b""
        self._bom: str | None = None
        self._taille_bom = 0
        # « surrogateescape » garde la trace des octets invalides sans interrompre la lecture.
        self._utf8 = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self._valides = 0  # caractères non ASCII bien formés en UTF-8
        self._invalides = 0
        self._c1 = False
        self.octets_sans_sens = 0

    def ajouter(self, morceau: bytes) -> None:
        if len(self._debut) < 256:
            premier = not self._debut
            self._debut = (self._debut + morceau)[:256]
            if premier:
                self._reconnaitre_bom()
        if self._bom in (UTF16_LE, UTF16_BE) or (morceau.isascii() and not self._utf8.getstate()[0]):
            return
        texte = self._utf8.decode(morceau)
        try:
            texte.encode("utf-8")
        except UnicodeEncodeError:  # au moins un octet invalide
            bien_lus = len(texte.encode("utf-32-le", "ignore")) // 4
            self._invalides += len(texte) - bien_lus
            self._valides += bien_lus - len(texte.encode("ascii", "ignore"))
        else:
            self._valides += max(0, len(morceau) - len(texte))  # octets de suite : le même ordre de grandeur
        if self._invalides:
            self._c1 = self._c1 or len(morceau.translate(None, _C1)) != len(morceau)
            self.octets_sans_sens += len(morceau) - len(morceau.translate(None, _SANS_SENS))

    def _reconnaitre_bom(self) -> None:
        for marque, nom in _BOMS:
            if self._debut.startswith(marque):
                if not nom:
                    raise _refus("il est en UTF-32")
                self._bom, self._taille_bom = nom, len(marque)
                return
        if self._debut.startswith(b"<\x00"):
            self._bom = UTF16_LE
        elif self._debut.startswith(b"\x00<"):
            self._bom = UTF16_BE

    def conclure(self) -> tuple[str, int]:
        """L'encodage à appliquer et le nombre d'octets de la marque à sauter."""
        if self._bom in (UTF16_LE, UTF16_BE):
            return self._bom, self._taille_bom
        if not self._invalides:
            self.octets_sans_sens = 0
            return UTF8, self._taille_bom
        if self._bom == UTF8 or self._valides > self._invalides:
            # Tout relire en windows-1252 abîmerait tous les accents pour quelques octets fautifs.
            raise _refus("il est en UTF-8 mais contient des octets d'un autre encodage")
        trouve = _DECLARATION.match(self._debut)
        if trouve:
            nom = trouve[1].decode("ascii", "replace")
            try:
                normalise = codecs.lookup(nom).name
            except LookupError:
                normalise = "inconnu"
            if normalise == "iso8859-15" and not self._c1:
                self.octets_sans_sens = 0
                return LATIN9, 0
            if normalise not in _SUR_UN_OCTET:
                raise _refus(f"l'encodage annoncé, « {nom} », n'est pas pris en charge")
        return CP1252, 0


def en_utf8(morceaux: Iterable[bytes], encodage: str, taille_bom: int) -> Iterator[bytes]:
    """Les mêmes caractères en UTF-8, seule forme que voient la recherche et l'analyseur."""
    if encodage in (UTF8, CP1252, LATIN9):
        for morceau in morceaux:
            utile, taille_bom = morceau[taille_bom:], max(0, taille_bom - len(morceau))
            if encodage == UTF8 or utile.isascii():
                yield utile
            elif encodage == CP1252 and len(utile.translate(None, _C1)) == len(utile):
                yield utile.decode("latin-1").encode("utf-8")  # même résultat que cp1252, dix fois plus vite
            else:
                yield utile.decode(encodage, "replace").encode("utf-8")
        return
    decodeur = codecs.getincrementaldecoder(encodage)("strict")
    for morceau in morceaux:
        utile, taille_bom = morceau[taille_bom:], max(0, taille_bom - len(morceau))
        try:
            yield decodeur.decode(utile).encode("utf-8")
        except UnicodeError as erreur:
            raise _refus("il est annoncé en UTF-16 mais n'en est pas") from erreur
