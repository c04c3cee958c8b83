"""Du foyer au XML VRSB0801 : windows-1252, chaînes complétées d'espaces, montants complétés de zéros.

Le texte est assemblé à la main, foyer par foyer : un fichier réel pèse des centaines de mégaoctets, et
l'ordre des balises, que le schéma impose, se lit ici dans l'ordre où il s'écrit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from xml.sax.saxutils import escape

from . import marges as m
from . import noms
from .calendrier import dernier_du_mois, premier_du_mois
from .contexte import Progression, ResumeDemo
from .modeles import Adresse, Foyer, Personne

_PAS_PROGRESSION = 500


def montant(centimes: int) -> str:
    """« 0001675.00 » : sept chiffres, point, deux décimales."""
    return f"{centimes // 100:07d}.{centimes % 100:02d}"


@cache
def _texte(valeur: str) -> str:
    return escape(valeur)


@cache
def _nom_commune(nom: str) -> str:
    return escape(noms.sans_accent(nom)[:32])


def _option(balise: str, valeur: str) -> str:
    return f"<{balise}>{valeur}</{balise}>" if valeur else ""


def _identification_rsa(f: Foyer, departement: str) -> str:
    rmi = cedant = prenant = ""
    if f.demande_rmi:
        rmi = (
            f"<DemandeRMI><DateDemandeRMI><DTDEMRMI>{f.demande_rmi}</DTDEMRMI></DateDemandeRMI>"
            f"<NumeroInstructionRMI><NUMDEPINSRMI>{departement:0>3}</NUMDEPINSRMI><TYPEINSRMI>C</TYPEINSRMI>"
            f"<NUMCOMINSRMI>{f.indice % 890 + 1:03d}</NUMCOMINSRMI><NUMAGRINSRMI>01</NUMAGRINSRMI>"
            f"<NUMDOSINSRMI>{f.indice % 100_000:05d}</NUMDOSINSRMI><NUMCLI>{f.indice % 9 + 1:03d}</NUMCLI>"
            "</NumeroInstructionRMI></DemandeRMI>"
        )
    if f.cedant:
        fonds, numero, matricule, arrivee = f.cedant
        cedant = (
            f"<OrganismeCedant><FONORGCEDMUT>{fonds}</FONORGCEDMUT><NUMORGCEDMUT>{numero}</NUMORGCEDMUT>"
            f"<MATRICULEORGCEDMUT>{matricule}</MATRICULEORGCEDMUT><DDARRMUT>{arrivee}</DDARRMUT></OrganismeCedant>"
        )
    if f.prenant:
        fonds, numero, depart = f.prenant
        prenant = (
            f"<OrganismePrenant><FONORGPRENMUT>{fonds}</FONORGPRENMUT><NUMORGPRENMUT>{numero}</NUMORGPRENMUT>"
            f"<DDDEPAMUT>{depart}</DDDEPAMUT></OrganismePrenant>"
        )
    return (
        f"<IdentificationRSA><Organisme><FONORG>{f.fonorg}</FONORG><NUMORG>{f.numorg}</NUMORG>"
        f"<MATRICULE>{f.matricule}</MATRICULE></Organisme>"
        f"<Partenaire><TYPEPARTE>CG  </TYPEPARTE><IDEPARTE>{departement:0>3}</IDEPARTE></Partenaire>"
        f"<DemandeRSA><DTDEMRSA>{f.date_demande}</DTDEMRSA><NUMDEMRSA>{f.numero_demande}</NUMDEMRSA></DemandeRSA>"
        f"{rmi}{cedant}{prenant}</IdentificationRSA>"
    )


def _identite(p: Personne, remplir: bool) -> str:
    nom, naissance = (p.nom.ljust(28), p.nom_naissance.ljust(28)) if remplir else (p.nom, p.nom_naissance)
    return (
        f"<Identification><QUAL>{p.civilite}</QUAL><NOM>{_texte(nom)}</NOM><NOMNAI>{_texte(naissance)}</NOMNAI>"
        f"<PRENOM>{p.prenom}</PRENOM>{_option('PRENOM2', p.prenom2)}"
        f"<NOMCOMNAI>{_texte(p.lieu_naissance)}</NOMCOMNAI>"
        f"<DTNAI>{p.date_naissance_ecrite or p.naissance}</DTNAI><RGNAI>{p.rang_naissance}</RGNAI>"
        f"<TYPEDTNAI>{p.qualite_naissance}</TYPEDTNAI>{_option('NIR', p.nir_ecrit)}"
        f"<TOPVALIEC>{1 if p.nir_ecrit else 0}</TOPVALIEC><SEXE>{p.sexe}</SEXE></Identification>"
    )


def _dossier(p: Personne) -> str:
    titulaire = 1 if p.role == "DEM" else 0
    charge = 1 if p.a_charge else 0
    return (
        f"<DossierCAF><TOPRESPDOS>{titulaire}</TOPRESPDOS><DDRATDOS>{p.debut_rattachement}</DDRATDOS>"
        f"{_option('DFRATDOS', str(p.fin_rattachement or ''))}{_option('NUMDEMRSAPRECE', p.demande_precedente)}"
        "</DossierCAF><Prestations><NATPREST>PFA</NATPREST>"
        f"<ROLEPERS>{'RDO' if titulaire else p.role}</ROLEPERS><TOPCHAPERS>{charge}</TOPCHAPERS></Prestations>"
        f"<Prestations><NATPREST>RSA</NATPREST><ROLEPERS>{p.role}</ROLEPERS><TOPCHAPERS>{charge}</TOPCHAPERS>"
        "</Prestations>"
    )


def _rattachements(f: Foyer, enfant: Personne) -> str:
    lien = "LEG" if f.situation == "MAR" else "NAT"
    blocs = ""
    for parent in (f.demandeur, f.conjoint):
        if parent is not None:
            blocs += (
                f"<Rattachement><NOMNAI>{_texte(parent.nom_naissance)}</NOMNAI><PRENOM>{parent.prenom}</PRENOM>"
                f"<DTNAI>{parent.naissance}</DTNAI>{_option('NIR', parent.nir_ecrit)}<TYPEPAR>{lien}</TYPEPAR>"
                "</Rattachement>"
            )
    return blocs


def _ressources(p: Personne, debut: date, fin: date) -> str:
    if p.ressources_nulles is None:
        return ""
    mensuelles = ""
    for mois, heures, details in p.mois:
        lignes = "".join(
            f"<DetailRessourcesMensuelles><NATRESS>{nature}</NATRESS><MTNATRESSMEN>{montant(valeur)}</MTNATRESSMEN>"
            f"{_option('ABANEU', abattement)}</DetailRessourcesMensuelles>"
            for nature, valeur, abattement in details
        )
        travail = f"<NBHEUMENTRA>{heures}</NBHEUMENTRA>" if heures is not None else ""
        mensuelles += (
            f"<RessourcesMensuelles><GeneraliteRessourcesMensuelles><MOISRESS>{mois}</MOISRESS>{travail}"
            f"</GeneraliteRessourcesMensuelles>{lignes}</RessourcesMensuelles>"
        )
    return (
        f"<Ressources><GeneraliteRessourcesTrimestre><TOPRESSNUL>{1 if p.ressources_nulles else 0}</TOPRESSNUL>"
        f"<DDRESS>{debut}</DDRESS><DFRESS>{fin}</DFRESS></GeneraliteRessourcesTrimestre>{mensuelles}</Ressources>"
    )


def _suites(p: Personne, reference: date) -> str:
    """Pension, grossesse, agriculture, avis du département : rares, dans l'ordre du schéma."""
    blocs = ""
    # Une date attachée à la personne : elle ne doit pas bouger d'un mois à l'autre.
    depuis = p.debut_rattachement
    if p.asf or p.creance:
        asf = f"<Asf><SITASF>{p.asf}</SITASF><PARASSOASF>P</PARASSOASF><DDASF>{depuis}</DDASF></Asf>" if p.asf else ""
        creance = (
            f"<CreanceAlimentaire><ETATCREALIM>{p.creance}</ETATCREALIM><DDCREALIM>{depuis}</DDCREALIM>"
            "<ORIOBLALIM>CJT</ORIOBLALIM></CreanceAlimentaire>"
            if p.creance
            else ""
        )
        blocs += f"<PensionAlimentaire>{asf}{creance}</PensionAlimentaire>"
    if p.grossesse:
        debut, declaree = p.grossesse
        terme = debut + timedelta(days=273)
        fin = f"<DFGRO>{terme}</DFGRO>" if terme <= reference else ""
        nature = "<NATFINGRO>N</NATFINGRO>" if fin else ""
        blocs += f"<Grossesse><DDGRO>{debut}</DDGRO>{fin}<DTDECLGRO>{declaree}</DTDECLGRO>{nature}</Grossesse>"
    if p.benefice_agricole:
        blocs += (
            f"<InformationsAgricoles><MTBENAGRI>{montant(p.benefice_agricole)}</MTBENAGRI><REGFISAGRI>F</REGFISAGRI>"
            f"<DTBENAGRI>{date(reference.year - 1, 12, 31)}</DTBENAGRI></InformationsAgricoles>"
        )
    if p.avis_eti or p.derogation:
        eti = derogation = ""
        if p.avis_eti:
            eti = (
                "<ConditionETI><AVISEVARESSNONSAL>D</AVISEVARESSNONSAL>"
                f"<DTSOURESSNONSAL>{p.avis_eti}</DTSOURESSNONSAL></ConditionETI>"
            )
        if p.derogation:
            derogation = (
                f"<Derogation><TYPEDERO>{p.derogation}</TYPEDERO><AVISDERO>O</AVISDERO>"
                f"<DDAVISDERO>{depuis}</DDAVISDERO></Derogation>"
            )
        blocs += f"<AvisPCGPersonne>{eti}{derogation}</AvisPCGPersonne>"
    return blocs


def _personne(f: Foyer, p: Personne, trimestre: tuple[date, date], reference: date) -> str:
    soumission = ""
    if p.adulte:
        entrant = "<TOPPERSENTDRODEVORSA>1</TOPPERSENTDRODEVORSA>" if p.entrant and p.soumis else ""
        soumission = (
            f"<MontantCalculDroitRSAPersonne><TOPPERSDRODEVORSA>{1 if p.soumis else 0}</TOPPERSDRODEVORSA>{entrant}"
            f"<MTPERSRESSMENRSA>{montant(p.retenu)}</MTPERSRESSMENRSA>"
            f"<MTPERSABANEURSA>{montant(p.neutralise)}</MTPERSABANEURSA></MontantCalculDroitRSAPersonne>"
        )
    activites = "".join(
        f"<Activite><REG>{a.regime}</REG><ACT>{a.code}</ACT><DDACT>{a.debut}</DDACT>"
        f"{_option('DFACT', str(a.fin or ''))}</Activite>"
        for a in p.activites
    )
    pole = f"<DossierPoleEmploi><IDASSEDIC>{p.pole_emploi}</IDASSEDIC></DossierPoleEmploi>" if p.pole_emploi else ""
    return (
        f"<Personne>{_identite(p, f.indice % 4 == 0)}{_dossier(p)}"
        f"{'' if p.adulte else _rattachements(f, p)}{pole}{_ressources(p, *trimestre)}{soumission}{activites}"
        f"{_suites(p, reference)}</Personne>"
    )


def _adresse(a: Adresse) -> str:
    return (
        f"<Adresse><TroncCommunAdresse><RGADR>{a.rang:02d}</RGADR><DTEMM>{a.emmenagement}</DTEMM><PAYS>FRA</PAYS>"
        f"<TYPEADR>{a.type_adresse}</TYPEADR><ETATADR>CO</ETATADR></TroncCommunAdresse>"
        f"<AdresseDetailleeFrance><COMPLIDEADR></COMPLIDEADR><COMPLADR>{a.complement:<38}</COMPLADR>"
        f"<NUMVOIE>{a.numero}</NUMVOIE><LIBTYPEVOIE>{a.voie}</LIBTYPEVOIE><NOMVOIE>{a.nom_voie}</NOMVOIE>"
        f"<LIEUDIST>{a.lieu_dit}</LIEUDIST><NUMCOM>{a.code_commune or a.commune.code_insee}</NUMCOM>"
        f"<CODEPOS>{a.code_postal}</CODEPOS><NOMCOM>{_nom_commune(a.commune.nom)}</NOMCOM></AdresseDetailleeFrance>"
        "</Adresse>"
    )


def _situation(f: Foyer) -> str:
    blocs = f"<EtatDossierRSA><ETATDOSRSA>{f.etat}</ETATDOSRSA></EtatDossierRSA>"
    if f.refus:
        blocs += f"<Refus><DTREFURSA>{f.refus[1]}</DTREFURSA><MOTIREFURSA>{f.refus[0]}</MOTIREFURSA></Refus>"
    for motif, depuis, groupe in f.suspensions_droit:
        blocs += (
            f"<SuspensionDroit><MOTISUSDRORSA>{motif}</MOTISUSDRORSA><DDSUSDRORSA>{depuis}</DDSUSDRORSA>"
            f"{_option('NATGROUPFSUS', groupe)}</SuspensionDroit>"
        )
    for motif, depuis in f.suspensions_versement:
        blocs += (
            f"<SuspensionVersement><MOTISUSVERSRSA>{motif}</MOTISUSVERSRSA><DDSUSVERSRSA>{depuis}</DDSUSVERSRSA>"
            "</SuspensionVersement>"
        )
    for balise, fin in (("FinDroit", f.fin_droit), ("FinDroitMoisAnterieur", f.fin_droit_anterieur)):
        if fin:
            blocs += f"<{balise}><MOTICLORSA>{fin[0]}</MOTICLORSA><DTCLORSA>{fin[1]}</DTCLORSA></{balise}>"
    return f"<SituationDossierRSA>{blocs}</SituationDossierRSA>"


def natures(f: Foyer, reference: date) -> list[tuple[str, str, date, int]]:
    """Nature, sous-nature, début et montant de chaque composante ouverte."""
    blocs = []
    conjoint_ou_enfant = f.conjoint is not None or f.enfants or any(p.grossesse for p in f.personnes)
    for ouverte, prefixe, depuis, verse in (
        (f.composante != m.ACTIVITE, "RS", f.debut_socle, f.montants.socle),
        (f.composante != m.SOCLE, "RC", f.debut_activite, f.montants.activite),
    ):
        if not ouverte:
            continue
        jeune = (reference - f.demandeur.naissance).days < 9131
        if f.majore:
            nature, sous = "I", "IN1"
        elif jeune and not conjoint_ou_enfant:
            nature, sous = "J", "JN1"
        else:
            nature, sous = "D", "DN1" if jeune else "DN2"
        blocs.append((prefixe + nature, prefixe + sous, depuis, verse))
    return blocs


def _prestation(f: Foyer, reference: date) -> str:
    mois = premier_du_mois(reference)
    calcul = droits = avis = ""
    if f.calculable:
        r = f.montants
        calcul = (
            f"<MontantsCalculDroitRSA><DDELECAL>{mois}</DDELECAL><DFELECAL>{dernier_du_mois(mois)}</DFELECAL>"
            f"<MTREVMINIGARARSA>{montant(r.forfaitaire)}</MTREVMINIGARARSA><MTPENTRSA>{montant(r.pente)}</MTPENTRSA>"
            f"<MTREVGARARSA>{montant(r.garanti)}</MTREVGARARSA><MTPFRSA>{montant(r.prestations_familiales)}</MTPFRSA>"
            f"<MTALRSA>{montant(r.logement)}</MTALRSA><MTRESSMENRSA>{montant(r.ressources)}</MTRESSMENRSA>"
            f"<MTCUMINTEGRSA>{montant(r.cumul)}</MTCUMINTEGRSA><MTTOTDRORSA>{montant(r.total)}</MTTOTDRORSA>"
            "</MontantsCalculDroitRSA>"
        )
    if f.etat in "234":
        for nature, sous, depuis, verse in natures(f, reference):
            paye = (
                f"<MTRSAVERS>{montant(verse)}</MTRSAVERS><DTDERRSAVERS>{mois}</DTDERRSAVERS>" if f.etat == "2" else ""
            )
            droits += (
                f"<DetailCalculDroitRSA><NATPF>{nature}</NATPF><SOUSNATPF>{sous}</SOUSNATPF><DDNATDRO>{depuis}"
                f"</DDNATDRO>{paye}</DetailCalculDroitRSA>"
            )
    if f.condition:
        code, motif, effet = f.condition
        avis += (
            f"<ConditionAdministrative><AVISCONDADMRSA>{code}</AVISCONDADMRSA><MOTICONDADMRSA>{motif}"
            f"</MOTICONDADMRSA><DTEFFAVISCONDADMRSA>{effet}</DTEFFAVISCONDADMRSA></ConditionAdministrative>"
        )
    if f.reduction:
        avis += (
            f"<ReductionRSA><MTREDRSA>{montant(f.reduction[0])}</MTREDRSA><DDREDRSA>{f.reduction[1]}</DDREDRSA>"
            "</ReductionRSA>"
        )
    avis = f"<AvisPCGDroitRSA>{avis}</AvisPCGDroitRSA>" if avis else ""
    soumis = 1 if any(p.soumis for p in f.personnes) else 0
    return (
        f"<PrestationRSA>{_situation(f)}<DetailDroitRSA><TroncCommunDroitRSA>"
        f"<TOPSANSDOMFIXE>{1 if f.sans_domicile else 0}</TOPSANSDOMFIXE><NBENFAUTCHA>{len(f.enfants)}</NBENFAUTCHA>"
        f"<ORIDEMRSA>{f.origine}</ORIDEMRSA><DTORIDEMRSA>{f.demande_rmi or f.date_demande}</DTORIDEMRSA>"
        f"<TOPFOYDRODEVORSA>{soumis}</TOPFOYDRODEVORSA></TroncCommunDroitRSA>{calcul}{droits}{avis}</DetailDroitRSA>"
        "</PrestationRSA>"
    )


def _controle(depuis: date) -> str:
    return (
        "<Controle><ControleAdministratif><IdentificationCibleControleAdministratif>"
        f"<DTEFFCIBCONTRO>{premier_du_mois(depuis, -3)}</DTEFFCIBCONTRO><CIBCONTRO>RSA</CIBCONTRO>"
        "</IdentificationCibleControleAdministratif><IdentificationControleAdministratif>"
        f"<DTDETECCONTRO>{premier_du_mois(depuis, -2)}</DTDETECCONTRO><DTCLOCONTRO>{depuis}</DTCLOCONTRO>"
        "</IdentificationControleAdministratif><ModaliteControleAdministratif>"
        "<LIBCIBCONTRO>CONTROLE DES RESSOURCES</LIBCIBCONTRO><FAMCIBCONTRO>RE</FAMCIBCONTRO>"
        "<NATCIBCONTRO>RES</NATCIBCONTRO><COMMACONTRO>CAF</COMMACONTRO><TYPECONTRO>CP</TYPECONTRO>"
        "</ModaliteControleAdministratif><ResultatControleAdministratif><TYPEIMPACCONTRO>S</TYPEIMPACCONTRO>"
        "</ResultatControleAdministratif></ControleAdministratif></Controle>"
    )


def foyer_en_xml(f: Foyer, trimestre: tuple[date, date], departement: str, reference: date) -> str:
    """Un bloc InfosFoyerRSA, sur une ligne."""
    personnes = "".join(_personne(f, p, trimestre, reference) for p in f.personnes)
    adresses = "".join(_adresse(a) for a in f.adresses)
    controle = _controle(f.controle) if f.controle else ""
    return (
        f"<InfosFoyerRSA>{_identification_rsa(f, departement)}{personnes}<DonneesAdministratives>"
        f"<SituationFamille><SITFAM>{f.situation}</SITFAM><DDSITFAM>{f.date_situation}</DDSITFAM></SituationFamille>"
        f"{adresses}</DonneesAdministratives>{_prestation(f, reference)}{controle}</InfosFoyerRSA>\n"
    )


@dataclass
class Compteur:
    """Compte ce qui s'écrit, pour que le résumé ne puisse pas mentir sur le fichier."""

    nombres: Counter[str] = field(default_factory=Counter)
    etats: Counter[str] = field(default_factory=Counter)

    def noter(self, foyer: Foyer) -> None:
        """Ajoute un foyer."""
        soumis = sum(p.soumis for p in foyer.personnes)
        self.etats[foyer.etat] += 1
        for cle, nombre in (("foyers", 1), ("personnes", len(foyer.personnes)), ("soumis", soumis)):
            self.nombres[cle] += nombre
            if foyer.etat == "2":
                self.nombres[f"{cle}_payables"] += nombre

    def resume(self, changements: Counter[str], defauts: Counter[str]) -> ResumeDemo:
        """Le résumé remis à l'appelant."""
        return ResumeDemo(
            foyers=self.nombres["foyers"],
            personnes=self.nombres["personnes"],
            soumis=self.nombres["soumis"],
            foyers_payables=self.nombres["foyers_payables"],
            personnes_payables=self.nombres["personnes_payables"],
            soumis_payables=self.nombres["soumis_payables"],
            etats=dict(sorted(self.etats.items())),
            changements=dict(sorted(changements.items())),
            defauts=dict(sorted(defauts.items())),
        )


def ecrire_fichier(
    chemin: Path,
    foyers: Iterable[tuple[Foyer, tuple[date, date], date]],
    *,
    departement: str,
    reference: date,
    attendus: int,
    ecart_annonce: int = 0,
    progression: Progression | None = None,
) -> Compteur:
    """Écrit le fichier au fil de l'eau, sous un nom provisoire : un fichier tronqué ne se prend pas pour un bon."""
    compteur = Compteur()
    provisoire = chemin.with_name(chemin.name + ".partiel")
    creation = premier_du_mois(reference, 1) + timedelta(days=4)
    with provisoire.open("w", encoding="windows-1252", errors="xmlcharrefreplace", newline="\n") as sortie:
        sortie.write(
            '<?xml version="1.0" encoding="windows-1252"?>\n<Racine><IdentificationFlux><APPLIEME>CRI</APPLIEME>'
            "<NUMVERSIONAPPLIEME>6200</NUMVERSIONAPPLIEME><TYPEFLUX>M</TYPEFLUX><NATFLUX>D</NATFLUX>"
            f"<DTCREAFLUX>{creation}</DTCREAFLUX><HEUCREAFLUX>04:30:00</HEUCREAFLUX><DTREF>{reference}</DTREF>"
            "</IdentificationFlux>\n"
        )
        for rang, (foyer, trimestre, mois) in enumerate(foyers, start=1):
            sortie.write(foyer_en_xml(foyer, trimestre, departement, mois))
            compteur.noter(foyer)
            if progression is not None and rang % _PAS_PROGRESSION == 0:
                progression(rang, attendus)
        total = compteur.nombres["foyers"]
        sortie.write(
            f"<TransmissionFlux><NBTOTDOSRSATRANSM>{total + ecart_annonce:08d}</NBTOTDOSRSATRANSM>"
            "<NBTOTDOSRSATRANSMANO>00000000</NBTOTDOSRSATRANSMANO></TransmissionFlux></Racine>\n"
        )
    provisoire.replace(chemin)
    if progression is not None:
        progression(total, attendus)
    return compteur
