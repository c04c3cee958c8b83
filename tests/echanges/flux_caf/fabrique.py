"""Fabrique de fichiers VRSB0801 fictifs, commune à tous les tests.

Par défaut chaque fonction produit un bloc valide au sens du XSD de la CNAF, avec les travers
constatés dans les vrais fichiers (chaînes complétées d'espaces, montants complétés de zéros).
Les mots-clés en MAJUSCULES remplacent le texte d'une balise partout dans le bloc produit
(`None` la retire) : `foyer(DTDEMRSA="2026-13-45")` donne un foyer invalide en un mot.
Les NIR commencent par 8 : ils n'appartiennent à personne.
"""

import gzip
import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from datetime import date, time
from decimal import Decimal
from xml.sax.saxutils import escape

Valeur = str | int | bool | Decimal | date | time | None
Jour = str | date


def _texte(valeur: Valeur) -> str:
    if isinstance(valeur, bool):
        return "1" if valeur else "0"
    if isinstance(valeur, date | time):
        return valeur.isoformat()
    if isinstance(valeur, Decimal):
        return f"{valeur:010.2f}"  # la CNAF complète les montants de zéros : 0000401.00
    return escape(str(valeur))


def feuille(nom: str, valeur: Valeur) -> str:
    """Une balise et son texte, sur une ligne ; rien si la valeur est absente."""
    return "" if valeur is None else f"<{nom}>{_texte(valeur)}</{nom}>\n"


def bloc(nom: str, /, *contenus: str, **feuilles: Valeur) -> str:
    """Un bloc : ses feuilles dans l'ordre donné, puis ses sous-blocs."""
    interieur = "".join(feuille(balise, valeur) for balise, valeur in feuilles.items()) + "".join(contenus)
    return f"<{nom}>\n{interieur}</{nom}>\n"


def _remplacer(xml: str, remplacements: Mapping[str, Valeur]) -> str:
    for nom, valeur in remplacements.items():
        if not nom.isupper():
            raise TypeError(f"Argument inconnu de la fabrique : {nom}")
        nouveau = feuille(nom, valeur).replace("\\", r"\\")
        xml, nombre = re.subn(rf"<{nom}>[^<]*</{nom}>\n", nouveau, xml)
        if nombre == 0:
            raise ValueError(f"La balise {nom} n'est pas dans le bloc à fabriquer.")
    return xml


# --- La personne --------------------------------------------------------------------------------


def mois_de_ressources(
    mois: Jour, *details: tuple[str, Valeur] | tuple[str, Valeur, str], heures: int | None = None
) -> str:
    """Un mois : `mois_de_ressources("2026-07-01", ("001", Decimal(800)), ("010", "0000120.50", "N"))`."""
    blocs = [
        bloc("DetailRessourcesMensuelles", NATRESS=detail[0], MTNATRESSMEN=detail[1],
             ABANEU=detail[2] if len(detail) == 3 else None)
        for detail in details
    ]  # fmt: skip
    entete = bloc("GeneraliteRessourcesMensuelles", MOISRESS=mois, NBHEUMENTRA=heures)
    return bloc("RessourcesMensuelles", entete, *blocs)


def personne(
    nom: str = "DURAND",
    prenom: str = "CAMILLE",
    date_naissance: Jour = "1985-04-12",
    nir: str | None = "",
    role: str = "DEM",
    *,
    soumis: bool | None = True,
    entrant: bool | None = None,
    sexe: str = "2",
    nom_naissance: str | None = None,
    qualite: str | None = "",
    prenom2: str | None = None,
    prenom3: str | None = None,
    commune_naissance: str = "ARRAS",
    rang_naissance: int | None = None,
    type_date_naissance: str | None = "N",
    etat_civil_certifie: bool | None = True,
    responsable: bool | None = None,
    debut_rattachement: Jour = "2024-03-01",
    fin_rattachement: Jour | None = None,
    demande_precedente: str | None = None,
    role_pfa: str | None = None,
    a_charge: bool = True,
    rattachements: Sequence[tuple[str, str, Jour, str | None, str]] = (),
    identifiant_pole_emploi: str | None = None,
    ressources: Sequence[str] | None = None,
    ressources_nulles: bool | None = None,
    trimestre: tuple[Jour, Jour] = ("2026-07-01", "2026-09-30"),
    montant_ressources: Valeur = None,
    montant_abattement: Valeur = None,
    activites: Sequence[tuple[str, Jour] | tuple[str, Jour, Jour | None]] = (("SAN", "2024-01-01"),),
    regime: str | None = "GE",
    contrat_travail: str | None = None,
    asf: Sequence[tuple[str, str, Jour] | tuple[str, str, Jour, Jour | None]] = (),
    creances_alimentaires: Sequence[str] = (),
    grossesse: tuple[Jour, Jour | None, Jour, str | None] | None = None,
    agricole: tuple[Valeur, str | None, Jour | None] | None = None,
    avis_pcg: str = "",
    avis_cgss: tuple[str, str] | None = None,
    **remplacements: Valeur,
) -> str:
    """Une personne. `nir=""` : aucun NIR ; `soumis=None` : pas de bloc de calcul de la personne.

    `rattachements` : (nom de naissance, prénom, naissance, nir, lien) ; `activites` : (code, début[, fin]) ;
    `ressources` : des `mois_de_ressources()`, `None` = pas de bloc Ressources, `[]` = trimestre sans mois ;
    `asf` : (situation, parent, début[, fin]) ; `grossesse` : (début, fin, déclaration, nature de fin).
    """
    identification = bloc(
        "Identification",
        QUAL=({"1": "MR ", "2": "MME"}.get(sexe) if qualite == "" else qualite),
        NOM=nom, NOMNAI=nom if nom_naissance is None else nom_naissance, PRENOM=prenom,
        PRENOM2=prenom2, PRENOM3=prenom3, NOMCOMNAI=commune_naissance, DTNAI=date_naissance,
        RGNAI=rang_naissance, TYPEDTNAI=type_date_naissance, NIR=nir or None,
        TOPVALIEC=etat_civil_certifie, SEXE=sexe,
    )  # fmt: skip
    blocs = [
        identification,
        bloc("DossierCAF", TOPRESPDOS=role == "DEM" if responsable is None else responsable,
             DDRATDOS=debut_rattachement, DFRATDOS=fin_rattachement, NUMDEMRSAPRECE=demande_precedente),
        bloc("Prestations", NATPREST="PFA", ROLEPERS=role_pfa or role, TOPCHAPERS=a_charge),
        bloc("Prestations", NATPREST="RSA", ROLEPERS=role, TOPCHAPERS=a_charge),
    ]  # fmt: skip
    for nom_parent, prenom_parent, naissance, nir_parent, lien in rattachements:
        blocs.append(bloc("Rattachement", NOMNAI=nom_parent, PRENOM=prenom_parent, DTNAI=naissance,
                          NIR=nir_parent, TYPEPAR=lien))  # fmt: skip
    if identifiant_pole_emploi is not None:
        blocs.append(bloc("DossierPoleEmploi", IDASSEDIC=identifiant_pole_emploi))
    if ressources is not None or ressources_nulles is not None:
        nulles = not ressources if ressources_nulles is None else ressources_nulles
        generalite = bloc("GeneraliteRessourcesTrimestre", TOPRESSNUL=nulles, DDRESS=trimestre[0],
                          DFRESS=trimestre[1])  # fmt: skip
        blocs.append(bloc("Ressources", generalite, *(ressources or ())))
    if soumis is not None:
        blocs.append(bloc("MontantCalculDroitRSAPersonne", TOPPERSDRODEVORSA=soumis,
                          TOPPERSENTDRODEVORSA=entrant, MTPERSRESSMENRSA=montant_ressources,
                          MTPERSABANEURSA=montant_abattement))  # fmt: skip
    blocs += [
        bloc("Activite", REG=regime, ACT=a[0], DDACT=a[1], DFACT=a[2] if len(a) == 3 else None,
             NATCONTRTRA=contrat_travail)
        for a in activites
    ]  # fmt: skip
    if asf or creances_alimentaires:
        blocs_asf = [bloc("Asf", SITASF=a[0], PARASSOASF=a[1], DDASF=a[2], DFASF=a[3] if len(a) == 4 else None)
                     for a in asf]  # fmt: skip
        blocs.append(bloc("PensionAlimentaire", *blocs_asf, *creances_alimentaires))
    if grossesse is not None:
        blocs.append(bloc("Grossesse", DDGRO=grossesse[0], DFGRO=grossesse[1], DTDECLGRO=grossesse[2],
                          NATFINGRO=grossesse[3]))  # fmt: skip
    if agricole is not None:
        blocs.append(bloc("InformationsAgricoles", MTBENAGRI=agricole[0], REGFISAGRI=agricole[1],
                          DTBENAGRI=agricole[2]))  # fmt: skip
    if avis_pcg:
        blocs.append(bloc("AvisPCGPersonne", avis_pcg))
    if avis_cgss is not None:
        blocs.append(bloc("AvisCGSSDOMPersonne", JUSACTDOM=avis_cgss[0], RESUJUSACTDOM=avis_cgss[1]))
    return _remplacer(bloc("Personne", *blocs), remplacements)


def creance_alimentaire(
    etat: str = "DD", debut: Jour = "2025-01-01", fin: Jour | None = None, *, origine: str = "PAR",
    motif_dispense: str | None = None, commentaire: str | None = None, sanction: Valeur = None,
) -> str:  # fmt: skip
    return bloc("CreanceAlimentaire", ETATCREALIM=etat, DDCREALIM=debut, DFCREALIM=fin, ORIOBLALIM=origine,
                MOTIDISCREALIM=motif_dispense, COMMCREALIM=commentaire, MTSANCREALIM=sanction)  # fmt: skip


def avis_personne(
    *,
    eti: tuple[str, Jour, Jour | None, Valeur] | None = None,
    derogations: Sequence[tuple[str, str, Jour, Jour | None]] = (),
    exclusion: tuple[str, Jour, Jour | None] | None = None,
    liberalite: tuple[Valeur, Jour] | None = None,
) -> str:
    """Le contenu d'`avis_pcg` de `personne()` : décisions du président du conseil départemental."""
    blocs = []
    if eti is not None:
        blocs.append(bloc("ConditionETI", AVISEVARESSNONSAL=eti[0], DTSOURESSNONSAL=eti[1],
                          DTEVARESSNONSAL=eti[2], MTEVARESSNONSAL=eti[3]))  # fmt: skip
    for genre, avis, debut, fin in derogations:
        blocs.append(bloc("Derogation", TYPEDERO=genre, AVISDERO=avis, DDAVISDERO=debut, DFAVISDERO=fin))
    if exclusion is not None:
        blocs.append(bloc("ExclueRSA", EXCL=exclusion[0], DDEXCL=exclusion[1], DFEXCL=exclusion[2]))
    if liberalite is not None:
        blocs.append(bloc("Liberalite", MTLIBERNONDECL=liberalite[0], DTABSDECLLIBER=liberalite[1]))
    return "".join(blocs)


# --- Le foyer -----------------------------------------------------------------------------------


def adresse(
    rang: str = "01",
    *,
    numero: str = "12",
    type_voie: str = "RUE",
    voie: str = "DES FICTIONS",
    commune: str = "62041",
    code_postal: str = "62000",
    nom_commune: str = "ARRAS",
    complement_identite: str = "",
    complement: str = "",
    lieu_dit: str = "",
    emmenagement: Jour | None = "2020-06-01",
    pays: str = "FRA",
    genre: str = "D",
    etat: str = "CO",
    etranger: Sequence[str] | None = None,
    **remplacements: Valeur,
) -> str:
    """Une adresse en France, ou à l'étranger si `etranger` donne ses six lignes (complétées à vide)."""
    tronc = bloc("TroncCommunAdresse", RGADR=rang, DTEMM=emmenagement, PAYS=pays, TYPEADR=genre, ETATADR=etat)
    if etranger is None:
        detail = bloc("AdresseDetailleeFrance", COMPLIDEADR=complement_identite, COMPLADR=complement,
                      NUMVOIE=numero, LIBTYPEVOIE=type_voie, NOMVOIE=voie, LIEUDIST=lieu_dit, NUMCOM=commune,
                      CODEPOS=code_postal, NOMCOM=nom_commune)  # fmt: skip
    else:
        lignes = [*etranger, *[""] * 6][:6]
        detail = bloc("AdresseHorsFrance", **{f"LIBLIG{i}ADR": x for i, x in enumerate(lignes, start=2)})
    return _remplacer(bloc("Adresse", tronc, detail), remplacements)


def nature(
    natpf: str = "RSD", sous_nature: str = "RSDN2", debut: Jour = "2024-03-01", fin: Jour | None = None,
    montant: Valeur = "000401.00", dernier_versement: Jour | None = "2026-10-01",
) -> str:  # fmt: skip
    """Une nature du droit (socle, activité, majoré, jeune, local)."""
    return bloc("DetailCalculDroitRSA", NATPF=natpf, SOUSNATPF=sous_nature, DDNATDRO=debut, DFNATDRO=fin,
                MTRSAVERS=montant, DTDERRSAVERS=dernier_versement)  # fmt: skip


def controle(
    cible: str = "RAC", *, effet: Jour = "2026-09-01", detection: Jour = "2026-09-02",
    cloture: Jour = "2026-10-05", cible_msa: str | None = None, libelle: str = "CONTROLE DES RESSOURCES",
    famille: str = "RE", nature_cible: str = "RES", commanditaire: str = "CAF", genre: str = "SP",
    impact: str = "N", indu: Valeur = None, rappel: Valeur = None,
) -> str:  # fmt: skip
    """Un contrôle administratif clos dans le mois de référence."""
    return bloc(
        "ControleAdministratif",
        bloc("IdentificationCibleControleAdministratif", DTEFFCIBCONTRO=effet, CIBCONTRO=cible,
             CIBCONTROMSA=cible_msa),
        bloc("IdentificationControleAdministratif", DTDETECCONTRO=detection, DTCLOCONTRO=cloture),
        bloc("ModaliteControleAdministratif", LIBCIBCONTRO=libelle, FAMCIBCONTRO=famille,
             NATCIBCONTRO=nature_cible, COMMACONTRO=commanditaire, TYPECONTRO=genre),
        bloc("ResultatControleAdministratif", TYPEIMPACCONTRO=impact, MTINDURSACGCONTRO=indu,
             MTRAPRSACGCONTRO=rappel),
    )  # fmt: skip


def avis_droit(
    *,
    conditions: Sequence[tuple[str, str, str | None, str | None, Jour]] = (),
    reductions: Sequence[tuple[Valeur, Jour, Jour | None]] = (),
    paiement_tiers: tuple[str, Jour, str, str] | None = None,
) -> str:
    """Le contenu d'`avis` de `foyer()` : (avis, motif, commentaire 1, commentaire 2, effet)…"""
    blocs = [
        bloc("ConditionAdministrative", AVISCONDADMRSA=c[0], MOTICONDADMRSA=c[1], COMM1CONDADMRSA=c[2],
             COMM2CONDADMRSA=c[3], DTEFFAVISCONDADMRSA=c[4])
        for c in conditions
    ]  # fmt: skip
    blocs += [bloc("ReductionRSA", MTREDRSA=r[0], DDREDRSA=r[1], DFREDRSA=r[2]) for r in reductions]
    if paiement_tiers is not None:
        blocs.append(bloc("PaiementTiers", AVISDESTPAIRSA=paiement_tiers[0], DTAVISDESTPAIRSA=paiement_tiers[1],
                          NOMTIE=paiement_tiers[2], TYPEPERSTIE=paiement_tiers[3]))  # fmt: skip
    return "".join(blocs)


MONTANTS: Mapping[str, Valeur] = {
    "DDELECAL": "2026-10-01", "DFELECAL": None, "MTREVMINIGARARSA": "000646.52", "MTPENTRSA": "000000.00",
    "MTLOCALRSA": None, "MTREVGARARSA": "000646.52", "MTPFRSA": "000000.00", "MTALRSA": "000077.58",
    "MTRESSMENRSA": "000167.94", "MTSANOBLALIMRSA": None, "MTREDHOSRSA": None, "MTREDCGRSA": None,
    "MTCUMINTEGRSA": None, "MTABANEURSA": None, "MTTOTDRORSA": "000401.00",
}  # fmt: skip


def foyer(
    numdemrsa: str = "00000000001",
    matricule: str | None = None,
    *,
    fonorg: str = "CAF",
    numorg: str = "621",
    type_partenaire: str = "CG  ",
    departement: str = "062",
    date_demande: Jour = "2024-03-15",
    demande_rmi: tuple[Jour, str, str, str, str, str, str] | None = None,
    cedant: tuple[str, str, str | None, Jour] | None = None,
    prenant: tuple[str, str, Jour] | None = None,
    personnes: Sequence[str] | None = None,
    sitfam: tuple[str, Jour] = ("CEL", "2020-01-01"),
    regime_agricole: str | None = None,
    adresses: Sequence[str] | None = None,
    etat: str = "2",
    refus: tuple[str, Jour] | None = None,
    suspensions_droit: Sequence[tuple[str, Jour] | tuple[str, Jour, str | None]] = (),
    suspensions_versement: Sequence[tuple[str, Jour]] = (),
    fin_droit: tuple[str, Jour] | None = None,
    fin_droit_anterieur: tuple[str, Jour] | None = None,
    sans_domicile: bool = False,
    nb_enfants: int | None = 0,
    origine: str = "DEM",
    date_origine: Jour | None = None,
    foyer_soumis: bool | None = True,
    specificite_dom: Mapping[str, Valeur] | None = None,
    montants: bool | Mapping[str, Valeur] = True,
    natures: Sequence[str] | None = None,
    avis: str = "",
    evenements: Sequence[tuple[Jour, str | time, str]] = (),
    controles: Sequence[str] = (),
    anomalies: Sequence[str] = (),
    **remplacements: Valeur,
) -> str:
    """Un foyer (bloc InfosFoyerRSA). `refus`, `fin_droit` : (motif, date) ; `cedant` : (régime, organisme,
    matricule, arrivée) ; `prenant` : (régime, organisme, départ) ; `suspensions_droit` : (motif, début[,
    groupe]) ; `evenements` : (date, heure, fait générateur) ; `montants` : faux = pas de bloc, ou
    correspondance qui remplace des montants de `MONTANTS` ; `controles` : des `controle()`.
    """
    if matricule is None:  # CAF : 7 chiffres cadrés à gauche ; MSA : le matricule est le NIR
        numero = numdemrsa.strip()[-7:]
        matricule = f"{numero:0>7}00000000" if fonorg == "CAF" else f"88504621{numero:0>7}"
    blocs_id = [
        bloc("Organisme", FONORG=fonorg, NUMORG=numorg, MATRICULE=matricule),
        bloc("Partenaire", TYPEPARTE=type_partenaire, IDEPARTE=departement),
        bloc("DemandeRSA", DTDEMRSA=date_demande, NUMDEMRSA=numdemrsa),
    ]
    if demande_rmi is not None:
        noms = ("NUMDEPINSRMI", "TYPEINSRMI", "NUMCOMINSRMI", "NUMAGRINSRMI", "NUMDOSINSRMI", "NUMCLI")
        numero_rmi = bloc("NumeroInstructionRMI", **dict(zip(noms, demande_rmi[1:], strict=True)))
        blocs_id.append(bloc("DemandeRMI", bloc("DateDemandeRMI", DTDEMRMI=demande_rmi[0]), numero_rmi))
    if cedant is not None:
        blocs_id.append(bloc("OrganismeCedant", FONORGCEDMUT=cedant[0], NUMORGCEDMUT=cedant[1],
                             MATRICULEORGCEDMUT=cedant[2], DDARRMUT=cedant[3]))  # fmt: skip
    if prenant is not None:
        blocs_id.append(bloc("OrganismePrenant", FONORGPRENMUT=prenant[0], NUMORGPRENMUT=prenant[1],
                             DDDEPAMUT=prenant[2]))  # fmt: skip

    situation = [bloc("EtatDossierRSA", ETATDOSRSA=etat)]
    if refus is not None:
        situation.append(bloc("Refus", DTREFURSA=refus[1], MOTIREFURSA=refus[0]))
    for suspension in suspensions_droit:
        groupe = suspension[2] if len(suspension) == 3 else None
        situation.append(bloc("SuspensionDroit", MOTISUSDRORSA=suspension[0], DDSUSDRORSA=suspension[1],
                              NATGROUPFSUS=groupe))  # fmt: skip
    for motif, debut in suspensions_versement:
        situation.append(bloc("SuspensionVersement", MOTISUSVERSRSA=motif, DDSUSVERSRSA=debut))
    for nom, fin in (("FinDroit", fin_droit), ("FinDroitMoisAnterieur", fin_droit_anterieur)):
        if fin is not None:
            situation.append(bloc(nom, MOTICLORSA=fin[0], DTCLORSA=fin[1]))

    droit = [bloc("TroncCommunDroitRSA", TOPSANSDOMFIXE=sans_domicile, NBENFAUTCHA=nb_enfants,
                  ORIDEMRSA=origine, DTORIDEMRSA=date_origine, TOPFOYDRODEVORSA=foyer_soumis)]  # fmt: skip
    if specificite_dom is not None:
        droit.append(bloc("SpecificiteDOM", **specificite_dom))
    if montants is not False:
        droit.append(bloc("MontantsCalculDroitRSA", **{**MONTANTS, **({} if montants is True else montants)}))
    droit += [nature()] if natures is None else natures
    if avis:
        droit.append(bloc("AvisPCGDroitRSA", avis))

    blocs = [
        bloc("IdentificationRSA", *blocs_id),
        *([personne()] if personnes is None else personnes),
        bloc("DonneesAdministratives",
             bloc("SituationFamille", SITFAM=sitfam[0], DDSITFAM=sitfam[1], REGAGRIFAM=regime_agricole),
             *([adresse()] if adresses is None else adresses)),
        bloc("PrestationRSA", bloc("SituationDossierRSA", *situation), bloc("DetailDroitRSA", *droit)),
        *(bloc("Evenement", DTLIQ=jour, HEULIQ=heure, FG=fait) for jour, heure, fait in evenements),
    ]  # fmt: skip
    if controles:
        blocs.append(bloc("Controle", *controles))
    blocs += [bloc("Anomalie", LIBANO=libelle) for libelle in anomalies]
    return _remplacer(bloc("InfosFoyerRSA", *blocs), remplacements)


# --- Le fichier ---------------------------------------------------------------------------------


def entete_xml(
    *, type_flux: str = "M", date_reference: Jour = "2026-10-31", date_creation: Jour = "2026-11-03",
    heure: str | time = "04:12:33", applieme: str = "CRI", version: str = "6200", nature_flux: str = "D",
    **remplacements: Valeur,
) -> str:  # fmt: skip
    """Le bloc IdentificationFlux."""
    xml = bloc("IdentificationFlux", APPLIEME=applieme, NUMVERSIONAPPLIEME=version, TYPEFLUX=type_flux,
               NATFLUX=nature_flux, DTCREAFLUX=date_creation, HEUCREAFLUX=heure, DTREF=date_reference)  # fmt: skip
    return _remplacer(xml, remplacements)


def flux_xml(
    foyers: Sequence[str] = (),
    *,
    type_flux: str = "M",
    date_reference: Jour = "2026-10-31",
    date_creation: Jour = "2026-11-03",
    heure: str | time = "04:12:33",
    applieme: str = "CRI",
    version: str = "6200",
    nature_flux: str = "D",
    totaux: tuple[Valeur, Valeur] | None = None,
    encodage: str = "windows-1252",
    declaration: str | None = "",
    bom: bool = False,
    fins_de_ligne: str = "\n",
    prologue: str = "",
    ouverture: str = "<Racine>",
    **remplacements: Valeur,
) -> bytes:
    """Le fichier entier, en octets.

    `totaux` : (dossiers, en anomalie), calculés si absents ; `encodage` : celui des octets ;
    `declaration` : encodage annoncé (`""` : le même, `None` : aucune déclaration XML) ;
    `fins_de_ligne=""` : tout sur une ligne ; `prologue` : texte placé avant la racine.
    Les remplacements en MAJUSCULES portent sur l'en-tête et les totaux seulement.
    """
    if totaux is None:
        totaux = (len(foyers), sum("<Anomalie>" in un_foyer for un_foyer in foyers))
    entete = entete_xml(type_flux=type_flux, date_reference=date_reference, date_creation=date_creation,
                        heure=heure, applieme=applieme, version=version, nature_flux=nature_flux)  # fmt: skip
    transmission = bloc("TransmissionFlux", NBTOTDOSRSATRANSM=totaux[0], NBTOTDOSRSATRANSMANO=totaux[1])
    separateur = "\0"  # ne peut pas figurer dans du XML : sert à remplacer autour des foyers sans les toucher
    cadre = _remplacer(entete + separateur + transmission, remplacements)
    avant, apres = cadre.split(separateur)
    annonce = encodage if declaration == "" else declaration
    debut = "" if annonce is None else f'<?xml version="1.0" encoding="{annonce}"?>\n'
    texte = "".join([debut, prologue, ouverture, "\n", avant, *foyers, apres, "</Racine>\n"])
    if fins_de_ligne != "\n":
        texte = texte.replace("\n", fins_de_ligne)
    octets = texte.encode(encodage)
    return ("\ufeff".encode(encodage) if bom else b"") + octets


def en_gz(contenu: bytes) -> bytes:
    return gzip.compress(contenu, compresslevel=6, mtime=0)


def en_zip(
    membres: bytes | Mapping[str, bytes], *, chiffre: bool = False, methode: int = zipfile.ZIP_DEFLATED
) -> bytes:
    """Une archive zip. `chiffre` lève le drapeau de chiffrement : de quoi essayer le refus, sans mot de passe."""
    if isinstance(membres, bytes):
        membres = {"flux.xml": membres}
    tampon = io.BytesIO()
    with zipfile.ZipFile(tampon, "w", methode) as archive:
        for nom, contenu in membres.items():
            archive.writestr(nom, contenu)
    octets = bytearray(tampon.getvalue())
    if chiffre:
        for signature, decalage in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
            octets[octets.index(signature) + decalage] |= 1
    return bytes(octets)
