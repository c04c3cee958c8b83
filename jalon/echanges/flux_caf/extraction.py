"""D'un foyer en XML aux faits qu'il porte, prêts à être comparés à ceux de la base.

Chaque fait est un n-uplet de textes, écrits comme PostgreSQL les rend (`2026-10-31`, `1675.00`, `true`) :
comparer le reçu au connu est alors une égalité, et l'écrire par COPY ne demande aucune conversion.
`NUL` marque l'absence. Un code que nos listes ne connaissent pas est gardé tel quel et signalé ;
une date ou un montant illisible rend tout le foyer illisible, car on ne saurait pas quoi garder.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Final

from lxml import etree

from jalon.echanges.flux_caf.lignes import NUL
from jalon.personnes.identite import Nir, lire_nir
from jalon.personnes.models import TypeNir
from jalon.referentiels.nomenclatures import est_connu, valeurs

Fait = tuple[str, ...]
Feuilles = dict[str, str]

_BLANCS = re.compile(r"[\t\r\n\v\f]+")
_LONGUEUR_CAF = 7
_NIR_POSSIBLE = re.compile(r"(?<![0-9A-Z])[1-8]\d{4}(?:\d\d|2[AB])\d{6}(?:\d\d)?(?![0-9A-Z])")
_NUMERO_LONG = re.compile(r"\d{10,}")
_ANNEE_MIN = 1850


@lru_cache(maxsize=100)
def _connus(liste: str) -> frozenset[str]:
    return frozenset(valeurs(liste))


class FoyerIllisibleError(Exception):
    """Le foyer ne peut pas être lu : `champ` dit où, le message dit pourquoi."""

    def __init__(self, champ: str, motif: str) -> None:
        # Un numéro long peut être un NIR arrivé dans la mauvaise balise : le motif ne le répète pas.
        super().__init__(_NUMERO_LONG.sub("…", motif))
        self.champ = champ


@lru_cache(maxsize=20_000)
def _jour(texte: str) -> str:
    """Vérifie une date reçue ; lève `ValueError` si elle n'existe pas."""
    lue = date.fromisoformat(texte[:10])
    if len(texte) > 10 and not re.fullmatch(r"(Z|[+-]\d\d:\d\d|T[\d:.]+Z?)", texte[10:]):
        raise ValueError(texte)
    if lue.year < _ANNEE_MIN:
        raise ValueError(texte)
    return lue.isoformat()


def jour(feuilles: Feuilles, balise: str) -> str:
    texte = feuilles.get(balise, "")
    if not texte:
        return NUL
    try:
        return _jour(texte)
    except ValueError:
        raise FoyerIllisibleError(balise, f"la date « {texte[:20]} » n'existe pas") from None


def jour_exige(feuilles: Feuilles, balise: str) -> str:
    lu = jour(feuilles, balise)
    if lu == NUL:
        raise FoyerIllisibleError(balise, "cette date est obligatoire et elle manque")
    return lu


@lru_cache(maxsize=50_000)
def _montant(texte: str) -> str:
    valeur = Decimal(texte.replace(",", "."))
    if not valeur.is_finite() or abs(valeur) >= 10_000_000:
        raise InvalidOperation
    return str(valeur.quantize(Decimal("0.01")))


def montant(feuilles: Feuilles, balise: str) -> str:
    texte = feuilles.get(balise, "")
    if not texte:
        return NUL
    try:
        return _montant(texte)
    except InvalidOperation:
        raise FoyerIllisibleError(balise, f"« {texte[:20]} » n'est pas un montant") from None


def entier(feuilles: Feuilles, balise: str, maximum: int = 32_767) -> str:
    texte = feuilles.get(balise, "")
    if not texte:
        return NUL
    if not texte.isascii() or not texte.isdigit() or int(texte) > maximum:
        raise FoyerIllisibleError(balise, f"« {texte[:20]} » n'est pas un nombre entier plausible")
    return str(int(texte))


_BOOLEENS = {"1": "true", "0": "false", "true": "true", "false": "false", "O": "true", "N": "false"}


def booleen(feuilles: Feuilles, balise: str) -> str:
    texte = feuilles.get(balise, "")
    if not texte:
        return NUL
    try:
        return _BOOLEENS[texte]
    except KeyError:
        raise FoyerIllisibleError(balise, f"« {texte[:20]} » n'est ni oui ni non (1 ou 0 attendu)") from None


def texte(feuilles: Feuilles, balise: str, longueur: int = 80) -> str:
    lu = feuilles.get(balise, "")
    if not lu:
        return ""
    if not lu.isprintable():
        lu = _BLANCS.sub(" ", lu)
    if len(lu) > longueur:
        raise FoyerIllisibleError(balise, f"le texte dépasse {longueur} caractères")
    return lu


@dataclass(slots=True)
class IdentiteRecue:
    """État civil d'une personne, dans l'ordre des colonnes de `EtatCivil` (NIR à part)."""

    civilite: str
    nom: str
    nom_naissance: str
    prenom: str
    prenom2: str
    prenom3: str
    date_naissance: str
    qualite_date_naissance: str
    rang_naissance: str
    commune_naissance: str
    sexe: str
    etat_civil_certifie: str

    def colonnes(self) -> Fait:
        return (
            self.civilite, self.nom, self.nom_naissance, self.prenom, self.prenom2, self.prenom3,
            self.date_naissance, self.qualite_date_naissance, self.rang_naissance, self.commune_naissance,
            self.sexe, self.etat_civil_certifie,
        )  # fmt: skip


@dataclass(slots=True)
class PersonneRecue:
    identite: IdentiteRecue
    nir: Nir | None
    identifiant_france_travail: str
    role: str
    rattachement: Fait
    soumission: Fait | None
    ressources: list[Fait] = field(default_factory=list)
    activites: list[Fait] = field(default_factory=list)
    avis: list[Fait] = field(default_factory=list)
    blocs: list[Fait] = field(default_factory=list)


@dataclass(slots=True)
class FoyerRecu:
    """Un foyer du flux, entièrement lu. Les faits des personnes ne portent pas encore leur identifiant."""

    personnes: list[PersonneRecue]
    rang: int
    ligne: int | None
    empreinte: bytes
    numero_demande: str
    caisse_regime: str
    caisse_numero: str
    matricule: str
    matricule_msa: str
    partenaire: str
    date_demande: str
    date_demande_rmi: str
    instruction_rmi: str
    adresses: list[Fait]
    situation: Fait
    etat: str
    montants: list[Fait]
    natures: list[Fait]
    suspensions: list[Fait]
    avis: list[Fait]
    blocs: list[Fait]
    evenements: list[Fait]
    anomalies: list[tuple[str, str]]


def feuilles_de(bloc: etree._Element | None) -> Feuilles:
    """Feuilles directes d'un bloc, textes débarrassés de leur remplissage."""
    if bloc is None:
        return {}
    return {enfant.tag: contenu.strip() if (contenu := enfant.text) else "" for enfant in bloc}


def masquer_nir(texte: str) -> str:
    """Un NIR glissé dans un libellé ou dans un bloc rare n'y est pas gardé ; un matricule CAF et ses zéros le sont."""
    return _NIR_POSSIBLE.sub(lambda vu: vu[0] if vu[0].endswith("00000000") else "(NIR non gardé)", texte)


def _imbriquees(bloc: etree._Element) -> dict[str, object]:
    """Contenu d'un bloc rare, gardé par balise ; une balise répétée donne une liste."""
    contenu: dict[str, object] = {}
    for enfant in bloc:
        nom = str(enfant.tag)
        valeur: object = _imbriquees(enfant) if len(enfant) else masquer_nir((enfant.text or "").strip())
        if nom in contenu:
            deja = contenu[nom]
            contenu[nom] = [*deja, valeur] if isinstance(deja, list) else [deja, valeur]
        else:
            contenu[nom] = valeur
    return contenu


def bloc_rare(bloc: etree._Element) -> Fait:
    """`(nom du bloc, contenu JSON)`, clés triées pour que deux contenus égaux aient le même texte."""
    contenu = json.dumps(_imbriquees(bloc), ensure_ascii=False, sort_keys=True)
    return (str(bloc.tag)[:250], contenu.replace("\x1f", " "))


class Extraction:
    """Lit un foyer ; une instance par foyer, pour porter ses anomalies."""

    def __init__(self, rang: int, ligne: int | None, empreinte: bytes) -> None:
        self.rang = rang
        self.ligne = ligne
        self.empreinte = empreinte
        self.anomalies: list[tuple[str, str]] = []
        self.etat = ""

    def code(self, feuilles: Feuilles, balise: str, liste: str = "") -> str:
        """Code d'une nomenclature : gardé même inconnu, et alors signalé."""
        lu = feuilles.get(balise, "")
        if lu and lu not in _connus(liste or balise):
            lu = texte(feuilles, balise, 10)
            self.anomalies.append(("code_inconnu", f"{balise} = {lu}"))
        return lu

    def lire(self, xml: bytes) -> FoyerRecu:
        """Lève `FoyerIllisibleError` au premier champ qui empêche de comprendre le foyer."""
        racine = etree.fromstring(xml)
        sections: dict[str, etree._Element] = {}
        personnes: list[etree._Element] = []
        evenements: list[Fait] = []
        blocs: list[Fait] = []
        for enfant in racine:
            nom = str(enfant.tag)
            if nom == "Personne":
                personnes.append(enfant)
            elif nom == "Evenement":
                evenements.append(self._evenement(feuilles_de(enfant)))
            elif nom in ("IdentificationRSA", "DonneesAdministratives", "PrestationRSA"):
                sections[nom] = enfant
            else:
                if nom == "Anomalie":
                    self.anomalies.append(("anomalie_caisse", masquer_nir(texte(feuilles_de(enfant), "LIBANO", 250))))
                blocs.append(bloc_rare(enfant))
        for nom in ("IdentificationRSA", "DonneesAdministratives", "PrestationRSA"):
            if nom not in sections:
                raise FoyerIllisibleError(nom, "ce bloc est obligatoire et il manque")
        if not personnes:
            raise FoyerIllisibleError("Personne", "le foyer n'a aucune personne")
        return self._assembler(sections, personnes, evenements, blocs)

    def _assembler(
        self,
        sections: dict[str, etree._Element],
        personnes: list[etree._Element],
        evenements: list[Fait],
        blocs: list[Fait],
    ) -> FoyerRecu:
        identification = {str(bloc.tag): feuilles_de(bloc) for bloc in sections["IdentificationRSA"]}
        organisme, demande = identification.get("Organisme", {}), identification.get("DemandeRSA", {})
        partenaire = identification.get("Partenaire", {})
        numero = texte(demande, "NUMDEMRSA", 11)
        if not numero:
            raise FoyerIllisibleError("NUMDEMRSA", "le numéro de demande manque")
        regime, caisse = self.code(organisme, "FONORG", "FONORGCEDMUT"), texte(organisme, "NUMORG", 10)
        if not regime or not caisse:
            raise FoyerIllisibleError("NUMORG" if regime else "FONORG", "la caisse n'est pas désignée")
        matricule, matricule_msa = lire_matricule(regime, organisme.get("MATRICULE", ""))
        date_demande = jour_exige(demande, "DTDEMRSA")
        administratif, adresses, situation_famille = self._administratif(sections["DonneesAdministratives"])
        prestation = self._prestation(sections["PrestationRSA"])
        rmi = sections["IdentificationRSA"].find("DemandeRMI")
        foyer = FoyerRecu(
            rang=self.rang,
            ligne=self.ligne,
            empreinte=self.empreinte,
            numero_demande=numero,
            caisse_regime=regime,
            caisse_numero=caisse,
            matricule=matricule,
            matricule_msa=matricule_msa,
            partenaire=f"{texte(partenaire, 'TYPEPARTE', 8)} {texte(partenaire, 'IDEPARTE', 7)}".strip(),
            date_demande=date_demande,
            date_demande_rmi=jour(feuilles_de(rmi.find("DateDemandeRMI")), "DTDEMRMI") if rmi is not None else NUL,
            instruction_rmi=_instruction_rmi(rmi),
            personnes=[self._personne(bloc) for bloc in personnes],
            adresses=adresses,
            situation=(
                self.etat, f"{regime} {caisse}", matricule, date_demande, *situation_famille, *prestation.situation,
                *self._mutations(identification),
            ),
            etat=self.etat,
            montants=prestation.montants,
            natures=prestation.natures,
            suspensions=prestation.suspensions,
            avis=prestation.avis,
            blocs=[*blocs, *administratif, *prestation.blocs],
            evenements=evenements,
            anomalies=self.anomalies,
        )  # fmt: skip
        if all(personne.role != "DEM" for personne in foyer.personnes):
            self.anomalies.append(("sans_demandeur", "aucune personne n'a le rôle de demandeur"))
        return foyer

    def _mutations(self, identification: dict[str, Feuilles]) -> Fait:
        cedant, prenant = identification.get("OrganismeCedant", {}), identification.get("OrganismePrenant", {})
        return (
            f"{texte(cedant, 'FONORGCEDMUT', 7)} {texte(cedant, 'NUMORGCEDMUT', 7)}".strip(),
            _matricule_cedant(cedant),
            jour(cedant, "DDARRMUT"),
            f"{texte(prenant, 'FONORGPRENMUT', 7)} {texte(prenant, 'NUMORGPRENMUT', 7)}".strip(),
            jour(prenant, "DDDEPAMUT"),
        )

    def _evenement(self, feuilles: Feuilles) -> Fait:
        heure = texte(feuilles, "HEULIQ", 18)[:8]
        if heure and not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d:[0-5]\d", heure):
            raise FoyerIllisibleError("HEULIQ", f"l'heure « {heure} » n'existe pas")
        fait_generateur = texte(feuilles, "FG", 18)
        if fait_generateur and not est_connu("FG", fait_generateur):
            self.anomalies.append(("code_inconnu", f"FG = {fait_generateur}"))
        return (jour_exige(feuilles, "DTLIQ"), heure or NUL, fait_generateur)

    # --- Personne ---------------------------------------------------------------------------------

    def _personne(self, bloc: etree._Element) -> PersonneRecue:
        etat_civil: Feuilles = {}
        dossier: Feuilles = {}
        roles: dict[str, Feuilles] = {}
        parentes: list[str] = []
        france_travail = ""
        soumission: Fait | None = None
        ressources: list[Fait] = []
        activites: list[Fait] = []
        avis: list[Fait] = []
        blocs: list[Fait] = []
        for enfant in bloc:
            nom = enfant.tag
            if nom == "Identification":
                etat_civil = feuilles_de(enfant)
            elif nom == "DossierCAF":
                dossier = feuilles_de(enfant)
            elif nom == "Prestations":
                feuilles = feuilles_de(enfant)
                roles[feuilles.get("NATPREST", "")] = feuilles
            elif nom == "Ressources":
                ressources = self._ressources(enfant)
            elif nom == "Activite":
                activites.append(self._activite(feuilles_de(enfant)))
            elif nom == "MontantCalculDroitRSAPersonne":
                soumission = self._soumission(feuilles_de(enfant))
            elif nom == "Rattachement":
                parentes.append(self._parente(feuilles_de(enfant)))
            elif nom == "DossierPoleEmploi":
                france_travail = texte(feuilles_de(enfant), "IDASSEDIC", 20)
            elif nom == "AvisPCGPersonne":
                avis += self._avis_personne(enfant)
            else:
                blocs.append(bloc_rare(enfant))
        role = self.code(roles.get("RSA", {}), "ROLEPERS")
        return PersonneRecue(
            identite=self._identite(etat_civil),
            nir=self._nir(etat_civil),
            identifiant_france_travail=france_travail,
            role=role,
            rattachement=(
                role, self.code(roles.get("PFA", {}), "ROLEPERS"), booleen(roles.get("RSA", {}), "TOPCHAPERS"),
                _vrai(booleen(dossier, "TOPRESPDOS")), jour(dossier, "DDRATDOS"), jour(dossier, "DFRATDOS"),
                texte(dossier, "NUMDEMRSAPRECE", 20), " ; ".join(filter(None, parentes))[:250],
            ),
            soumission=soumission,
            ressources=ressources,
            activites=activites,
            avis=avis,
            blocs=blocs,
        )  # fmt: skip

    def _identite(self, feuilles: Feuilles) -> IdentiteRecue:
        nom, nom_naissance = texte(feuilles, "NOM"), texte(feuilles, "NOMNAI")
        if not nom and not nom_naissance:
            raise FoyerIllisibleError("NOM", "une personne n'a ni nom d'usage ni nom de naissance")
        prenom = texte(feuilles, "PRENOM")
        if not prenom:
            raise FoyerIllisibleError("PRENOM", "une personne n'a pas de prénom")
        return IdentiteRecue(
            civilite=texte(feuilles, "QUAL", 10),
            nom=nom or nom_naissance,
            nom_naissance=nom_naissance or nom,
            prenom=prenom,
            prenom2=texte(feuilles, "PRENOM2"),
            prenom3=texte(feuilles, "PRENOM3"),
            date_naissance=jour_exige(feuilles, "DTNAI"),
            qualite_date_naissance=self.code(feuilles, "TYPEDTNAI"),
            rang_naissance=entier(feuilles, "RGNAI"),
            commune_naissance=texte(feuilles, "NOMCOMNAI"),
            sexe=self.code(feuilles, "SEXE"),
            etat_civil_certifie=booleen(feuilles, "TOPVALIEC"),
        )

    def _nir(self, feuilles: Feuilles) -> Nir | None:
        brut = texte(feuilles, "NIR", 30)
        try:
            nir = lire_nir(brut)
        except ValueError as erreur:
            self.anomalies.append(("nir_illisible", f"{erreur}"))
            return Nir(brut, TypeNir.ILLISIBLE)
        if nir is not None and nir.type == TypeNir.CLE_FAUSSE:
            self.anomalies.append(("nir_cle_fausse", "la clé du NIR ne correspond pas au numéro"))
        return nir

    def _parente(self, feuilles: Feuilles) -> str:
        """Lien de parenté avec une autre personne du foyer ; son NIR n'est pas recopié ici."""
        lien = self.code(feuilles, "TYPEPAR")
        return f"{lien} {texte(feuilles, 'PRENOM')} {texte(feuilles, 'NOMNAI')}".strip()

    def _soumission(self, feuilles: Feuilles) -> Fait | None:
        soumise = booleen(feuilles, "TOPPERSDRODEVORSA")
        if soumise == NUL:
            return None
        return (
            soumise, booleen(feuilles, "TOPPERSENTDRODEVORSA"), montant(feuilles, "MTPERSRESSMENRSA"),
            montant(feuilles, "MTPERSABANEURSA"),
        )  # fmt: skip

    def _ressources(self, bloc: etree._Element) -> list[Fait]:
        trimestre: Feuilles = {}
        lignes: list[Fait] = []
        mois_recus: list[etree._Element] = []
        for enfant in bloc:
            if enfant.tag == "GeneraliteRessourcesTrimestre":
                trimestre = feuilles_de(enfant)
            else:
                mois_recus.append(enfant)
        debut, fin = jour(trimestre, "DDRESS"), jour(trimestre, "DFRESS")
        nulles = _vrai(booleen(trimestre, "TOPRESSNUL"))
        for recu in mois_recus:
            generalites: Feuilles = {}
            details: list[Feuilles] = []
            for enfant in recu:
                if enfant.tag == "GeneraliteRessourcesMensuelles":
                    generalites = feuilles_de(enfant)
                else:
                    details.append(feuilles_de(enfant))
            mois, heures = jour(generalites, "MOISRESS"), entier(generalites, "NBHEUMENTRA")
            lignes += [
                (
                    debut, fin, nulles, mois, heures, self.code(detail, "NATRESS"), montant(detail, "MTNATRESSMEN"),
                    self.code(detail, "ABANEU"),
                )
                for detail in details
            ]  # fmt: skip
        return lignes or [(debut, fin, nulles, NUL, NUL, "", NUL, "")]

    def _activite(self, feuilles: Feuilles) -> Fait:
        return (
            self.code(feuilles, "REG"), self.code(feuilles, "ACT"), jour(feuilles, "DDACT"), jour(feuilles, "DFACT"),
            texte(feuilles, "NATCONTRTRA", 10), booleen(feuilles, "TOPCONDADMETI"),
        )  # fmt: skip

    def _avis_personne(self, bloc: etree._Element) -> list[Fait]:
        avis: list[Fait] = []
        for enfant in bloc:
            f = feuilles_de(enfant)
            if enfant.tag == "ConditionETI":
                avis.append(
                    ("condition_eti", "", texte(f, "AVISEVARESSNONSAL", 10), jour(f, "DTSOURESSNONSAL"), NUL,
                     jour(f, "DTEVARESSNONSAL"), montant(f, "MTEVARESSNONSAL"), "")
                )  # fmt: skip
            elif enfant.tag == "Derogation":
                avis.append(
                    ("derogation", self.code(f, "TYPEDERO"), self.code(f, "AVISDERO"), jour(f, "DDAVISDERO"),
                     jour(f, "DFAVISDERO"), NUL, NUL, "")
                )  # fmt: skip
            elif enfant.tag == "ExclueRSA":
                avis.append(("exclusion", "", texte(f, "EXCL", 10), jour(f, "DDEXCL"), jour(f, "DFEXCL"), NUL, NUL, ""))
            elif enfant.tag == "Liberalite":
                avis.append(
                    ("liberalite", "", "", jour(f, "DTABSDECLLIBER"), NUL, NUL, montant(f, "MTLIBERNONDECL"), "")
                )
        return avis

    # --- Foyer ------------------------------------------------------------------------------------

    def _administratif(self, bloc: etree._Element) -> tuple[list[Fait], list[Fait], Fait]:
        situation: Feuilles = {}
        adresses: list[Fait] = []
        rares: list[Fait] = []
        for enfant in bloc:
            if enfant.tag == "SituationFamille":
                situation = feuilles_de(enfant)
            elif enfant.tag == "Adresse":
                adresses.append(self._adresse(enfant))
            else:
                rares.append(bloc_rare(enfant))
        famille = (
            self.code(situation, "SITFAM"), jour(situation, "DDSITFAM"), texte(situation, "REGAGRIFAM", 10),
        )  # fmt: skip
        return rares, adresses, famille

    def _adresse(self, bloc: etree._Element) -> Fait:
        tronc: Feuilles = {}
        f: Feuilles = {}
        etranger = ""
        for enfant in bloc:
            if enfant.tag == "TroncCommunAdresse":
                tronc = feuilles_de(enfant)
            elif enfant.tag == "AdresseDetailleeFrance":
                f = feuilles_de(enfant)
            else:
                lignes = feuilles_de(enfant)
                etranger = "\u2003".join(filter(None, (texte(lignes, nom, 500) for nom in lignes)))[:500]
        rang = entier(tronc, "RGADR")
        if rang == NUL:
            raise FoyerIllisibleError("RGADR", "le rang d'une adresse manque")
        return (
            rang, self.code(tronc, "TYPEADR"), texte(tronc, "ETATADR", 10), texte(tronc, "PAYS", 10),
            jour(tronc, "DTEMM"), texte(f, "COMPLIDEADR"), texte(f, "COMPLADR"), texte(f, "NUMVOIE"),
            texte(f, "LIBTYPEVOIE"), texte(f, "NOMVOIE"), texte(f, "LIEUDIST"), texte(f, "NUMCOM"),
            texte(f, "CODEPOS"), texte(f, "NOMCOM"), etranger,
        )  # fmt: skip

    def _prestation(self, bloc: etree._Element) -> _Prestation:
        recue = _Prestation()
        situation = bloc.find("SituationDossierRSA")
        if situation is None:
            raise FoyerIllisibleError("SituationDossierRSA", "l'état du dossier manque")
        refus: Feuilles = {}
        cloture: Feuilles = {}
        anterieure: Feuilles = {}
        for enfant in situation:
            f = feuilles_de(enfant)
            if enfant.tag == "EtatDossierRSA":
                self.etat = self.code(f, "ETATDOSRSA")
            elif enfant.tag == "Refus":
                refus = f
            elif enfant.tag == "SuspensionDroit":
                recue.suspensions.append(
                    ("droit", self.code(f, "MOTISUSDRORSA"), jour(f, "DDSUSDRORSA"), self.code(f, "NATGROUPFSUS"))
                )
            elif enfant.tag == "SuspensionVersement":
                recue.suspensions.append(("versement", self.code(f, "MOTISUSVERSRSA"), jour(f, "DDSUSVERSRSA"), ""))
            elif enfant.tag == "FinDroit":
                cloture = f
            elif enfant.tag == "FinDroitMoisAnterieur":
                anterieure = f
            else:
                recue.blocs.append(bloc_rare(enfant))
        if not self.etat:
            raise FoyerIllisibleError("ETATDOSRSA", "l'état du dossier manque")
        tronc: Feuilles = {}
        detail = bloc.find("DetailDroitRSA")
        for enfant in detail if detail is not None else ():
            if enfant.tag == "TroncCommunDroitRSA":
                tronc = feuilles_de(enfant)
            elif enfant.tag == "MontantsCalculDroitRSA":
                recue.montants.append(_montants(feuilles_de(enfant)))
            elif enfant.tag == "DetailCalculDroitRSA":
                recue.natures.append(self._nature(feuilles_de(enfant)))
            elif enfant.tag == "AvisPCGDroitRSA":
                recue.avis += self._avis_droit(enfant)
            else:
                recue.blocs.append(bloc_rare(enfant))
        recue.situation = (
            self.code(tronc, "ORIDEMRSA"), jour(tronc, "DTORIDEMRSA"), booleen(tronc, "TOPSANSDOMFIXE"),
            entier(tronc, "NBENFAUTCHA"), booleen(tronc, "TOPFOYDRODEVORSA"),
            self.code(refus, "MOTIREFURSA"), jour(refus, "DTREFURSA"),
            self.code(cloture, "MOTICLORSA"), jour(cloture, "DTCLORSA"),
            self.code(anterieure, "MOTICLORSA"), jour(anterieure, "DTCLORSA"),
        )  # fmt: skip
        return recue

    def _nature(self, f: Feuilles) -> Fait:
        return (
            self.code(f, "NATPF"), self.code(f, "SOUSNATPF"), jour(f, "DDNATDRO"), jour(f, "DFNATDRO"),
            montant(f, "MTRSAVERS"), jour(f, "DTDERRSAVERS"),
        )  # fmt: skip

    def _avis_droit(self, bloc: etree._Element) -> list[Fait]:
        avis: list[Fait] = []
        for enfant in bloc:
            f = feuilles_de(enfant)
            if enfant.tag == "ConditionAdministrative":
                commentaire = f"{texte(f, 'COMM1CONDADMRSA', 240)} {texte(f, 'COMM2CONDADMRSA', 240)}".strip()
                avis.append(
                    ("condition_administrative", texte(f, "MOTICONDADMRSA", 10), self.code(f, "AVISCONDADMRSA"),
                     jour(f, "DTEFFAVISCONDADMRSA"), NUL, NUL, NUL, commentaire)
                )  # fmt: skip
            elif enfant.tag == "ReductionRSA":
                avis.append(
                    ("reduction", "", "", jour(f, "DDREDRSA"), jour(f, "DFREDRSA"), NUL, montant(f, "MTREDRSA"), "")
                )
            elif enfant.tag == "PaiementTiers":
                avis.append(
                    ("paiement_tiers", self.code(f, "TYPEPERSTIE"), self.code(f, "AVISDESTPAIRSA"),
                     jour(f, "DTAVISDESTPAIRSA"), NUL, NUL, NUL, texte(f, "NOMTIE", 250))
                )  # fmt: skip
        return avis


@dataclass(slots=True)
class _Prestation:
    situation: Fait = ()
    montants: list[Fait] = field(default_factory=list)
    natures: list[Fait] = field(default_factory=list)
    suspensions: list[Fait] = field(default_factory=list)
    avis: list[Fait] = field(default_factory=list)
    blocs: list[Fait] = field(default_factory=list)


BALISES_MONTANTS: Final = (
    "MTREVMINIGARARSA", "MTPENTRSA", "MTLOCALRSA", "MTREVGARARSA", "MTPFRSA", "MTALRSA", "MTRESSMENRSA",
    "MTSANOBLALIMRSA", "MTREDHOSRSA", "MTREDCGRSA", "MTCUMINTEGRSA", "MTABANEURSA", "MTTOTDRORSA",
)  # fmt: skip


def _montants(f: Feuilles) -> Fait:
    return (jour(f, "DDELECAL"), jour(f, "DFELECAL"), *(montant(f, balise) for balise in BALISES_MONTANTS))


def _vrai(valeur: str) -> str:
    return "false" if valeur == NUL else valeur


def _instruction_rmi(rmi: etree._Element | None) -> str:
    numero = rmi.find("NumeroInstructionRMI") if rmi is not None else None
    feuilles = feuilles_de(numero)
    return "-".join(filter(None, (texte(feuilles, nom, 60) for nom in feuilles)))[:60]


def _matricule_cedant(cedant: Feuilles) -> str:
    """Matricule chez la caisse d'avant ; celui de la MSA est un NIR et n'est pas gardé."""
    lu = texte(cedant, "MATRICULEORGCEDMUT", 15)
    return "" if cedant.get("FONORGCEDMUT") == "MSA" or len(lu.rstrip("0")) > _LONGUEUR_CAF else lu


def lire_matricule(regime: str, brut: str) -> tuple[str, str]:
    """Rend `(matricule CAF, matricule MSA)`, l'un des deux vide.

    CAF : sept chiffres, complétés de zéros à droite jusqu'à quinze. MSA : c'est un NIR, traité comme tel ;
    de même tout matricule qui en a la longueur, quelle que soit la caisse annoncée.
    """
    matricule = brut.strip()
    if not matricule.isascii() or not matricule.isalnum():
        raise FoyerIllisibleError("MATRICULE", "le matricule manque ou contient autre chose que des chiffres")
    long = len(matricule) in (13, 15) and matricule[_LONGUEUR_CAF:].strip("0") != ""
    if regime == "MSA" or long:
        try:
            nir = lire_nir(matricule)
        except ValueError:
            raise FoyerIllisibleError("MATRICULE", "le matricule n'a pas la forme d'un NIR") from None
        assert nir is not None
        return "", nir.numero
    if not matricule.isdigit() or len(matricule) > 15:
        raise FoyerIllisibleError("MATRICULE", "ce n'est pas un matricule de la CAF (sept chiffres, puis des zéros)")
    if len(matricule) <= _LONGUEUR_CAF:
        return matricule.zfill(_LONGUEUR_CAF), ""
    sept, reste = matricule[:_LONGUEUR_CAF], matricule[_LONGUEUR_CAF:]
    return (sept if not reste.strip("0") else matricule), ""
