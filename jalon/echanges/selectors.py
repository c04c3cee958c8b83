"""Tout ce que Jalon sait d'un foyer, daté : sert l'export en ligne de commande et le droit d'accès."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from jalon.accompagnements.models import Maintien
from jalon.droits.models import (
    Activite,
    AvisPresident,
    BlocRecu,
    DossierRsa,
    EtatDossier,
    Evenement,
    Montant,
    NatureDroit,
    Reception,
    Ressource,
    Situation,
    Soumission,
    Suspension,
)
from jalon.echanges.flux_caf.extraction import FoyerIllisibleError, lire_matricule
from jalon.orientations.models import AttenteOrientation
from jalon.personnes.models import Adresse, FaitRecu, Personne, Rattachement
from jalon.referentiels.nomenclatures import libelle

NOMENCLATURES = {
    "etat": "ETATDOSRSA",
    "situation_familiale": "SITFAM",
    "cloture_motif": "MOTICLORSA",
    "cloture_anterieure_motif": "MOTICLORSA",
    "refus_motif": "MOTIREFURSA",
    "role": "ROLEPERS",
    "activite": "ACT",
    "fait_generateur": "FG",
}
TECHNIQUES = frozenset({"id", "dossier", "foyer", "personne", "periode", "nir_chiffre", "nir_empreinte"})


def trouver_dossiers(*, matricule: str | None = None, numero_demande: str | None = None) -> list[DossierRsa]:
    """Dossiers d'un matricule (CAF, complété ou non de zéros, ou NIR pour la MSA) ou d'un numéro de demande."""
    if numero_demande:
        condition = Q(numero_demande=numero_demande.strip())
    else:
        brut = (matricule or "").strip()
        condition = Q(matricule=brut)
        for regime in ("CAF", "MSA"):
            try:
                caf, msa = lire_matricule(regime, brut)
            except FoyerIllisibleError:
                continue
            condition |= Q(matricule=caf) if caf else Q(matricule_empreinte=settings.CLE_MAITRE.indexer(msa))
        if not brut:
            return []
    return list(DossierRsa.objects.filter(condition).select_related("foyer").order_by("date_demande", "id"))


def exporter_dossier(dossier: DossierRsa) -> dict[str, Any]:
    """Contenu d'un dossier RSA et de son foyer ; chaque fait porte la période couverte par les flux."""
    situations = list(Situation.objects.filter(dossier=dossier).order_by("periode", "id"))
    courante = next((s for s in situations if _en_cours(s)), None)
    suspensions = Suspension.objects.filter(dossier=dossier).order_by("debut", "id")
    return {
        "numero_demande": dossier.numero_demande,
        "numero_partage": dossier.rang_partage > 0
        or DossierRsa.objects.filter(numero_demande=dossier.numero_demande).count() > 1,
        "matricule": dossier.matricule or ("MSA (NIR non affiché)" if dossier.matricule_empreinte else ""),
        "caisse": {"regime": dossier.caisse_regime, "numero": dossier.caisse_numero},
        "date_demande": dossier.date_demande.isoformat(),
        "date_demande_rmi": _simple(dossier.date_demande_rmi),
        "identifiant": str(dossier.public_id),
        "foyer": str(dossier.foyer.public_id),
        "etat": None
        if courante is None
        else {
            "code": courante.etat,
            "libelle": libelle("ETATDOSRSA", courante.etat) or "code inconnu",
            "depuis_le_flux_du": _simple(courante.periode.lower),
            "ouvert": courante.etat in EtatDossier.ouverts(),
        },
        "cloture": None
        if courante is None or courante.cloture_le is None
        else {
            "motif": courante.cloture_motif,
            "libelle": libelle("MOTICLORSA", courante.cloture_motif) or "code inconnu",
            "le": courante.cloture_le.isoformat(),
        },
        "personnes": _personnes(dossier),
        "situations": _faits(situations),
        "suspensions": [
            {
                **fait,
                "libelle": libelle("MOTISUSDRORSA" if fait["cible"] == "droit" else "MOTISUSVERSRSA", fait["motif"])
                or "code inconnu",
            }
            for fait in _faits(suspensions)
        ],
        "natures": _faits(NatureDroit.objects.filter(dossier=dossier).order_by("debut", "id")),
        "montants": _faits(Montant.objects.filter(dossier=dossier).order_by("periode", "id")),
        "avis_du_president": _faits(AvisPresident.objects.filter(dossier=dossier).order_by("debut", "id")),
        "adresses": _faits(Adresse.objects.filter(foyer=dossier.foyer).order_by("rang", "periode", "id")),
        "autres_blocs": _faits(BlocRecu.objects.filter(dossier=dossier).order_by("bloc", "id")),
        "evenements": [_champs(e) for e in Evenement.objects.filter(dossier=dossier).order_by("liquide_le", "id")],
        "receptions": [
            {"flux_du": r.date_reference.isoformat(), "emis_le": r.emis_le.isoformat()}
            for r in Reception.objects.filter(dossier=dossier).order_by("date_reference", "emis_le")
        ],
    }


def _personnes(dossier: DossierRsa) -> list[dict[str, Any]]:
    rattachements = list(
        Rattachement.objects.filter(foyer=dossier.foyer).select_related("personne").order_by("periode", "id")
    )
    par_personne: dict[int, list[Rattachement]] = {}
    for rattachement in rattachements:
        par_personne.setdefault(rattachement.personne_id, []).append(rattachement)
    exportees = []
    for cle, liens in par_personne.items():
        personne = liens[0].personne
        courant = next((lien for lien in liens if _en_cours(lien)), liens[-1])
        soumissions = list(Soumission.objects.filter(dossier=dossier, personne=cle).order_by("periode", "id"))
        soumise = next((s.soumise for s in soumissions if _en_cours(s)), None)
        exportees.append(
            {
                **_identite(personne),
                "role": courant.role,
                "role_libelle": libelle("ROLEPERS", courant.role) or "code inconnu",
                "dans_le_foyer": _en_cours(courant),
                "soumise_droits_devoirs": soumise,
                "rattachements": _faits(liens),
                "soumissions": _faits(soumissions),
                "ressources": _faits(
                    Ressource.objects.filter(dossier=dossier, personne=cle).order_by("trimestre_debut", "mois", "id")
                ),
                "activites": _faits(Activite.objects.filter(dossier=dossier, personne=cle).order_by("debut", "id")),
                "attentes_orientation": [
                    _champs(a) for a in AttenteOrientation.objects.filter(personne=cle).order_by("entree_le", "id")
                ],
                "maintiens": [_champs(m) for m in Maintien.objects.filter(personne=cle).order_by("debut", "id")],
                "identites_anterieures": [
                    {**_champs(i), **_periode(i.periode)} for i in personne.identites.order_by("periode", "id")
                ],
            }
        )
    return exportees


def _identite(personne: Personne) -> dict[str, Any]:
    return {
        "identifiant": str(personne.public_id),
        "civilite": personne.civilite,
        "nom": personne.nom,
        "nom_naissance": personne.nom_naissance,
        "prenom": personne.prenom,
        "autres_prenoms": [p for p in (personne.prenom2, personne.prenom3) if p],
        "date_naissance": personne.date_naissance.isoformat(),
        "commune_naissance": personne.commune_naissance,
        "sexe": personne.sexe,
        "nir_connu": personne.nir_chiffre is not None,
        "qualite_nir": personne.type_nir,
        "identite_depuis_le_flux_du": personne.identite_depuis.isoformat(),
        "fusionnee": personne.fusionnee_dans_id is not None,
    }


def _en_cours(fait: FaitRecu) -> bool:
    return not fait.periode.isempty and fait.periode.upper is None


def _periode(periode: Any) -> dict[str, Any]:
    if periode.isempty:
        return {"du": None, "au": None, "remplace_le_jour_meme": True}
    return {"du": _simple(periode.lower), "au": _simple(periode.upper)}


def _faits(faits: Iterable[FaitRecu]) -> list[dict[str, Any]]:
    return [{**_champs(fait), **_periode(fait.periode)} for fait in faits]


def _champs(objet: models.Model) -> dict[str, Any]:
    """Champs d'une ligne, sans clé primaire ni numéro chiffré ; les codes portent leur libellé."""
    valeurs: dict[str, Any] = {}
    for champ in objet._meta.concrete_fields:
        if champ.name in TECHNIQUES or isinstance(champ, models.BinaryField):
            continue
        valeur = _simple(getattr(objet, champ.attname))
        if champ.is_relation:
            liee = getattr(objet, champ.name) if valeur is not None else None
            valeurs[champ.name] = None if liee is None else str(liee)
            continue
        valeurs[champ.name] = valeur
        if champ.name in NOMENCLATURES and valeur:
            valeurs[f"{champ.name}_libelle"] = libelle(NOMENCLATURES[champ.name], str(valeur)) or "code inconnu"
    return valeurs


def _simple(valeur: Any) -> Any:
    if isinstance(valeur, Decimal):
        return str(valeur)
    if isinstance(valeur, date) or hasattr(valeur, "isoformat"):
        return valeur.isoformat()
    if hasattr(valeur, "hex") and hasattr(valeur, "version"):
        return str(valeur)
    return valeur
