"""L'en-tête du flux, et ce qui le distingue des autres flux de la CNAF."""

import re
from dataclasses import dataclass
from datetime import date, time
from typing import Literal

from lxml import etree

from jalon.echanges.flux_caf.erreurs import FluxRefuseError

TypeFlux = Literal["M", "I", "R"]

ATTENDU = "Jalon attend ici le flux des bénéficiaires du RSA (VRSB0801)"

# Blocs de deuxième niveau propres aux autres flux, et ce qu'ils sont.
AUTRES_FLUX = {
    "InfoDemandeRSA": "le flux des demandes de RSA (instruction VIRS0901 ou recueil VIRD0201)",
    "InfosCreanceFoyerRSA": "le flux des créances transférées (VRSC0201)",
    "InfosFinancieresFoyerRSA": "le flux financier des acomptes (VRSF0501)",
    "TotalisationAcompte": "le flux financier des acomptes (VRSF0501)",
}
AUTRES_NATURES = {
    "I": "un flux d'instruction des demandes (NATFLUX I)",
    "R": "un flux de recueil de données socioprofessionnelles (NATFLUX R)",
}

_JOUR = re.compile(r"(\d{4}-\d{2}-\d{2})(?:Z|[+-]\d{2}:\d{2})?")
_HEURE = re.compile(r"(\d{2}:\d{2}:\d{2})(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})?")


@dataclass(frozen=True)
class EnteteFlux:
    applieme: str
    version: str
    type_flux: TypeFlux
    nature: str
    date_creation: date
    heure_creation: time
    date_reference: date


def autre_flux(description: str) -> FluxRefuseError:
    return FluxRefuseError(
        "nature_non_geree",
        f"Ce fichier semble être {description} alors que {ATTENDU} ; choisissez le bon fichier.",
    )


def autre_version(indice: str) -> FluxRefuseError:
    return FluxRefuseError(
        "nature_non_geree",
        f"Ce fichier semble être un flux des bénéficiaires dans une autre version du format (VRSD0101 ou VRSD0301, "
        f"reconnue à {indice}), que Jalon ne lit pas encore alors que {ATTENDU} ; "
        "demandez le format VRSB0801 à l'organisme ou une mise à jour de Jalon.",
    )


def _invalide(detail: str) -> FluxRefuseError:
    return FluxRefuseError(
        "entete_invalide",
        f"L'en-tête du flux (IdentificationFlux) est inutilisable : {detail} ; {ATTENDU} : "
        "vérifiez le fichier ou demandez-le à nouveau à l'organisme.",
    )


def lire_entete(bloc: "etree._Element") -> EnteteFlux:
    """Les valeurs de l'en-tête ; la nature est jugée d'abord, car d'autres flux n'ont pas les mêmes champs."""
    if bloc.find("VERSIONFLUX") is not None:
        raise autre_version("son champ VERSIONFLUX")

    def texte(balise: str) -> str:
        valeur = (bloc.findtext(balise) or "").strip()
        if not valeur:
            raise _invalide(f"le champ {balise} manque")
        return valeur

    def jour(balise: str) -> date:
        trouve = _JOUR.fullmatch(texte(balise))
        try:
            return date.fromisoformat(trouve[1] if trouve else "")
        except ValueError:
            raise _invalide(f"le champ {balise} n'est pas une date") from None

    def heure(balise: str) -> time:
        trouve = _HEURE.fullmatch(texte(balise))
        try:
            return time.fromisoformat(trouve[1] if trouve else "")
        except ValueError:
            raise _invalide(f"le champ {balise} n'est pas une heure") from None

    nature = texte("NATFLUX")
    if nature != "D":
        raise autre_flux(AUTRES_NATURES.get(nature, "un flux d'une autre nature, que Jalon ne connaît pas,"))
    type_flux = texte("TYPEFLUX")
    if type_flux not in ("M", "I", "R"):
        raise _invalide("le champ TYPEFLUX n'est ni M (mensuel), ni I (infra-mensuel), ni R (reprise)")
    return EnteteFlux(
        applieme=texte("APPLIEME"),
        version=texte("NUMVERSIONAPPLIEME"),
        type_flux=type_flux,  # type: ignore[arg-type]  # vérifié deux lignes plus haut
        nature=nature,
        date_creation=jour("DTCREAFLUX"),
        heure_creation=heure("HEUCREAFLUX"),
        date_reference=jour("DTREF"),
    )


def lire_total(bloc: "etree._Element", balise: str) -> int | None:
    """Un total annoncé ; illisible, il vaut absence : c'est à l'import de signaler l'écart."""
    valeur = (bloc.findtext(balise) or "").strip()
    return int(valeur) if re.fullmatch(r"[0-9]{1,18}", valeur) else None
