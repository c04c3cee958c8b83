"""La lecture d'un fichier VRSB0801 : l'ouvrir, le vérifier, en rendre les foyers un à un.

Deux passages, à mémoire constante : le premier calcule l'empreinte du fichier et décide de son encodage,
le second rend les foyers. Ce que contient un foyer n'est pas jugé ici : un foyer étrange mais bien formé
est rendu, et l'extraction décidera. Une troncature ne se voit qu'à la fin : rien de ce qui est rendu ne
doit être tenu pour acquis avant que `foyers()` soit épuisé.
"""

import hashlib
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from lxml import etree

from jalon.echanges.flux_caf.balayage import MORCEAU_MAX, Balayeur, couper_apres_balise
from jalon.echanges.flux_caf.encodage import CP1252, DetecteurEncodage, en_utf8
from jalon.echanges.flux_caf.entete import (
    ATTENDU,
    AUTRES_FLUX,
    EnteteFlux,
    autre_flux,
    autre_version,
    lire_entete,
    lire_total,
)
from jalon.echanges.flux_caf.erreurs import FluxRefuseError
from jalon.echanges.flux_caf.ouverture import DEMANDER_A_NOUVEAU, lire_octets, tronque

__all__ = ["EnteteFlux", "FluxRefuseError", "FoyerLu", "LecteurFlux"]

FOYER, ENTETE, TOTAUX = "InfosFoyerRSA", "IdentificationFlux", "TransmissionFlux"
FIN_DU_FLUX = b"</Racine>"

# Codes d'erreur de libxml2 → cause en français (leur message est en anglais et peut citer le contenu).
CAUSES_XML = {
    5: "du contenu suit la fin du flux",
    9: "un caractère interdit en XML",
    26: "une entité que rien ne définit",
    27: "une entité que rien ne définit",
    39: "une valeur d'attribut sans guillemets",
    42: "un attribut donné deux fois",
    76: "une balise fermée n'est pas celle qui était ouverte",
}


@dataclass(slots=True)
class FoyerLu:
    """Un foyer tel que reçu. `empreinte` ne dépend ni de l'encodage du fichier, ni de sa mise en page."""

    rang: int  # à partir de 1
    ligne: int | None  # de la balise ouvrante, dans le fichier déplié
    empreinte: bytes  # blake2b sur 16 octets
    xml: bytes  # UTF-8, sans mise en page, commentaires ni sections CDATA


class LecteurFlux:
    """Lit un fichier de flux ; toute anomalie du fichier lève `FluxRefuseError`."""

    def __init__(self, chemin: Path, *, taille_max: int) -> None:
        self.chemin = chemin
        self.taille_max = taille_max
        self.taille: int | None = None  # octets une fois déplié, connue après empreinte_fichier()
        self.encodage: str | None = None  # reconnu d'après les octets, connu après empreinte_fichier()
        self.octets_illisibles = 0  # octets sans caractère en windows-1252, lus comme U+FFFD
        self.totaux_annonces: dict[str, int | None] = {"dossiers": None, "dossiers_en_anomalie": None}
        self._taille_bom = 0
        self._empreinte: str | None = None
        self._entete: EnteteFlux | None = None

    @property
    def entete(self) -> EnteteFlux:
        if self._entete is None:
            raise RuntimeError("L'en-tête n'est connu qu'une fois la lecture des foyers commencée.")
        return self._entete

    def empreinte_fichier(self) -> str:
        """SHA-256 du XML déplié : le même flux, nu, en gzip ou en zip, est le même fichier."""
        if self._empreinte is None:
            somme, taille, detecteur = hashlib.sha256(), 0, DetecteurEncodage()
            for morceau in lire_octets(self.chemin, self.taille_max):
                somme.update(morceau)
                taille += len(morceau)
                detecteur.ajouter(morceau)
            self.encodage, self._taille_bom = detecteur.conclure()
            self.octets_illisibles = detecteur.octets_sans_sens if self.encodage == CP1252 else 0
            self.taille = taille
            self._empreinte = somme.hexdigest()
        return self._empreinte

    def foyers(self, progression: Callable[[int], None] | None = None) -> Iterator[FoyerLu]:
        """Les foyers dans l'ordre du fichier ; `progression` reçoit de temps en temps les octets lus."""
        self.empreinte_fichier()
        assert self.encodage is not None
        lus = 0

        def compter() -> Iterator[bytes]:
            nonlocal lus
            for morceau in lire_octets(self.chemin, self.taille_max):
                lus += len(morceau)
                yield morceau

        analyse = _Analyse(self)
        for morceau in couper_apres_balise(en_utf8(compter(), self.encodage, self._taille_bom)):
            yield from analyse.avancer(morceau)
            if progression is not None:
                progression(lus)
        analyse.terminer()


class _Analyse:
    """L'analyse XML en cours d'un fichier."""

    def __init__(self, lecteur: LecteurFlux) -> None:
        self.lecteur = lecteur
        self.balayeur = Balayeur()
        # `remove_blank_text` ôte la mise en page (jamais le texte d'une feuille, même fait d'espaces) ; il
        # regarde deux caractères au-delà du texte : c'est une raison de plus de ne couper qu'après un « > ».
        self.analyseur = etree.XMLPullParser(
            events=("start", "end"),
            tag=("{*}Racine", FOYER, ENTETE, TOTAUX, *AUTRES_FLUX),
            encoding="utf-8",
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=False,
            remove_blank_text=True,
            remove_comments=True,
            remove_pis=True,
        )
        self.racine: etree._Element | None = None
        self.nom_verifie = False
        self.refus_entete: FluxRefuseError | None = None
        self.entete_lu = False
        self.totaux_lus = False
        self.rang = 0
        self.ligne: int | None = None
        self.depuis_le_dernier_bloc = 0
        self.fin = b""

    def avancer(self, morceau: bytes) -> Iterator[FoyerLu]:
        self.balayeur.avancer(morceau)
        if not self.nom_verifie and self.balayeur.racine is not None:
            _verifier_racine(self.balayeur.racine)
            self.nom_verifie = True
        self.fin = (self.fin + morceau[-64:])[-64:]
        # Un morceau qui ne finit pas par « > » est le dernier : l'erreur qu'il cause peut être une coupure.
        dernier = not morceau.endswith(b">")
        try:
            self.analyseur.feed(morceau)
        except etree.XMLSyntaxError as erreur:
            raise self._refus_syntaxe(erreur, a_la_fin=dernier) from None
        # Sans résolution des entités, lxml s'arrête en silence sur une entité inconnue : on lit son journal.
        for defaut in self.analyseur.feed_error_log.filter_from_errors():
            raise self._refus_xml(defaut.type, defaut.line, a_la_fin=dernier)
        self.depuis_le_dernier_bloc += len(morceau)
        evenements = cast("Iterator[tuple[str, etree._Element]]", self.analyseur.read_events())
        for evenement, element in evenements:
            if evenement == "start":
                self._ouverture(element)
            elif (foyer := self._fermeture(element)) is not None:
                yield foyer
        self._surveiller(morceau)

    def _ouverture(self, element: "etree._Element") -> None:
        if self.racine is None:
            if element.tag != "Racine":
                raise FluxRefuseError(
                    "pas_un_flux",
                    f"La racine du fichier porte un espace de noms, ce que ne font pas les flux de la CNAF ; {ATTENDU} "
                    ": déposez le fichier reçu de l'organisme, sans le transformer.",
                )
            self.racine = element
            return
        nom = str(element.tag)
        au_deuxieme_niveau = element.getparent() is self.racine
        if nom == FOYER:
            self.ligne = self.balayeur.lignes.popleft() if self.balayeur.lignes else None
            if not au_deuxieme_niveau:
                raise self._structure("un foyer y est placé à l'intérieur d'un autre bloc")
        if not au_deuxieme_niveau:
            return
        self.depuis_le_dernier_bloc = 0
        if nom in AUTRES_FLUX:
            raise autre_flux(AUTRES_FLUX[nom])
        if self.refus_entete is not None:
            raise self.refus_entete
        if nom in (FOYER, TOTAUX) and not self.entete_lu:
            raise self._sans_entete()
        if (nom == ENTETE and self.entete_lu) or (nom == TOTAUX and self.totaux_lus):
            raise self._structure(f"le bloc {nom} y figure deux fois")

    def _fermeture(self, element: "etree._Element") -> FoyerLu | None:
        if self.racine is None or element.getparent() is not self.racine:
            return None
        self.depuis_le_dernier_bloc = 0
        if element.tag == FOYER:
            return self._foyer(element)
        if element.tag == ENTETE:
            self.entete_lu = True
            try:
                self.lecteur._entete = lire_entete(element)
            except FluxRefuseError as refus:
                # Le bloc suivant dira peut-être mieux de quel flux il s'agit : on l'attend pour refuser.
                self.refus_entete = refus
        elif element.tag == TOTAUX:
            self.totaux_lus = True
            self.lecteur.totaux_annonces = {
                "dossiers": lire_total(element, "NBTOTDOSRSATRANSM"),
                "dossiers_en_anomalie": lire_total(element, "NBTOTDOSRSATRANSMANO"),
            }
        return None

    def _foyer(self, element: "etree._Element") -> FoyerLu:
        assert self.racine is not None
        self.rang += 1
        if self.rang == 1 and element.find("Personne/DossierCafMsa") is not None:
            raise autre_version("son bloc DossierCafMsa")
        a_rendre = element
        if self.racine.nsmap:
            # Des déclarations inutiles sur la racine (xsi…) se recopieraient dans chaque foyer.
            a_rendre = deepcopy(element)
            etree.cleanup_namespaces(a_rendre)
        xml: bytes = etree.tostring(a_rendre, encoding="utf-8", with_tail=False)
        empreinte = hashlib.blake2b(xml, digest_size=16).digest()
        element.clear()
        while element.getprevious() is not None:
            self._verifier_connu(self.racine[0])
            del self.racine[0]
        return FoyerLu(rang=self.rang, ligne=self.ligne, empreinte=empreinte, xml=xml)

    def _surveiller(self, morceau: bytes) -> None:
        """Ce que le filtre de l'analyseur ne montre pas : blocs inconnus, bloc sans fin."""
        if self.racine is not None:
            for enfant in self.racine:
                self._verifier_connu(enfant)
        if self.depuis_le_dernier_bloc > MORCEAU_MAX:
            raise self._structure("un seul bloc y dépasse 16 Mo")

    def _verifier_connu(self, enfant: "etree._Element") -> None:
        if enfant.tag not in (FOYER, ENTETE, TOTAUX):
            raise self._structure(f"le bloc « {str(enfant.tag)[:40]} » n'y est pas prévu")

    def terminer(self) -> None:
        if not self.nom_verifie:
            raise tronque()
        try:
            self.analyseur.close()
        except etree.XMLSyntaxError as erreur:
            raise self._refus_syntaxe(erreur, a_la_fin=True) from None
        if self.refus_entete is not None:
            raise self.refus_entete
        if not self.entete_lu:
            raise self._sans_entete()
        if not self.totaux_lus:
            raise tronque("Le flux (le bloc final TransmissionFlux manque)")

    def _refus_syntaxe(self, erreur: etree.XMLSyntaxError, *, a_la_fin: bool) -> FluxRefuseError:
        code = int(getattr(erreur, "code", 0) or 0)  # absent des types connus de lxml
        return self._refus_xml(code, erreur.lineno or self.balayeur.ligne, a_la_fin=a_la_fin)

    def _refus_xml(self, code: int, ligne: int, *, a_la_fin: bool) -> FluxRefuseError:
        if a_la_fin and not self.fin.rstrip().endswith(FIN_DU_FLUX) and code != 5:
            return tronque()
        cause = CAUSES_XML.get(code, "une balise ou un texte mal écrit")
        return FluxRefuseError(
            "xml_mal_forme",
            f"Le fichier n'est pas du XML bien formé : ligne {ligne}, {cause} ; {DEMANDER_A_NOUVEAU}",
        )

    @staticmethod
    def _structure(detail: str) -> FluxRefuseError:
        return FluxRefuseError(
            "structure_inattendue",
            f"La structure du fichier n'est pas celle attendue : {detail} ; {ATTENDU} : vérifiez le fichier "
            "ou signalez-le à l'organisme.",
        )

    @staticmethod
    def _sans_entete() -> FluxRefuseError:
        return FluxRefuseError(
            "entete_invalide",
            f"Le fichier n'a pas d'en-tête IdentificationFlux, rien ne dit donc de quel flux il s'agit ; {ATTENDU} : "
            "vérifiez le fichier ou demandez-le à nouveau à l'organisme.",
        )


def _verifier_racine(nom: str) -> None:
    if nom == "Racine":
        return
    if nom.lower() == "html":
        semble = "une page web (le téléchargement a sans doute rendu une page d'erreur)"
    elif nom.endswith(":Racine"):
        semble = "un flux transformé, dont les balises portent un préfixe,"
    else:
        semble = f"un autre document XML (sa racine est « {nom[:40]} »)"
    raise FluxRefuseError(
        "pas_un_flux", f"Ce fichier semble être {semble} alors que {ATTENDU} ; choisissez le bon fichier."
    )
