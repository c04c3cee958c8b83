"""De la version d'un texte et de quelques valeurs à une lettre : les blocs que le gabarit met en page, puis le PDF."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, Final

from django.db.models import Prefetch

from jalon.documents.caracteres import imprimable
from jalon.documents.ecriture import date_en_lettres
from jalon.documents.models import ModeleCourrier, VersionModele
from jalon.documents.pdf import rendre_lettre
from jalon.referentiels.parametres import profil
from jalon.referentiels.profil.courriers import (
    CHAMPS,
    Champ,
    Ligne,
    Presence,
    UsageCourrier,
    lire_corps,
    remplacer,
)
from jalon.socle.errors import JalonError

Bloc = dict[str, Any]
Valeur = str | Sequence[Bloc]
COULEUR_SANS_PROFIL: Final = "#333333"
APERCU: Final = "Aperçu : les noms et les dates sont inventés"


class CourrierInconnuError(JalonError):
    """Aucun texte de ce nom n'est installé."""


class CourrierIncompletError(JalonError):
    """Une lettre qui ne dirait pas tout ce qu'elle doit dire ; `manquants` nomme chaque élément."""

    def __init__(self, courrier: str, manquants: Iterable[str]) -> None:
        self.manquants = tuple(manquants)
        super().__init__(
            f"« {courrier} » ne peut pas être produit : il manque {', '.join(self.manquants)}. "
            "Complétez le dossier ou le texte du courrier, puis recommencez."
        )


@dataclass(frozen=True)
class Lettre:
    """Une lettre prête à être mise en page, et la version du texte qu'elle emploie."""

    charge: dict[str, Any]
    version: VersionModele

    @property
    def objet(self) -> str:
        return str(self.charge["objet"])


class Composeur:
    """Compose des lettres avec les textes en vigueur, lus une seule fois : mille lettres ne les relisent pas."""

    @cached_property
    def textes(self) -> dict[str, VersionModele]:
        """Dernière version de chaque texte, par code."""
        derniere = VersionModele.objects.order_by("modele_id", "-numero").distinct("modele_id")
        modeles = ModeleCourrier.objects.order_by("code").prefetch_related(
            Prefetch("versions", queryset=derniere, to_attr="dernieres")
        )
        rendus = {}
        for modele in modeles:
            for version in modele.dernieres:
                version.modele = modele
                rendus[modele.code] = version
        return rendus

    @cached_property
    def departement(self) -> str:
        pose = profil()
        return pose.nom if pose is not None else ""

    @cached_property
    def papier(self) -> dict[str, Any]:
        """Ce que toutes les lettres ont en commun."""
        pose = profil()
        return {"departement": self.departement, "couleur": pose.couleur if pose is not None else COULEUR_SANS_PROFIL}

    def version(self, *codes: str) -> VersionModele:
        """Premier des textes nommés qui existe. Lève `CourrierInconnuError`."""
        for code in codes:
            if code in self.textes:
                return self.textes[code]
        raise CourrierInconnuError(
            f"Aucun courrier ne s'appelle « {codes[-1]} » : relancez « jalon init » pour installer ceux du profil."
        )

    def mention(self, code: str, valeurs: Mapping[str, Valeur]) -> list[Bloc]:
        """Paragraphes d'une mention (sanctions, recours), à placer dans une lettre comme un bloc."""
        version = self.version(code)
        return self._blocs(version, {"departement": self.departement, **valeurs})

    def lettre(
        self,
        version: VersionModele,
        valeurs: Mapping[str, Valeur],
        *,
        jour: date,
        destinataire: Sequence[str],
        references: Sequence[tuple[str, str]] = (),
        bandeau: str = "",
        signataire: str = "",
    ) -> Lettre:
        """`signataire` : le nom de qui signe, sous la signature du département (CRPA L212-1).

        Lève `CourrierIncompletError` si une valeur due manque, dans le texte ou dans les données (D11).
        """
        completes: dict[str, Valeur] = {
            "departement": self.departement, "date_courrier": date_en_lettres(jour), **valeurs,
        }  # fmt: skip
        blocs = self._blocs(version, completes)
        objet = imprimable(remplacer(version.objet, _textes(completes))) or version.modele.libelle
        pied = " · ".join((*(imprimable(f"{nom} {valeur}") for nom, valeur in references), self._pied(version)))
        charge = self._charge(objet, blocs, jour=jour, destinataire=destinataire, pied=pied)
        charge["references"] = [[imprimable(nom), imprimable(valeur)] for nom, valeur in references]
        if signataire:
            charge["signature"].append(imprimable(signataire))
        return Lettre(charge | {"bandeau": bandeau}, version)

    def lettre_libre(
        self, objet: str, paragraphes: Iterable[str], *, jour: date, destinataire: Sequence[str]
    ) -> dict[str, Any]:
        """Charge d'une lettre sans texte installé, écrite par l'acte ; l'en-tête et la signature sont du profil."""
        blocs: list[Bloc] = [{"genre": "p", "texte": imprimable(texte)} for texte in paragraphes]
        return self._charge(imprimable(objet), blocs, jour=jour, destinataire=destinataire, pied=self.departement)

    def _charge(
        self, objet: str, blocs: list[Bloc], *, jour: date, destinataire: Sequence[str], pied: str
    ) -> dict[str, Any]:
        return {
            "expediteur": self._lignes("entete"),
            "destinataire": [imprimable(ligne) for ligne in destinataire],
            "date": imprimable(f"Le {date_en_lettres(jour)}"),
            "references": [],
            "objet": objet,
            "blocs": blocs,
            "signature": self._lignes("signature"),
            "pied": pied,
            "bandeau": "",
        }

    def rendre(self, lettre: Lettre) -> bytes:
        return rendre_lettre(self.papier, lettre.charge)

    def _pied(self, version: VersionModele) -> str:
        return f"{self.departement}, {version.modele.libelle}, texte n° {version.numero}"

    def _lignes(self, code: str) -> list[str]:
        valeurs = {"departement": self.departement}
        return [imprimable(remplacer(ligne.texte, valeurs)) for ligne in lire_corps(self.version(code).corps)]

    def _blocs(self, version: VersionModele, valeurs: Mapping[str, Valeur]) -> list[Bloc]:
        usage = UsageCourrier(version.modele.usage)
        champs = {champ.code: champ for champ in CHAMPS[usage]}
        lignes = lire_corps(version.corps)
        manquants = _manquants(champs, lignes, valeurs)
        if manquants:
            raise CourrierIncompletError(version.modele.libelle, manquants)
        blocs: list[Bloc] = []
        textes = _textes(valeurs)
        for ligne in lignes:
            if any(champs[code].presence is Presence.FACULTATIF and not valeurs.get(code) for code in ligne.champs):
                continue
            if len(ligne.champs) == 1 and champs[ligne.champs[0]].bloc:
                blocs += [_bloc_imprimable(bloc) for bloc in valeurs[ligne.champs[0]] if isinstance(bloc, dict)]
                continue
            texte = imprimable(remplacer(ligne.texte, textes))
            if ligne.genre == "puce" and blocs and blocs[-1].get("ouverte"):
                blocs[-1]["elements"].append(texte)
            elif ligne.genre == "puce":
                blocs.append({"genre": "liste", "elements": [texte], "ouverte": True})
            else:
                blocs.append({"genre": ligne.genre, "texte": texte})
        return [_sans_marque(bloc) for bloc in _sans_titre_vide(blocs)]


def _manquants(champs: Mapping[str, Champ], lignes: Sequence[Ligne], valeurs: Mapping[str, Valeur]) -> list[str]:
    """Éléments dus que le texte ne cite pas, ou que les données ne donnent pas."""
    cites = {code for ligne in lignes for code in ligne.champs}
    dus = {code for code, champ in champs.items() if champ.presence is Presence.REQUIS}
    attendus = dus | {code for code in cites if code in champs and champs[code].presence is Presence.LIBRE}
    absents = [
        code for code in champs if code in attendus and (not _presente(valeurs.get(code)) or code in dus - cites)
    ]
    return [champs[code].libelle for code in absents]


def _presente(valeur: Valeur | None) -> bool:
    return bool(valeur.strip() if isinstance(valeur, str) else valeur)


def _textes(valeurs: Mapping[str, Valeur]) -> dict[str, str]:
    return {code: valeur for code, valeur in valeurs.items() if isinstance(valeur, str)}


def _sans_titre_vide(blocs: Sequence[Bloc]) -> list[Bloc]:
    """Un sous-titre dont toutes les lignes facultatives ont disparu disparaît avec elles."""
    suivants = [*blocs[1:], None]
    return [
        bloc
        for bloc, suivant in zip(blocs, suivants, strict=True)
        if bloc["genre"] != "titre" or (suivant is not None and suivant["genre"] != "titre")
    ]


def _sans_marque(bloc: Bloc) -> Bloc:
    return {cle: valeur for cle, valeur in bloc.items() if cle != "ouverte"}


def _bloc_imprimable(bloc: Bloc) -> Bloc:
    return {cle: valeur if cle == "genre" else _imprimables(valeur) for cle, valeur in bloc.items()}


def _imprimables(valeur: Any) -> Any:
    return imprimable(valeur) if isinstance(valeur, str) else [_imprimables(element) for element in valeur]


def tableau(colonnes: Sequence[str], rangees: Iterable[Sequence[str]]) -> list[Bloc]:
    """Un tableau à placer dans une lettre ; aucun bloc s'il n'a pas de ligne."""
    lignes = [list(rangee) for rangee in rangees]
    return [{"genre": "table", "colonnes": list(colonnes), "rangees": lignes}] if lignes else []


def liste(elements: Iterable[str]) -> list[Bloc]:
    """Une liste à placer dans une lettre ; aucun bloc si elle est vide."""
    textes = list(elements)
    return [{"genre": "liste", "elements": textes}] if textes else []


def composer(
    code_modele: str,
    donnees: Mapping[str, Valeur],
    jour: date,
    *,
    destinataire: Sequence[str],
    references: Sequence[tuple[str, str]] = (),
) -> tuple[bytes, VersionModele]:
    """PDF d'une lettre, et la version du texte employée, à garder avec lui (`enregistrer_document`).

    `donnees` donne une valeur à chaque champ que le texte cite (voir `CHAMPS`), `destinataire` les lignes de l'adresse.
    Pour plusieurs lettres, garder un `Composeur`. Lève `CourrierInconnuError` ou `CourrierIncompletError`.
    """
    composeur = Composeur()
    lettre = composeur.lettre(
        composeur.version(code_modele), donnees, jour=jour, destinataire=destinataire, references=references
    )
    return composeur.rendre(lettre), lettre.version


def exemple(version: VersionModele, jour: date) -> tuple[Composeur, Lettre]:
    """La lettre d'une personne inventée, pour l'aperçu d'un texte, publié ou non.

    Un en-tête, une signature ou une mention se montrent à leur place, dans une notification.
    """
    composeur = Composeur()
    composeur.textes[version.modele.code] = version
    usage = UsageCourrier(version.modele.usage)
    if version.modele.code == "mention_absence":
        usage, version = UsageCourrier.CONVOCATION_RENDEZ_VOUS, composeur.version("convocation_rendez_vous")
    elif usage in (UsageCourrier.ENTETE, UsageCourrier.SIGNATURE, UsageCourrier.MENTION):
        usage, version = UsageCourrier.NOTIFICATION, composeur.version("notification_orientation")
    valeurs: dict[str, Valeur] = {c.code: c.exemple for c in CHAMPS[usage] if c.exemple}
    if usage is UsageCourrier.NOTIFICATION:
        mentions = {c.code: c.exemple for c in CHAMPS[UsageCourrier.MENTION] if c.exemple}
        valeurs["sanctions"] = composeur.mention("mention_sanctions", mentions)
        valeurs["voies_recours"] = composeur.mention("mention_recours", mentions)
    if usage is UsageCourrier.CONVOCATION_RENDEZ_VOUS:
        valeurs["consequences_absence"] = composeur.mention("mention_absence", {})
    if usage is UsageCourrier.COPIE:
        valeurs["personnes"] = tableau(
            ["Personne", "Née le", "Orientation", "Contrat", "Référent", "Correspondant"],
            [["Camille Exemple", "12/04/1985", "Accompagnement social", "sous deux mois", "à nommer", "Claude Repère"]],
        )
        valeurs["correspondants"] = liste(["Claude Repère : 03 00 00 00 02"])
    valeurs |= _blocs_d_exemple(composeur, usage, valeurs)
    nom = _DESTINATAIRES_D_EXEMPLE.get(usage, "Madame Camille EXEMPLE")
    lettre = composeur.lettre(
        version, valeurs, jour=jour, destinataire=[nom, "12 rue de l’Essai", "00000 VILLE"],
        references=[("Dossier", "exemple")], bandeau=APERCU,
    )  # fmt: skip
    return composeur, lettre


_DESTINATAIRES_D_EXEMPLE: Final = {
    UsageCourrier.COPIE: "Centre communal d'action sociale de Ville",
    UsageCourrier.TRANSMISSION_PAYEUR: "Caisse d'allocations familiales n° 000",
}


def _blocs_d_exemple(
    composeur: Composeur, usage: UsageCourrier, valeurs: Mapping[str, Valeur]
) -> dict[str, Sequence[Bloc]]:
    """Ce que les lettres d'une procédure disent en plusieurs lignes, pour une personne inventée."""
    sans_valeur = {champ.code for champ in CHAMPS[usage] if champ.bloc and champ.code not in valeurs}
    possibles: dict[str, Sequence[Bloc]] = {}
    if "faits" in sans_valeur:
        possibles["faits"] = liste(["Le 2 octobre 2026 à 9 h. Absence.", "Le 9 octobre 2026 à 9 h. Absence."])
    if "consequences" in sans_valeur:
        possibles["consequences"] = liste(["Une part de votre allocation peut être suspendue pendant un temps limité."])
    if "voies_recours" in sans_valeur:
        mentions = {champ.code: champ.exemple for champ in CHAMPS[UsageCourrier.MENTION] if champ.exemple}
        code = "mention_juge" if usage is UsageCourrier.REPONSE_RECOURS else "mention_recours"
        possibles["voies_recours"] = composeur.mention(code, mentions)
    if "decisions" in sans_valeur:
        possibles["decisions"] = tableau(
            ["Matricule et demande", "Personne", "Objet", "Période", "Retenue"],
            [["0000000", "Camille Exemple", "Sanction à appliquer", "du 01/12/2026 au 31/12/2026", "30 %"]],
        )
    return possibles
